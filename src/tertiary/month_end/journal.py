"""What a close puts into the books: the change since the former close, in entries that balance for every body.

A payer is charged what its patients' care moved. Where somebody else holds the contract, the payer owes the host and
the host owes the provider; no body bears another's cost. Accounts are names with a role (accounts.csv), to be mapped to
the chart of whoever books them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from tertiary.errors import ContractError
from tertiary.month_end.position import Entry
from tertiary.sheets import shipped


@dataclass(frozen=True)
class Posting:
    """One line of the journal, in pounds. Key: entity, account, provider, counterparty and contract.

    `entity` is the body whose books it is for; one of `debit` and `credit` is zero. Each entity's lines balance.
    """

    entity: str
    account: str
    provider_code: str
    counterparty: str
    contract: str
    description: str
    debit: Decimal
    credit: Decimal


@cache
def accounts() -> Mapping[str, str]:
    """Name of the account by role."""
    rows = shipped("tertiary.month_end", "accounts.csv", ContractError)
    return {line.text("role"): line.text("account") for line in rows}


def journal(now: Sequence[Entry], before: Sequence[Entry], description: str) -> list[Posting]:
    """Postings that take the books from the former close to this one, in order of their key."""
    owed = _owed(now)
    for key, (total, estimated) in _owed(before).items():
        there = owed.get(key, (Decimal(0), Decimal(0)))
        owed[key] = (there[0] - total, there[1] - estimated)
    lines: dict[tuple[str, str, str, str, str], Decimal] = {}

    def post(entity: str, role: str, amount: Decimal, counterparty: str, provider: str, contract: str) -> None:
        key = (entity, accounts()[role], provider, counterparty, contract)
        lines[key] = lines.get(key, Decimal(0)) + amount

    for (contract, provider, host, payer), (total, estimated) in owed.items():
        buyer = host or payer
        post(payer, "expenditure", total, provider, provider, contract)
        if buyer != payer:
            post(payer, "due_to_host", -total, buyer, provider, contract)
            post(buyer, "due_from_payer", total, payer, provider, contract)
        post(buyer, "payable", estimated - total, provider, provider, contract)
        post(buyer, "accrual", -estimated, provider, provider, contract)
    zero = Decimal(0)
    kept = [(key, lines[key]) for key in sorted(lines) if lines[key]]
    return [Posting(*key, description, max(amount, zero), max(-amount, zero)) for key, amount in kept]


def _owed(entries: Iterable[Entry]) -> dict[tuple[str, str, str, str], tuple[Decimal, Decimal]]:
    """Payments to date, and how much of them is estimated, by contract, provider, host and payer."""
    found: dict[tuple[str, str, str, str], tuple[Decimal, Decimal]] = {}
    for entry in entries:
        key = (entry.contract, entry.provider_code, entry.host_code, entry.payer_code)
        total, estimated = found.get(key, (Decimal(0), Decimal(0)))
        found[key] = (total + entry.payment, estimated + entry.estimated)
    return found
