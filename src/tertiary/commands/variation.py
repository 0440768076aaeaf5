"""`tertiary variation`: why an ICB spends more or less a head on specialised care than others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tertiary.commands.shared import Format
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.publish.variation_notes import Question
    from tertiary.register import Register
    from tertiary.runs import Run

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
    from tertiary.allocate.variation import vary
    from tertiary.allocate.variation_tables import spend_rows
    from tertiary.register import Register
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    if sum((peers is not None, region, england)) > 1:
        raise AllocationError("Give one of --peers, --region and --england.")
    opened, known = open_run(run), Register.load(register or ())
    asked = _question(
        opened, known, icb, _codes(by), peers, region, (year, month), measure, (only or [], without or []),
        population, need, limit or [],
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


def _question(
    run: Run, register: Register, icb: str, by: Sequence[str], peers: str | None, region: bool,
    when: tuple[str | None, int | None], measure: str, filters: tuple[Sequence[str], Sequence[str]],
    population: Path | None, given_need: str | None, changes: Sequence[str],
) -> Question:  # fmt: skip
    from tertiary.allocate import cells
    from tertiary.allocate.basis import streams
    from tertiary.allocate.variation import by_icb, comparator, core_need, limits
    from tertiary.publish.variation_notes import Question

    year, last = cells.period(run, *when)
    scope = cells.Scope(year, last, measure, _pairs("--only", filters[0]), _pairs("--without", filters[1]))
    people = cells.populations(register, year)
    people_source = "registered with practices, allocation base of 2025/26 (register, practices)"
    if population:
        people, people_source = by_icb(population, "population")
    need, need_source = None, ""
    if given_need and given_need in streams():
        need, need_source = core_need(register, given_need, year)
    elif given_need:
        need, need_source = by_icb(Path(given_need), "need_index")
    known = limits({name: _number(name, values) for name, values in _pairs("--limit", changes).items()})
    in_run = cells.in_run(run, scope, people)
    if icb not in in_run:
        raise AllocationError(
            f"The run holds no specialised spend of ICB {icb!r} in {year}, or its population is not known. "
            f"It holds: {', '.join(sorted(in_run))}."
        )
    own_region = _region(register, icb) if region else None
    beside = comparator(register, in_run, known, region=own_region, peers=() if peers is None else _peers(peers))
    return Question(icb, tuple(by), scope, beside, people, people_source, known, need, need_source)


def _region(register: Register, icb: str) -> str:
    regions = {row["icb_code"]: row["region_code"] for row in register["icbs"].to_pylist()}
    if not regions.get(icb):
        raise AllocationError(f"The register knows no region of ICB {icb!r}. Name the ICBs to compare with: --peers.")
    return regions[icb]


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


def _pairs(option: str, texts: Sequence[str]) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for text in texts:
        name, sign, values = text.partition("=")
        if not sign or not values.strip():
            raise AllocationError(f"{option} {text!r} is not NAME=VALUE. Example: --only component=activity,drug")
        made.setdefault(name.strip(), []).extend(_codes(values))
    return made


def _number(name: str, values: Sequence[str]) -> float:
    try:
        return float(values[-1])
    except ValueError:
        raise AllocationError(f"--limit {name}={values[-1]!r}; expected a number.") from None
