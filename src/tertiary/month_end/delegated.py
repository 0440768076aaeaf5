"""What of the value of contracts is for delegated care, by the loaded plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tertiary.allocate.watch_data import delegated_shares
from tertiary.month_end.contracts import Contract
from tertiary.pennies import pounds
from tertiary.phasing import MONTHS, Weights, weight

if TYPE_CHECKING:
    from tertiary.runs import Run

Values = Mapping[tuple[str, ...], Decimal]


def delegated_values(
    run: Run, contracts: Sequence[Contract], payers: Collection[str], profiles: Weights | None = None
) -> tuple[Values, Values]:
    """Pounds a year on delegated lines by (payer, provider, financial year), and what no plan says anything of, whole.

    The elements that `payers` pay count, each version for the months that it holds, by its own phasing. They pay for
    other care too: of them the part is taken that the run's plan has on delegated lines.
    """
    made: dict[tuple[str, ...], Fraction] = {}
    for contract in contracts:
        months = contract.months(contracts)
        for element in contract.elements:
            if element.payer_code not in payers:
                continue
            key = (element.payer_code, contract.provider_code, contract.financial_year)
            shares = (weight(element.profile, contract.financial_year, m, profiles) for m in months)
            share = Fraction(1) if len(months) == len(MONTHS) else sum(shares, Fraction(0))
            made[key] = made.get(key, Fraction(0)) + Fraction(element.annual_value) * share
    parts = delegated_shares(run)
    return (
        {key: pounds(value * parts[key]) for key, value in made.items() if key in parts},
        {key: pounds(value) for key, value in made.items() if value and key not in parts},
    )
