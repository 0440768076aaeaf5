"""What pages and API say of variation: one ICB beside others, worked out once a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tertiary.allocate import cells, factors
from tertiary.allocate import variation_tables as tables
from tertiary.allocate.comparators import compared_with, kinds
from tertiary.allocate.rows import names
from tertiary.allocate.variation import NOBODY, Varied, limits, vary
from tertiary.errors import AllocationError
from tertiary.pennies import to_the_penny
from tertiary.publish.variation_asked import Question, pairs, question
from tertiary.screen import shortened
from tertiary.web.scope import ForbiddenError, beside, check_comparison, kept

if TYPE_CHECKING:
    from tertiary.web.answers import Answers
    from tertiary.web.people import Person

# what spend may be taken apart by on a page, with its words
DIMENSIONS = {
    "npoc_code": "programme of care", "service_line_final": "service", "pss_line": "manual line",
    "point_of_delivery": "point of delivery", "component": "activity, drugs and devices",
}  # fmt: skip
RATE, PENNY = Decimal("0.0001"), Decimal("0.01")
OTHERS = "another's, not shown for this question"


@dataclass(frozen=True)
class Asked:
    """What is asked: an ICB ("" for the first of one's own), by a dimension, beside a comparator or `peers`.

    `only` and `without` are texts COLUMN=VALUE,VALUE; `need` a stream of need or "". `year` and `month`: the run's last
    unless told.
    """

    icb: str = ""
    by: str = "npoc_code"
    beside: str = "all"
    peers: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    need: str = ""
    year: str = ""
    month: int | None = None


@dataclass(frozen=True)
class Begun:
    """What every question of a period needs: ICBs of the run with their part of the highest, and the year."""

    in_run: Mapping[str, float]
    year: str


@dataclass(frozen=True)
class Worked:
    """A question worked out, the same for whoever asks: not yet what a person may see."""

    asked: Question
    boards: tuple[Varied, ...]
    services: tuple[Varied, ...]
    expected: Mapping[str, Decimal]
    spent: Mapping[str, cells.Tally]
    offered: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Seen:
    """What one person sees of a question.

    `own` is the ICB's cell of all services, `services` its cells by the dimension, `why` the steps from the
    comparator's spend a head to its own, which add up, `by_icb` the rows of all ICBs compared.
    """

    asked: Question
    own: Varied
    services: list[Varied]
    why: list[dict[str, Any]]
    by_icb: list[dict[str, Any]]


def choices(answers: Answers, person: Person, asked: Asked) -> list[tuple[str, str]]:
    """ICBs that a person may ask about, with their names. ForbiddenError for those who may ask about none."""
    every = [{"icb": code} for code in sorted(_begun(answers, asked).in_run)]
    found = kept(every, "variation", person, answers.register)
    known = names(answers.register, "icb")
    return [(row["icb"], known.get(row["icb"], row["icb"])) for row in found]


def seen(answers: Answers, person: Person, asked: Asked) -> Seen:
    """What a person sees of a question. ForbiddenError when the ICB is not theirs, or the comparison tells too much."""
    register = answers.register
    if asked.by not in DIMENSIONS:
        raise AllocationError(f"Spend is not taken apart by {asked.by!r} here. Choose from: {', '.join(DIMENSIONS)}.")
    if not kept([{"icb": asked.icb}], "variation", person, register):
        raise ForbiddenError(f"ICB {asked.icb!r} is not yours to ask about.")
    if asked.peers:  # before anything costly
        check_comparison(asked.peers, (), "peers", person, register)
    worked = answers.worked_out(("variation", asked), lambda: _work_out(answers, asked))
    check_comparison(worked.asked.beside.icbs, worked.offered, "peers", person, register)
    (own,) = [cell for cell in worked.boards if cell.icb == asked.icb]
    return Seen(worked.asked, own, list(worked.services), _why(worked, own), _by_icb(answers, person, worked, own))


def _begun(answers: Answers, asked: Asked) -> Begun:
    def work_out() -> Begun:
        year, last = cells.period(answers.run, asked.year or None, asked.month)
        people = cells.populations(answers.register, year)
        return Begun(cells.in_run(answers.run, cells.Scope(year, last), people), year)

    return answers.worked_out(("begun", asked.year, asked.month), work_out)


def _work_out(answers: Answers, asked: Asked) -> Worked:
    run, register = answers.run, answers.register
    made = question(
        run, register, asked.icb, (asked.by,), asked.beside, peers=asked.peers, when=(asked.year or None, asked.month),
        only=pairs("only", asked.only), without=pairs("without", asked.without), need=asked.need or None,
    )  # fmt: skip
    icbs = [asked.icb, *(i for i in made.beside.icbs if i != asked.icb)]

    def varied(by: Sequence[str], of: Sequence[str]) -> tuple[Varied, ...]:
        return tuple(vary(run, made.scope, by, of, made.beside, made.people, made.limits, made.need))

    expected = factors.expected(run, made.scope)
    spent = {key[0]: tally for key, tally in cells.tallies(run, made.scope, (), None, made.people).items()}
    offered = []
    begun = _begun(answers, asked)
    for kind in kinds():
        try:
            found = compared_with(register, asked.icb, begun.in_run, limits(), kind, begun.year)
        except AllocationError:
            continue  # nobody to compare with in that way
        offered.append(frozenset(found.icbs))
    return Worked(made, varied((), icbs), varied((asked.by,), [asked.icb]), expected, spent, tuple(offered))


def _why(worked: Worked, own: Varied) -> list[dict[str, Any]]:
    """From the comparator's spend a head to the ICB's own: pounds a head, and those times its people. Key: step."""
    other = sum((worked.expected.get(icb, Decimal(0)) for icb in worked.asked.beside.icbs), Decimal(0))
    found = factors.factors(own, worked.expected.get(own.icb, Decimal(0)), other)
    steps = factors.steps(own, found)
    people = round(own.own.population or 0)
    worth = to_the_penny({name: Fraction(amount) * people for name, amount in steps[1:-1]})
    ratios = {factor.factor: Decimal(factor.ratio).quantize(RATE) for factor in found}
    named = {name: row["name"] for name, row in factors.meanings().items()}
    named |= {"comparator": "The comparator", "own": "This ICB"}
    told = {name: row["meaning"] for name, row in factors.meanings().items()}
    told |= {"comparator": f"spend a head of {worked.asked.beside.name}", "own": "its own spend a head"}
    return [
        {"step": named[name], "pounds": amount, "ratio": ratios.get(name), "worth": worth.get(name),
         "meaning": told[name]}
        for name, amount in steps
    ]  # fmt: skip


def _by_icb(answers: Answers, person: Person, worked: Worked, own: Varied) -> list[dict[str, Any]]:
    """People treated and spend of each ICB, with the ratios that follow. Grain and key: icb.

    Others' are what scope lets through; figures that the room withholds for want of coverage are blank for all.
    """
    scope, known = worked.asked.scope, names(answers.register, "icb")
    boards = {cell.icb: cell for cell in worked.boards}
    rows = []
    for icb in sorted({*boards, *(code for one in worked.offered for code in one)}):
        tally = worked.spent.get(icb, NOBODY)
        rows.append(
            {"icb": icb, "icb_name": known.get(icb, ""), "population": round(worked.asked.people.get(icb, 0)),
             "patients": tally.patients, "spend": tally.spend}
        )  # fmt: skip
    filters = [f"{name}={value}" for part in (scope.only, scope.without) for name, of in part.items() for value in of]
    shown = beside(rows, "peers", person, answers.register, [*filters, *(f"only {name}" for name in scope.only)])
    mine = {row["icb"] for row in kept(rows, "variation", person, answers.register)}
    return [_with_rates(row, boards[row["icb"]], own, row["icb"] in mine) for row in shown if row["icb"] in boards]


def _with_rates(row: Mapping[str, Any], cell: Varied, own: Varied, mine: bool) -> dict[str, Any]:
    people = row["population"]
    patients = None if cell.blocked else row["patients"]
    spend = None if cell.blocked == "all" else row["spend"]
    head = Decimal(spend) / people if spend is not None and people else None
    rate = Decimal(patients) / people if patients is not None and people else None
    each = Decimal(spend) / patients if spend is not None and patients else None
    rates, costs = own.other.patients_per_head, own.other.spend_per_patient
    why = cell.blocked_because if mine else OTHERS if None in (patients, spend) else ""
    return {
        "icb": row["icb"], "icb_name": row["icb_name"], "population": people, "patients": patients,
        "spend": None if spend is None else spend.quantize(PENNY), "spend_per_head": _rounded(head),
        "patients_per_1000": _rounded(None if rate is None else rate * 1000), "spend_per_patient": _rounded(each),
        "access_ratio": _rounded(rate / Decimal(rates) if rate and rates else None),
        "intensity_ratio": _rounded(each / Decimal(costs) if each and each > 0 and costs else None),
        "flag": cell.flags.get("spend", "") if mine else "", "blocked_because": why,
    }  # fmt: skip


def _rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(RATE)


def every_figure(answers: Answers, found: Seen) -> list[dict[str, Any]]:
    """Everything about the ICB's cells, as `tertiary variation` writes it. Grain and key: the dimension."""
    asked = found.asked
    rows = tables.spend_rows(answers.register, asked.by, found.services, asked.limits["confidence"].value)
    return list(shortened(rows).to_pylist())
