"""Exact amounts rounded so that the parts still add up: pounds to the penny, shares to so many digits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor

Amount = Fraction | Decimal | int
PENNY = Decimal("0.01")


def apportioned(amounts: Mapping[str, Amount], unit: Decimal) -> dict[str, Decimal]:
    """Amounts by code in whole units, each within a unit of what it was, that add up to their exact total so rounded.

    Method of the largest remainder: all are rounded down, and the units left over go to the largest parts of a unit
    cut off; of equal ones the code that comes first. The total is rounded half to even.
    """
    size = Fraction(unit)
    exact = {code: Fraction(amount) / size for code, amount in amounts.items()}
    down = {code: floor(units) for code, units in exact.items()}
    left = round(sum(exact.values(), Fraction(0))) - sum(down.values())
    by_remainder = sorted(exact, key=lambda code: (down[code] - exact[code], code))
    more = set(by_remainder[:left])
    return {code: (down[code] + (code in more)) * unit for code in amounts}


def to_the_penny(amounts: Mapping[str, Amount]) -> dict[str, Decimal]:
    """Pounds by code to the penny, by the method of the largest remainder: see `apportioned`."""
    return apportioned(amounts, PENNY)


def pounds(amount: Amount) -> Decimal:
    """One amount to the penny, half to even."""
    return round(Fraction(amount) * 100) * PENNY
