"""`tertiary allocate …`: need shares and indices, targets and distance, and the path from opening to target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tertiary.commands import allocate_files as files
from tertiary.commands.shared import Format
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.allocate import Pot
    from tertiary.pennies import Amount
    from tertiary.register import Register as Known

allocate = typer.Typer(no_args_is_help=True, help="What each place should have: need, targets, convergence.")

Level = Annotated[
    str,
    typer.Option(help="practice, lsoa, lad, sub_icb, icb_2024, icb_2026, region, england or the index's own level."),
]
Stream = Annotated[
    list[str] | None,
    typer.Option(help="general_acute, core … of the register, or one of the index file; may be given again."),
]
Year = Annotated[str, typer.Option(help="Financial year of the need.")]
Index = Annotated[
    Path | None,
    typer.Option(help="CSV with need by place instead of the register's practices: columns of need_indices."),
]
IndexLevel = Annotated[
    str | None,
    typer.Option(help="Level of the index; without --index, of the register's need_indices instead of practices."),
]
Groups = Annotated[
    Path | None, typer.Option(help="CSV: code, group. Groups of places of the level; the others are the group rest.")
]
Within = Annotated[
    str | None, typer.Option(metavar="LEVEL:CODE", help="Look at one place alone, such as icb_2024:QHM.")
]
Part = Annotated[bool, typer.Option("--part", help="The index is of a part of England only.")]
Register = Annotated[
    list[Path] | None, typer.Option("--register", metavar="DIR", help="Overlay folder; may be given again.")
]
Pots = Annotated[Path | None, typer.Option(help="CSV with columns of the register table pots.")]
OnePot = Annotated[str | None, typer.Option("--pot", metavar="POUNDS", help="One pot instead of --pots.")]
Service = Annotated[str, typer.Option(help="What --pot is for: service line or set of services.")]
Components = Annotated[str, typer.Option(help="What --pot pays for: activity;drugs;devices, or all.")]
Status = Annotated[str, typer.Option(help="delegated or retained, for --pot without --components.")]
Mff = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="CSV: code, market_forces_index (underlying); register for the register's own."),
]
Official = Annotated[
    str | None,
    typer.Option(metavar="STREAM", help="Openings of specialised or core from a workbook that an overlay loaded."),
]
Wider = Annotated[
    bool, typer.Option("--wider", help="A need of more components may stand for that of the pot, knowingly.")
]
DIGITS = 8


@allocate.command(short_help="Show need shares and indices.")
def need(
    stream: Stream = None,
    level: Level = "icb_2024",
    year: Year = "202526",
    index: Index = None,
    index_level: IndexLevel = None,
    groups: Groups = None,
    within: Within = None,
    part: Part = False,
    digits: Annotated[int, typer.Option(min=1, max=12, help="Decimals of shares; they sum to 1.")] = DIGITS,
    register: Register = None,
    format: Format = "table",
) -> None:
    """Show what share of need lies in each place, and its need a head relative to the whole (index 1).

    Need comes from the register's practices unless --index or --index-level says otherwise. Practices count where they
    stand: their districts are not their patients' homes, and LSOAs need an index of level lsoa.
    """
    from tertiary.allocate import target_tables as tables
    from tertiary.screen import print_rows

    known = files.opened(register)
    made = files.shares(known, stream, level, year, index, index_level, groups, within, part)
    typer.echo(tables.label(known, made), err=True)
    print_rows(tables.need_rows(known, made, digits), format)


@allocate.command("targets", short_help="Work out targets and distance from target.")
def targets_(
    stream: Stream = None,
    level: Level = "icb_2024",
    year: Year = "202526",
    index: Index = None,
    index_level: IndexLevel = None,
    groups: Groups = None,
    within: Within = None,
    part: Part = False,
    pots: Pots = None,
    pot: OnePot = None,
    service: Service = "",
    components: Components = "",
    status: Status = "",
    mff: Mff = None,
    wider: Wider = False,
    opening: Annotated[Path | None, typer.Option(help="CSV: code, opening. Adds distance from target.")] = None,
    official: Official = None,
    register: Register = None,
    format: Format = "table",
) -> None:
    """Work out each place's target of each pot, to the penny; with --opening, its distance from target.

    A need is applied only to a pot for the same service and components. With --opening, targets of all pots are added
    up first and the range of distances is told on standard error.
    """
    from tertiary.allocate import distance, distance_range, targets, targets_by_pot, total_targets
    from tertiary.allocate import target_tables as tables
    from tertiary.screen import print_rows

    known = files.opened(register)
    shares = files.shares(known, stream, level, year, index, index_level, groups, within, part)
    wanted = files.pots(known, pots, pot, year, service, components, status)
    forces = files.market_forces(known, mff, year)
    made = (
        [targets(one, shares[0], forces, wider=wider) for one in wanted]
        if len(shares) == 1
        else targets_by_pot(wanted, shares, forces)
    )
    typer.echo(tables.label(known, shares, wanted), err=True)
    if opening is None and official is None:
        print_rows(tables.target_rows(made), format)
        return
    held = files.openings(known, opening, official, year)
    apart = distance(held, made[0] if len(made) == 1 else total_targets(made))
    typer.echo(tables.range_text(distance_range(apart)), err=True)
    print_rows(tables.distance_rows(list(apart.values())), format)


@allocate.command("converge", short_help="Follow allocations from opening to target.")
def converge_(
    opening: Annotated[Path | None, typer.Option(help="CSV: code, opening.")] = None,
    official: Official = None,
    policy: Annotated[str, typer.Option(help="uniform, growth_pivot or convergence_adjustment.")] = "growth_pivot",
    stream: Stream = None,
    level: Level = "icb_2024",
    year: Year = "202526",
    index: Index = None,
    index_level: IndexLevel = None,
    groups: Groups = None,
    part: Part = False,
    pots: Pots = None,
    pot_growth: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Growth a year of the opening total, such as 0.044.")
    ] = None,
    years: Annotated[int, typer.Option(min=1, max=50, help="Years with --pot-growth.")] = 3,
    service: Service = "",
    components: Components = "",
    status: Status = "",
    mff: Mff = None,
    wider: Wider = False,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="k, floor, cap, cash_floor, population, tolerance, growth."),
    ] = None,
    bands: Annotated[Path | None, typer.Option(help="CSV: above, reduction, for convergence_adjustment.")] = None,
    transfers: Annotated[Path | None, typer.Option(help="CSV: financial_year, code, amount.")] = None,
    population_growth: Annotated[Path | None, typer.Option(help="CSV: code, growth.")] = None,
    arrival: Annotated[bool, typer.Option("--arrival", help="Years to target instead of the path.")] = False,
    register: Register = None,
    format: Format = "table",
) -> None:
    """Follow each place's allocation, growth and distance from target, year by year; each year adds up to its pot.

    The first year is that of the first pot, or the year after --year. With --official it begins from the openings of
    the workbook of --year when it is that year, and from its allocations when it is the year after.
    Settings are illustrative unless you --set them: the official ones were not found.
    """
    from tertiary.allocate import target_tables as tables
    from tertiary.allocate import years_to_target
    from tertiary.allocate.held import path
    from tertiary.screen import print_rows

    known = files.opened(register)
    shares = files.shares(known, stream, level, year, index, index_level, groups, None, part)
    if len(shares) > 1:
        raise AllocationError("Convergence follows one stream of need. Name it with --stream.")
    held, wanted, moved = _pots_by_year(
        known, pots, pot_growth, transfers, partial(files.openings, known, opening, official, year), year, years,
        service, components, status,
    )  # fmt: skip
    forces = files.market_forces(known, mff, year)
    labels = [one.financial_year for one in wanted]
    settings = files.policy(policy, setting or [], bands)
    steps = path(
        settings, held, shares[0], wanted, mff=forces, wider=wider, transfers=moved,
        population_growth=None if population_growth is None else files.numbers(population_growth, "growth"),
    )  # fmt: skip
    typer.echo(tables.label(known, shares, wanted), err=True)
    typer.echo(f"Policy {policy}: settings {settings.confidence} ({settings.source}).", err=True)
    if arrival:
        reached = years_to_target(steps, settings.tolerance)
        print_rows(tables.arrival_rows(reached, labels, settings.tolerance), format)
    else:
        print_rows(tables.step_rows(steps, labels), format)


def _pots_by_year(
    register: Known, file: Path | None, growth: str | None, transfers: Path | None,
    opened: Callable[[str], Mapping[str, Amount]], year: str, years: int, service: str, components: str, status: str,
) -> tuple[Mapping[str, Amount], Sequence[Pot], Sequence[Mapping[str, Decimal]]]:  # fmt: skip
    """Openings of the first year; one pot a year, from a file or by growth of what is held and transferred; transfers.

    `opened` gives the openings of a year.
    """
    from tertiary.allocate.basis import share_of
    from tertiary.allocate.held import growing, later

    if (file is None) == (growth is None):
        raise AllocationError("Give either --pots with a pot for each year, or --pot-growth such as 0.044.")
    if file is not None:
        found = files.pots(register, file, None, year, service, components, status)
        found.sort(key=lambda pot: pot.financial_year)
        labels = [pot.financial_year for pot in found]
        files.check_years(labels, file)
        return opened(labels[0]), found, files.transfers(transfers, labels)
    rate = share_of("--pot-growth", growth or "")
    labels = [later(year, number) for number in range(1, years + 1)]
    moved, held = files.transfers(transfers, labels), opened(labels[0])
    # what it is for; its pounds are those that are held
    first = files.pots(register, None, "0", labels[0], service, components, status)[0]
    return held, growing(first, held, rate, years, moved), moved
