"""What a challenge would move in cash if it were upheld, by the element of the contract that pays the charge.

fixed: nothing, the payment is agreed. variable: pounds times the marginal rate. pass_through: the pounds themselves.
Source: payment mechanisms of the NHS Payment Scheme (aligned payment and incentive: fixed and variable elements;
excluded drugs and devices at actual cost). A charge without a contract has no cash effect to tell: it stays null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tertiary.errors import ContractError
from tertiary.sheets import lines

KEY = ("provider_code", "payer_code", "component", "point_of_delivery", "financial_year")
ELEMENTS = ("fixed", "variable", "pass_through")
ALL = "*"
NO_CONTRACTS = "no contract loaded"
NO_LINE = "no line in the contracts loaded"


@dataclass(frozen=True)
class Paid:
    """How a contract pays a kind of charge. `rate`: pounds that move for each pound."""

    element: str
    rate: Decimal


# (provider, payer, component, point of delivery, year) to how it is paid; component and point of delivery may be ALL
Cash = Mapping[tuple[str, str, str, str, str], Paid]


def paid(element: str, marginal_rate: Decimal | None, where: str) -> Paid:
    """The pounds that move by element. ContractError when the element is not known or its rate cannot be used."""
    if element not in ELEMENTS:
        raise ContractError(f"{where}: element is {element!r}; expected {', '.join(ELEMENTS)}.")
    if element != "variable":
        return Paid(element, Decimal(element == "pass_through"))
    if marginal_rate is None or not marginal_rate.is_finite() or not 0 <= marginal_rate <= 1:
        raise ContractError(f"{where}: marginal_rate is {marginal_rate}; a variable element needs one from 0 to 1.")
    if marginal_rate != round(marginal_rate, 6):
        raise ContractError(
            f"{where}: marginal_rate is {marginal_rate}; expected at most six decimals such as 0.333333."
        )
    return Paid(element, marginal_rate)


def cash_of(rows: Iterable[Mapping[str, object]], name: str) -> dict[tuple[str, str, str, str, str], Paid]:
    """Contract lines (the columns of KEY, element, marginal_rate) by key; blank component or point of delivery: all.

    ContractError names the line that lacks a column, cannot be used or says another thing than one before.
    """
    return _cash_of(enumerate(rows, 2), name)


def _cash_of(rows: Iterable[tuple[int, Mapping[str, object]]], name: str) -> dict[tuple[str, str, str, str, str], Paid]:
    made: dict[tuple[str, str, str, str, str], Paid] = {}
    for number, row in rows:
        where = f"{name} line {number}"
        if missing := sorted({*KEY, "element"} - set(row)):
            raise ContractError(f"{where}: {', '.join(missing)} missing. Needed: {', '.join(KEY)}, element.")
        text = {n: str(row[n] or "").strip() for n in KEY}
        if blank := [n for n in ("provider_code", "payer_code", "financial_year") if not text[n]]:
            raise ContractError(f"{where}: {', '.join(blank)} is blank. A line is of one provider, payer and year.")
        provider, payer, component, delivery, year = text.values()
        key = (provider, payer, component or ALL, delivery or ALL, year)
        found = paid(str(row["element"] or "").strip(), _rate(row.get("marginal_rate"), where), where)
        if made.setdefault(key, found) != found:
            raise ContractError(f"{where}: {' '.join(key)} is {found.element} here and {made[key].element} before.")
    return made


def read_cash(file: Path) -> dict[tuple[str, str, str, str, str], Paid]:
    """Contract lines of a CSV file. ContractError as in `cash_of`, and when the file cannot be read."""
    return _cash_of(((line.number, line.cells) for line in lines(file, ContractError, (*KEY, "element"))), str(file))


def line_for(cash: Cash, key: tuple[str, str, str, str, str]) -> Paid | None:
    """The contract line of a charge: its own component and point of delivery before those of all."""
    provider, payer, component, delivery, year = key
    for wider in ((component, delivery), (component, ALL), (ALL, delivery), (ALL, ALL)):
        if found := cash.get((provider, payer, *wider, year)):
            return found
    return None


def _rate(value: object, where: str) -> Decimal | None:
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ContractError(
            f"{where}: marginal_rate is {text!r}; expected a number from 0 to 1 such as 0.7."
        ) from error
