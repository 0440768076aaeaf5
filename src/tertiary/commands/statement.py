"""`tertiary statement` and `tertiary report`: the month as a workbook, and as a page for a board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tertiary.commands.month_given import (
    Adjustments,
    Calendar,
    Challenges,
    Contracts,
    Invoices,
    Last,
    Measure,
    OnDay,
    Profiles,
    Year,
    closes_of,
    decisions_of,
    given_of,
    raised_of,
    say_label,
)
from tertiary.commands.shared import STORE, Overlays, RunFolder, Url


def statement(
    run: RunFolder,
    out: Annotated[Path, typer.Option(metavar="FILE.xlsx", help="Workbook to write.")],
    contracts: Contracts = None,
    year: Year = None,
    last: Last = None,
    adjustments: Adjustments = None,
    profiles: Profiles = None,
    invoices: Invoices = None,
    agreed: Calendar = None,
    measure: Measure = "price_submitted",
    closes: Annotated[Path | None, typer.Option(help="Folder of the closes, to say what moved since.")] = None,
    challenges: Challenges = True,
    register: Overlays = None,
    on: OnDay = None,
    store: Url = STORE,
) -> None:
    """Write the statement of a month as a workbook: as closed where --closes has just that position, else a draft.

    Summary, statement, waterfall, months, services, forecast, checks, challenges, journal, method and sources.
    """
    from tertiary.publish import statement as write
    from tertiary.publish.months import month_of, since

    given = given_of(run, contracts, year, last, adjustments, profiles, measure, store, invoices, agreed, on)
    say_label(given.run)
    raised = raised_of(given, register) if challenges else None
    typer.echo(f"{write(month_of(given, *since(given, closes_of(closes, given.year)), raised), out)} written.")


def report(
    run: RunFolder,
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="Page to write.")],
    contracts: Contracts = None,
    year: Year = None,
    last: Last = None,
    adjustments: Adjustments = None,
    profiles: Profiles = None,
    agreed: Calendar = None,
    measure: Measure = "price_submitted",
    closes: Annotated[Path | None, typer.Option(help="Folder of the closes, to say what moved since.")] = None,
    challenges: Challenges = True,
    register: Overlays = None,
    payer: Annotated[str, typer.Option(metavar="CODE", help="The part of one payer, such as an ICB.")] = "",
    body: Annotated[str, typer.Option("--for", metavar="NAME", help="The body it is for, in words.")] = "",
    on: OnDay = None,
    store: Url = STORE,
) -> None:
    """Write the month for a board: position, forecast, risks, activity, decisions that wait, method. One page.

    Decisions are those of the store, where there is one.
    """
    from tertiary.publish import board_report
    from tertiary.publish.months import month_of, since

    given = given_of(run, contracts, year, last, adjustments, profiles, measure, store, None, agreed, on)
    raised = raised_of(given, register) if challenges else None
    say_label(given.run)
    month = month_of(given, *since(given, closes_of(closes, given.year)), raised)
    month = month.of_payer(payer) if payer else month
    typer.echo(f"{board_report(month, out, decisions_of(store), body)} written.")
