"""The command line: the same verbs as the Python functions, and nothing that they do not do.

Heavy libraries are imported inside the commands so that `--help` answers at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.errors import TertiaryError

if TYPE_CHECKING:
    import pyarrow as pa

app = typer.Typer(
    help="Commissioning specialised health services: a month of data in, every record explained, a ledger out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Overlays = Annotated[list[Path] | None, typer.Option("--register", help="Overlay folder; may be given again.")]
AsKnown = Annotated[datetime | None, typer.Option("--as-known", formats=["%Y-%m-%d"], help="Knowledge of this day.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    area: Annotated[str, typer.Option(help="london, england or an ICB code.")] = "london",
    months: Annotated[str, typer.Option(help="First and last month, such as 2025-04..2025-06.")] = "2025-04..2025-06",
    scale: Annotated[float, typer.Option(help="Share of real volume.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal files.")] = 7,
    defects: Annotated[float, typer.Option(help="Share of rows with a planted defect.")] = 0.01,
    format: Annotated[str, typer.Option(help="csv or parquet.")] = "csv",
) -> None:
    """Write a synthetic England: all flows in their official layouts, with a truth folder."""
    from tertiary.synth import write

    typer.echo(write(out, area=area, months=months, scale=scale, seed=seed, defects=defects, format=format))


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Files or folders.")],
    register: Overlays = None,
    format: Annotated[str, typer.Option(help="table, csv or json.")] = "table",
) -> None:
    """Findings for files before anyone submits them; exit 1 when an error stands."""
    from tertiary.pipeline import check as check_files

    findings = check_files(files, register=register or ())
    _print(
        findings.select(["file", "row_number", "rule_id", "severity", "field", "value", "expected", "advice"]), format
    )
    if "error" in set(findings.column("severity").to_pylist()):
        raise typer.Exit(1)


@app.command()
def run(
    inputs: Annotated[list[Path], typer.Argument(help="Files or folders of monthly data.")],
    out: Annotated[Path, typer.Option("--out", help="Run folder to write.")],
    engine: Annotated[str, typer.Option(help="duckdb or spark.")] = "duckdb",
    spark_master: Annotated[str | None, typer.Option(help="Such as local[4] or spark://HOST:PORT.")] = None,
    register: Overlays = None,
    as_known: AsKnown = None,
    memory: Annotated[str | None, typer.Option(help="Memory limit, such as 4GB; beyond it the engine spills.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")] = None,
    log_format: Annotated[str, typer.Option(help="text or json; progress on standard error.")] = "text",
) -> None:
    """Check, identify, assign, price and roll up a folder of monthly files."""
    from tertiary.pipeline import run as run_files
    from tertiary.progress import reporter

    done = run_files(
        inputs, out, register=register or (), as_known=_day(as_known), engine=engine,
        spark_master=spark_master, memory=memory, threads=threads, progress=reporter(log_format),
    )  # fmt: skip
    counts = done.manifest["counts"]
    typer.echo(
        f"{out}: received {counts['received']:,} = accepted {counts['accepted']:,} + quarantined "
        f"{counts['quarantined']:,} + superseded {counts['superseded']:,}"
    )


@app.command()
def show(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    table: Annotated[str, typer.Argument(help="summary, ledger, findings, submissions or another table.")] = "summary",
    by: Annotated[str, typer.Option(help="Columns to total by, separated by commas.")] = "",
    format: Annotated[str, typer.Option(help="table, csv or json.")] = "table",
    limit: Annotated[int, typer.Option(help="Rows to print; 0 prints all.")] = 0,
    uncounted: Annotated[bool, typer.Option("--uncounted", help="Keep rows that only reconcile.")] = False,
) -> None:
    """Show a table of a run, whole or totalled."""
    from tertiary.runs import open as open_run
    from tertiary.show import examples, label, summary, totals

    opened = open_run(run)
    if format == "table" and table != "summary":
        typer.echo(label(opened), err=True)
    if table == "summary":
        typer.echo(summary(opened))
        for record_id in examples(opened):
            typer.echo("\n" + opened.explain(record_id).to_text())
        return
    dimensions = [d.strip() for d in by.split(",") if d.strip()]
    _print(totals(opened, table, dimensions, counted_only=not uncounted, limit=limit), format)


@app.command()
def explain(
    run: Annotated[Path | None, typer.Argument(help="Run folder.")] = None,
    record_id: Annotated[str | None, typer.Argument(help="Record of the run.")] = None,
    record: Annotated[list[str] | None, typer.Option("--record", help="FIELD=VALUE of a record without a run.")] = None,
    register: Overlays = None,
    as_known: AsKnown = None,
    as_json: AsJson = False,
) -> None:
    """Say in words what arrived, what was repaired, which rule won, who pays and how the price was made."""
    from tertiary.explain import explain_fields, explain_record
    from tertiary.runs import open as open_run

    if record:
        given = dict(_pair(text) for text in record)
        told = explain_fields(given, register=register or (), as_known=_day(as_known))
    elif run and record_id:
        told = explain_record(open_run(run), record_id)
    else:
        raise TertiaryError("Give a run and a record id, or --record FIELD=VALUE once or more.")
    typer.echo(told.to_json() if as_json else told.to_text())


@app.command("register")
def register_table(
    table: Annotated[str, typer.Argument(help="services, responsible or a register table.")],
    on: Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day it is about.")] = None,
    as_known: AsKnown = None,
    overlay: Overlays = None,
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option(help="Rows to print; 0 prints all.")] = 0,
) -> None:
    """Show what the register says on a day, as known on a day."""
    from tertiary.register import Register, responsible, services, valid_on

    register = Register.load(overlays=overlay or (), as_known=_day(as_known))
    day = _day(on) or date.today()
    if table == "services":
        rows = services(register, day)
    elif table == "responsible":
        rows = responsible(register, day)
    else:
        rows = valid_on(register, table, day)
    _print(rows.slice(0, limit) if limit else rows, "json" if as_json else "table")


@app.command()
def conform(
    directory: Annotated[Path, typer.Argument(help="Folder of test vectors.")],
    show: Annotated[int, typer.Option(help="Disagreements to list.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Run test vectors through the product's own functions; exit 1 on disagreement, 2 when a suite was not run."""
    from tertiary.conform import run as run_suites

    report = run_suites(directory)
    typer.echo(report.to_json() if as_json else report.to_text(show))
    raise typer.Exit(report.exit_code)


def main() -> None:
    """Run the command line; a problem the user can mend is one message and a fixed exit code."""
    try:
        app()
    except TertiaryError as error:
        typer.echo(f"tertiary: {error}", err=True)
        sys.exit(error.exit_code)


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise TertiaryError(f"--record {text!r} is not FIELD=VALUE. Example: --record treatment_function_code=361")
    return name.strip(), value


def _print(rows: pa.Table, format: str) -> None:
    if format == "json":
        typer.echo(json.dumps(rows.to_pylist(), default=str, indent=1))
    elif format == "csv":
        import pyarrow.csv as pc

        sys.stdout.flush()
        pc.write_csv(rows, sys.stdout.buffer)
    elif format == "table":
        _print_table(rows)
    else:
        raise TertiaryError(f"Format {format!r} is not known. Choose table, csv or json.")


def _print_table(rows: pa.Table) -> None:
    from rich.console import Console
    from rich.table import Table

    view: Any = Table(box=None, pad_edge=False, header_style="bold")
    for field in rows.schema:
        left = "left" if str(field.type) == "string" else "right"
        view.add_column(field.name, justify=left, no_wrap=True, max_width=44)
    for row in rows.to_pylist():
        view.add_row(*[_cell(v) for v in row.values()])
    wide = None if sys.stdout.isatty() else 400
    console = Console(width=wide, highlight=False)
    with console.capture() as captured:
        console.print(view)
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _cell(value: Any) -> str:
    from decimal import Decimal

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, Decimal)):
        return f"{value:,}"
    return str(value)


def names() -> Sequence[str]:
    """Names of the commands, for the documentation test."""
    return [c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands]


if __name__ == "__main__":
    main()
