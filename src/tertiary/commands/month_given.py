"""What the commands about a month have in common: options, contracts and the month that they state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tertiary.commands import shared
from tertiary.errors import ContractError, DecisionError

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.decisions import Decision
    from tertiary.month_end import Close, Contract
    from tertiary.publish.months import Given
    from tertiary.runs import Run

Contracts = Annotated[
    Path | None, typer.Option("--contracts", metavar="FILE", help="CSV of contracts; else those in force in the store.")
]
Year = Annotated[str | None, typer.Option("--year", help="Financial year; the run's last unless told.")]
Last = Annotated[int | None, typer.Option("--month", min=1, max=13, help="Last month; the run's last unless told.")]
Adjustments = Annotated[Path | None, typer.Option(help="CSV: contract, payer_code, financial_month, amount, reason.")]
Profiles = Annotated[Path | None, typer.Option(help="CSV with your own phasing: profile, month, weight.")]
Invoices = Annotated[Path | None, typer.Option(help="CSV: provider_code, payer_code, financial_year, …, amount.")]
Calendar = Annotated[Path | None, typer.Option(help="CSV with agreed days: financial_year, …, flex, freeze.")]
Measure = Annotated[str, typer.Option(help="Value of activity: price_submitted or price_expected.")]
By = Annotated[str, typer.Option(help="Columns to total by, separated by commas.")]
Challenges = Annotated[
    bool, typer.Option("--challenges/--no-challenges", help="With what is questioned of the charges.")
]
OnDay = Annotated[date | None, typer.Option("--on", parser=shared.day, metavar="DATE", help="Today unless told.")]


def given_of(
    run: Path, contracts: Path | None, year: str | None, last: int | None, adjustments: Path | None,
    profiles: Path | None, measure: str, store: str, invoices: Path | None = None, agreed: Path | None = None,
    on: date | None = None,
) -> Given:  # fmt: skip
    from tertiary import month_end
    from tertiary.period import period
    from tertiary.publish.months import days_of, given
    from tertiary.runs import open as open_run

    opened = open_run(run)
    year, last = period(opened, year, last)
    return given(
        opened, year, last, known_contracts(contracts, store, days_of(year, last)),
        adjustments=month_end.read_adjustments(adjustments) if adjustments else (),
        profiles=month_end.read_profiles(profiles) if profiles else None, measure=measure,
        invoices=month_end.read_invoices(invoices) if invoices else (),
        agreed=month_end.read_calendar(agreed) if agreed else (), on=on,
    )  # fmt: skip


def raised_of(given: Given, register: list[Path] | None) -> pa.Table:
    """What is questioned of the charges of a month, by the register that its run knew."""
    from tertiary.publish.months import challenges_of

    return challenges_of(given, shared.register_of(given.run, register or ()))


def closes_of(closes: Path | None, year: str) -> Sequence[Close]:
    """The closes of a year; none where no folder is given."""
    from tertiary import month_end

    return month_end.every(closes, year) if closes is not None else ()


def decisions_of(store: str) -> Sequence[Decision]:
    """Decisions of the store in their newest versions; none where there is no store."""
    try:
        with shared.open_store(store) as opened:
            return opened.decisions()
    except DecisionError:
        typer.echo(f"No decisions were read: there is no store {store}.", err=True)
        return ()


def known_contracts(file: Path | None, store: str, days: Sequence[date]) -> tuple[Contract, ...]:
    """Contracts of a file, else versions of the store that were in force on one of the days, whatever came later."""
    from tertiary.publish import months

    if file is not None:
        return months.known_contracts(file, None)
    with shared.open_store(store) as opened:
        held = months.known_contracts(None, opened, days)
    if not held:
        raise ContractError(
            f"No contract is in force in {store} from {days[0]} to {days[-1]}. Give a file with --contracts, or take "
            "contracts to in_force: tertiary decisions step."
        )
    return held


def say_label(run: Run) -> None:
    from tertiary.show import label

    typer.echo(label(run), err=True)
