"""Which component of care each accrual stands for: what did not arrive, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tertiary.month_end.cells import strands
from tertiary.month_end.payment import planned, valued
from tertiary.month_end.position import Position
from tertiary.pennies import to_the_penny
from tertiary.phasing import Weights


@dataclass(frozen=True)
class Accrual:
    """What of an element's activity value is an estimate for a component. Key: all but `accrued`, pounds to the penny.

    `component` is blank where nothing of the element has arrived yet, so that it goes by plan as a whole.
    """

    contract: str
    version: int
    provider_code: str
    host_code: str
    payer_code: str
    element: str
    kind: str
    component: str
    financial_month: int
    accrued: Decimal


def accruals(found: Position, profiles: Weights | None = None) -> tuple[Accrual, ...]:
    """The accruals of a position by component; those of an element and month add up to its entry, to the penny.

    `profiles` as the position was made with.
    """
    made = []
    for strand in strands([c for c in found.cells.covered if not c.idle]):
        plans = {m: planned(part, m, profiles) for part in strand for m in part.months}
        worth = valued(strand, plans)
        owner = {month: part for part in strand for month in part.months}
        upto: dict[str, Fraction] = {}
        before: dict[str, Decimal] = {}
        for month in sorted(plans):
            for component, guessed in worth[month].estimates.items():
                upto[component] = upto.get(component, Fraction(0)) + guessed
            # to date and then the difference, as the entry is rounded
            now = to_the_penny(upto)
            contract, element = owner[month].contract, owner[month].element
            made += [
                Accrual(
                    contract.contract, contract.version, contract.provider_code, contract.host_code,
                    element.payer_code, element.element, element.kind, component, month, amount - was,
                )
                for component, amount in now.items() if amount != (was := before.get(component, Decimal(0)))
            ]  # fmt: skip
            before = now
    return tuple(made)
