"""What the commands about a month have in common: options, contracts and the month that they state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.commands import shared
from tertiary.errors import ContractError, DecisionError

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.decisions import Decision
    from tertiary.month_end import Contract, Dates, Invoice, Position
    from tertiary.publish import Month
    from tertiary.runs import Run

Contracts = Annotated[
    Path | None, typer.Option("--contracts", metavar="FILE", help="CSV of contracts; else those in force in the store.")
]
Year = Annotated[str | None, typer.Option("--year", help="Financial year; the run's last unless told.")]
Last = Annotated[int | None, typer.Option("--month", min=1, max=13, help="Last month; the run's last unless told.")]
Adjustments = Annotated[Path | None, typer.Option(help="CSV: contract, payer_code, financial_month, amount, reason.")]
Profiles = Annotated[Path | None, typer.Option(help="CSV with your own phasing: profile, month, weight.")]
Invoices = Annotated[Path | None, typer.Option(help="CSV: provider_code, payer_code, financial_year, …, amount.")]
Calendar = Annotated[Path | None, typer.Option(help="CSV with agreed days: financial_year, …, flex, freeze.")]
Measure = Annotated[str, typer.Option(help="Value of activity: price_submitted or price_expected.")]
By = Annotated[str, typer.Option(help="Columns to total by, separated by commas.")]
Challenges = Annotated[
    bool, typer.Option("--challenges/--no-challenges", help="With what is questioned of the charges.")
]
OnDay = Annotated[date | None, typer.Option("--on", parser=shared.day, metavar="DATE", help="Today unless told.")]


@dataclass(frozen=True)
class Given:
    """What the commands about a month have in common."""

    run: Run
    year: str
    last: int
    contracts: Sequence[Contract]
    position: Position
    invoices: Sequence[Invoice]
    agreed: Sequence[Dates]
    on: date


def given_of(
    run: Path, contracts: Path | None, year: str | None, last: int | None, adjustments: Path | None,
    profiles: Path | None, measure: str, store: str, invoices: Path | None = None, agreed: Path | None = None,
    on: date | None = None,
) -> Given:  # fmt: skip
    from tertiary import month_end
    from tertiary.period import period
    from tertiary.phasing import first_day
    from tertiary.runs import open as open_run

    opened = open_run(run)
    year, last = period(opened, year, last)
    known = known_contracts(contracts, store, [first_day(year, m) for m in range(1, min(last, 12) + 1)])
    found = month_end.position(
        opened, known, year, last,
        adjustments=month_end.read_adjustments(adjustments) if adjustments else (),
        profiles=month_end.read_profiles(profiles) if profiles else None, measure=measure,
    )  # fmt: skip
    return Given(
        opened, year, last, known, found, month_end.read_invoices(invoices) if invoices else (),
        month_end.read_calendar(agreed) if agreed else (), on or date.today(),
    )  # fmt: skip


def month_of(
    given: Given, close: str = "", moved: Sequence[Any] = (), posted: Sequence[Any] = (), raised: pa.Table | None = None
) -> Month:
    from tertiary import month_end
    from tertiary.publish import Month

    when = month_end.dates(given.year, given.last, given.agreed)
    return Month(
        given.run, given.position, given.contracts, when, given.on, close, moved, posted, given.invoices, raised
    )  # fmt: skip


def challenges_of(given: Given, register: list[Path] | None) -> pa.Table:
    """What the rules question of the months of a position, named, with the cash effect that its contracts say."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from tertiary.challenges import cash_of, raise_challenges, rules
    from tertiary.month_end import cash_lines

    cash = cash_of(cash_lines(given.contracts, given.year), "the contracts")
    known = shared.register_of(given.run, register or ())
    raised = raise_challenges(given.run, known, cash=cash).challenges
    in_year = pc.equal(raised["financial_year"], given.year)
    kept = raised.filter(pc.and_(in_year, pc.less_equal(raised["financial_month"], given.last)))
    titles = {rule_id: rule.title for rule_id, rule in rules().items()}
    told = pa.array([titles[rule_id] for rule_id in kept["rule_id"].to_pylist()], pa.string())
    named = kept.add_column(kept.schema.get_field_index("rule_id") + 1, "question", told)
    return named.sort_by([("first_claim", "descending"), ("challenge_id", "ascending")])


def since(given: Given, closes: Path | None) -> tuple[str, Sequence[Any], Sequence[Any]]:
    """Name of the close that holds this very position, if one does; movements and journal since the one before it."""
    from tertiary import month_end

    former = month_end.every(closes, given.year) if closes is not None else []
    same = [c for c in former if c.manifest["financial_month"] == given.last and c.entries == given.position.entries]
    name = same[-1].name if same else ""
    place = former.index(same[-1]) if same else len([c for c in former if c.manifest["financial_month"] <= given.last])
    then = former[place - 1].entries if place else ()
    now, told = given.position.entries, f"close {given.year}-{given.last:02}"
    return name, month_end.movements(now, then, given.last), month_end.journal(now, then, told)


def decisions_of(store: str) -> Sequence[Decision]:
    """Decisions of the store in their newest versions; none where there is no store."""
    try:
        with shared.open_store(store) as opened:
            return opened.decisions()
    except DecisionError:
        typer.echo(f"No decisions were read: there is no store {store}.", err=True)
        return ()


def known_contracts(file: Path | None, store: str, days: Sequence[date]) -> tuple[Contract, ...]:
    """Contracts of a file, else versions of the store that were in force on one of the days, whatever came later."""
    from tertiary import month_end

    if file is not None:
        return month_end.read_contracts(file)
    with shared.open_store(store) as opened:
        held = [
            (d, ended) for newest in opened.decisions("contract") for number in range(1, newest.version + 1)
            for d in (opened.decision(newest.decision_id, number),) if d.was_in_force
            for ended in (_ended(d),)
            if d.valid_from <= days[-1] and (ended is None or ended > days[0])
        ]  # fmt: skip
    if not held:
        raise ContractError(
            f"No contract is in force in {store} from {days[0]} to {days[-1]}. Give a file with --contracts, or take "
            "contracts to in_force: tertiary decisions step."
        )
    return month_end.contracts_of([
        (f"Decision {d.decision_id}, version {d.version}",
         {**d.terms, "version": d.version, "valid_from": d.valid_from, "valid_to": ended})
        for d, ended in held
    ])  # fmt: skip


def _ended(decision: Decision) -> date | None:
    """The day a version ceased to hold: as agreed, or when it was ended before."""
    steps = [s.at.date() for s in decision.steps if s.reached == "ended"]
    return min([d for d in (decision.valid_to, *steps) if d is not None], default=None)


def say_label(run: Run) -> None:
    from tertiary.show import label

    typer.echo(label(run), err=True)
