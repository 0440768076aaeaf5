"""How contracts pay a kind of charge, as challenges ask it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tertiary.challenges import Cash, cash_of, read_cash
from tertiary.errors import ContractError
from tertiary.month_end.contracts import COMPONENTS, Contract, Element, read_contracts
from tertiary.sheets import lines

KEY = ("provider_code", "payer_code", "component", "point_of_delivery", "financial_year")


def cash_lines(contracts: Sequence[Contract], financial_year: str) -> list[dict[str, str]]:
    """A line for each kind of charge that an element covers, of the newest versions of a year.

    Columns as `challenges.cash_of` reads them; blank point of delivery: all. Of several elements the first
    counts. A pair of provider and payer with an element of some services only is left out: a line cannot say that, and
    no cash effect is better than a wrong one. Where rates differ, that above plan is said: a challenge is on top.
    """
    newest: dict[str, Contract] = {}
    for contract in sorted(contracts, key=lambda c: c.version):
        if contract.financial_year == financial_year:
            newest[contract.contract] = contract
    owners = [(c.provider_code, e) for c in newest.values() for e in c.elements]
    partial = {(provider, e.payer_code) for provider, e in owners if e.services}
    made: dict[tuple[str, ...], dict[str, str]] = {}
    for provider, own in owners:
        if (provider, own.payer_code) in partial:
            continue
        # all components by name, so that no line of one goes before an element of all that stands first
        for component in own.components or COMPONENTS:
            for delivery in own.points_of_delivery or ("",):
                if any((provider, own.payer_code, component, d, financial_year) in made for d in {delivery, ""}):
                    continue
                key = (provider, own.payer_code, component, delivery, financial_year)
                made[key] = {**dict(zip(KEY, key, strict=True)), **_paid(own)}
    return list(made.values())


def contract_cash(contracts: Sequence[Contract], name: str = "contracts") -> Cash:
    """How contracts pay, as challenges ask it. ContractError when two lines of them say different things."""
    years = sorted({contract.financial_year for contract in contracts})
    return cash_of((line for year in years for line in cash_lines(contracts, year)), name)


def contract_pairs(contracts: Iterable[Contract]) -> set[tuple[str, str]]:
    """Pairs of provider and payer with a contract, whatever its elements cover."""
    return {(c.provider_code, e.payer_code) for c in contracts for e in c.elements}


def read_contract_cash(file: Path) -> Cash:
    """How contracts pay, of a register of contracts or of lines written for the purpose (`challenges.read_cash`)."""
    return contract_cash(read_contracts(file), str(file)) if _is_register(file) else read_cash(file)


def read_contract_pairs(file: Path) -> set[tuple[str, str]]:
    """As `contract_pairs`, of a file as `read_contract_cash` reads it."""
    if _is_register(file):
        return contract_pairs(read_contracts(file))
    return {(provider, payer) for provider, payer, *_ in read_cash(file)}


def _is_register(file: Path) -> bool:
    first = next(lines(file, ContractError), None)
    return first is not None and "signed_value" in first.cells


def _paid(own: Element) -> dict[str, str]:
    if not own.rate_above:
        return {"element": "fixed", "marginal_rate": ""}
    if own.kind == "pass_through" and own.rate_above == 1:
        return {"element": "pass_through", "marginal_rate": ""}
    return {"element": "variable", "marginal_rate": f"{own.rate_above.numerator / own.rate_above.denominator:.6f}"}
