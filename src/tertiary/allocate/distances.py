"""Distance from target, and the range between the best and the worst resourced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tertiary.allocate.targets import Targets
from tertiary.errors import AllocationError
from tertiary.pennies import Amount, pounds


@dataclass(frozen=True)
class Distance:
    """One place's distance from target: (opening - target) / target, positive above target ("over").

    `gap` is opening - target in pounds. `low` and `high` are the 95 % interval that the target's leaves; None without.
    """

    code: str
    opening: Decimal
    target: Decimal
    distance: Fraction
    population: Fraction | None = None
    low: Fraction | None = None
    high: Fraction | None = None

    @property
    def gap(self) -> Decimal:
        """Opening less target, pounds."""
        return self.opening - self.target

    @property
    def opening_per_head(self) -> Decimal | None:
        """Pounds a head, to the penny."""
        return pounds(Fraction(self.opening) / self.population) if self.population else None

    @property
    def target_per_head(self) -> Decimal | None:
        """Pounds a head, to the penny."""
        return pounds(Fraction(self.target) / self.population) if self.population else None


@dataclass(frozen=True)
class Range:
    """The distance between the two ends of a column of distances, in percentage points, and whose they are.

    max(distance %) - min(distance %). It is no shortfall of anybody: one place's data can move it alone. The 34.32 that
    was published without its table fits this reading and no other; it never means "34 % underfunded".
    """

    points: Fraction
    lowest: str
    lowest_distance: Fraction
    highest: str
    highest_distance: Fraction


def distance(opening: Mapping[str, Amount], target: Targets | Mapping[str, Amount]) -> dict[str, Distance]:
    """Distance from target of each place, in order of code; exact.

    `opening` and `target` in pounds by code, of the same places. With `Targets` the result carries people and interval.
    AllocationError when a place is in one only, or has a target that is not above 0.
    """
    rows = target.rows if isinstance(target, Targets) else {}
    amounts: Mapping[str, Amount] = target.amounts() if isinstance(target, Targets) else target
    if different := sorted(set(opening) ^ set(amounts)):
        raise AllocationError(
            f"{', '.join(different[:5])}: an opening position or a target is missing. Give both for each place, of the "
            "same year and footprint; merge or split places first where boards changed."
        )
    made = {}
    for code in sorted(opening):
        if amounts[code] <= 0:
            raise AllocationError(
                f"{code} has a target of {amounts[code]} pounds, from which no distance can be measured. Leave it out."
            )
        row = rows.get(code)
        interval = row.interval if row else None
        low, high = (None, None) if interval is None else _bounds(opening[code], interval)
        made[code] = Distance(
            code, pounds(opening[code]), pounds(amounts[code]), apart(opening[code], amounts[code]),
            row.population if row else None, low, high,
        )  # fmt: skip
    return made


def apart(opening: Amount, target: Amount) -> Fraction:
    """(opening - target) / target."""
    return Fraction(opening) / Fraction(target) - 1


def distance_range(distances: Mapping[str, Distance]) -> Range:
    """The range statistic of a column of distances; of equal ends the first code. AllocationError when it is empty."""
    if not distances:
        raise AllocationError("There is no distance to take a range of. Give at least one place.")
    ordered = sorted(distances.values(), key=lambda d: (d.distance, d.code))
    low = ordered[0]
    high = min(ordered, key=lambda d: (-d.distance, d.code))
    return Range((high.distance - low.distance) * 100, low.code, low.distance, high.code, high.distance)


def _bounds(opening: Amount, interval: tuple[Decimal, Decimal]) -> tuple[Fraction | None, Fraction | None]:
    """The higher the target, the lower the distance; no upper end when the target may be nothing."""
    low, high = interval
    return apart(opening, high) if high else None, apart(opening, low) if low else None
