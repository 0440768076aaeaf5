"""Leaving a pool: the leaver's account to its last day, and what it means for those who stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tertiary.errors import PoolError
from tertiary.pennies import Amount, pounds, to_the_penny
from tertiary.pool.settle import Settled, Settlement
from tertiary.pool.statements import Stretch, together
from tertiary.pool.terms import Agreement

YEAR = 12


@dataclass(frozen=True)
class Item:
    """An item of a leaver's account, for the days from `begins` to `ends`: pounds due from it, to it when below 0."""

    item: str
    begins: date
    ends: date
    pounds: Decimal


@dataclass(frozen=True)
class Staying:
    """A partner that stays. Key: partner; pounds to the penny.

    `to_date` is its line of the settlement to the leaver's last day. `contribution` is its year's contribution, which
    does not change; shares are of all contributions before and after. `stranded`: what it gets of the leaver's stranded
    cost over all years, by its share after. `reserve`: its part of what the pool has kept, of this year and before.
    """

    partner: str
    to_date: Settled
    contribution: Decimal
    share_before: Fraction
    share_after: Fraction
    stranded: Decimal
    reserve: Decimal


@dataclass(frozen=True)
class Exit:
    """What a partner that leaves owes or gets, and who stays. `settlement` is of all partners to the last day."""

    leaver: str
    settlement: Settlement
    items: tuple[Item, ...]
    staying: tuple[Staying, ...]

    @property
    def total(self) -> Decimal:
        """Pounds due from the leaver, to it when below 0."""
        return sum((item.pounds for item in self.items), Decimal(0))


def leave(
    stretches: Sequence[Stretch],
    leaver: str,
    last_day: date,
    yearly: Mapping[str, Amount],
    *,
    paid: Amount | None = None,
    stranded: Amount = 0,
    reserves: Mapping[str, Amount] | None = None,
) -> Exit:
    """The account of a partner that leaves after `last_day`, the end of the last month of `stretches`.

    Its balance of the settlement by the agreed rules; what it has `paid` this year beyond what was asked to that day;
    its parts of the reserve: `reserves` of earlier years by partner, unused contingency kept this year, and gains kept
    (R8, floors) by contribution; and its `stranded` cost, pounds a year of the fixed part of services it leaves behind,
    for the years after. `yearly`: contributions of the year under the last version. With a whole year paid ahead this
    is exit = contribution x remaining months / 12 - stranded cost, after the settlement.
    PoolError when the leaver is no partner of the last version, nobody else contributes, or stranded is below 0.
    """
    agreement = stretches[-1].agreement
    settlements = [list(stretch.to_date())[-1] for stretch in stretches]
    heirs = agreement.succeeds
    settled = together(settlements, heirs)
    held = _reserves(settlements, heirs, settled, reserves or {})
    shares = without(yearly, leaver)
    own = next(line for line in settled.lines if line.partner == leaver)
    asked = own.paid_in
    begins = _first_of_year(last_day)
    steps = to_the_penny({f"{n:04d}": step for n, step in enumerate(tapered(stranded, agreement.taper_years))})
    items = [Item("settlement", begins, last_day, own.balance)]
    if paid is not None:
        items.append(Item("asked and not paid yet, or paid ahead (below 0)", begins, last_day, asked - pounds(paid)))
    items.append(Item("share of reserve and kept contingency", begins, last_day, -held.get(leaver, Decimal(0))))
    for n, step in enumerate(steps.values()):
        first = last_day + timedelta(days=1)
        year = (first.replace(year=first.year + n), first.replace(year=first.year + n + 1) - timedelta(days=1))
        items += [Item(f"stranded cost, year {n + 1}", *year, step)] if step else []
    whole = sum((Fraction(amount) for amount in yearly.values()), Fraction(0))
    lines = {line.partner: line for line in settled.lines}
    parts = [to_the_penny({code: Fraction(step) * share for code, share in shares.items()}) for step in steps.values()]
    put_in = to_the_penny(yearly)
    staying = tuple(
        Staying(
            code, lines[code], put_in[code], Fraction(yearly[code]) / whole, shares[code],
            sum((part[code] for part in parts), Decimal(0)), held.get(code, Decimal(0)),
        )
        for code in sorted(shares)
    )  # fmt: skip
    return Exit(leaver, settled, tuple(items), staying)


def _reserves(
    settlements: Sequence[Settlement], heirs: Mapping[str, str], settled: Settlement, earlier: Mapping[str, Amount]
) -> dict[str, Decimal]:
    """What the pool keeps, by partner: of earlier years, of this year's contingency, and of gains."""
    held = {line.partner: line.reserve for line in settled.lines}
    kept = [(code, amount) for one in settlements for code, amount in one.gains().items()]
    for code, amount in [*kept, *to_the_penny(earlier).items()]:
        owner = heirs.get(code, code)
        held[owner] = held.get(owner, Decimal(0)) + amount
    return held


def tapered(stranded: Amount, years: int) -> list[Fraction]:
    """Stranded cost, pounds a year, borne in equal steps that fall to nothing over `years`: exact, one a year.

    All of it in the first year, then (k - 1)/k of it, and so on. PoolError when it is below 0 or there is no year.
    """
    if years < 1 or Fraction(stranded) < 0:
        raise PoolError(f"The taper must be a year or more and stranded cost 0 or more; got {years} and {stranded}.")
    return [Fraction(stranded) * (years - year) / years for year in range(years)]


def without(shares: Mapping[str, Amount], leaver: str) -> dict[str, Fraction]:
    """The shares of those who stay, made to add up to 1 again. PoolError when nobody stays, or the leaver is none."""
    stay = {code: Fraction(share) for code, share in shares.items() if code != leaver}
    if leaver not in shares or not sum(stay.values()):
        raise PoolError(f"{leaver} cannot leave: partners with a share are {', '.join(sorted(shares))}.")
    total = sum(stay.values(), Fraction(0))
    return {code: share / total for code, share in stay.items()}


def earliest(agreement: Agreement, notice: date) -> date:
    """The earliest last day of a partner that gave notice on a day: the end of the month in which notice runs out."""
    months = notice.year * YEAR + notice.month - 1 + agreement.notice_months
    after = date((months + 1) // YEAR, (months + 1) % YEAR + 1, 1)
    return after - timedelta(days=1)


def terms_without(terms: Mapping[str, Any], leaver: str, begins: date, host: str = "") -> dict[str, Any] | None:
    """The terms of those who stay, as JSON, from `begins`; None when fewer than two stay, or the terms end by then.

    `host` takes the place of a host that leaves. PoolError when it is needed, or the terms cannot be used.
    """
    before = Agreement.of(terms)
    stay = [code for code in before.partners if code != leaver]
    if len(stay) < 2 or (before.valid_to is not None and before.valid_to <= begins):
        return None
    if before.host == leaver and not host:
        raise PoolError(f"{leaver} is the host of agreement {before.name}. Name the next host with --host.")
    made = {**terms, "partners": stay, "host": host or before.host, "valid_from": str(begins)}
    if before.succeeds:
        made["succeeds"] = {old: new for old, new in before.succeeds.items() if new != leaver}
    Agreement.of(made)
    return made


def _first_of_year(day: date) -> date:
    return date(day.year - (day.month < 4), 4, 1)
