"""`tertiary pool …`: statements of budgets that partners share, rules side by side, recharges of a host."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    known_of,
    paid_of,
    versions_of,
)
from tertiary.commands.shared import STORE, Format, RunFolder, Url
from tertiary.errors import PoolError
from tertiary.period import period

if TYPE_CHECKING:
    from tertiary.pool import Agreement

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
    from tertiary.commands.pool_tables import statement_rows, version_rows
    from tertiary.pool import over_versions
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
    from tertiary import pool as rules
    from tertiary.commands.pool_tables import compared_rows
    from tertiary.pool.calls import cases, high_cost_cases
    from tertiary.pool.compare import choices
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    opened = open_run(run)
    year, last = period(opened, year, month)
    versions = versions_of(agreement, terms, store, year, last)
    agreed, known = versions[-1].agreement, known_of(partners, versions, year)[-1]
    if threshold is not None:
        agreed = replace(agreed, threshold=shared.amount(Path("--threshold"), 1, "POUNDS", threshold))
    need = {code: p.partner.need for code, p in known.items() if p.partner.need is not None}
    by_need = need if len(need) == len(known) else None
    looked_at = [c for c in choices() if c[0] != "R2" or by_need]
    own_choice = (agreed.risk, dict(agreed.risk_parameters))
    if agreed.risk != "R6" and own_choice not in looked_at:
        looked_at.append(own_choice)
    patients = cases(opened, agreed, year, last)
    notes = [f"{years} simulated years, seed {seed}: chance alone, no trend."]
    pooled, high_cost = None, None
    if by_need and (agreed.threshold is not None or agreed.listed):
        high_cost = high_cost_cases(opened, agreed, year, last)
    if high_cost:
        put_in = {code: Decimal(f"{own.cost:.2f}") for code, own in high_cost.items()}
        drawn, pooled = rules.simulated_high_cost(high_cost, years, seed)
        looked_at.append(("R6", {} if agreed.threshold is None else {"threshold": Fraction(agreed.threshold)}))
    else:
        put_in = {code: Decimal(f"{own.cost:.2f}") for code, own in patients.items()}
        drawn = rules.simulated(patients, years, seed)
        notes.append(_without_high_cost(agreed, by_need is not None))
    found = rules.compare(looked_at, [put_in] * years, drawn, need=by_need, pooled=pooled)
    typer.echo("\n".join([label(opened), versions[-1].told, *notes]), err=True)
    print_rows(compared_rows(found), format)


def _without_high_cost(agreed: Agreement, has_need: bool) -> str:
    if agreed.threshold is None and not agreed.listed:
        why = "it needs a threshold, agreed or given as --threshold, or listed services"
    elif not has_need:
        why = "it shares by need, and the column need is not filled"
    else:
        why = "fewer patients are above the threshold or in listed services than can say how far their costs differ"
    return f"Rule R6 is left out: {why}."


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
    from tertiary.commands.pool_tables import backing_rows, recharge_rows
    from tertiary.pool import recharges
    from tertiary.pool.calls import hosted
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
