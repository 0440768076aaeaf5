"""What pages say of the ring-fence: delegated spend of each ICB beside what was due, and what providers live on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tertiary.allocate import cells, watch_tables
from tertiary.allocate.dependence import Dependence, dependence
from tertiary.allocate.official import specialised_allocations
from tertiary.allocate.watch import Watched, watch, watch_limits
from tertiary.allocate.watch_data import payers
from tertiary.month_end import delegated_values
from tertiary.screen import shortened
from tertiary.web.scope import kept

if TYPE_CHECKING:
    from tertiary.month_end import Contract
    from tertiary.web.answers import Answers
    from tertiary.web.people import Person


def watched(answers: Answers, person: Person, icb: str = "") -> list[Watched]:
    """The watch on each ICB and year that a person may see, widest unexplained gap first; of one ICB when asked.

    ForbiddenError for those to whom no ICB is their own.
    """
    run, register = answers.run, answers.register
    every = answers.worked_out("payers", lambda: payers(run))
    mine = [row["icb"] for row in kept([{"icb": code} for code in every], "ringfence", person, register)]
    found: list[Watched] = []
    for code in mine if not icb else [code for code in mine if code == icb]:
        found += answers.worked_out(("watch", code), partial(_watch, answers, code))
    return sorted(found, key=lambda w: (-w.unexplained, w.icb, w.financial_year))


def tables(answers: Answers, found: list[Watched]) -> dict[str, list[dict[str, Any]]]:
    """Rows of the watch, of its explanations and of its months, as `tertiary ringfence` writes them."""
    made = {
        "watch": watch_tables.watch_rows(found, answers.register),
        "explanations": watch_tables.explained_rows(found),
        "months": watch_tables.month_rows(found),
    }
    return {name: shortened(rows).to_pylist() for name, rows in made.items()}


def allocated(answers: Answers, found: Sequence[Watched]) -> bool:
    """Whether the register holds an allocation for each ICB and year that is watched."""
    return {(one.icb, one.financial_year) for one in found} <= set(specialised_allocations(answers.register))


def contract_values(
    answers: Answers, person: Person, contracts: tuple[Contract, ...]
) -> tuple[list[dict[str, Any]], int]:
    """What was contracted of delegated care of each ICB's year beside its allocation, as `tertiary ringfence` has it.

    Also how many values were left out, for want of a plan that says what of them is delegated.
    """
    run, register = answers.run, answers.register
    boards = frozenset(register["icbs"]["icb_code"].to_pylist())
    values, left = answers.worked_out(("signed", contracts), lambda: delegated_values(run, contracts, boards))
    rows = watch_tables.contract_rows(values, specialised_allocations(register), watch_limits()["tolerance"])
    mine = kept(shortened(rows).to_pylist(), "ringfence", person, register)
    return mine, len(kept([{"icb": key[0]} for key in left], "ringfence", person, register))


def providers(answers: Answers, person: Person) -> list[dict[str, Any]]:
    """What providers live on, of those whose figures a person may see. ForbiddenError for those who may see none."""
    run, register = answers.run, answers.register

    def work_out() -> list[Dependence]:
        return dependence(run, register, *cells.period(run))

    kept([], "dependence", person, register)  # nobody waits for what they may not see
    rows = watch_tables.dependence_rows(answers.worked_out("dependence", work_out), register)
    return kept(shortened(rows).to_pylist(), "dependence", person, register)


def said(one: Watched) -> str:
    """An ICB's watch in a sentence."""
    side = "below" if one.gap >= 0 else "above"
    return (
        f"To month {one.last_month} of {one.financial_year[:4]}/{one.financial_year[4:]} £{one.spend:,.0f} was spent "
        f"on delegated services, £{abs(one.gap):,.0f} {side} what was due by the {one.yardstick}: {one.status}."
    )


def _watch(answers: Answers, icb: str) -> list[Watched]:
    return watch(answers.run, answers.register, specialised_allocations(answers.register), icbs=[icb])
