"""What is asked of a run about variation, and how the words of a person become that question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tertiary.allocate import cells
from tertiary.allocate.cells import Scope
from tertiary.allocate.comparators import compared_with
from tertiary.allocate.variation import Comparator, Limit, core_need, limits
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.runs import Run

PEOPLE = "registered with practices, allocation base of 2025/26 (register, practices)"
Sourced = tuple[Mapping[str, float], str]


@dataclass(frozen=True)
class Question:
    """What is asked of a run: one ICB, by some dimensions, beside a comparator; people and need with their sources."""

    icb: str
    by: tuple[str, ...]
    scope: Scope
    beside: Comparator
    people: Mapping[str, float]
    people_source: str
    limits: Mapping[str, Limit]
    need: Mapping[str, float] | None = None
    need_source: str = ""


def question(
    run: Run,
    register: Register,
    icb: str,
    by: Sequence[str],
    comparator: str = "all",
    *,
    peers: Sequence[str] = (),
    when: tuple[str | None, int | None] = (None, None),
    measure: str = "price_submitted",
    only: Mapping[str, Sequence[str]] | None = None,
    without: Mapping[str, Sequence[str]] | None = None,
    people: Sourced | None = None,
    need: Sourced | str | None = None,
    changes: Mapping[str, float] | None = None,
) -> Question:
    """The question about `icb` by the dimensions `by`, beside a comparator of comparators.csv, or `peers` if any.

    `when`: financial year and last month, the run's last unless told. `people` and `need` by ICB with their source;
    `need` may also name a stream of NHS England's allocations. `changes` are limits other than those of
    variation_limits.csv. AllocationError when the run or the register holds none of it.
    """
    year, last = cells.period(run, *when)
    scope = Scope(year, last, measure, only or {}, without or {})
    cells.known(by)
    counted, people_source = people or (cells.populations(register, year), PEOPLE)
    needed, need_source = core_need(register, need, year) if isinstance(need, str) else need or (None, "")
    known = limits(changes)
    in_run = cells.in_run(run, scope, counted)
    if icb not in in_run:
        raise AllocationError(
            f"The run holds no specialised spend of ICB {icb!r} in {year}, or its population is not known. "
            f"It holds: {', '.join(sorted(in_run))}."
        )
    others = compared_with(register, icb, in_run, known, comparator, year, peers)
    return Question(icb, tuple(by), scope, others, counted, people_source, known, needed, need_source)


def pairs(where: str, texts: Sequence[str]) -> dict[str, list[str]]:
    """COLUMN=VALUE,VALUE texts as values by column. AllocationError says which text of `where` is none."""
    made: dict[str, list[str]] = {}
    for text in texts:
        name, sign, values = text.partition("=")
        if not sign or not values.strip():
            raise AllocationError(f"{where} {text!r} is not NAME=VALUE. Example: {where} component=activity,drug")
        found = dict.fromkeys(value.strip() for value in values.split(",") if value.strip())
        made.setdefault(name.strip(), []).extend(found)
    return made


def filters(scope: Scope) -> str:
    """The filters of a scope in words, blank when there are none."""
    kept = [f"only {c} {', '.join(v)}" for c, v in scope.only.items()]
    kept += [f"without {c} {', '.join(v)}" for c, v in scope.without.items()]
    return "".join(f"; {text}" for text in kept)
