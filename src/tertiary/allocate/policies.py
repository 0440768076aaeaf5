"""Policies of convergence: how fast places move towards target. Settings are data, illustrative unless replaced."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources

from tertiary.errors import AllocationError

KINDS = ("uniform", "growth_pivot", "convergence_adjustment")
POPULATION = ("none", "before", "after")


@dataclass(frozen=True)
class Policy:
    """Settings of one policy; shares and rates are fractions, 0.044 for 4.4 %.

    `growth`: national growth g; None takes the growth of the pot. `k`: how much growth a point of distance costs
    (growth pivot). `floor`, `cap`: bounds of a place's growth, None for none. `cash_floor`: no place gets less cash
    than its opening position. `bands`: distance above target from which growth is reduced, and by how much (convergence
    adjustment); the highest band reached holds. `population`: growth of people counts `before` (the opening position is
    moved by it first, and floor and cap bound growth on top of it), `after` (it is added to growth, and floor and cap
    bound the sum) or `none`. `tolerance`: a place this near its target has reached it.
    """

    kind: str
    growth: Fraction | None = None
    k: Fraction = Fraction(0)
    floor: Fraction | None = None
    cap: Fraction | None = None
    cash_floor: bool = False
    bands: tuple[tuple[Fraction, Fraction], ...] = ()
    population: str = "none"
    tolerance: Fraction = Fraction(1, 100)
    source: str = "as given"
    confidence: str = "as given"

    def __post_init__(self) -> None:
        """AllocationError names the setting that does not fit, what it is and what was expected."""
        for name, value, among in (("kind", self.kind, KINDS), ("population", self.population, POPULATION)):
            if value not in among:
                raise AllocationError(f"Policy: {name} is {value!r}; expected one of {', '.join(among)}.")
        if self.k < 0:
            raise AllocationError(
                f"Policy: k is {float(self.k):g}; expected 0 or more, or places move off their target."
            )
        if self.floor is not None and self.floor < -1:
            raise AllocationError(f"Policy: floor is {float(self.floor):g}; expected -1 (all may be lost) or more.")
        if self.floor is not None and self.cap is not None and self.cap < self.floor:
            raise AllocationError(
                f"Policy: cap {float(self.cap):g} is below floor {float(self.floor):g}. Change them over."
            )
        if self.tolerance < 0:
            raise AllocationError(f"Policy: tolerance is {float(self.tolerance):g}; expected 0 or more.")
        if any(above < 0 or reduction < 0 for above, reduction in self.bands):
            raise AllocationError("Policy: a band has a negative distance or reduction. Bands begin at 0 or above.")

    def reduction(self, distance: Fraction) -> Fraction:
        """Growth that a place above target gives up; 0 at or below target."""
        reached = [band for band in self.bands if distance > band[0]]
        return max(reached)[1] if reached and distance > 0 else Fraction(0)


@cache
def policies() -> Mapping[str, Policy]:
    """The policies of policies.csv and bands.csv by name. All are illustrative: official settings were not found."""
    bands: dict[str, list[tuple[Fraction, Fraction]]] = {}
    for row in _rows("bands.csv"):
        bands.setdefault(row["policy"], []).append((Fraction(row["above"]), Fraction(row["reduction"])))
    return {
        row["policy"]: Policy(
            kind=row["kind"],
            k=Fraction(row["k"] or 0),
            floor=_bound(row["floor"]),
            cap=_bound(row["cap"]),
            cash_floor=row["cash_floor"] == "Y",
            bands=tuple(sorted(bands.get(row["policy"], []))),
            population=row["population"],
            tolerance=Fraction(row["tolerance"]),
            source=row["source"],
            confidence=row["confidence"],
        )
        for row in _rows("policies.csv")
    }


def _bound(text: str) -> Fraction | None:
    return Fraction(text) if text else None


def _rows(name: str) -> Iterable[dict[str, str]]:
    text = resources.files("tertiary.allocate").joinpath(name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())
