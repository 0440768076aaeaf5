"""The path from opening positions to targets, year by year, under a policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from tertiary.allocate.basis import Pot, check
from tertiary.allocate.distances import apart
from tertiary.allocate.filling import Bounded, UnreachableError, filled
from tertiary.allocate.policies import Policy
from tertiary.allocate.shares import Shares
from tertiary.errors import AllocationError
from tertiary.pennies import PENNY, Amount, pounds, to_the_penny

# growth before scaling is kept to so many decimals of a pound, so that fractions stay short
WISH = 10
ByYear = Mapping[str, Amount] | Sequence[Mapping[str, Amount]]


@dataclass(frozen=True)
class Step:
    """One place in one year. Key: year number (1 is the first year after the opening) and code. Pounds to the penny.

    `opening` is last year's allocation with the `transfer` of the year in it, `opening_distance` its distance from the
    place's share of all opening positions. `target` is the place's share of this year's pot, `distance` that of the
    allocation from it. `growth` is allocation / opening - 1. `bound`: floor, cap, cash floor or blank.
    """

    number: int
    code: str
    transfer: Decimal
    opening: Decimal
    allocation: Decimal
    target: Decimal
    opening_distance: Fraction
    distance: Fraction
    growth: Fraction | None
    bound: str
    people: Fraction | None = None

    @property
    def per_head(self) -> Decimal | None:
        """Pounds a head of the year's people, to the penny; None when people are not known."""
        return pounds(Fraction(self.allocation) / self.people) if self.people else None


def grown(total: Amount, growth: Fraction, years: int, moved: Sequence[Amount] = ()) -> list[Decimal]:
    """Pots of `years` years that grow from a total by the same share each year, each to the penny.

    `moved`: pounds that transfers bring or take in each year; they come in before growth, so that they are none.
    """
    made: list[Decimal] = []
    held = Fraction(total)
    for number in range(years):
        held = (held + Fraction(moved[number] if number < len(moved) else 0)) * (1 + growth)
        made.append(pounds(held))
    return made


def converge(
    policy: Policy,
    opening: Mapping[str, Amount],
    shares: Shares | ByYear,
    pots: Sequence[Pot | Amount],
    *,
    population_growth: ByYear | None = None,
    transfers: Sequence[Mapping[str, Amount]] = (),
    people: Mapping[str, Amount] | None = None,
) -> list[Step]:
    """Allocations of each year under a policy; those of a year add up to its pot, to the penny.

    `opening` in pounds by code; `shares` of need by code, the same for all years or one mapping a year, scaled to 1;
    `pots`, one a year. `Shares` go with pots that say what they are for (`Pot`), so that they are checked against each
    other; plain shares and pounds are the caller's word. `transfers`: pounds by code and year that services moved bring
    or take; they shift the opening position and are no growth. `population_growth` as shares, the same or by year, for
    policies that count it and for pounds a head with `people`. For each year:

    1. opening = last allocation + transfer; distance from the place's share of all openings;
    2. growth by the policy, held within floor and cap; 3. one factor scales all to the pot while floors and caps hold;
    4. the largest remainder gives pennies. Steps come in order of year and code.

    AllocationError when places differ, a position is negative, or floors or caps make the pot unreachable: it names the
    year, the sum they allow and the difference.
    """
    by_year, amounts = _checked(shares, pots)
    codes = sorted(opening)
    if not codes:
        raise AllocationError("There is no opening position to converge from. Give at least one place.")
    if len(transfers) > len(amounts):
        raise AllocationError(
            f"There are transfers of {len(transfers)} years and pots of {len(amounts)}. Give each year its pot."
        )
    held = {code: pounds(opening[code]) for code in codes}
    known = None if people is None else _same(codes, people, "people")
    made: list[Step] = []
    for number, pot in enumerate(amounts, 1):
        share = _scaled(_same(codes, _of_year(by_year, number), f"shares of year {number}"))
        born = _born(codes, population_growth, number)
        moved = {c: pounds(v) for c, v in (transfers[number - 1] if number <= len(transfers) else {}).items()}
        if strange := sorted(set(moved) - set(codes)):
            raise AllocationError(
                f"A transfer of year {number} names {', '.join(strange)}, which has no opening position."
            )
        begun = {code: held[code] + moved.get(code, Decimal(0)) for code in codes}
        _check_positions(begun, pounds(pot), number)
        allocated, bound = _year(policy, begun, share, pounds(pot), born, number)
        if known is not None:
            known = {code: known[code] * (1 + born[code]) for code in codes}
        total = sum(begun.values(), Decimal(0))
        target = to_the_penny({code: share[code] * Fraction(pounds(pot)) for code in codes})
        for code in codes:
            made.append(
                Step(
                    number, code, moved.get(code, Decimal(0)), begun[code], allocated[code], target[code],
                    apart(begun[code], share[code] * Fraction(total)),
                    apart(allocated[code], share[code] * Fraction(pounds(pot))),
                    apart(allocated[code], begun[code]) if begun[code] else None,
                    bound[code], None if known is None else known[code],
                )
            )  # fmt: skip
        held = allocated
    return made


def years_to_target(steps: Sequence[Step], tolerance: Fraction) -> dict[str, int | None]:
    """The first year in which each place is within `tolerance` of its target; 0 when it begins there, None when never.

    A place may leave again later: the path says so.
    """
    found: dict[str, int | None] = {}
    for step in sorted(steps, key=lambda s: (s.code, s.number)):
        found.setdefault(step.code, None)
        if found[step.code] is None:
            if step.number == 1 and abs(step.opening_distance) < tolerance:
                found[step.code] = 0
            elif abs(step.distance) < tolerance:
                found[step.code] = step.number
    return found


def _checked(shares: Shares | ByYear, pots: Sequence[Pot | Amount]) -> tuple[ByYear, list[Amount]]:
    """Plain shares and pounds, once the need was found to be of what the pots pay for."""
    amounts: list[Amount] = [pot.amount if isinstance(pot, Pot) else pot for pot in pots]
    if not isinstance(shares, Shares):
        return shares, amounts
    for pot in pots:
        if not isinstance(pot, Pot):
            raise AllocationError(
                f"Need of {shares.basis} is to be applied to {pot} pounds that say not what they are for. Give a Pot."
            )
        check(shares.basis, pot, area=shares.area)
    return shares.exact(), amounts


def _year(
    policy: Policy, begun: Mapping[str, Decimal], share: Mapping[str, Fraction], pot: Decimal,
    born: Mapping[str, Fraction], number: int,
) -> tuple[dict[str, Decimal], dict[str, str]]:  # fmt: skip
    """Allocations of one year, and which bound holds each."""
    before = policy.population == "before"
    base = {code: Fraction(v) * (1 + born[code] if before else 1) for code, v in begun.items()}
    growth = _growth(policy, base, share, pot)
    if policy.population == "after":
        growth = {code: g + born[code] for code, g in growth.items()}
    amounts, names = {}, {}
    for code, position in base.items():
        low, high, names[code] = _bounds(policy, position, begun[code])
        wish = position * (1 + _held(growth[code], policy))
        amounts[code] = Bounded(round(max(wish, Fraction(0)), WISH), low, high)
    try:
        exact = filled(amounts, Fraction(pot))
    except UnreachableError as nearest:
        raise AllocationError(_unreachable(policy, pot, nearest.nearest, number)) from None
    paid = to_the_penny(exact)
    bound = {c: _held_by(paid[c], amounts[c], names[c]) for c in paid}
    return paid, bound


def _growth(
    policy: Policy, base: Mapping[str, Fraction], share: Mapping[str, Fraction], pot: Decimal
) -> dict[str, Fraction]:
    """Growth of each place before bounds and scaling."""
    total = sum(base.values(), Fraction(0))
    national = policy.growth if policy.growth is not None else apart(pot, total)
    if policy.kind == "uniform":
        return dict.fromkeys(base, national)
    away = {code: apart(position, share[code] * total) for code, position in base.items()}
    if policy.kind == "growth_pivot":
        return {code: national - policy.k * d for code, d in away.items()}
    given_up = {code: position * policy.reduction(away[code]) for code, position in base.items()}
    released = sum(given_up.values(), Fraction(0))
    short = {code: max(Fraction(0), share[code] * total - position) for code, position in base.items()}
    all_short = sum(short.values(), Fraction(0))
    return {
        code: national + ((released * short[code] / all_short if all_short else 0) - given_up[code]) / position
        if position
        else national
        for code, position in base.items()
    }


def _held(growth: Fraction, policy: Policy) -> Fraction:
    low = growth if policy.floor is None else max(growth, policy.floor)
    return low if policy.cap is None else min(low, policy.cap)


def _bounds(policy: Policy, position: Fraction, cash: Decimal) -> tuple[Fraction, Fraction | None, str]:
    """Lowest and highest allocation in whole pennies, and what the lower one is called."""
    low = _whole(ceil, position * (1 + policy.floor)) if policy.floor is not None else Fraction(0)
    name = "floor" if policy.floor is not None else ""
    if policy.cash_floor and Fraction(cash) > low:
        low, name = Fraction(cash), "cash floor"
    if policy.cap is None:
        return low, None, name
    # a cap below the penny that a floor needs, or below the cash floor, gives way to it
    return low, max(low, _whole(floor, position * (1 + policy.cap))), name


def _whole(way: Callable[[Fraction], int], amount: Fraction) -> Fraction:
    return way(amount / Fraction(PENNY)) * Fraction(PENNY)


def _held_by(paid: Decimal, amount: Bounded, low_name: str) -> str:
    if low_name and Fraction(paid) == amount.low:
        return low_name
    return "cap" if amount.high is not None and Fraction(paid) == amount.high else ""


def _unreachable(policy: Policy, pot: Decimal, nearest: Fraction, number: int) -> str:
    over = nearest > Fraction(pot)
    which = "floors" if over else "caps"
    sum_ = pounds(nearest)
    said = "need at least" if over else "allow at most"
    setting = policy.floor if over else policy.cap
    shown = "" if setting is None else f" (set at {float(setting):.2%})"
    return (
        f"Year {number}: the {which}{shown} {said} {sum_:,} pounds, {abs(sum_ - pot):,} {'more' if over else 'less'} "
        f"than the pot of {pot:,}. {'Lower the floor, or leave the cash floor out' if over else 'Raise the cap'}, or "
        "change the pot."
    )


def _of_year(values: ByYear, number: int) -> Mapping[str, Amount]:
    if isinstance(values, Mapping):
        return values
    if number > len(values):
        raise AllocationError(
            f"There are {len(values)} years of shares or growth, and more pots. Give each year its own."
        )
    return values[number - 1]


def _same(codes: Sequence[str], values: Mapping[str, Amount], what: str) -> dict[str, Fraction]:
    if different := sorted(set(codes) ^ set(values)):
        raise AllocationError(
            f"The {what} and the opening positions differ in {', '.join(different[:5])}. Give both for each place; "
            "merge or split places first where boards changed."
        )
    return {code: Fraction(values[code]) for code in codes}


def _scaled(shares: Mapping[str, Fraction]) -> dict[str, Fraction]:
    if wrong := sorted(code for code, share in shares.items() if share <= 0):
        raise AllocationError(f"The need share of {', '.join(wrong[:5])} is not above 0. Leave it out, or correct it.")
    total = sum(shares.values(), Fraction(0))
    return {code: share / total for code, share in shares.items()}


def _born(codes: Sequence[str], growth: ByYear | None, number: int) -> dict[str, Fraction]:
    if growth is None:
        return dict.fromkeys(codes, Fraction(0))
    found = _same(codes, _of_year(growth, number), f"population growth of year {number}")
    if wrong := sorted(code for code, g in found.items() if g <= -1):
        raise AllocationError(f"The population growth of {', '.join(wrong[:5])} is -1 or less. Write 0.01 for 1 %.")
    return found


def _check_positions(begun: Mapping[str, Decimal], pot: Decimal, number: int) -> None:
    if pot <= 0:
        raise AllocationError(f"Year {number}: the pot is {pot:,} pounds; expected more than nothing.")
    if below := sorted(code for code, v in begun.items() if v < 0):
        code = below[0]
        raise AllocationError(
            f"Year {number}: the opening position of {code} is {begun[code]:,} pounds after transfers. It cannot be "
            "below nothing: correct the opening position or the transfer."
        )
    if not any(begun.values()):
        raise AllocationError(f"Year {number}: all opening positions are nothing, so there is nothing to grow from.")
