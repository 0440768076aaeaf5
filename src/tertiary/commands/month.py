"""`tertiary contracts …`, `tertiary month …` and `tertiary statement`: what is owed, whether it ties, and the close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.commands import shared
from tertiary.commands.shared import STORE, Format, Url
from tertiary.errors import ContractError

if TYPE_CHECKING:
    from tertiary.month_end import Contract, Dates, Invoice, Position
    from tertiary.publish import Month
    from tertiary.runs import Run

contracts = typer.Typer(no_args_is_help=True, help="The register of contracts.")
month = typer.Typer(no_args_is_help=True, help="Close a month: position, checks, forecast, movements, journal.")

RunFolder = Annotated[Path, typer.Argument(help="Run folder.")]
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
OnDay = Annotated[date | None, typer.Option("--on", parser=shared.day, metavar="DATE", help="Today unless told.")]


@dataclass(frozen=True)
class Given:
    """What the commands about a month have in common."""

    run: Run
    year: str
    last: int
    contracts: Sequence[Contract]
    position: Position
    invoices: Sequence[Invoice]
    agreed: Sequence[Dates]
    on: date


@contracts.command(short_help="Draft a register from the loaded plan.")
def draft(
    run: RunFolder,
    out: Annotated[Path, typer.Option(help="CSV file to write.")],
    host: Annotated[list[str] | None, typer.Option(metavar="PROVIDER=HOST", help="Who holds its contract.")] = None,
    year: Year = None,
) -> None:
    """Draft a register of contracts from the activity plan of a run, for people to correct and sign.

    A line for each provider, payer and usual element; months of plan are taken to the year by the element's phasing.
    """
    from tertiary import month_end
    from tertiary.period import last_year
    from tertiary.runs import open as open_run
    from tertiary.show import label

    opened = open_run(run)
    hosts = dict(_pair(text) for text in host or ())
    made = month_end.draft_contracts(opened, year or last_year(opened), hosts)
    try:
        out.write_text(month_end.as_csv(made), encoding="utf-8")
    except OSError as error:
        raise ContractError(f"{out} cannot be written: {error.strerror}.") from error
    typer.echo(label(opened), err=True)
    typer.echo(f"{out}: {len(made):,} contracts drafted, none signed. Correct them before you use them.")


@contracts.command("show", short_help="Show the contracts of a file or the store.")
def show_(
    file: Annotated[Path | None, typer.Argument(help="CSV of contracts; else those in force in the store.")] = None,
    on: OnDay = None,
    store: Url = STORE,
    format: Format = "table",
) -> None:
    """Show contracts, an element a line, after checking that each adds up to its signed value."""
    import csv

    import pyarrow as pa

    from tertiary import month_end
    from tertiary.screen import print_rows

    found = _contracts(file, store, [on or date.today()])
    lines = list(csv.DictReader(month_end.as_csv(found).splitlines()))
    print_rows(pa.Table.from_pylist(lines), format)


@month.command("position", short_help="What is owed, element by element.")
def position_(
    run: RunFolder,
    contracts: Contracts = None,
    year: Year = None,
    last: Last = None,
    by: By = "payer_code,kind",
    ties: Annotated[
        bool, typer.Option("--ties", help="Whether the loaded plan ties to the contracts instead.")
    ] = False,
    forecast: Annotated[bool, typer.Option("--forecast", help="How the year may end instead.")] = False,
    adjustments: Adjustments = None,
    profiles: Profiles = None,
    measure: Measure = "price_submitted",
    store: Url = STORE,
    format: Format = "table",
) -> None:
    """State plan, activity value, cash effect and payment to date, in pounds. Activity value and cash are kept apart.

    Columns to total by: contract, version, provider_code, host_code, payer_code, element, kind, financial_month.
    """
    import pyarrow as pa

    from tertiary import month_end
    from tertiary.month_end.position import KEY, MONEY
    from tertiary.screen import print_rows

    given = _given(run, contracts, year, last, adjustments, profiles, measure, store)
    if ties:
        rows = month_end.table(given.position.ties, month_end.Tie)
    elif forecast:
        rows = month_end.table(given.position.outturns, month_end.Outturn)
    else:
        names = [n.strip() for n in by.split(",") if n.strip()]
        if wrong := [n for n in names if n not in (*KEY, "financial_month")]:
            raise ContractError(f"A position cannot be totalled by {', '.join(wrong)}. Choose from {', '.join(KEY)}.")
        whole = ("version", "financial_month")
        schema = [(n, pa.int64() if n in whole else pa.string()) for n in names]
        kinds = [*schema, *[(n, pa.decimal128(18, 2)) for n in MONEY]]
        rows = pa.Table.from_pylist(given.position.by(*names), schema=pa.schema(kinds))
    _label(given.run)
    print_rows(rows, format)


@month.command(short_help="Do the flows tell the same story.")
def reconcile(
    run: RunFolder,
    year: Year = None,
    last: Last = None,
    by: By = "provider_code,financial_month,payer_code,service_line_final,component",
    coverage: Annotated[bool, typer.Option("--coverage", help="Add whether figures per patient may be used.")] = False,
    hospital: Annotated[bool, typer.Option("--hospital", help="Activity against hospital data instead.")] = False,
    invoices: Invoices = None,
    limit: Annotated[int, typer.Option(min=0, help="Rows to print; 0 prints all.")] = 0,
    format: Format = "table",
) -> None:
    """Compare aggregate, patient level, plan and hospital data or, with --invoices, what was invoiced."""
    import pyarrow as pa

    from tertiary import month_end
    from tertiary.period import period
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows

    opened = open_run(run)
    year, last = period(opened, year, last)
    if invoices is not None:
        found = month_end.invoice_gaps(opened, month_end.read_invoices(invoices), year, last)
        rows = pa.Table.from_pylist(found)
    elif hospital:
        rows = month_end.hospital_gaps(opened, year, last)
    else:
        names = [n.strip() for n in by.split(",") if n.strip()]
        rows = (month_end.coverage if coverage else month_end.reconcile)(opened, year, last, names)
    _label(opened)
    print_rows(rows.slice(0, limit) if limit else rows, format)


@month.command(short_help="Flex and freeze of each month.")
def calendar(
    year: Annotated[str, typer.Argument(help="Financial year such as 202526.")],
    agreed: Calendar = None,
    on: OnDay = None,
    format: Format = "table",
) -> None:
    """Say for each month of a year when its data are flexed and frozen, by an agreed calendar or by the rule."""
    import pyarrow as pa

    from tertiary import month_end
    from tertiary.screen import print_rows

    own = month_end.read_calendar(agreed) if agreed else ()
    when = [month_end.dates(year, number, own) for number in range(1, 14)]
    rows = [{**vars(one), "state": one.state(on or date.today())} for one in when]
    print_rows(pa.Table.from_pylist(rows), format)


@month.command(short_help="Close a month, from inputs to workbook.")
def close(
    run: RunFolder,
    closes: Annotated[Path, typer.Option(help="Folder of the closes.")],
    contracts: Contracts = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.xlsx", help="Statement to write.")] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--inputs", metavar="DIR", help="Files to run into RUN first; may be given again."),
    ] = None,
    register: Annotated[
        list[Path] | None, typer.Option("--register", metavar="DIR", help="Overlay folder for that run.")
    ] = None,
    year: Year = None,
    last: Last = None,
    adjustments: Adjustments = None,
    profiles: Profiles = None,
    invoices: Invoices = None,
    agreed: Calendar = None,
    measure: Measure = "price_submitted",
    reopen: Annotated[str, typer.Option("--reopen", metavar="REASON", help="Why a closed month is closed again.")] = "",
    on: OnDay = None,
    store: Url = STORE,
) -> None:
    """Close a month: lock its position for good, say what moved since the former close, and write the statement.

    A close holds position, plan and contract, outturn, movements, journal and a copy of the contracts. It is never
    written again; a month that is closed again gets a further version, with the reason.
    """
    from tertiary import month_end
    from tertiary.pipeline import run as run_files

    if inputs:
        run_files(inputs, run, register=register or ())
    given = _given(run, contracts, year, last, adjustments, profiles, measure, store, invoices, agreed, on)
    done, moved, posted = month_end.close(
        given.run, given.position, given.contracts, closes, on=given.on, reason=reopen, agreed=given.agreed
    )
    _label(given.run)
    totals, by = ({n: Decimal(v) for n, v in done.manifest[key].items()} for key in ("totals", "moved"))
    typer.echo(f"{done.path}: month {given.last} of {given.year} is closed.")
    for name in ("plan", "activity_value", "cash_effect", "payment"):
        typer.echo(f"  {name.replace('_', ' '):<16} £{totals[name]:>20,.2f} to date")
    typer.echo(f"  {'this month':<16} £{by['this month']:>20,.2f}\n  {'prior months':<16} £{by['prior month']:>20,.2f}")
    if out is not None:
        from tertiary.publish import statement as write

        typer.echo(f"{write(_month(given, done.name, moved, posted), out)} written.")


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
    on: OnDay = None,
    store: Url = STORE,
) -> None:
    """Write the statement of a month as a workbook: as closed where --closes has just that position, else a draft.

    Summary, statement, waterfall, months, services, forecast, checks, challenges, journal, method and sources.
    """
    from tertiary.publish import statement as write

    given = _given(run, contracts, year, last, adjustments, profiles, measure, store, invoices, agreed, on)
    _label(given.run)
    typer.echo(f"{write(_month(given, *_since(given, closes)), out)} written.")


def _given(
    run: Path, contracts: Path | None, year: str | None, last: int | None, adjustments: Path | None,
    profiles: Path | None, measure: str, store: str, invoices: Path | None = None, agreed: Path | None = None,
    on: date | None = None,
) -> Given:  # fmt: skip
    from tertiary import month_end
    from tertiary.month_end.contracts import first_day
    from tertiary.period import period
    from tertiary.runs import open as open_run

    opened = open_run(run)
    year, last = period(opened, year, last)
    known = _contracts(contracts, store, [first_day(year, m) for m in range(1, min(last, 12) + 1)])
    found = month_end.position(
        opened, known, year, last,
        adjustments=month_end.read_adjustments(adjustments) if adjustments else (),
        profiles=month_end.read_profiles(profiles) if profiles else None, measure=measure,
    )  # fmt: skip
    return Given(
        opened, year, last, known, found, month_end.read_invoices(invoices) if invoices else (),
        month_end.read_calendar(agreed) if agreed else (), on or date.today(),
    )  # fmt: skip


def _month(given: Given, close: str = "", moved: Sequence[Any] = (), posted: Sequence[Any] = ()) -> Month:
    from tertiary import month_end
    from tertiary.publish import Month

    when = month_end.dates(given.year, given.last, given.agreed)
    return Month(
        given.run, given.position, given.contracts, when, given.on, close, moved, posted, given.invoices
    )  # fmt: skip


def _since(given: Given, closes: Path | None) -> tuple[str, Sequence[Any], Sequence[Any]]:
    """Name of the close that holds this very position, if one does; movements and journal since the one before it."""
    from tertiary import month_end

    former = month_end.every(closes, given.year) if closes is not None else []
    name, before = "", former[-1] if former else None
    if before is not None and before.entries == given.position.entries:
        name, before = before.name, former[-2] if len(former) > 1 else None
    then = before.entries if before is not None else ()
    now, told = given.position.entries, f"close {given.year}-{given.last:02}"
    return name, month_end.movements(now, then, given.last), month_end.journal(now, then, told)


def _contracts(file: Path | None, store: str, days: Sequence[date]) -> tuple[Contract, ...]:
    """Contracts of a file, else all versions of the store that are in force on one of the days."""
    from tertiary import month_end

    if file is not None:
        return month_end.read_contracts(file)
    with shared.open_store(store) as opened:
        held = {(d.decision_id, d.version): d for day in days for d in opened.decisions("contract", in_force_on=day)}
    if not held:
        raise ContractError(
            f"No contract is in force in {store} from {days[0]} to {days[-1]}. Give a file with --contracts, or take "
            "contracts to in_force: tertiary decisions step."
        )
    return month_end.contracts_of([
        (f"Decision {number}, version {version}",
         {**d.terms, "version": version, "valid_from": d.valid_from, "valid_to": d.valid_to})
        for (number, version), d in sorted(held.items())
    ])  # fmt: skip


def _pair(text: str) -> tuple[str, str]:
    provider, _, host = text.partition("=")
    if not provider or not host:
        raise ContractError(f"--host {text!r} is not PROVIDER=HOST, such as RRV=QMJ.")
    return provider, host


def _label(run: Run) -> None:
    from tertiary.show import label

    typer.echo(label(run), err=True)
