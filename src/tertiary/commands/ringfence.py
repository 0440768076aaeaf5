"""`tertiary ringfence`: does money for delegated specialised care stay with it, and what else may explain a gap?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.commands import shared
from tertiary.commands.shared import Format
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.register import Register

VIEWS = ("watch", "explanations", "months", "contracts", "providers")


def ringfence(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    show: Annotated[str, typer.Option(help=f"{', '.join(VIEWS[:-1])} or {VIEWS[-1]}.")] = "watch",
    allocations: Annotated[Path | None, typer.Option(help="CSV: icb, financial_year, amount, source.")] = None,
    contracts: Annotated[Path | None, typer.Option(help="CSV: icb, provider, financial_year, amount.")] = None,
    base: Annotated[Path | None, typer.Option(metavar="RUN", help="Run that holds the former year.")] = None,
    icb: Annotated[str, typer.Option(metavar="CODES", help="ICBs, separated by commas; all unless told.")] = "",
    year: Annotated[str | None, typer.Option(help="Financial year; every year of the run unless told.")] = None,
    income: Annotated[Path | None, typer.Option(help="CSV: provider, total, for the run's months.")] = None,
    accounts: Annotated[
        Path | None, typer.Option(help="CSV of trust accounts: provider, year, subcode, amount.")
    ] = None,
    limit: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Another limit of the watch.")] = None,
    register: Annotated[
        list[Path] | None, typer.Option("--register", metavar="DIR", help="Overlay folder; may be given again.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for every view as CSV, and notes.")] = None,
    format: Format = "table",
) -> None:
    """Watch spend on delegated lines against what was due for it, and say what explains a gap, pound by pound.

    What was due is the allocation in twelfths; without one, the former year's spend in the same months, else the plan.
    A gap that persists and that neither transfer, boundary, coverage, price, timing nor plan explains is called drift.
    """
    from tertiary.allocate import watch_tables as tables
    from tertiary.allocate.watch import watch, watch_limits
    from tertiary.register import Register
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    if show not in VIEWS:
        raise AllocationError(f"--show {show!r} is not known. Choose from: {', '.join(VIEWS)}.")
    opened, known = open_run(run), Register.load(register or ())
    due = _allocations(known) | (_amounts(allocations, ("icb", "financial_year")) if allocations else {})
    codes = [code.strip() for code in icb.split(",") if code.strip()]
    changes = _limits(limit or [])
    views: dict[str, pa.Table] = {}
    if show != "providers" or out:
        former = open_run(base) if base else None
        found = watch(opened, known, due, base=former, icbs=codes, year=year, changes=changes)
        signed = _amounts(contracts, ("icb", "provider", "financial_year")) if contracts else {}
        views = {
            "watch": tables.watch_rows(found, known),
            "explanations": tables.explained_rows(found),
            "months": tables.month_rows(found),
            "contracts": tables.contract_rows(signed, due, changes.get("tolerance", watch_limits()["tolerance"])),
        }
    if show == "providers" or out:
        views["providers"] = _providers(opened, known, income, accounts)
    typer.echo(label(opened), err=True)
    if out is not None:
        from tertiary.publish.watch_folder import write_watch

        write_watch(views, label(opened), changes, out)
        typer.echo(f"{out}: {len(views)} tables; read notes.md first.")
        return
    print_rows(views[show], format)


def _providers(run: Any, register: Register, income: Path | None, accounts: Path | None) -> pa.Table:
    from tertiary.allocate import cells
    from tertiary.allocate.dependence import dependence
    from tertiary.allocate.watch_tables import dependence_rows

    year, last = cells.period(run)
    totals = {key[0]: value for key, value in _amounts(income, ("provider",), "total").items()} if income else {}
    rows = []
    if accounts:
        for number, row in shared.rows(accounts):
            rows.append({**row, "amount": shared.amount(accounts, number, "amount", row.get("amount", ""))})
            if missing := [name for name in ("provider", "year", "subcode") if not row.get(name)]:
                raise AllocationError(f"{accounts} line {number}: {missing[0]} is missing.")
    return dependence_rows(dependence(run, register, year, last, totals, rows), register)


def _allocations(register: Register) -> dict[tuple[str, ...], Decimal]:
    """Specialised allocations of ICBs that the register holds in pounds."""
    return {
        (row["code"], f"{row['year'][:4]}{row['year'][5:7]}"): row["value"]
        for row in register["specialised_allocations"].to_pylist()
        if row["level"] == "icb" and row["measure"] == "specialised_allocation" and row["unit"] == "GBP"
        and row["value"] is not None
    }  # fmt: skip


def _amounts(file: Path, by: Sequence[str], column: str = "amount") -> dict[tuple[str, ...], Decimal]:
    """Pounds by the columns `by` of a CSV. AllocationError names the line in which a key is missing or comes twice."""
    found: dict[tuple[str, ...], Decimal] = {}
    for number, row in shared.rows(file):
        key = tuple(row.get(name, "") for name in by)
        if not all(key) or key in found:
            why = "comes twice" if all(key) else "is not complete"
            raise AllocationError(f"{file} line {number}: {', '.join(by)} {key} {why}; expected each once, all filled.")
        found[key] = shared.amount(file, number, column, row.get(column, ""))
    return found


def _limits(texts: Sequence[str]) -> dict[str, float]:
    made = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            made[name.strip()] = float(value)
        except ValueError:
            raise AllocationError(
                f"--limit {text!r} is not NAME=VALUE with a number. Example: --limit months=2"
            ) from None
    return made
