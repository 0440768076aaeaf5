"""Who hosts which contracts for others, as far as the contracts of this server say.

Tables that name the host (host_code) are owned by it directly. The ledger does not: a row there is the host's when
every contract of its provider, payer and year names that host. Where two hosts share them, neither sees the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from tertiary.web.scope import joined

if TYPE_CHECKING:
    from tertiary.decisions import Store
    from tertiary.month_end import Contract
    from tertiary.web.settings import Papers


def known_contracts(papers: Papers, store: Store | None) -> tuple[Contract, ...]:
    """The contracts of the papers' file, else those in force today in the store. ContractError when they are not so."""
    from tertiary.month_end import contracts_of, read_contracts

    if papers.contracts is not None:
        return read_contracts(papers.contracts)
    held = store.decisions("contract", in_force_on=date.today()) if store else []
    return contracts_of([
        (f"Decision {d.decision_id}, version {d.version}",
         {**d.terms, "version": d.version, "valid_from": d.valid_from, "valid_to": d.valid_to})
        for d in held
    ])  # fmt: skip


def hosted(contracts: Iterable[Contract]) -> Mapping[str, tuple[str, ...]]:
    """For each host, the provider, payer and year (`scope.joined`) of what it alone contracts for another payer."""
    hosts: dict[str, set[str]] = {}
    for contract in contracts:
        for element in contract.elements:
            key = joined(contract.provider_code, element.payer_code, contract.financial_year)
            # a payer without a host holds its contract itself
            hosts.setdefault(key, set()).add(contract.host_code or element.payer_code)
    found: dict[str, tuple[str, ...]] = {}
    for key, names in sorted(hosts.items()):
        if len(names) == 1:
            found[min(names)] = (*found.get(min(names), ()), key)
    return found
