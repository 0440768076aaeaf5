"""What the groups of commands have in common: options, and files that people write by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.errors import DecisionError, PoolError, TertiaryError
from tertiary.sheets import Line, lines

if TYPE_CHECKING:
    from tertiary.decisions import Actor, Store
    from tertiary.register import Register
    from tertiary.runs import Run

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
RunFolder = Annotated[Path, typer.Argument(help="Run folder.")]
Overlays = Annotated[
    list[Path] | None, typer.Option("--register", metavar="DIR", help="Overlay folder of the run; may be given again.")
]
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
    for line in lines(file, error):
        yield line.number, dict(line.cells)


def amount(file: Path, number: int, name: str, text: str, error: type[TertiaryError] = PoolError) -> Decimal:
    """A cell with pounds or another number, with or without commas and a pound sign. `error` when it is none."""
    return Line(str(file), number, {name: text.strip()}, error).number_of(name)


def register_of(run: Run, overlays: Sequence[Path] = ()) -> Register:
    """The register as the run knew it, from the overlay folders it names unless others are given.

    TertiaryError when they are not the same: rules would compare with other lists and prices than the run used.
    """
    from tertiary.register import Register

    facts = run.manifest["register"]
    folders = list(overlays) or [Path(overlay["path"]) for overlay in facts["overlays"]]
    if absent := [str(folder) for folder in folders if not folder.is_dir()]:
        raise TertiaryError(
            f"{run.path} was made with the overlay {absent[0]}, which is not there from this folder. Give its place "
            "with --register."
        )
    known = Register.load(overlays=folders, as_known=date.fromisoformat(facts["as_known"]))
    now, then = ([o["sha256"] for o in one["overlays"]] for one in (known.record(), facts))
    if now != then or known.version != facts["version"]:
        raise TertiaryError(
            f"{run.path} was made with another register ({facts['version']}, overlays "
            f"{', '.join(o['name'] for o in facts['overlays']) or 'none'}), or it was changed since. Give the same "
            "overlays with --register, or run again."
        )
    return known
