"""`tertiary variation`: why an ICB spends more or less a head on specialised care than others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tertiary.commands.shared import Format
from tertiary.errors import AllocationError

# what a table on the screen shows; csv and json hold every column
NARROW = (
    "spend_per_head", "comparator_spend_per_head", "difference", "access_pounds", "intensity_pounds", "worth",
    "spend_flag", "access_flag", "intensity_flag", "to_aggregate", "with_patient", "blocked_because",
)  # fmt: skip


def variation(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    icb: Annotated[str, typer.Option(metavar="CODE", help="The ICB in question.")],
    by: Annotated[
        str, typer.Option(help="Columns to take spend apart by, separated by commas.")
    ] = "service_line_final",
    peers: Annotated[
        str | None, typer.Option(metavar="CODES", help="ICBs to compare with; or a CSV file with a column icb.")
    ] = None,
    region: Annotated[bool, typer.Option("--region", help="Compare with the ICB's region.")] = False,
    nearest: Annotated[bool, typer.Option("--nearest", help="Compare with the ICBs whose need is nearest.")] = False,
    england: Annotated[bool, typer.Option("--england", help="Compare with every ICB the run holds whole.")] = False,
    year: Annotated[str | None, typer.Option(help="Financial year; the run's last unless told.")] = None,
    month: Annotated[int | None, typer.Option(min=1, max=12, help="Last month; the run's last unless told.")] = None,
    measure: Annotated[str, typer.Option(help="price_submitted or price_expected.")] = "price_submitted",
    only: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUES", help="Keep these, such as delegation_status=delegated.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUES", help="Leave out, such as point_of_delivery=BLOCK.")
    ] = None,
    population: Annotated[Path | None, typer.Option(help="CSV: icb, population, source.")] = None,
    need: Annotated[
        str | None, typer.Option(metavar="FILE|STREAM", help="CSV: icb, need_index, source; or such as core.")
    ] = None,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Another limit than that of variation_limits.csv.")
    ] = None,
    register: Annotated[
        list[Path] | None, typer.Option("--register", metavar="DIR", help="Overlay folder; may be given again.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for all tables, charts and notes.")] = None,
    format: Format = "table",
) -> None:
    """Say why an ICB spends more or less a head: access (people treated) or intensity (spend on each), or just chance.

    Patients are counted distinct over activity, drugs and devices. A figure that coverage does not bear is empty, and
    blocked_because says why. The comparator is what the run holds, England only if the run holds England.
    """
    from tertiary.allocate.basis import streams
    from tertiary.allocate.variation import by_icb, vary
    from tertiary.allocate.variation_tables import spend_rows
    from tertiary.publish.variation_asked import pairs, question
    from tertiary.register import Register
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    if sum((peers is not None, region, england, nearest)) > 1:
        raise AllocationError("Give one of --peers, --region, --nearest and --england.")
    opened, known = open_run(run), Register.load(register or ())
    asked = question(
        opened, known, icb, _codes(by), "nearest" if nearest else "region" if region else "all",
        peers=() if peers is None else _peers(peers), when=(year, month), measure=measure,
        only=pairs("--only", only or []), without=pairs("--without", without or []),
        people=by_icb(population, "population") if population else None,
        need=need if need is None or need in streams() else by_icb(Path(need), "need_index"),
        changes={name: _number(name, values) for name, values in pairs("--limit", limit or []).items()},
    )  # fmt: skip
    typer.echo(label(opened), err=True)
    typer.echo(f"Beside {asked.beside.name}: {', '.join(asked.beside.icbs)}.", err=True)
    if out is not None:
        from tertiary.publish.variation_folder import write_variation

        files = write_variation(opened, known, asked, out)
        typer.echo(f"{out}: {len(files)} files; read {files[0].name} first.")
        return
    made = vary(opened, asked.scope, asked.by, [icb], asked.beside, asked.people, asked.limits, asked.need)
    rows = spend_rows(known, asked.by, made, asked.limits["confidence"].value)
    if format == "table":
        names = [f"{d}_name" for d in asked.by if f"{d}_name" in rows.column_names]
        rows = rows.select([*asked.by, *names, *NARROW])
    print_rows(rows, format)


def _peers(text: str) -> list[str]:
    """Codes, or those of a file's column icb."""
    from tertiary.sheets import lines

    if not Path(text).is_file():
        return _codes(text)
    found = [line.text("icb") for line in lines(Path(text), AllocationError, ("icb",))]
    if not found:
        raise AllocationError(f"{text} names no ICB. Write one a line under icb.")
    return found


def _codes(text: str) -> list[str]:
    return list(dict.fromkeys(code.strip() for code in text.split(",") if code.strip()))


def _number(name: str, values: Sequence[str]) -> float:
    try:
        return float(values[-1])
    except ValueError:
        raise AllocationError(f"--limit {name}={values[-1]!r}; expected a number.") from None
