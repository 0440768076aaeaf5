"""What the groups of commands have in common: options, and files that people write by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.errors import DecisionError, PoolError, TertiaryError

if TYPE_CHECKING:
    from tertiary.decisions import Actor, Store

STORE = "sqlite:///decisions.sqlite"


def day(text: str) -> date:
    """An option that is a day. BadParameter when it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day. Write it as 2025-06-30.") from None


Url = Annotated[
    str, typer.Option("--store", envvar="TERTIARY_DECISIONS", metavar="URL", help="Database of the decisions.")
]
Format = Annotated[str, typer.Option(help="table, csv or json.")]
By = Annotated[str, typer.Option(metavar="ROLE:ORGANISATION[:ACCOUNT]", help="Who: such as icb:QMJ.")]
Why = Annotated[str, typer.Option(help="Why, such as the paper and item.")]


def open_store(url: str, create: bool = False) -> Store:
    """The decision store at a URL, made when it is new and `create` is on. DecisionError when it cannot be used."""
    from tertiary.decisions import Store

    return Store.open(url, create=create)


def actor(text: str) -> Actor:
    """Who acts, as an option names it. DecisionError when it names no role and organisation."""
    from tertiary.decisions import Actor

    role, _, rest = text.partition(":")
    organisation, _, account = rest.partition(":")
    if not role or not organisation:
        raise DecisionError(f"--by {text!r} is not ROLE:ORGANISATION, such as icb:QMJ or region:Y56:office.")
    return Actor(role, organisation, account)


def json_of(file: Path) -> dict[str, Any]:
    """The JSON object of a file. DecisionError when it holds none."""
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DecisionError(f"{file} cannot be read as JSON: {error}.") from error
    if not isinstance(read, dict):
        raise DecisionError(f"{file} holds {type(read).__name__}; a JSON object with the named terms is needed.")
    return read


def rows(file: Path, error: type[TertiaryError] = PoolError) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of a CSV file with their numbers, cells trimmed. `error` when it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8; save it as CSV UTF-8"
        raise error(f"{file} cannot be read: {reason}.") from problem
    for number, row in enumerate(csv.DictReader(text.splitlines()), 2):
        yield number, {name: (cell or "").strip() for name, cell in row.items() if name}


def amount(file: Path, number: int, name: str, text: str, error: type[TertiaryError] = PoolError) -> Decimal:
    """A cell with pounds or another number, with or without commas and a pound sign. `error` when it is none."""
    try:
        found = Decimal(text.replace(",", "").replace("£", "").strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise error(f"{file} line {number}: {name} is {text!r}; expected a number such as 1250000.00.")
    return found
