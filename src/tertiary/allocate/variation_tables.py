"""Variations as tables for people: rounded so that what is shown adds up; withheld figures empty, with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from tertiary.allocate.cells import Coverage
from tertiary.allocate.chance import poisson_limits
from tertiary.allocate.decompose import Part, Tally
from tertiary.allocate.rows import arrow, names
from tertiary.allocate.variation import PARTS, Varied

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.register import Register


def named(register: Register, dimensions: Sequence[str], cell: Varied) -> str:
    """What the cell is about, in words; every service when it has no dimension."""
    known = [names(register, d).get(v, "") or v or "no code" for d, v in zip(dimensions, cell.values, strict=True)]
    return " · ".join(known) or "all services in scope"


def spend_rows(register: Register, by: Sequence[str], made: Sequence[Varied], confidence: float = 0.95) -> pa.Table:
    """Everything about each cell. Grain and key: icb and `by`.

    Pounds a head to four places: `access_pounds` and `intensity_pounds` add up to `difference`, which is what stands in
    the two columns of spend per head. `worth` is the difference times the ICB's population, in pounds. `confidence` is
    that of the limits of patients per 1,000 people; ratios carry their own.
    """
    labels = {d: names(register, d) for d in ("icb", *by)}
    rows = []
    for cell in made:
        row: dict[str, Any] = {"icb": cell.icb, "icb_name": labels["icb"].get(cell.icb, "")}
        for dimension, value in zip(by, cell.values, strict=True):
            row[dimension] = value
            if labels[dimension]:
                row[f"{dimension}_name"] = labels[dimension].get(value, "")
        shown = _shown(cell.own, cell.blocked, confidence), _shown(cell.other, cell.blocked, confidence)
        row |= shown[0] | {f"comparator_{name}": value for name, value in shown[1].items() if name != "spend"}
        row |= _pounds(cell, row)
        for part in PARTS:
            row |= _ratio(part, cell.access if part == "access" else getattr(cell.split, part, None))
            row[f"{part}_flag"] = cell.flags.get(part, "")
        row |= (
            _funnel(cell) | {"need_distance": _rounded(cell.distance)} | _coverage(cell.coverage, cell.blocked_because)
        )
        row["blocked_because"] = cell.blocked_because
        rows.append(row)
    return arrow(rows, [*_keys(by, labels), *SHOWN])


def _keys(by: Sequence[str], labels: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    made = [("icb", "text"), ("icb_name", "text")]
    for dimension in by:
        made.append((dimension, "text"))
        if labels[dimension]:
            made.append((f"{dimension}_name", "text"))
    return made


_FIGURES = [
    ("spend", "money"), ("population", "count"), ("patients", "count"), ("spend_per_head", "share"),
    ("patients_per_1000", "share"), ("patients_per_1000_low", "share"), ("patients_per_1000_high", "share"),
    ("spend_per_patient", "money"),
]  # fmt: skip
SHOWN = [
    *_FIGURES,
    *[(f"comparator_{name}", kind) for name, kind in _FIGURES if name != "spend"],
    *[(name, "share") for name in ("difference", "access_pounds", "intensity_pounds")],
    ("worth", "money"),
    *[(f"{part}_{end}", "share" if end != "flag" else "text")
      for part in PARTS for end in ("ratio", "low", "high", "ln_ratio", "flag")],
    *[(f"access_funnel_{end}", "share") for end in ("low", "high", "outer_low", "outer_high")],
    ("need_distance", "share"),
    *[(name, "share") for name in ("to_aggregate", "with_patient", "with_population")],
    ("blocked_because", "text"),
]  # fmt: skip


def coverage_rows(register: Register, by: Sequence[str], made: Sequence[Varied]) -> pa.Table:
    """Coverage of each cell and of the comparator, in pounds and shares. Grain and key: icb and `by`."""
    labels = {d: names(register, d) for d in ("icb", *by)}
    rows = []
    for cell in made:
        row: dict[str, Any] = {"icb": cell.icb, "icb_name": labels["icb"].get(cell.icb, "")}
        row |= dict(zip(by, cell.values, strict=True))
        row |= {f"{d}_name": labels[d].get(v, "") for d, v in zip(by, cell.values, strict=True) if labels[d]}
        row |= _coverage(cell.coverage, cell.blocked_because)
        few = "fewer than" in cell.blocked_because
        if cell.coverage and not few:
            row |= {"patient_level": cell.coverage.patient_level, "aggregate": cell.coverage.aggregate}
        other = _coverage(cell.other_coverage, cell.blocked_because)
        row |= {f"comparator_{name}": value for name, value in other.items()}
        row |= {"withheld": cell.blocked, "blocked_because": cell.blocked_because}
        rows.append(row)
    shares = ("to_aggregate", "with_patient", "with_population")
    columns = [
        *_keys(by, labels), ("patient_level", "money"), ("aggregate", "money"), *[(n, "share") for n in shares],
        *[(f"comparator_{n}", "share") for n in shares], ("withheld", "text"), ("blocked_because", "text"),
    ]  # fmt: skip
    return arrow(rows, columns)


def _shown(tally: Tally, blocked: str, confidence: float) -> dict[str, Any]:
    """Figures of a tally that are not withheld."""
    people = round(tally.population) if tally.population else None
    row: dict[str, Any] = {"population": people}
    if blocked != "all":
        row |= {"spend": tally.spend, "spend_per_head": _rounded(tally.spend_per_head)}
    if not blocked:
        rate = tally.patients_per_head
        row |= {
            "patients": tally.patients,
            "patients_per_1000": None if rate is None else _rounded(rate * 1000),
            **_rate_limits(tally, confidence),
            "spend_per_patient": _rounded(tally.spend_per_patient),
        }
    return row


def _rate_limits(tally: Tally, confidence: float) -> dict[str, Any]:
    """Limits of patients per 1,000 people, as of a Poisson count."""
    if not tally.population:
        return {}
    low, high = (end / tally.population * 1000 for end in poisson_limits(tally.patients, confidence))
    return {"patients_per_1000_low": _rounded(low), "patients_per_1000_high": _rounded(high)}


def _pounds(cell: Varied, row: Mapping[str, Any]) -> dict[str, Any]:
    """The difference of the two figures that are shown, and its parts, so that they add up as shown."""
    one, two = row.get("spend_per_head"), row.get("comparator_spend_per_head")
    if one is None or two is None:
        return {}
    difference = one - two
    made = {"difference": difference}
    if cell.own.population and cell.other.population:
        exact = float(cell.own.spend) - float(cell.other.spend) / cell.other.population * cell.own.population
        made["worth"] = _rounded(exact)
    if cell.split:
        access = _rounded(cell.split.access.pounds)
        assert access is not None
        made |= {"access_pounds": access, "intensity_pounds": difference - access}
    return made


def _ratio(name: str, part: Part | None) -> dict[str, Any]:
    if part is None:
        return {}
    found = {"ratio": part.ratio, "low": part.low, "high": part.high, "ln_ratio": part.log}
    return {f"{name}_{end}": _rounded(value) for end, value in found.items()}


def _funnel(cell: Varied) -> dict[str, Any]:
    ends = ("low", "high", "outer_low", "outer_high")
    return {
        f"access_funnel_{end}": _rounded(value) for end, value in zip(ends, cell.funnel or (None,) * 4, strict=True)
    }


def _coverage(cover: Coverage | None, why: str) -> dict[str, Any]:
    """Shares of coverage; none where few people stand behind them."""
    if cover is None or "fewer than" in why:
        return {}
    return {name: _rounded(getattr(cover, name)) for name in ("to_aggregate", "with_patient", "with_population")}


def _rounded(value: float | None) -> Decimal | None:
    return None if value is None or not isfinite(value) else Decimal(f"{value:.4f}")
