"""*Targets*: what places should have, how far they are from it, and the way there; public, from the register alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tertiary.allocate import policies
from tertiary.allocate.openings import openings
from tertiary.publish import target_charts
from tertiary.publish.charts import Words
from tertiary.publish.workbook import Column
from tertiary.show import label
from tertiary.web.access import person_of
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.render import answer, answers_of
from tertiary.web.scope import acts_for, kept
from tertiary.web.targets import (
    EVERYTHING,
    LEVELS,
    Asked,
    by_year,
    choices,
    distances_for_chart,
    followed,
    in_points,
    in_words,
    paths_for_chart,
    targeted,
)
from tertiary.web.views import Chart, Grid, View

if TYPE_CHECKING:
    from tertiary.register import Register

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
PAGE_ROWS = 500
# more bars than this nobody reads
MOST_BARS = 110
Word = Annotated[str, Query(max_length=60)]
BASIS = tuple(Column(name, name.capitalize()) for name in ("figure", "rule", "source", "confidence"))
COLUMNS = {
    c.name: c for c in (
        Column("stream", "Need"), Column("code", "Code"), Column("name", "Place"),
        Column("population", "People", "whole"), Column("weighted_population", "People weighted by need", "whole"),
        Column("need_share", "Share of need", "share"), Column("index", "Need index", "number"),
        Column("low", "Share, low", "number"), Column("high", "Share, high", "number"),
        Column("opening", "Opening (£)", "money"), Column("target", "Target (£)", "money"),
        Column("gap", "Opening less target (£)", "money"), Column("distance_percent", "Distance (%)", "number"),
        Column("low_percent", "Distance, low (%)", "number"), Column("high_percent", "Distance, high (%)", "number"),
        Column("opening_per_head", "Opening per person (£)", "number"),
        Column("target_per_head", "Target per person (£)", "number"), Column("financial_year", "Year"),
        Column("transfer", "Moved in or out (£)", "money"),
        Column("opening_distance_percent", "Distance before (%)", "number"),
        Column("growth_percent", "Growth (%)", "number"),
        Column("allocation", "Allocation (£)", "money"), Column("per_head", "Allocation per person (£)", "number"),
        Column("bound", "Held by"), Column("tolerance_percent", "Within (%)", "number"),
        Column("years_to_target", "Years to target", "whole"),
    )
}  # fmt: skip
NAMES = {
    "general_acute": "general and acute", "health_inequalities": "health inequalities",
    "mental_health": "mental health",
    "primary_medical": "primary medical", "primary_medical_need": "primary medical, need alone",
    "core": "core: all of these together", EVERYTHING: "every stream, side by side",
}  # fmt: skip
POLICIES = {
    "uniform": "the same growth for all", "growth_pivot": "less growth above target, more below",
    "convergence_adjustment": "those above give up growth by bands",
}  # fmt: skip


@router.get("/money/targets")
def targets(
    request: Request, stream: Word = "core", year: Word = "", level: Word = "icb_2024", within: Word = "",
    pot: Word = "", opening: Word = "",
) -> Response:  # fmt: skip
    """Need shares, targets and distance from target of each place."""
    asked = Asked(stream, year, level, within.strip(), pot, opening)
    return answer(request, _targets(request, asked))


@router.get("/money/targets/path")
def path(
    request: Request, stream: Word = "core", year: Word = "", level: Word = "icb_2024", within: Word = "",
    pot: Word = "", opening: Word = "", policy: Word = "growth_pivot", growth: Word = "3%",
    years: Annotated[int, Query(ge=1, le=10)] = 3,
) -> Response:  # fmt: skip
    """The path of allocations from opening to target under a policy."""
    asked = Asked(stream, year, level, within.strip(), pot, opening, policy, growth, years)
    return answer(request, _path(request, asked))


@api.get("/targets", responses=FAILURES)
def figures(
    request: Request,
    of: Annotated[Literal["need", "distance", "path", "arrivals"], Query(description="Which table.")] = "distance",
    stream: Annotated[str, Query(max_length=60, description="A stream of need; all for every one (need).")] = "core",
    year: Annotated[str, Query(max_length=6, description="Financial year of the need, such as 202526.")] = "",
    level: Annotated[str, Query(max_length=20, description=", ".join(LEVELS))] = "icb_2024",
    within: Annotated[str, Query(max_length=60, description="LEVEL:CODE of a place to look inside.")] = "",
    pot: Annotated[str, Query(max_length=30, description="Pounds to share.")] = "",
    opening: Annotated[str, Query(max_length=20, description=", ".join(openings()))] = "",
    policy: Annotated[str, Query(max_length=40, description=", ".join(policies()))] = "growth_pivot",
    growth: Annotated[str, Query(max_length=20, description="Growth of the pot a year, such as 0.03.")] = "3%",
    years: Annotated[int, Query(ge=1, le=10)] = 3,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    run: Annotated[str, Query(description="Name of a run, whose register is used; the first when blank.")] = "",
) -> Rows:
    """What places should have: need, distance from target, or the path to it, of the register alone."""
    asked = Asked(stream, year, level, within.strip(), pot, opening, policy, growth, years)
    view = _path(request, asked, run, whole=True) if of in ("path", "arrivals") else _targets(request, asked, run, True)
    return rows_of(view.grid(of), label(answers_of(request, run).run), limit)


def _targets(request: Request, asked: Asked, run: str = "", whole: bool = False) -> View:
    answers, person = answers_of(request, run), person_of(request)
    register = answers.known(person)
    found = targeted(answers.made, register, asked)
    need, apart = (kept(rows, "targets", person, register) for rows in (found.need, found.distance))
    own = acts_for(person, register)
    whole = whole or "format" in request.query_params
    more = not whole and len(need) > PAGE_ROWS
    part = None if whole else PAGE_ROWS
    grids = [
        _grid("distance", f"Distance from target by place, pot £{found.pot:,.0f}, the highest first", apart[:part]),
        _grid("need", "Need by place", need[:part]),
        Grid("basis", "What each figure rests on", BASIS, found.basis),
    ]  # fmt: skip
    charts = []
    if 0 < len(apart) <= MOST_BARS:
        charts.append(_distances(answers, asked, apart, own))
    told = ""
    if found.range:
        names = {row["code"]: row["name"] or row["code"] for row in apart}
        told = (
            f"From {in_points(found.range.lowest_distance)} in {names[found.range.lowest]} to "
            f"{in_points(found.range.highest_distance)} in {names[found.range.highest]}: "
            f"{float(found.range.points):.2f} percentage points between the two, which is no one's shortfall."
        )
    values = _values(register, asked, found.opening) | {
        "told": told, "more": more, "own": [row for row in apart if row["code"] in own], "drawn": bool(charts),
    }  # fmt: skip
    return View("Targets and distance", "targets.html", grids, charts, values)


def _path(request: Request, asked: Asked, run: str = "", whole: bool = False) -> View:
    answers, person = answers_of(request, run), person_of(request)
    register = answers.known(person)
    found = followed(answers.made, register, asked)
    steps, arrivals = (kept(rows, "targets", person, register) for rows in (found.steps, found.arrivals))
    own = acts_for(person, register)
    part = None if whole or "format" in request.query_params else PAGE_ROWS
    yearly = by_year(steps)
    grids = [
        _by_year(yearly[:part]),
        _grid("path", "Allocation and distance from target by year and place", steps[:part]),
        _grid("arrivals", "When each place is at its target", arrivals),
        Grid("basis", "What each figure rests on", BASIS, found.basis),
    ]
    words = Words(
        "The way to target", "Distance from target by year; dashed: at target. ▶ and dark: your own",
        (_source(found.basis), label(answers.run)),
    )  # fmt: skip
    spec = target_charts.paths(paths_for_chart(yearly[:part], own), words, unit="per cent of the target")
    chart = Chart("way", "Lines of distance from target by year, one for each place.", spec, "by_year")
    values = _values(register, asked, found.opening) | {"more": part is not None and len(yearly) > part}
    return View("The way to target", "targets_path.html", grids, [chart], values)


def _grid(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> Grid:
    names = list(rows[0]) if rows else ["code"]
    return Grid(name, title, [COLUMNS[n] for n in names], rows, blanks={"bound": "no bound"})


def _by_year(rows: Sequence[Mapping[str, Any]]) -> Grid:
    years = [name for name in (rows[0] if rows else {}) if name.isdigit()]
    columns = [
        COLUMNS["code"], COLUMNS["name"], Column("before", "Before (%)", "number"),
        *(Column(year, f"{in_words(year)} (%)", "number") for year in years),
    ]  # fmt: skip
    return Grid("by_year", "Distance from target by place and year, the highest first", columns, rows)


def _distances(answers: Any, asked: Asked, rows: Sequence[Mapping[str, Any]], own: frozenset[str]) -> Chart:
    words = Words(
        "Distance from target", f"{LEVELS[asked.level]}; edged and marked ▶: your own",
        ("Need, pot and opening: see the table of what each figure rests on.", label(answers.run)),
    )  # fmt: skip
    spec = target_charts.distances(distances_for_chart(rows, own), words)
    return Chart("distances", "Bars of distance from target, one for each place, the highest first.", spec, "distance")


def _source(basis: Sequence[Mapping[str, str]]) -> str:
    return "; ".join(f"{row['figure']}: {row['confidence']}" for row in basis)


def _values(register: Register, asked: Asked, opening: str) -> dict[str, Any]:
    streams, years = choices(register)
    shown = replace(asked, year=asked.year or years[0], opening=asked.opening or opening)
    return {
        "asked": shown,
        "streams": [(s, NAMES.get(s, s.replace("_", " "))) for s in (*streams, EVERYTHING)],
        "years": [(y, in_words(y)) for y in years],
        "levels": list(LEVELS.items()),
        "openings": [(o.opening, o.name) for o in openings().values()],
        "policies": [(name, POLICIES.get(name, name)) for name in policies()],
        "everything": asked.stream == EVERYTHING,
        "not_special": asked.stream != "specialised",
    }
