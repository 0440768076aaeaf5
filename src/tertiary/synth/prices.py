"""A price book made from the National Cost Collection, labelled synthetic: costs are not prices.

Unit prices are whole pounds by (price group, currency). Amounts are integers: pence, and factors in millionths.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tertiary.synth.data import rows

if TYPE_CHECKING:
    from tertiary.register import Register

DEPARTMENTS = {
    "EL": ("Elective Inpatients",),
    "DC": ("Daycase",),
    "NEL": ("Non-Elective Inpatient - Long Stay", "Non-Elective Inpatient - Short Stay"),
    "RADAY": ("Regular Day or Night Admissions",),
}
ADMITTED = tuple(d for group in DEPARTMENTS.values() for d in group)
PRICE_GROUPS = {
    "elective": ("Elective Inpatients",),
    "day_case": ("Daycase", "Regular Day or Night Admissions"),
    "non_elective": DEPARTMENTS["NEL"],
    "outpatient_procedure": ("Outpatient Procedures",),
    "critical_care_day": ("Critical care",),
    "renal_session": ("Renal Dialysis",),
    "emergency_care": ("Emergency Care",),
    "unbundled": (
        "Diagnostic Imaging",
        "Nuclear Medicine",
        "Daycase",
        "Outpatient Procedures",
        "Rehabilitation Inpatient",
    ),
    "bed_day": ("Mental Health Provider Spell",),
    "contact": ("Mental Health Care Contact",),
    "device": ("High Cost Devices",),
}
PLAIN = ("device", "bed_day")  # paid without market forces
UNBUNDLED = ("SB", "SC", "RD", "RN", "VC")
UNPRICED = {"VC": 70900, "SB": 48000, "SC": 19000, "RN": 85000, "RD": 24000}  # pence, where no cost was collected


@dataclass(frozen=True)
class PriceBook:
    """Pence by price group and currency code, and the activity behind each code by department."""

    pence: dict[str, dict[str, int]]
    activity: dict[str, dict[str, float]]

    @cached_property
    def codes(self) -> list[str]:
        """Every currency code with admitted activity."""
        return sorted({c for d in ADMITTED for c in self.activity.get(d, {})})

    def matching(self, prefixes: str) -> list[str]:
        """Codes that begin with one of the prefixes; a prefix no collected code has stands for itself."""
        found: list[str] = []
        for prefix in prefixes.split():
            found += [c for c in self.codes if c.startswith(prefix)] or [prefix]
        return list(dict.fromkeys(found))

    def mix(self, codes: list[str], group: str) -> tuple[list[str], np.ndarray]:
        """The codes and their cumulative share of activity in a class of admission (EL, DC, NEL, RADAY)."""
        weights = np.array([self._volume(c, DEPARTMENTS[group]) for c in codes])
        if weights.sum() == 0:
            weights = np.array([self._volume(c, ADMITTED) for c in codes])
        if weights.sum() == 0:
            weights = np.ones(len(codes))
        return codes, np.cumsum(weights / weights.sum())

    def volume(self, codes: list[str]) -> float:
        """Admitted activity of England in a year."""
        return sum(self._volume(c, ADMITTED) for c in codes)

    def _volume(self, code: str, departments: tuple[str, ...]) -> float:
        return sum(self.activity.get(d, {}).get(code, 0.0) for d in departments)

    def price(self, group: str, code: str) -> int:
        """Pence; 0 when no cost was collected for the code in the group."""
        return self.pence.get(group, {}).get(code, 0)


def price_book(register: Register) -> PriceBook:
    """Average unit cost by group and code, weighted by activity, in whole pounds.

    A cost contains what its place costs, and market forces are put on top of a price: so cost is divided by their mean.
    """
    activity: dict[str, dict[str, float]] = {}
    cost: dict[str, dict[str, float]] = {}
    for row in register["cost_collection"].to_pylist():
        d, c = row["department_code"], row["currency_code"]
        if row["activity"]:
            activity.setdefault(d, {})[c] = activity.get(d, {}).get(c, 0.0) + float(row["activity"])
            cost.setdefault(d, {})[c] = cost.get(d, {}).get(c, 0.0) + float(row["cost"])
    pence: dict[str, dict[str, int]] = {}
    factors = [float(f) for f in register["market_forces"]["factor"].to_pylist()]
    mean = sum(factors) / len(factors)
    for group, departments in PRICE_GROUPS.items():
        pence[group] = _average(departments, activity, cost, 1.0 if group in PLAIN else mean)
    pence["unbundled"] = {c: p for c, p in pence["unbundled"].items() if c[:2] in UNBUNDLED}
    _fill(pence)
    return PriceBook(pence, activity)


def _average(
    departments: tuple[str, ...],
    activity: dict[str, dict[str, float]],
    cost: dict[str, dict[str, float]],
    factor: float,
) -> dict[str, int]:
    codes = sorted({c for d in departments for c in activity.get(d, {})})
    found = {}
    for code in codes:
        units = sum(activity.get(d, {}).get(code, 0.0) for d in departments)
        pounds = sum(cost.get(d, {}).get(code, 0.0) for d in departments)
        if units > 0 and pounds > 0:
            found[code] = max(int(pounds / units / factor + 0.5), 1) * 100
    return found


def _fill(pence: dict[str, dict[str, int]]) -> None:
    """Codes the care tables use although no cost was collected for them in that class: borrowed or stated."""
    borrowed = {
        "elective": ("non_elective", "day_case"), "day_case": ("elective", "non_elective"),
        "non_elective": ("elective", "day_case"), "outpatient_procedure": ("day_case",),
    }  # fmt: skip
    original = {g: dict(p) for g, p in pence.items()}
    for group, others in borrowed.items():
        for other in others:
            for code, value in original[other].items():
                pence[group].setdefault(code, value)
    for row in rows("care"):
        for code in row["unbundled"].split():
            name = code.partition("*")[0]
            if "/" not in name and name[:2] in UNPRICED:
                pence["unbundled"].setdefault(name, UNPRICED[name[:2]])
        for code in row["hrg"].split():
            if len(code) == 5 and row["setting"] == "apc":
                for group in ("elective", "day_case", "non_elective"):
                    pence[group].setdefault(code, 900_000)
    first, later = {}, {}
    for row in rows("attendance_prices"):
        first[row["treatment_function"]] = int(row["first"]) * 100
        later[row["treatment_function"]] = int(row["follow_up"]) * 100
    pence["outpatient_first"], pence["outpatient_follow_up"] = first, later
    pence["package"] = {r["code"]: int(r["pounds"]) * 100 for r in rows("packages")}


def with_factor(pence: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Pence times a factor, rounded half away from zero to the penny, in whole numbers throughout."""
    millionths = np.rint(factor * 1_000_000).astype(np.int64)
    product = pence.astype(np.int64) * millionths
    magnitude = (np.abs(product) + 500_000) // 1_000_000
    found: np.ndarray = np.sign(product) * magnitude
    return found
