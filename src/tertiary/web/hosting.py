"""Who hosts which contracts for others, as far as the contracts of this server say.

Tables that name the host (host_code) are owned by it directly. The ledger does not: a row there is the host's when
every contract of its provider, payer and year names that host. Where two hosts share them, neither sees the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tertiary.web.scope import joined

if TYPE_CHECKING:
    from tertiary.month_end import Contract


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
