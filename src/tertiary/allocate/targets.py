"""Targets in pounds to the penny, distance from target, and its range."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from tertiary.allocate.basis import Pot, check
from tertiary.allocate.need import NORMAL_95
from tertiary.allocate.shares import Shares, share_errors
from tertiary.errors import AllocationError
from tertiary.pennies import Amount, pounds, to_the_penny


@dataclass(frozen=True)
class Target:
    """One place's target of one pot. `amount` in pounds to the penny; `share` is with market forces if they were given.

    `standard_error` in pounds, None when the need carries none.
    """

    code: str
    population: Fraction
    share: Fraction
    amount: Decimal
    standard_error: float | None = None

    @property
    def per_head(self) -> Decimal | None:
        """Pounds a head of population, to the penny; None where nobody lives."""
        return pounds(Fraction(self.amount) / self.population) if self.population else None

    @property
    def interval(self) -> tuple[Decimal, Decimal] | None:
        """95 % interval in pounds, not below 0."""
        if self.standard_error is None:
            return None
        half = Fraction(NORMAL_95 * self.standard_error)
        return pounds(max(Fraction(0), Fraction(self.amount) - half)), pounds(Fraction(self.amount) + half)


@dataclass(frozen=True)
class Targets:
    """Targets of one pot by place, in order of code; they add up to the pot to the penny.

    `need_year` is the year the need was worked out for, `wider` whether it was modelled on more than the pot pays for.
    """

    pot: Pot
    need_year: str
    wider: bool
    rows: Mapping[str, Target]
    source: str
    confidence: str

    def amounts(self) -> dict[str, Decimal]:
        """Pounds by code."""
        return {code: row.amount for code, row in self.rows.items()}


def targets(pot: Pot, shares: Shares, mff: Mapping[str, Amount] | None = None, *, wider: bool = False) -> Targets:
    """What each place should have of a pot: share x market forces, scaled to 1, times the pot, to the penny.

    `mff` is the underlying market forces index by code, for every place or for none. Largest remainder: the targets add
    up to the pot. AllocationError when the need was modelled on something else than the pot pays for (`check`), or when
    `mff` lacks a place or is in the need already.
    """
    check(shares.basis, pot, area=shares.area, wider=wider)
    factors = _factors(shares, mff)
    weight = {code: row.weighted_population * factors[code] for code, row in shares.rows.items()}
    total = sum(weight.values(), Fraction(0))
    portion = {code: w / total for code, w in weight.items()}
    paid = to_the_penny({code: share * Fraction(pot.amount) for code, share in portion.items()})
    own = {
        code: None if row.weighted_error is None else row.weighted_error * float(factors[code])
        for code, row in shares.rows.items()
    }
    errors = share_errors(weight, own)
    rows = {}
    for code, row in shares.rows.items():
        error = errors[code]
        pounds_error = None if error is None else error * float(pot.amount)
        rows[code] = Target(code, row.population, portion[code], paid[code], pounds_error)
    is_wider = shares.basis.components != pot.components
    return Targets(pot, shares.financial_year, is_wider, rows, shares.source, shares.confidence)


def targets_by_pot(
    pots: Iterable[Pot], shares: Sequence[Shares], mff: Mapping[str, Amount] | None = None
) -> list[Targets]:
    """Targets of each pot by the one index that was modelled on its service and components.

    An index that includes market forces takes no `mff`. AllocationError when no index or more than one fits a pot.
    """
    made = []
    for pot in pots:
        fit = [s for s in shares if (s.basis.service, s.basis.components) == (pot.service, pot.components)]
        if len(fit) != 1:
            held = "; ".join(sorted({str(s.basis) for s in shares})) or "none"
            named = ", ".join(s.stream for s in fit)
            raise AllocationError(
                f"The pot of {pot} needs one index of that service and those components; {len(fit)} fit of: {held}. "
                f"{f'Choose one of the streams {named}.' if fit else 'Supply it, and never one of another pot.'}"
            )
        made.append(targets(pot, fit[0], None if fit[0].basis.includes_market_forces else mff))
    return made


def total_targets(made: Iterable[Targets]) -> dict[str, Decimal]:
    """Pounds by place over several pots of one year.

    AllocationError when they are of several years, or when two hold the same money: one service, a component
    in both, and one area and delegation status, of which a blank one may be any.
    """
    made = list(made)
    if len(years := sorted({t.pot.financial_year for t in made})) > 1:
        raise AllocationError(
            f"The pots are of {' and '.join(years)}: targets of several years have no total that an opening position "
            "could be held against. Give the pots of one year."
        )
    for pot, other in combinations([t.pot for t in made], 2):
        pairs = ((pot.area, other.area), (pot.delegation_status, other.delegation_status))
        alike = all(a == b or "" in (a, b) for a, b in pairs)
        if alike and pot.service == other.service and pot.components & other.components:
            raise AllocationError(
                f"The pots of {pot} and of {other} hold the same money, which would count twice. Leave one out, or say "
                "which part each pays for (components, delegation_status, area)."
            )
    total: dict[str, Decimal] = defaultdict(Decimal)
    for one in made:
        for code, amount in one.amounts().items():
            total[code] += amount
    return dict(sorted(total.items()))


def _factors(shares: Shares, mff: Mapping[str, Amount] | None) -> dict[str, Fraction]:
    if mff is None:
        return dict.fromkeys(shares.rows, Fraction(1))
    if shares.basis.includes_market_forces:
        raise AllocationError(
            f"Need of {shares.stream} includes market forces already: applying an index again would count them twice. "
            "Leave mff out."
        )
    if missing := sorted(set(shares.rows) - set(mff)):
        raise AllocationError(
            f"The market forces index lacks {', '.join(missing[:5])}. Give it for every place, or for none."
        )
    if wrong := sorted(code for code in shares.rows if mff[code] <= 0):
        raise AllocationError(
            f"The market forces index of {', '.join(wrong[:5])} is not above 0. Correct it; it is about 1."
        )
    return {code: Fraction(mff[code]) for code in shares.rows}
