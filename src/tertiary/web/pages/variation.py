"""*Variation*: why an ICB spends more or less a head on specialised care than others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tertiary.allocate.basis import streams
from tertiary.allocate.comparators import kinds
from tertiary.allocate.factors import meanings
from tertiary.allocate.rows import names
from tertiary.publish import charts
from tertiary.publish.charts import Words
from tertiary.publish.money_charts import waterfall
from tertiary.publish.variation_charts import (
    MOST_BARS,
    MOST_POINTS,
    SLOPES,
    chart_rows,
    coverage_words,
    foot,
    lacking_of,
    points,
    what,
)
from tertiary.publish.variation_notes import summary
from tertiary.publish.variation_words import findings, stands_out, with_limits
from tertiary.publish.workbook import Column
from tertiary.show import label
from tertiary.web.access import person_of
from tertiary.web.answers import Answers
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.people import Person
from tertiary.web.render import INSIDE, answer, answers_of
from tertiary.web.ringfence import said, watched
from tertiary.web.scope import ForbiddenError, released, sees_all
from tertiary.web.variation import DIMENSIONS, Asked, Seen, choices, every_figure, seen
from tertiary.web.views import Chart, Grid, View

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
HIDDEN = "not shown"
# block payments name no patient, so that with them little can be said of why
BLOCK = "point_of_delivery=BLOCK"
LONGEST_CHOICE = 42
Word = Annotated[str, Query(max_length=60)]
Texts = Annotated[list[str] | None, Query(max_length=10)]
Month = Annotated[str, Query(pattern="^([1-9]|1[0-2])?$")]
MONEY_A_HEAD = ("spend_per_head", "comparator_spend_per_head", "difference", "access_pounds", "intensity_pounds")
NARROW = (
    Column("code", "Code"), Column("name", "What"), Column("spend_per_head", "£ a person", "number"),
    Column("comparator_spend_per_head", "Comparator, £ a person", "number"),
    Column("difference", "More or less", "number"),
    Column("access_pounds", "by people treated", "number"), Column("intensity_pounds", "by spend on each", "number"),
    Column("worth", "Over all people (£)", "money"), Column("access", "People treated, ratio and limits"),
    Column("intensity", "Spend on each, ratio and limits"), Column("beyond", "Beyond chance"),
    Column("blocked_because", "Why a figure is missing"),
)  # fmt: skip
BY_ICB = (
    Column("icb", "Code"), Column("icb_name", "ICB"), Column("population", "People", "whole"),
    Column("patients", "People treated", "whole"), Column("spend", "Spend (£)", "money"),
    Column("spend_per_head", "£ a person", "number"), Column("patients_per_1000", "Treated per 1,000", "number"),
    Column("spend_per_patient", "£ for each treated", "number"), Column("access_ratio", "Access, ratio", "number"),
    Column("intensity_ratio", "Intensity, ratio", "number"), Column("flag", "Spend beside the comparator"),
    Column("blocked_because", "Why a figure is missing"),
)  # fmt: skip
# of these and what stands beside them the people treated could be worked out
RATIOS = ("patients_per_1000", "spend_per_patient", "access_ratio", "intensity_ratio")
WHY = (
    Column("step", "Step"), Column("pounds", "£ a person", "number"), Column("ratio", "Ratio", "number"),
    Column("worth", "Over all people (£)", "money"), Column("meaning", "What it means"),
)  # fmt: skip
FINDINGS = (Column("name", "What"), Column("finding", "What stands out"))
BASIS = tuple(Column(name, name.capitalize()) for name in ("figure", "rule", "source", "confidence"))


@router.get("/money/variation")
def variation(
    request: Request, icb: Word = "", by: Word = "npoc_code", beside: Word = "all", peers: Word = "",
    only: Texts = None, without: Texts = None, need: Word = "", year: Word = "", month: Month = "",
) -> Response:  # fmt: skip
    """Why an ICB spends more or less a head than others; block payments are left out unless the address says not."""
    left = [BLOCK] if without is None else without
    asked = _asked(icb, by, beside, peers, only, left, need, year, month)
    return answer(request, _view(answers_of(request), person_of(request), asked))


@api.get("/variation", responses=FAILURES)
def figures(
    request: Request,
    icb: Annotated[str, Query(max_length=10, description="The ICB in question; blank: the first of one's own.")] = "",
    by: Annotated[str, Query(max_length=30, description=", ".join(DIMENSIONS))] = "npoc_code",
    beside: Annotated[str, Query(max_length=10, description="Whom to compare with: " + ", ".join(kinds()))] = "all",
    peers: Annotated[str, Query(max_length=60, description="Codes of ICBs to compare with instead.")] = "",
    only: Annotated[list[str] | None, Query(max_length=10, description="COLUMN=VALUES to keep to.")] = None,
    without: Annotated[list[str] | None, Query(max_length=10, description="COLUMN=VALUES to leave out.")] = None,
    need: Annotated[str, Query(max_length=40, description="A stream of need, such as core.")] = "",
    year: Annotated[str, Query(max_length=6)] = "",
    month: Annotated[str, Query(pattern="^([1-9]|1[0-2])?$", description="Last month.")] = "",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    run: Annotated[str, Query(description="Name of a run; the first when blank.")] = "",
) -> Rows:
    """Spend a head of an ICB beside others: access, intensity, limits and coverage, as `tertiary variation` has it."""
    answers = answers_of(request, run)
    asked = _asked(icb, by, beside, peers, only, without, need, year, month)
    view = _view(answers, person_of(request), asked)
    return rows_of(view.grid("every_figure"), label(answers.run), limit)


def _asked(
    icb: str, by: str, beside: str, peers: str, only: list[str] | None, without: list[str] | None, need: str, year: str,
    month: str,
) -> Asked:  # fmt: skip
    codes = tuple(dict.fromkeys(code.strip() for code in peers.split(",") if code.strip()))
    kept, left = (tuple(sorted({text for text in texts or () if text})) for texts in (only, without))
    return Asked(icb, by, beside, codes, kept, left, need, year, int(month) if month else None)


def _view(answers: Answers, person: Person, asked: Asked) -> View:
    boards = choices(answers, person, asked)
    if not boards:
        raise ForbiddenError("This run holds no spend of an ICB of yours, so there is nothing to compare.")
    asked = asked if asked.icb else replace(asked, icb=boards[0][0])
    found = seen(answers, person, asked)
    register = answers.register
    everything = every_figure(answers, found)
    services = _narrow(answers, found, everything)
    grids = [
        Grid("why", f"From {found.asked.beside.name} to {dict(boards).get(asked.icb, asked.icb)}, pounds a person", WHY,
             found.why, f"Not shown: {found.own.blocked_because or 'there is nothing to take apart'}.",
             blanks={"ratio": "", "worth": ""}),
        Grid("by_icb", "Spending and access by ICB", BY_ICB, found.by_icb,
             blanks={**_hidden(BY_ICB), "blocked_because": "", "flag": "not tested"}, counts=("patients",),
             beside=("spend", "spend_per_head"), ratios=RATIOS),
        Grid("findings", "Parts beyond chance or outside the funnel", FINDINGS,
             findings(register, found.asked.by, found.services, found.asked.limits),
             "Nothing stands out beyond chance."),
        Grid("variation", f"Why spend differs, by {what(found.asked.by)}, the widest in pounds first", NARROW, services,
             "There is no spend of this kind.", links=_deeper(asked, services),
             blanks={**_hidden(NARROW), "code": "none", "blocked_because": "", "beyond": "not tested"}),
        Grid("every_figure", "Every figure", _columns(everything), everything, inside=True, as_kept=True),
        Grid("basis", "What each figure rests on", BASIS, _basis(found)),
    ]  # fmt: skip
    told = [f"{one.icb}: {said(one)}" for one in watched(answers, person, asked.icb)]
    values = _values(register, asked, boards) | {
        "summary": summary(found.own), "watched": told,
        "meaning": "" if sees_all(person) else released()["peers"].meaning,
        "name": dict(boards).get(asked.icb, asked.icb), "comparator": found.asked.beside,
    }  # fmt: skip
    return View("Variation", "variation.html", grids, _charts(answers, asked, found), values)


def _charts(answers: Answers, asked: Asked, found: Seen) -> list[Chart]:
    """Charts of what the tables beside them hold; one without a figure is left out."""
    run, register, question = answers.run, answers.register, found.asked
    made = []
    if found.why:
        told = "from the comparator to this ICB; the axis does not begin at nothing"
        words = Words("Why spend per head differs", told, foot(run, question))
        spec = waterfall([(row["step"], row["pounds"]) for row in found.why], words, ends="spend per head", small=True)
        made.append(Chart("reasons", "Columns from the comparator's spend a head to the ICB's own.", spec, "why"))
    boards = [
        {"name": row["icb_name"] or row["icb"], "own": row["icb"] == asked.icb, "access": float(row["access_ratio"]),
         "intensity": float(row["intensity_ratio"]), "flag": row["flag"]}
        for row in found.by_icb if row["access_ratio"] and row["intensity_ratio"]
    ]  # fmt: skip
    if boards:
        words = Words("Spending and access by ICB", f"{SLOPES}; ▶ the ICB in question.", (*foot(run, question), INSIDE))
        made.append(Chart("spending_and_access", "Points of people treated a head and spend on each, one an ICB.",
                          charts.mountain(boards, words), "by_icb"))  # fmt: skip
    every = chart_rows(register, question.by, found.services, asked.icb)
    wide = [row for row in every if row["intensity_ratio"]][:MOST_BARS]
    if wide:
        written = foot(run, question, coverage_words(wide, lacking_of(every)))
        told = "The widest in pounds. Diamond: the whole difference, access and intensity together."
        words = Words(f"Why spend per head differs, by {what(question.by)}", told, written)
        spec = charts.split_bars(wide, words, unit="pounds per head more or less")
        made.append(Chart("differences", "Bars of access and intensity in pounds a head.", spec, "variation"))
    both = [row for row in wide if row["access_ratio"]][:MOST_POINTS]
    if both:
        words = Words(f"Spending and access by {what(question.by)}", f"{SLOPES}.", foot(run, question))
        made.append(Chart("spending_and_access_parts", "Points of people treated a head and spend on each, one a part.",
                          charts.mountain(points(both), words), "variation"))  # fmt: skip
    return made


def _narrow(answers: Answers, found: Seen, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a page shows of each cell. Grain and key: the dimension."""
    (dimension,) = found.asked.by
    known = names(answers.register, dimension)
    return [
        {"code": row[dimension], "name": known.get(row[dimension]) or row[dimension] or "no code",
         **{name: row[name] for name in (*MONEY_A_HEAD, "worth", "blocked_because")},
         "access": with_limits(cell.access), "intensity": with_limits(cell.split.intensity if cell.split else None),
         "beyond": stands_out(cell)}
        for row, cell in zip(rows, found.services, strict=True)
    ]  # fmt: skip


def _deeper(asked: Asked, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Addresses of the same question about one part; none for a part without a code."""
    onward = "point_of_delivery" if asked.by == "service_line_final" else "service_line_final"
    if asked.by == onward or asked.by in ("point_of_delivery", "component"):
        return [""] * len(rows)
    kept = [("icb", asked.icb), ("beside", asked.beside), ("need", asked.need), ("year", asked.year),
            ("month", str(asked.month or "")), ("peers", ",".join(asked.peers)),
            *(("only", text) for text in asked.only)]  # fmt: skip
    # a blank says that nothing is left out, which the page would do unless told
    left = [("without", text) for text in asked.without or ("",)]
    same = [*[(name, value) for name, value in kept if value], ("by", onward), *left]
    return [
        "?" + urlencode([*same, ("only", f"{asked.by}={row['code']}")]) if row["code"] else "" for row in rows
    ]  # fmt: skip


def _basis(found: Seen) -> list[dict[str, str]]:
    asked = found.asked
    kind = next((k for k in kinds().values() if k.name == asked.beside.name), None)
    rows = [
        {"figure": "Comparator", "rule": f"{asked.beside.name}: {', '.join(asked.beside.icbs)}",
         "source": kind.source if kind else "see comparators", "confidence": kind.confidence if kind else "derived"},
        {"figure": "People", "rule": "people of each ICB", "source": asked.people_source, "confidence": "official"},
    ]  # fmt: skip
    if asked.need is not None:
        rows.append({"figure": "Need", "rule": "need a head beside the comparator's", "source": asked.need_source,
                     "confidence": "illustrative"})  # fmt: skip
    rows += [
        {"figure": row["name"], "rule": row["meaning"], "source": row["source"], "confidence": row["confidence"]}
        for name, row in meanings().items() if name != "need" or asked.need is not None
    ]  # fmt: skip
    rows += [
        {"figure": f"Limit: {x.limit.replace('_', ' ')}", "rule": f"{x.value:g}: {x.meaning}", "source": x.source,
         "confidence": x.confidence}
        for x in asked.limits.values()
    ]  # fmt: skip
    return rows


def _values(register: Any, asked: Asked, boards: list[tuple[str, str]]) -> dict[str, Any]:
    programmes = sorted(names(register, "npoc_code").items())
    usual = ["", *(f"npoc_code={code}" for code, _ in programmes if ";" not in code)]
    spoken = {f"npoc_code={code}": name for code, name in programmes} | {
        "component=activity": "activity alone", "component=drug": "drugs alone", "component=device": "devices alone",
    }  # fmt: skip
    chosen = asked.only[0] if asked.only else ""
    offered = dict.fromkeys([*usual, "component=activity", "component=drug", "component=device", chosen])
    return {
        "asked": asked,
        "boards": boards,
        "dimensions": list(DIMENSIONS.items()),
        "comparators": [(k.comparator, k.name) for k in kinds().values()],
        "onlies": [(o, charts.short(spoken.get(o, o), LONGEST_CHOICE) if o else "all of it") for o in offered],
        "withouts": [("", "nothing"), (BLOCK, "block payments")],
        "needs": [("", "not counted"), *((n, charts.short(one.name, LONGEST_CHOICE)) for n, one in streams().items())],
        "only": chosen,
        "without": asked.without[0] if asked.without else "",
    }


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """Columns as the command names them; all text, for they are to be read by programs."""
    return [Column(name, name) for name in (rows[0] if rows else ())]


def _hidden(columns: Sequence[Column]) -> dict[str, str]:
    return {column.name: HIDDEN for column in columns}
