"""`tertiary contracts …` and `tertiary month …`: what is owed, whether it ties, and the close."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from tertiary.commands.month_given import (
    Adjustments,
    By,
    Calendar,
    Challenges,
    Contracts,
    Invoices,
    Last,
    Measure,
    OnDay,
    Profiles,
    Year,
    given_of,
    known_contracts,
    raised_of,
    say_label,
)
from tertiary.commands.shared import STORE, Format, Overlays, RunFolder, Url
from tertiary.errors import ContractError

contracts = typer.Typer(no_args_is_help=True, help="The register of contracts.")
month = typer.Typer(no_args_is_help=True, help="Close a month: position, checks, forecast, movements, journal.")


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
        with out.open("x", encoding="utf-8") as handle:
            handle.write(month_end.as_csv(made))
    except FileExistsError as error:
        raise ContractError(f"{out} is there already and may be corrected or signed. Choose another name.") from error
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

    found = known_contracts(file, store, [on or date.today()])
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

    given = given_of(run, contracts, year, last, adjustments, profiles, measure, store)
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
    say_label(given.run)
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
    contracts: Annotated[Path | None, typer.Option(help="CSV of contracts: who is invoiced for whom.")] = None,
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
        known = month_end.read_contracts(contracts) if contracts else ()
        hosts = {(c.provider_code, e.payer_code): c.host_code for c in known for e in c.elements}
        found = month_end.invoice_gaps(opened, month_end.read_invoices(invoices), year, last, hosts)
        rows = pa.Table.from_pylist(found)
    elif hospital:
        rows = month_end.hospital_gaps(opened, year, last)
    else:
        names = [n.strip() for n in by.split(",") if n.strip()]
        rows = (month_end.coverage if coverage else month_end.reconcile)(opened, year, last, names)
    say_label(opened)
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
    register: Overlays = None,
    year: Year = None,
    last: Last = None,
    adjustments: Adjustments = None,
    profiles: Profiles = None,
    invoices: Invoices = None,
    agreed: Calendar = None,
    measure: Measure = "price_submitted",
    reopen: Annotated[str, typer.Option("--reopen", metavar="REASON", help="Why a closed month is closed again.")] = "",
    challenges: Challenges = True,
    on: OnDay = None,
    store: Url = STORE,
) -> None:
    """Close a month: lock its position for good, say what moved since the former close, and write the statement.

    A close holds position, plan and contract, outturn, movements, journal and a copy of the contracts. It is never
    written again; a month that is closed again gets a further version, with the reason.
    """
    from tertiary import month_end
    from tertiary.pipeline import run as run_files

    if out is not None and not out.resolve().parent.is_dir():
        raise ContractError(f"{out} cannot be written: its folder is not there. Nothing was closed.")
    if inputs:
        run_files(inputs, run, register=register or ())
    given = given_of(run, contracts, year, last, adjustments, profiles, measure, store, invoices, agreed, on)
    done, moved, posted = month_end.close(
        given.run, given.position, given.contracts, closes, on=given.on, reason=reopen, agreed=given.agreed
    )
    say_label(given.run)
    totals, by = ({n: Decimal(v) for n, v in done.manifest[key].items()} for key in ("totals", "moved"))
    typer.echo(f"{done.path}: month {given.last} of {given.year} is closed.\nhead {done.head}")
    for name in ("plan", "activity_value", "cash_effect", "payment"):
        typer.echo(f"  {name.replace('_', ' '):<16} £{totals[name]:>20,.2f} to date")
    typer.echo(f"  {'this month':<16} £{by['this month']:>20,.2f}\n  {'prior months':<16} £{by['prior month']:>20,.2f}")
    if out is not None:
        from tertiary.publish import statement as write
        from tertiary.publish.months import month_of

        raised = raised_of(given, register) if challenges else None
        typer.echo(f"{write(month_of(given, done.name, moved, posted, raised), out)} written.")


@month.command(short_help="Prove that no close was changed or lost.")
def verify(
    closes: Annotated[Path, typer.Argument(help="Folder of the closes.")],
    year: Annotated[str, typer.Argument(help="Financial year such as 202526.")],
    head: Annotated[str, typer.Option(metavar="NAME:HASH", help="A head noted earlier.")] = "",
) -> None:
    """Follow the closes of a year, compare every file with its hash, and print the head to note elsewhere."""
    from tertiary import month_end

    found = month_end.every(closes, year, head)
    for one in found:
        said, paid = one.manifest, Decimal(one.manifest["totals"]["payment"])
        typer.echo(f"{one.name}  closed on {said['on']}  £{paid:,.2f}  {said['reason']}".rstrip())
    typer.echo(f"head {found[-1].head}" if found else f"{closes} has no close of {year}.")


def _pair(text: str) -> tuple[str, str]:
    provider, _, host = text.partition("=")
    if not provider or not host:
        raise ContractError(f"--host {text!r} is not PROVIDER=HOST, such as RRV=QMJ.")
    return provider, host
