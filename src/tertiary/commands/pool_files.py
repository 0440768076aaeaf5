"""What `tertiary pool` reads: a run, the agreement in its versions, and the files in which partners state figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tertiary.commands import shared
from tertiary.errors import PoolError

if TYPE_CHECKING:
    from tertiary.publish.pools import Given, Version

Number = Annotated[int | None, typer.Option("--agreement", help="Number of the agreement in the store.")]
Terms = Annotated[
    list[Path] | None,
    typer.Option("--terms", metavar="FILE", help="JSON with terms that are in no store; once a version of them."),
]
Year = Annotated[str | None, typer.Option("--year", help="Financial year; the run's last unless told.")]
Month = Annotated[int | None, typer.Option("--month", min=1, max=12, help="Last month; the run's last unless told.")]
Total = Annotated[
    str | None, typer.Option("--total", metavar="POUNDS", help="The year's pool, to be split by the rule.")
]
Profile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Phasing of contributions, instead of the agreed one.")
]
Profiles = Annotated[
    Path | None, typer.Option("--profiles", metavar="FILE", help="CSV with your own phasing: profile, month, weight.")
]


def given_of(
    run: Path, number: int | None, files: Sequence[Path] | None, partners: Path, year: str | None, month: int | None,
    store: str, total: str | None = None, profile: str | None = None, profiles: Path | None = None,
) -> Given:  # fmt: skip
    """Open a run and bring together terms, figures and costs of each version from the year's first month on."""
    from tertiary.period import period
    from tertiary.phasing import read_profiles
    from tertiary.publish.pools import given
    from tertiary.runs import open as open_run

    opened = open_run(run)
    year, last = period(opened, year, month)
    return given(
        opened, year, last, versions_of(number, files, store, year, last), partners,
        total=None if total is None else shared.amount(Path("--total"), 1, "POUNDS", total), profile=profile,
        profiles=read_profiles(profiles, PoolError) if profiles else None,
    )  # fmt: skip


def versions_of(number: int | None, files: Sequence[Path] | None, store: str, year: str, last: int) -> list[Version]:
    """The versions that hold in months 1 to `last`, in order. PoolError when a month has none, or more than one."""
    from tertiary.publish import pools

    if (number is None) == (not files):
        raise PoolError("Give either --agreement with its number in the store, or --terms with a file.")
    days = pools.month_days(year, last)
    if files:
        told = "Terms of {}, which nobody agreed as far as this tells."
        held = pools.of_terms([(shared.json_of(file), told.format(file)) for file in files], days)
    else:
        with shared.open_store(store) as opened:
            held = pools.of_store(opened, int(number or 0), days)
    return pools.versions_of(held, year, last)
