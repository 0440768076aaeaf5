"""The contracts that a server knows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

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
