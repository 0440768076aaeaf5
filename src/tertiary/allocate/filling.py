"""Scaling amounts to a sum while each stays within its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Bounded:
    """An amount wished for, and what it must not fall below or rise above; `high` None for no bound."""

    wish: Fraction
    low: Fraction
    high: Fraction | None


class UnreachableError(Exception):
    """The bounds leave no way to the sum. `nearest`: the sum that is nearest to it within the bounds."""

    def __init__(self, nearest: Fraction) -> None:
        super().__init__(f"the nearest sum is {nearest}")
        self.nearest = nearest


def filled(amounts: Mapping[str, Bounded], total: Fraction) -> dict[str, Fraction]:
    """Each wish times one common factor, held within its bounds, so that all add up to `total` exactly.

    The sum never falls when the factor rises and is straight between the factors at which an amount meets a bound, so
    the piece that holds the total is found by halving and the factor on it is exact. UnreachableError when the total
    lies below all lower bounds together, or above all upper ones.
    """
    bends = sorted(
        {bound / a.wish for a in amounts.values() if a.wish > 0 for bound in (a.low, a.high) if bound is not None}
    )
    least = sum((_at(a, Fraction(0)) for a in amounts.values()), Fraction(0))
    if total < least:
        raise UnreachableError(least)
    if total == least:
        return {code: _at(a, Fraction(0)) for code, a in amounts.items()}
    before = _last_below(amounts, bends, total)
    middle = _beyond(before, bends)
    free = {code for code, a in amounts.items() if _is_free(a, middle)}
    slope = sum((amounts[code].wish for code in free), Fraction(0))
    fixed = sum((_at(a, middle) for code, a in amounts.items() if code not in free), Fraction(0))
    if not slope:
        raise UnreachableError(fixed)
    factor = (total - fixed) / slope
    return {code: _at(a, factor) for code, a in amounts.items()}


def _last_below(amounts: Mapping[str, Bounded], bends: list[Fraction], total: Fraction) -> Fraction:
    """The highest bend (or 0) at which the sum is still below the total."""
    low, high = 0, len(bends)
    while low < high:
        middle = (low + high) // 2
        if sum((_at(a, bends[middle]) for a in amounts.values()), Fraction(0)) < total:
            low = middle + 1
        else:
            high = middle
    return bends[low - 1] if low else Fraction(0)


def _beyond(factor: Fraction, bends: list[Fraction]) -> Fraction:
    """A factor within the piece that begins at `factor`."""
    later = [bend for bend in bends if bend > factor]
    return (factor + later[0]) / 2 if later else factor + 1


def _is_free(amount: Bounded, factor: Fraction) -> bool:
    wished = amount.wish * factor
    return amount.wish > 0 and wished > amount.low and (amount.high is None or wished < amount.high)


def _at(amount: Bounded, factor: Fraction) -> Fraction:
    found = max(amount.wish * factor, amount.low)
    return found if amount.high is None else min(found, amount.high)
