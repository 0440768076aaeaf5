"""`tertiary ringfence`: does money for delegated specialised care stay with it, and what else may explain a gap?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.commands.month_given import Profiles
from tertiary.commands.shared import Format
from tertiary.errors import AllocationError
from tertiary.sheets import NUMBER, lines

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.register import Register
    from tertiary.runs import Run

VIEWS = ("watch", "explanations", "months", "contracts", "providers")


def ringfence(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    show: Annotated[str, typer.Option(help=f"{', '.join(VIEWS[:-1])} or {VIEWS[-1]}.")] = "watch",
    allocations: Annotated[Path | None, typer.Option(help="CSV: icb, financial_year, amount, source.")] = None,
    contracts: Annotated[
        Path | None, typer.Option(help="CSV: icb, provider, financial_year, amount; or a register of contracts.")
    ] = None,
    profiles: Profiles = None,
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
    from tertiary.allocate.official import specialised_allocations
    from tertiary.allocate.watch import watch, watch_limits
    from tertiary.register import Register
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    if show not in VIEWS:
        raise AllocationError(f"--show {show!r} is not known. Choose from: {', '.join(VIEWS)}.")
    if show == "contracts" and contracts is None:
        raise AllocationError("--show contracts needs the values: give --contracts FILE.")
    opened, known = open_run(run), Register.load(register or ())
    due = specialised_allocations(known) | (_amounts(allocations, ("icb", "financial_year")) if allocations else {})
    codes = [code.strip() for code in icb.split(",") if code.strip()]
    changes = _limits(limit or [])
    views: dict[str, pa.Table] = {}
    if out or show in ("watch", "explanations", "months"):
        former = open_run(base) if base else None
        found = watch(opened, known, due, base=former, icbs=codes, year=year, changes=changes)
        if not found:
            typer.echo("Nothing to hold spend against: give --allocations, --base or a run with a plan.", err=True)
        views = {
            "watch": tables.watch_rows(found, known),
            "explanations": tables.explained_rows(found),
            "months": tables.month_rows(found),
        }
    if out or show == "contracts":
        signed = _contracts(contracts, opened, known, profiles) if contracts else {}
        tolerance = (watch_limits() | changes)["tolerance"]
        views["contracts"] = _only(tables.contract_rows(signed, due, tolerance), codes, year)
    if out or show == "providers":
        views["providers"] = _providers(opened, known, year, income, accounts)
    typer.echo(label(opened), err=True)
    if out is not None:
        from tertiary.publish.watch_folder import write_watch

        write_watch(views, label(opened), changes, out)
        typer.echo(f"{out}: {len(views)} tables; read notes.md first.")
        return
    print_rows(views[show], format)


def _providers(run: Run, register: Register, year: str | None, income: Path | None, accounts: Path | None) -> pa.Table:
    from tertiary.allocate import cells
    from tertiary.allocate.dependence import dependence
    from tertiary.allocate.watch_tables import dependence_rows

    found, last = cells.period(run, year)
    totals = {key[0]: value for key, value in _amounts(income, ("provider",), "total").items()} if income else {}
    names = ("provider", "year", "subcode")
    rows: list[dict[str, Any]] = [
        {**{name: line.text(name) for name in names}, "amount": line.number_of("amount")}
        for line in (lines(accounts, AllocationError, (*names, "amount")) if accounts else ())
    ]
    return dependence_rows(dependence(run, register, found, last, totals, rows), register)


def _contracts(file: Path, run: Run, register: Register, profiles: Path | None) -> Mapping[tuple[str, ...], Decimal]:
    """Contract values by ICB, provider and financial year: of a table of them, or of a register of contracts."""
    from tertiary import month_end

    if not any("annual_value" in line.cells for line in lines(file, AllocationError)):
        return _amounts(file, ("icb", "provider", "financial_year"))
    boards = set(register["icbs"]["icb_code"].to_pylist())
    own = month_end.read_profiles(profiles) if profiles else None
    found, unknown = month_end.delegated_values(run, month_end.read_contracts(file), boards, own)
    if unknown:
        typer.echo(
            f"Left out, because the run holds no plan that says what of them is delegated: {len(unknown)} contract "
            f"values of £{sum(unknown.values(), Decimal(0)):,} in all, the first {' '.join(min(unknown))}.",
            err=True,
        )
    return found


def _only(rows: pa.Table, icbs: Sequence[str], year: str | None) -> pa.Table:
    """Rows of the ICBs and the year asked for; all unless told."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if icbs:
        rows = rows.filter(pc.is_in(rows["icb"], value_set=pa.array(icbs)))
    return rows.filter(pc.equal(rows["financial_year"], year)) if year else rows


def _amounts(file: Path, by: Sequence[str], column: str = "amount") -> dict[tuple[str, ...], Decimal]:
    """Pounds by the columns `by` of a CSV. AllocationError when a key is missing or comes twice."""
    found: dict[tuple[str, ...], Decimal] = {}
    for line in lines(file, AllocationError, (*by, column)):
        key = tuple(line.year(name) if name == "financial_year" else line.text(name) for name in by)
        if key in found:
            line.refuse(by[-1], f"each {', '.join(by)} once")
        found[key] = line.pounds(column)
    return found


def _limits(texts: Sequence[str]) -> dict[str, float]:
    made = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not NUMBER.fullmatch(value.strip()):
            raise AllocationError(f"--limit {text!r} is not NAME=VALUE with a number. Example: --limit months=2")
        made[name.strip()] = float(value)
    return made
