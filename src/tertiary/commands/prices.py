"""`tertiary prices RUN`: where submitted prices differ from expected ones, and why."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from tertiary.commands import shared
from tertiary.commands.shared import Format, Overlays, RunFolder
from tertiary.errors import TertiaryError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.price import Materiality

TABLES = ("records", "reasons", "activity")


def prices(
    run: RunFolder,
    by: Annotated[str, typer.Option(help="Columns to total by, separated by commas.")] = "cause",
    rows: Annotated[bool, typer.Option("--rows", help="A row a record instead of totals, the largest first.")] = False,
    pounds: Annotated[str | None, typer.Option(metavar="POUNDS", help="Leave out differences up to this.")] = None,
    percent: Annotated[
        str | None, typer.Option(metavar="PERCENT", help="Leave out differences up to this share of the price.")
    ] = None,
    either: Annotated[bool, typer.Option("--either", help="One of the two limits passed is enough.")] = False,
    register: Overlays = None,
    local: Annotated[
        bool, typer.Option("--local", help="Also rows at a local price, against what the list would give.")
    ] = False,
    uncounted: Annotated[bool, typer.Option("--uncounted", help="Keep rows that only reconcile.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Rows to print; 0 prints all.")] = 0,
    format: Format = "table",
) -> None:
    """Compare submitted with expected prices of a run: what differs, by cause, with the arithmetic that proves it."""
    import ibis

    from tertiary.engine import DuckDBEngine
    from tertiary.price import price_differences
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    opened = open_run(run)
    known = shared.register_of(opened, register or ())
    least = _materiality(pounds, percent, either)
    with DuckDBEngine() as engine:
        tables = {name: engine.scan(name, opened.table(name).paths) for name in TABLES}
        found = price_differences(
            engine, tables["records"], tables["reasons"], known, least, activity=tables["activity"], local=local
        )
        if not uncounted:
            found = found.filter(found.counted)
        if rows:
            shown = found.order_by(ibis.desc(found.delta.abs()), "record_id")
        else:
            shown = _totals(found, list(dict.fromkeys(d.strip() for d in by.split(",") if d.strip())))
        made = engine.fetch(shown.limit(limit) if limit else shown)
        years = engine.fetch(found.select("financial_year").distinct()).column(0).to_pylist()
    typer.echo(label(opened), err=True)
    both = "and" if least.both else "or"
    typer.echo(f"Differences above £{least.pounds:f} {both} {least.percent:f}% of the expected price.", err=True)
    for year in sorted(set(years) - set(known["market_forces"]["financial_year"].to_pylist())):
        typer.echo(
            f"No market forces factors are loaded for {year}: its expected prices are made with 1. Load the list of "
            "the year with an overlay (market_forces_list) and run again.",
            err=True,
        )
    print_rows(made, format)


def _totals(found: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """Records, pounds submitted, expected and between them, by `dimensions`. TertiaryError when one is no column."""
    import ibis

    amounts = ("price_submitted", "price_expected", "delta")
    choices = [c for c in found.columns if c not in (*amounts, "recomputed", "quantity", "proof", "record_id")]
    wrong = [d for d in dimensions if d not in choices]
    if wrong:
        raise TertiaryError(f"Nothing can be totalled by {wrong[0]}. Choose from: {', '.join(choices)}.")
    sums = {"records": found.count(), **{name: found[name].sum() for name in amounts}}
    totals = found.group_by(*dimensions).aggregate(**sums) if dimensions else found.aggregate(**sums)
    return totals.order_by(ibis.desc(totals.delta.abs()), *dimensions)


def _materiality(pounds: str | None, percent: str | None, either: bool) -> Materiality:
    from tertiary.price import Materiality

    usual = Materiality.usual()
    return Materiality(
        _limit("--pounds", pounds, usual.pounds, 999_999_999, 2),
        _limit("--percent", percent, usual.percent, 99_999, 4),
        usual.both and not either,
    )


def _limit(name: str, text: str | None, usual: Decimal, most: int, places: int) -> Decimal:
    if text is None:
        return usual
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value <= most or value != round(value, places):
        raise TertiaryError(
            f"{name} {text!r} is not a number from 0 to {most:,} with at most {places} decimals. Write it such as 50 "
            "or 2.5."
        )
    return value
