"""Leaving a pool and merging within it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from tertiary.errors import PoolError
from tertiary.pennies import Amount

MONTHS = 12


def on_exit(contribution: Amount, months_left: int, stranded: Amount, taper_years: int = 1) -> list[Fraction]:
    """What a leaving partner gets back in the year it leaves and pays in the years after, pounds exact.

    exit = contribution x remaining months / 12 - stranded cost: the fixed part of the services left behind.
    `stranded` is pounds a year; it is borne in equal steps that fall to nothing over `taper_years`: all of it in the
    first year, then (k - 1)/k of it, and so on. The first entry is the first year's (above 0: to the partner), the
    others are below 0.
    PoolError when months are not 0 to 12 or the taper is shorter than a year.
    """
    if not 0 <= months_left <= MONTHS or taper_years < 1 or Fraction(stranded) < 0:
        raise PoolError(
            f"Months left must be 0 to 12, the taper a year or more and stranded cost 0 or more; got {months_left}, "
            f"{taper_years} and {stranded}."
        )
    steps = [Fraction(stranded) * (taper_years - year) / taper_years for year in range(taper_years)]
    return [Fraction(contribution) * months_left / MONTHS - steps[0], *[-step for step in steps[1:]]]


def without(shares: Mapping[str, Amount], leaver: str) -> dict[str, Fraction]:
    """The shares of those who stay, made to add up to 1 again. PoolError when nobody stays, or the leaver is none."""
    stay = {code: Fraction(share) for code, share in shares.items() if code != leaver}
    if leaver not in shares or not sum(stay.values()):
        raise PoolError(f"{leaver} cannot leave: partners with a share are {', '.join(sorted(shares))}.")
    total = sum(stay.values(), Fraction(0))
    return {code: share / total for code, share in stay.items()}


def merged(amounts: Mapping[str, Amount], successors: Mapping[str, str]) -> dict[str, Fraction]:
    """Contributions, allocations, costs or balances by partner after mergers: summed by last successor, never averaged.

    PoolError when successors lead in a circle.
    """
    made: dict[str, Fraction] = {}
    for code, amount in amounts.items():
        heir, before = code, {code}
        while heir in successors:
            heir = successors[heir]
            if heir in before:
                raise PoolError(f"{code} would succeed itself: {', '.join(sorted(before))}. Correct the successors.")
            before.add(heir)
        made[heir] = made.get(heir, Fraction(0)) + Fraction(amount)
    return made
