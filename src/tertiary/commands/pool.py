"""`tertiary pool …`: statements of budgets that partners share, rules side by side, recharges of a host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tertiary.commands import pool_changes, shared
from tertiary.commands.pool_files import (
    Month,
    Number,
    Profile,
    Profiles,
    Terms,
    Total,
    Year,
    given_of,
    versions_of,
)
from tertiary.commands.shared import STORE, Format, RunFolder, Url
from tertiary.errors import PoolError
from tertiary.period import period

pool = typer.Typer(no_args_is_help=True, help="Statements of budgets that partners share.")


@pool.command(short_help="State what each partner pays.")
def statement(
    run: RunFolder,
    partners: Annotated[
        Path,
        typer.Option(help="CSV with partner and what contributions go by: contribution, historic, need, population."),
    ],
    agreement: Number = None,
    terms: Terms = None,
    total: Total = None,
    year: Year = None,
    month: Month = None,
    every_month: Annotated[bool, typer.Option("--every-month", help="A statement a month.")] = False,
    by_version: Annotated[bool, typer.Option("--by-version", help="Each version's months by themselves.")] = False,
    profile: Profile = None,
    profiles: Profiles = None,
    store: Url = STORE,
    format: Format = "table",
) -> None:
    """State what each partner has put in, what its patients cost and what it pays, to date and to the penny.

    Contributions are the column contribution of PARTNERS, pounds a year; or --total pounds split by the agreed rule.
    Costs come from the run's ledger within the agreement's scope. The year is phased as agreed: in twelfths unless the
    terms or --profile say otherwise. Where a new version began within the year, each is settled by itself and added up.
    """
    from tertiary.pool import over_versions
    from tertiary.pool.tables import statement_rows, version_rows
    from tertiary.screen import print_rows
    from tertiary.show import label

    if every_month and by_version:
        raise PoolError("Give either --every-month or --by-version.")
    given = given_of(run, agreement, terms, partners, year, month, store, total, profile, profiles)
    typer.echo(f"{label(given.run)}\n{given.told}", err=True)
    if profile:
        typer.echo(f"Contributions are phased by {profile}, whatever was agreed.", err=True)
    if by_version:
        ends = [list(stretch.to_date())[-1] for stretch in given.stretches]
        rows = version_rows([(v.first, v.last, end) for v, end in zip(given.versions, ends, strict=True)])
    else:
        made = list(over_versions(given.stretches))
        rows = statement_rows(made if every_month else made[-1:])
    print_rows(rows, format)


@pool.command(short_help="Compare rules over simulated years.")
def compare(
    run: RunFolder,
    partners: Annotated[Path, typer.Option(help="CSV: partner, and need where rules share by it.")],
    agreement: Number = None,
    terms: Terms = None,
    year: Year = None,
    month: Month = None,
    threshold: Annotated[
        str | None, typer.Option(metavar="POUNDS", help="For rule R6, a patient; the agreed one unless told.")
    ] = None,
    years: Annotated[int, typer.Option(min=2, max=1000, help="Years to simulate.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal years.")] = 1,
    store: Url = STORE,
    format: Format = "table",
) -> None:
    """Compare rules: what changes hands, what unsteadiness goes, what incentive stays.

    Each partner contributes its cost in the run. Years differ from it by chance alone: numbers of patients and their
    costs are drawn with the run's own number of patients and spread of costs, and with a threshold or listed services
    (rule R6) of those above and below it apart. Parameters are usual ones (choices.csv), with those of the agreement.
    """
    from tertiary.pool.tables import compared_rows
    from tertiary.publish.pools import compared, known_of
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    opened = open_run(run)
    year, last = period(opened, year, month)
    versions = versions_of(agreement, terms, store, year, last)
    agreed, known = versions[-1].agreement, known_of(partners, versions, year)[-1]
    if threshold is not None:
        agreed = replace(agreed, threshold=shared.amount(Path("--threshold"), 1, "POUNDS", threshold))
    found, left_out = compared(opened, agreed, known, year, last, years, seed)
    notes = [f"{years} simulated years, seed {seed}: chance alone, no trend.", *filter(None, [left_out])]
    typer.echo("\n".join([label(opened), versions[-1].told, *notes]), err=True)
    print_rows(compared_rows(found), format)


@pool.command("recharges", short_help="What a host charges others a month.")
def recharges_(
    run: RunFolder,
    host: Annotated[str, typer.Option(help="Organisation that holds the contracts.")],
    paid: Annotated[Path | None, typer.Option(help="CSV: payer, month, paid; and opening balances in month 0.")] = None,
    year: Year = None,
    month: Month = None,
    backing: Annotated[bool, typer.Option("--backing", help="The rows behind each charge instead.")] = False,
    format: Format = "table",
) -> None:
    """State what a host that pays providers for others charges each of them, and the balance, without any pool."""
    from tertiary.pool import recharges
    from tertiary.pool.calls import hosted
    from tertiary.pool.tables import backing_rows, recharge_rows
    from tertiary.publish.pools import paid_of
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    opened = open_run(run)
    year, last = period(opened, year, month)
    settled = paid_of(paid) if paid else {}
    opening = {payer: amount for (payer, number), amount in settled.items() if number == 0}
    later = {key: amount for key, amount in settled.items() if key[1]}
    spend = hosted(opened, host, year, last)
    if not spend and not settled:
        raise PoolError(f"{run} holds nothing of {year} that {host} contracts for others. Check the host's code.")
    found = recharges(host, spend, later, opening, last)
    typer.echo(label(opened), err=True)
    print_rows(backing_rows(found) if backing else recharge_rows(found), format)


pool.command(short_help="State the account of a partner that leaves.")(pool_changes.leave)
pool.command(short_help="Carry partners' figures and positions to successors.")(pool_changes.merge)
