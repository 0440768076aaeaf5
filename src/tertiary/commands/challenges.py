"""`tertiary challenges …`: what a host questions of a provider's charges, step by step, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tertiary.commands import shared
from tertiary.commands.shared import STORE, By, Format, Overlays, RunFolder, Url, Why
from tertiary.errors import ContractError

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.challenges import Challenge, Raised
    from tertiary.register import Register
    from tertiary.runs import Run

challenges = typer.Typer(no_args_is_help=True, help="What is questioned of providers' charges, and what comes of it.")

Contracts = Annotated[
    Path | None,
    typer.Option(
        help="Register of contracts, or CSV: provider_code, payer_code, component, point_of_delivery, financial_year, …"
    ),
]
Handovers = Annotated[
    Path | None, typer.Option(help="CSV: provider_code, device_code, handover_date, exception (Y when accepted).")
]
Rules = Annotated[list[str] | None, typer.Option("--rule", metavar="ID", help="Only this rule; may be given again.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="RULE.NAME=VALUE", help="Another value, such as CH09.pounds=50.")
]
For = Annotated[str, typer.Option("--for", metavar="CODE", help="The organisation, as host or provider.")]


@challenges.command("find", short_help="Show what the rules question, without a log.")
def find(
    run: RunFolder,
    contracts: Contracts = None,
    handovers: Handovers = None,
    register: Overlays = None,
    rule: Rules = None,
    set_: Sets = None,
    format: Format = "table",
) -> None:
    """Show what the rules question in a run, a row a rule, with pounds that no other rule claims first for totals."""
    from tertiary.challenges.report import rule_rows
    from tertiary.screen import print_rows

    _, found = _found(run, register, contracts, handovers, rule, set_)
    print_rows(rule_rows(found), format)


@challenges.command("raise", short_help="Write what a run questions into the log.")
def raise_(
    run: RunFolder,
    by: By,
    why: Why = "raised by rule",
    contracts: Contracts = None,
    handovers: Handovers = None,
    calendar: Annotated[
        Path | None,
        typer.Option(help="CSV: financial_year, financial_month, raise_by, respond_by, settle_by."),
    ] = None,
    register: Overlays = None,
    rule: Rules = None,
    set_: Sets = None,
    label: Annotated[str | None, typer.Option(help="Name of the run in the log; folder and mark unless told.")] = None,
    store: Url = STORE,
) -> None:
    """Write what a run questions of a host's charges into the log, and what changed since the run before.

    Known challenges are found again; nothing is overwritten, and the same run again writes nothing.
    """
    from tertiary.challenges import Log, read_calendar, run_label

    actor = shared.actor(by)
    days = read_calendar(calendar) if calendar else None
    opened, found = _found(run, register, contracts, handovers, rule, set_)
    with shared.open_store(store, create=True) as held:
        written = Log(held).record(found, by=actor, run_label=run_label(opened, label or ""), why=why, calendar=days)
    told = {"raise": "new", "change": "changed", "reopen": "reopened", "note": "noted on closed ones",
            "leave": "no longer in the data: settlement by data proposed"}  # fmt: skip
    lines = [f"{written.by_step[step]} {words}" for step, words in told.items() if step in written.by_step]
    typer.echo("\n".join([*lines, f"{written.same} as before"]))
    if written.of_others:
        others = ", ".join(f"{host or 'nobody'} {n}" for host, n in sorted(written.of_others.items()))
        typer.echo(f"Of other hosts, not written: {others}.", err=True)


@challenges.command("list", short_help="List an organisation's challenges.")
def list_(
    organisation: For,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those on which an answer is overdue.")] = False,
    on: Annotated[
        date | None, typer.Option(parser=shared.day, metavar="DATE", help="The day it is about; today if left out.")
    ] = None,
    store: Url = STORE,
    format: Format = "table",
) -> None:
    """List the challenges of a host or a provider, as they stand on a day; --format csv exports the log."""
    from tertiary.challenges import Log, log_rows
    from tertiary.screen import print_rows

    day = on or date.today()
    with shared.open_store(store) as held:
        found = Log(held).challenges(organisation, state=state, overdue_on=day if overdue else None)
    _label(found)
    print_rows(log_rows(found, day), format)


@challenges.command(short_help="What became of the pounds questioned.")
def balance(organisation: For, store: Url = STORE, format: Format = "table") -> None:
    """What became of the pounds: raised is credited, corrected by data, rejected, withdrawn, lapsed or open."""
    from tertiary.challenges import Log, balance_rows
    from tertiary.screen import print_rows

    with shared.open_store(store) as held:
        found = Log(held).challenges(organisation)
    _label(found)
    print_rows(balance_rows(found), format)


@challenges.command(short_help="Show a challenge with all its events.")
def show(challenge: Annotated[str, typer.Argument(help="Id of it.")], organisation: For, store: Url = STORE) -> None:
    """Show a challenge: what it asks, its pounds, and each event with who, when and why."""
    from tertiary.challenges import Log
    from tertiary.challenges.report import told

    with shared.open_store(store) as held:
        found = Log(held).challenge(challenge, organisation)
    _label([found])
    typer.echo(told(found))


@challenges.command(short_help="Take a challenge on: respond, accept, settle …")
def step(
    challenge: Annotated[str, typer.Argument(help="Id of it.")],
    verb: Annotated[str, typer.Argument(help="respond, evidence, accept, reject, pursue, withdraw, settle or lapse.")],
    by: By,
    why: Why,
    amount: Annotated[str | None, typer.Option(metavar="POUNDS", help="Of accept and settle.")] = None,
    evidence: Annotated[str, typer.Option(help="A reference or address, never a patient.")] = "",
    store: Url = STORE,
) -> None:
    """Take a challenge on. The provider responds, accepts or rejects; the host pursues, withdraws or settles."""
    from tertiary.challenges import Log
    from tertiary.challenges.report import told

    actor = shared.actor(by)
    with shared.open_store(store) as held:
        found = Log(held).step(challenge, verb, by=actor, why=why, amount=amount, evidence=evidence)
    _label([found])
    typer.echo(told(found))


@challenges.command(short_help="Write what was credited for a month end.")
def adjustments(
    organisation: For,
    contracts: Annotated[Path, typer.Option(help="Register of contracts, as CSV.")],
    out: Annotated[Path, typer.Option(metavar="FILE.csv", help="File to write.")],
    year: Annotated[str | None, typer.Option(help="Financial year; needed when the contracts are of several.")] = None,
    store: Url = STORE,
) -> None:
    """Write what was credited for an organisation's challenges as adjustments, for `tertiary month … --adjustments`.

    What cannot be one, or may be counted twice, is said with the reason.
    """
    from tertiary import month_end
    from tertiary.challenges import Log

    known = month_end.read_contracts(contracts)
    years = sorted({contract.financial_year for contract in known})
    if year is None and len(years) > 1:
        raise ContractError(f"{contracts} has contracts of {', '.join(years)}. Say with --year which one is closed.")
    if year is not None and year not in years:
        raise ContractError(f"{contracts} has no contract of {year}; it has {', '.join(years)}.")
    wanted = year or years[0]
    with shared.open_store(store) as held:
        every = Log(held).challenges(organisation)
    found = [challenge for challenge in every if challenge.financial_year == wanted]
    made = month_end.settled(found, known)
    try:
        with out.open("x", encoding="utf-8", newline="") as handle:
            handle.write(month_end.adjustments_csv(made.adjustments))
    except FileExistsError as error:
        raise ContractError(f"{out} is there already. Choose another name.") from error
    except OSError as error:
        raise ContractError(f"{out} cannot be written: {error.strerror}.") from error
    _label(found)
    total = sum((one.amount for one in made.adjustments), Decimal("0.00"))
    typer.echo(f"{out}: {len(made.adjustments):,} credited in {wanted}, £{total:,.2f}.")
    for said, challenges_ in (("Left out", made.left), ("Look at", made.doubts)):
        for one, why in challenges_:
            typer.echo(f"{said} {one.challenge_id}, £{one.balance.credited:,}: {why}.", err=True)


@challenges.command(short_help="The records behind an organisation's challenges.")
def records(
    run: RunFolder,
    organisation: For,
    challenge: Annotated[str | None, typer.Option(help="Only this one.")] = None,
    contracts: Contracts = None,
    handovers: Handovers = None,
    register: Overlays = None,
    rule: Rules = None,
    set_: Sets = None,
    format: Format = "csv",
) -> None:
    """List the records that a run questions of a host or provider: record_id, and source_id by which it finds the case.

    They stand in no log. Send them to the provider and the host only.
    """
    from tertiary.challenges.report import record_rows
    from tertiary.screen import print_rows

    _, found = _found(run, register, contracts, handovers, rule, set_)
    print_rows(record_rows(found, organisation, challenge), format)


@challenges.command(short_help="Spend without a contract, other countries, visitors.")
def worklist(
    run: RunFolder,
    kind: Annotated[str, typer.Argument(help="uncontracted, devolved or overseas.")],
    contracts: Contracts = None,
    register: Overlays = None,
    format: Format = "table",
) -> None:
    """List spend without a contract, for patients of other countries, or of private patients and visitors."""
    from tertiary.challenges import worklist as listed
    from tertiary.month_end import read_contract_pairs
    from tertiary.runs import open as open_run
    from tertiary.screen import print_rows
    from tertiary.show import label

    opened = open_run(run)
    pairs = read_contract_pairs(contracts) if contracts else None
    found = listed(opened, kind, shared.register_of(opened, register or ()), pairs)
    typer.echo(label(opened), err=True)
    print_rows(found, format)


def _found(
    run: Path,
    register: list[Path] | None,
    contracts: Path | None,
    handovers: Path | None,
    rule: list[str] | None,
    set_: list[str] | None,
) -> tuple[Run, Raised]:
    from tertiary.challenges import Settings, raise_challenges
    from tertiary.month_end import read_contract_cash
    from tertiary.runs import open as open_run
    from tertiary.show import label

    opened = open_run(run)
    settings = Settings(tuple(rule or ()), _parameters(set_ or []))
    known = shared.register_of(opened, register or ())
    cash = read_contract_cash(contracts) if contracts else None
    found = raise_challenges(
        opened, known, settings, cash=cash, causes=price_causes(opened, known),
        handovers=_handovers(handovers),
    )  # fmt: skip
    typer.echo(label(opened), err=True)
    return opened, found


def _label(found: Iterable[Challenge]) -> None:
    """Say when what the log tells comes from a synthetic run."""
    from tertiary.challenges import SYNTHETIC

    if any(challenge.seen.run_label.startswith(SYNTHETIC) for challenge in found):
        typer.echo("SYNTHETIC DATA: no real patient, price or payment.", err=True)


def price_causes(run: Run, register: Register) -> pa.Table:
    """Why prices of a run differ: record_id and cause (`tertiary prices`)."""
    from tertiary.engine import DuckDBEngine
    from tertiary.price import price_differences

    with DuckDBEngine() as engine:
        tables = {name: engine.scan(name, run.table(name).paths) for name in ("records", "reasons", "activity")}
        found = price_differences(engine, tables["records"], tables["reasons"], register, activity=tables["activity"])
        return engine.fetch(found.select("record_id", "cause"))


def _handovers(file: Path | None) -> pa.Table | None:
    from tertiary.challenges import read_handovers

    return read_handovers(file) if file else None


def _parameters(texts: list[str]) -> dict[str, dict[str, str]]:
    made: dict[str, dict[str, str]] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        rule, dot, parameter = name.partition(".")
        if not sign or not dot:
            raise ContractError(f"--set {text!r} is not RULE.NAME=VALUE, such as CH09.pounds=50.")
        made.setdefault(rule.strip(), {})[parameter.strip()] = value.strip()
    return made
