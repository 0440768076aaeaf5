"""Pounds to the penny so that the parts still add up."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor

Amount = Fraction | Decimal | int
PENNY = Decimal("0.01")


def to_the_penny(amounts: Mapping[str, Amount]) -> dict[str, Decimal]:
    """Pounds by code, each within a penny of what it was, that add up to their exact total rounded to the penny.

    Method of the largest remainder: all are rounded down, and the pennies left over go to the largest parts of a penny
    cut off; of equal ones the code that comes first. The total is rounded half to even.
    """
    exact = {code: Fraction(amount) * 100 for code, amount in amounts.items()}
    down = {code: floor(pennies) for code, pennies in exact.items()}
    left = round(sum(exact.values(), Fraction(0))) - sum(down.values())
    by_remainder = sorted(exact, key=lambda code: (down[code] - exact[code], code))
    more = set(by_remainder[:left])
    return {code: (down[code] + (code in more)) * PENNY for code in amounts}


def pounds(amount: Amount) -> Decimal:
    """One amount to the penny, half to even."""
    return round(Fraction(amount) * 100) * PENNY
