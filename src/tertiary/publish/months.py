"""From a run and its contracts to a month that can be stated: what commands and pages bring together alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary import month_end
from tertiary.month_end import Adjustment, Close, Contract, Dates, Invoice, Movement, Position, Posting
from tertiary.phasing import first_day
from tertiary.publish.stated import Month

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.decisions import Decision, Store
    from tertiary.phasing import Weights
    from tertiary.register import Register
    from tertiary.runs import Run

ALWAYS = (date.min, date.max)


@dataclass(frozen=True)
class Given:
    """A run's year to a month, with what was agreed and what that comes to. `on`: the day it is looked at."""

    run: Run
    year: str
    last: int
    contracts: Sequence[Contract]
    position: Position
    invoices: Sequence[Invoice]
    agreed: Sequence[Dates]
    on: date


def given(
    run: Run, year: str, last: int, contracts: Sequence[Contract], *, adjustments: Sequence[Adjustment] = (),
    profiles: Weights | None = None, measure: str = "price_submitted", invoices: Sequence[Invoice] = (),
    agreed: Sequence[Dates] = (), on: date | None = None,
) -> Given:  # fmt: skip
    """The position of a year to a month, and what it was made of. ContractError as in `month_end.position`."""
    found = month_end.position(
        run, contracts, year, last, adjustments=adjustments, profiles=profiles, measure=measure
    )  # fmt: skip
    return Given(run, year, last, contracts, found, invoices, agreed, on or date.today())


def days_of(year: str, last: int) -> list[date]:
    """The first days of the months of a year to the last, on which contracts are looked for."""
    return [first_day(year, m) for m in range(1, min(last, 12) + 1)]


def known_contracts(file: Path | None, store: Store | None, days: Sequence[date] = ALWAYS) -> tuple[Contract, ...]:
    """Contracts of a file, else those of a store as `contracts_in_force`; without days all that ever were in force.

    ContractError when they are not so.
    """
    if file is not None:
        return month_end.read_contracts(file)
    return contracts_in_force(store, days) if store is not None else ()


def contracts_in_force(store: Store, days: Sequence[date]) -> tuple[Contract, ...]:
    """Versions of contracts of a store that were in force from the first to the last of some days, whatever came later.

    ContractError when their terms are no contracts. Empty when there are none.
    """
    held = [
        (d, ended) for newest in store.decisions("contract") for number in range(1, newest.version + 1)
        for d in (store.decision(newest.decision_id, number),) if d.was_in_force
        for ended in (_ended(d),)
        if d.valid_from <= days[-1] and (ended is None or ended > days[0])
    ]  # fmt: skip
    return month_end.contracts_of([
        (f"Decision {d.decision_id}, version {d.version}",
         {**d.terms, "version": d.version, "valid_from": d.valid_from, "valid_to": ended})
        for d, ended in held
    ])  # fmt: skip


def _ended(decision: Decision) -> date | None:
    """The day a version ceased to hold: as agreed, or when it was ended before."""
    steps = [s.at.date() for s in decision.steps if s.reached == "ended"]
    return min([d for d in (decision.valid_to, *steps) if d is not None], default=None)


def month_of(
    given: Given, close: str = "", moved: Sequence[Movement] = (), posted: Sequence[Posting] = (),
    raised: pa.Table | None = None,
) -> Month:  # fmt: skip
    """The month as a statement tells it: `close` names the close that holds it, blank for a draft."""
    when = month_end.dates(given.year, given.last, given.agreed)
    return Month(
        given.run, given.position, given.contracts, when, given.on, close, moved, posted, given.invoices, raised
    )  # fmt: skip


def challenges_of(given: Given, register: Register) -> pa.Table:
    """What the rules question of the months of a position, named, with the cash effect that its contracts say."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from tertiary.challenges import cash_of, raise_challenges, rules

    cash = cash_of(month_end.cash_lines(given.contracts, given.year), "the contracts")
    raised = raise_challenges(given.run, register, cash=cash).challenges
    in_year = pc.equal(raised["financial_year"], given.year)
    kept = raised.filter(pc.and_(in_year, pc.less_equal(raised["financial_month"], given.last)))
    titles = {rule_id: rule.title for rule_id, rule in rules().items()}
    told = pa.array([titles[rule_id] for rule_id in kept["rule_id"].to_pylist()], pa.string())
    named = kept.add_column(kept.schema.get_field_index("rule_id") + 1, "question", told)
    return named.sort_by([("first_claim", "descending"), ("challenge_id", "ascending")])


def since(given: Given, former: Sequence[Close]) -> tuple[str, list[Movement], list[Posting]]:
    """Name of the close of the year that holds this very position, if one does; movements and journal since the one
    before it.
    """
    same = [c for c in former if c.manifest["financial_month"] == given.last and c.entries == given.position.entries]
    name = same[-1].name if same else ""
    place = former.index(same[-1]) if same else len([c for c in former if c.manifest["financial_month"] <= given.last])
    then: Sequence[Any] = former[place - 1].entries if place else ()
    now, told = given.position.entries, f"close {given.year}-{given.last:02}"
    return name, month_end.movements(now, then, given.last), month_end.journal(now, then, told)
