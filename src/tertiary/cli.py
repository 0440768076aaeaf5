"""The command line: the same verbs as the Python functions, and nothing that they do not do.

Heavy libraries are imported inside the commands so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from tertiary import __version__, commands
from tertiary.commands.shared import Format, day
from tertiary.errors import TertiaryError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(commands.decisions, name="decisions", short_help="What people decided, and the proof of it.")
app.add_typer(commands.contracts, name="contracts", short_help="The register of contracts.")
app.add_typer(commands.month, name="month", short_help="What is owed, whether it ties, and the close.")
app.command(short_help="Write the statement of a month as a workbook.")(commands.statement)
app.command(short_help="Write the month for a board as one page.")(commands.report)
app.command(short_help="Write totals of a run that may be published.")(commands.release)
app.command(short_help="Show finished runs as pages and a JSON API.")(commands.serve)
app.add_typer(commands.pool, name="pool", short_help="Budgets that partners share.")
app.command("prices", short_help="Show where submitted prices differ, and why.")(commands.prices)
app.add_typer(commands.challenges, name="challenges", short_help="What is questioned of charges, and what comes of it.")
app.add_typer(commands.allocate, name="allocate", short_help="What each should have, by need.")


Overlays = Annotated[
    list[Path] | None, typer.Option("--register", metavar="DIR", help="Overlay folder; may be given again.")
]
AsKnown = Annotated[date | None, typer.Option("--as-known", parser=day, metavar="DATE", help="Knowledge of this day.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(min=0, help="Rows to print; 0 prints all.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tertiary {__version__}")
        raise typer.Exit


@app.callback()
def _begin(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")] = False,
) -> None:
    """Commissioning specialised health services: a month of data in, every record explained, a ledger out."""


@app.command(short_help="Write synthetic monthly files to practise on.")
def synth(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    area: Annotated[str, typer.Option(help="england, a region such as london, or an ICB code.")] = "london",
    months: Annotated[str, typer.Option(help="First and last month, or one month.")] = "2025-04..2025-06",
    scale: Annotated[float, typer.Option(help="Share of real volume, above 0 and up to 1.")] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal files.")] = 7,
    defects: Annotated[float, typer.Option(help="Share of rows with a planted defect, 0 to 0.2.")] = 0.01,
    format: Annotated[str, typer.Option(help="csv or parquet.")] = "csv",
) -> None:
    """Write a synthetic England: all flows in their official layouts, with a truth folder."""
    from tertiary.synth import write

    typer.echo(write(out, area=area, months=months, scale=scale, seed=seed, defects=defects, format=format))


@app.command(short_help="Say what is wrong with files before anyone submits them.")
def check(
    files: Annotated[list[Path], typer.Argument(help="Files or folders.")],
    register: Overlays = None,
    format: Format = "table",
) -> None:
    """Findings for files before anyone submits them; exit 1 when an error stands."""
    from tertiary.pipeline import check as check_files
    from tertiary.screen import print_rows

    findings = check_files(files, register=register or ())
    print_rows(
        findings.select(["file", "row_number", "rule_id", "severity", "field", "value", "expected", "advice"]), format
    )
    if "error" in set(findings.column("severity").to_pylist()):
        raise typer.Exit(1)


@app.command(short_help="Take monthly files to a run: records, ledger, findings.")
def run(
    inputs: Annotated[list[Path], typer.Argument(help="Files or folders of monthly data.")],
    out: Annotated[Path, typer.Option("--out", help="Run folder to write.")],
    engine: Annotated[str, typer.Option(help="duckdb or spark.")] = "duckdb",
    spark_master: Annotated[str | None, typer.Option(help="Such as local[4] or spark://HOST:PORT.")] = None,
    register: Overlays = None,
    as_known: AsKnown = None,
    memory: Annotated[str | None, typer.Option(help="Memory limit, such as 4GB; beyond it the engine spills.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; the result does not depend on it.")] = None,
    scratch: Annotated[
        Path | None, typer.Option(help="Folder for working files; in the run folder unless given.")
    ] = None,
    log_format: Annotated[str, typer.Option(help="text or json; progress on standard error.")] = "text",
) -> None:
    """Check, identify, assign, price and roll up a folder of monthly files."""
    from tertiary.pipeline import run as run_files
    from tertiary.progress import reporter

    done = run_files(
        inputs, out, register=register or (), as_known=as_known, engine=engine, spark_master=spark_master,
        memory=memory, threads=threads, scratch=scratch, progress=reporter(log_format),
    )  # fmt: skip
    counts = done.manifest["counts"]
    typer.echo(
        f"{out}: received {counts['received']:,} = accepted {counts['accepted']:,} + quarantined "
        f"{counts['quarantined']:,} + superseded {counts['superseded']:,}"
    )


@app.command(short_help="Show a table of a run, whole or totalled.")
def show(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    table: Annotated[str, typer.Argument(help="summary, ledger, findings, submissions or another table.")] = "summary",
    by: Annotated[str, typer.Option(help="Columns to total by, separated by commas.")] = "",
    format: Format = "table",
    limit: Limit = 0,
    uncounted: Annotated[bool, typer.Option("--uncounted", help="Keep rows that only reconcile.")] = False,
    public: Annotated[bool, typer.Option("--public", help="What of ledger totals may be published.")] = False,
) -> None:
    """Show a table of a run, whole or totalled."""
    from tertiary.publish.disclosure import note
    from tertiary.publish.public import public_totals
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import examples, label, summary, totals

    opened = open_run(run)
    if table == "summary":
        if by or limit or uncounted or public or format != "table":
            raise TertiaryError("The summary takes no options. Name a table for them, such as: show RUN ledger --by …")
        typer.echo(summary(opened))
        for record_id in examples(opened):
            typer.echo("\n" + opened.explain(record_id).to_text())
        return
    dimensions = [d.strip() for d in by.split(",") if d.strip()]
    if public:
        rows = public_totals(opened, table, dimensions, counted_only=not uncounted, limit=limit)
    else:
        rows = totals(opened, table, dimensions, counted_only=not uncounted, limit=limit)
    if format == "table":
        typer.echo(label(opened), err=True)
    if public:
        typer.echo(note(rows), err=True)
    print_rows(rows, format)


@app.command(short_help="Say in words why a record is what it is.")
def explain(
    run: Annotated[Path | None, typer.Argument(help="Run folder.")] = None,
    record_id: Annotated[str | None, typer.Argument(help="Record of the run.")] = None,
    record: Annotated[
        list[str] | None, typer.Option("--record", metavar="FIELD=VALUE", help="A field of a record without a run.")
    ] = None,
    register: Overlays = None,
    as_known: AsKnown = None,
    as_json: AsJson = False,
) -> None:
    """Say in words what arrived, what was repaired, which rule won, who pays and how the price was made."""
    from tertiary.explain import explain_fields, explain_record
    from tertiary.runs import open as open_run

    if record and (run or record_id):
        raise TertiaryError("Give a run and a record id, or --record FIELD=VALUE once or more; not both.")
    if record:
        given = dict(_pair(text) for text in record)
        told = explain_fields(given, register=register or (), as_known=as_known)
    elif run and record_id:
        if register or as_known:
            raise TertiaryError(
                "A record of a run is explained with what that run knew: leave --register and --as-known out. "
                "They go with --record FIELD=VALUE."
            )
        told = explain_record(open_run(run), record_id)
    else:
        raise TertiaryError("Give a run and a record id, or --record FIELD=VALUE once or more.")
    typer.echo(told.to_json() if as_json else told.to_text())


@app.command(short_help="Show where the time of a run went.")
def profile(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    as_json: AsJson = False,
) -> None:
    """Show where the time of a run went: seconds, rows, bytes and memory by stage."""
    from tertiary.runs import open as open_run

    told = open_run(run).profile()
    typer.echo(told.to_json() if as_json else told.to_text())


@app.command("register", short_help="Show what the register says on a day.")
def register_table(
    table: Annotated[str, typer.Argument(help="services, responsible or a register table.")],
    on: Annotated[
        date | None, typer.Option("--on", parser=day, metavar="DATE", help="The day it is about; today if left out.")
    ] = None,
    as_known: AsKnown = None,
    overlay: Overlays = None,
    as_json: AsJson = False,
    limit: Limit = 0,
) -> None:
    """Show what the register says on a day, as known on a day."""
    from tertiary.register import Register, responsible, services, valid_on
    from tertiary.screen import print_rows

    register = Register.load(overlays=overlay or (), as_known=as_known)
    day = on or date.today()
    if table == "services":
        rows = services(register, day)
    elif table == "responsible":
        rows = responsible(register, day)
    else:
        rows = valid_on(register, table, day)
    print_rows(rows.slice(0, limit) if limit else rows, "json" if as_json else "table")
    if not rows.num_rows:
        typer.echo(
            f"Nothing in {table} holds on {day} as known on {register.as_known}. Give another day with --on, or load "
            "the table with --register.", err=True,
        )  # fmt: skip


@app.command(short_help="Run test vectors through the engine's own functions.")
def conform(
    directory: Annotated[Path, typer.Argument(help="Folder of test vectors.")],
    show: Annotated[int, typer.Option(min=0, help="Disagreements to list.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Run test vectors through the product's own functions; exit 1 on disagreement, 2 when a suite was not run."""
    from tertiary.conform import run as run_suites

    report = run_suites(directory)
    typer.echo(report.to_json() if as_json else report.to_text(show))
    raise typer.Exit(report.exit_code)


app.command("variation", short_help="Say why an ICB spends more or less a head.")(commands.variation)
app.command("ringfence", short_help="Watch whether specialised money stays with specialised care.")(commands.ringfence)


def main() -> None:
    """Run the command line; a problem the user can mend is one message and a fixed exit code."""
    try:
        app()
    except TertiaryError as error:
        typer.echo(f"tertiary: {error}", err=True)
        sys.exit(error.exit_code)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise TertiaryError(f"--record {text!r} is not FIELD=VALUE. Example: --record treatment_function_code=361")
    return name.strip(), value


def names() -> Sequence[str]:
    """Names of the commands, for the documentation test."""
    own = [c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands]
    return [*own, *commands.names()]


if __name__ == "__main__":
    main()
