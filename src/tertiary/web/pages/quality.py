"""*Data quality*: what is wrong with the data, how far derived and submitted agree, and what did not arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tertiary.errors import RunError
from tertiary.phasing import first_day
from tertiary.publish.charts import Words
from tertiary.publish.quality_charts import findings_by_month
from tertiary.publish.workbook import Column
from tertiary.show import label
from tertiary.web import coverage, quality
from tertiary.web.access import person_of
from tertiary.web.answers import FATES, MOST_ROWS, once
from tertiary.web.api import FAILURES, Rows, pairs_of, rows_of
from tertiary.web.names import words_of
from tertiary.web.pages.asked import deeper
from tertiary.web.render import INSIDE, answer, answers_of
from tertiary.web.views import Chart, Grid, View

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
USUAL = ("rule_id", "severity")
# by what a row's own part is totalled: the first that is not fixed yet, and no further
ONWARD = ("rule_id", "provider_code", "financial_month")
MOST_DIMENSIONS = 3
PAGE_ROWS = 25
WORDS = {
    "rule_id": "Rule", "severity": "Severity", "level": "Kind of check", "provider_code": "Provider",
    "financial_year": "Year", "financial_month": "Month", "flow": "Flow", "population_icb": "Population (ICB)",
}  # fmt: skip
BLANKS = {
    "provider_code": "not readable", "financial_year": "not readable", "flow": "not recognised",
    "population_icb": "not known",
}  # fmt: skip
COUNTS = (
    Column("findings", "Findings", "whole"), Column("received", "Rows received", "whole"),
    Column("per_thousand", "Per 1,000 rows", "number"),
)  # fmt: skip
RULE = (Column("expected", "What is expected"), Column("advice", "What to do"))
MONTH = Column("month", "Month")
KEY = (
    Column("provider_code", "Provider"), Column("flow", "Flow"), Column("financial_year", "Year"),
    Column("financial_month", "Month", "whole"), Column("state", "State"),
)  # fmt: skip
MOVED = (
    MONTH, Column("error", "Errors", "whole"), Column("warning", "Warnings", "whole"),
    Column("information", "Information", "whole"), Column("findings", "All", "whole"),
    Column("change", "Change on the month before", "whole"), *COUNTS[1:],
)  # fmt: skip
AGREED = (
    Column("compared", "Compared", "whole"), Column("agreed", "Agree", "whole"),
    Column("differing", "Differ", "whole"), Column("share", "Agree, of compared", "share"),
    Column("pounds", "Submitted for those that differ (£)", "money"),
)  # fmt: skip
STATE = Column("words", "State")
SENT = (
    Column("received", "Rows received", "whole"), Column("quarantined", "Set aside", "whole"),
    Column("quarantined_share", "Set aside, of received", "share"),
    Column("first_arrival", "First came", "day"), Column("flex", "Flex", "day"),
)  # fmt: skip
COVERAGE = (Column("provider_code", "Provider"), Column("flow", "Flow"), MONTH, STATE)
AGGREGATE = (
    Column("provider_code", "Provider"), MONTH, Column("acm", "Aggregate (£)", "money"),
    Column("patient_level", "Patient level (£)", "money"), Column("gap", "Gap (£)", "money"),
    Column("coverage", "Patient level, of aggregate", "share"), Column("state", "State"),
)  # fmt: skip
# what counts records, and what counts could be worked out of again: see Grid
SEVERE = ("error", "warning", "information", "findings")
COMPARED = ("compared", "agreed", "differing")
RATES = ("per_thousand", "change")
UNPLACED = (
    Column("flow", "Flow"), Column("provider_code", "Provider"), Column("submissions", "Submissions", "whole"),
    *(Column(name, name.capitalize(), "whole") for name in FATES),
)  # fmt: skip


@router.get("/quality")
def findings(request: Request) -> Response:
    """Findings, sliced and totalled as the address says, and how they moved."""
    person, asked, query = person_of(request), answers_of(request), request.query_params
    by = list(dict.fromkeys(name for name in query.getlist("by") if name)) or list(USUAL)
    if len(by) > MOST_DIMENSIONS:
        raise RunError(f"Findings are totalled by {MOST_DIMENSIONS} columns at most; {len(by)} were asked for.")
    only = _only(request, quality.DIMENSIONS)
    rows, more = quality.findings(asked, person, by, only, MOST_ROWS if "format" in query else PAGE_ROWS)
    links = [deeper(query.multi_items(), by, row, ONWARD) for row in rows]
    by_columns = _columns(by, rows)
    found = Grid("findings", "Findings, most first", by_columns, _worded(rows, only),
                 "There is no finding of that kind in what is yours.", links=links, blanks=BLANKS,
                 counts=_shown(("findings", "received"), by_columns), ratios=RATES)  # fmt: skip
    moved = [{**row, "month": _month(row)} for row in quality.movement(asked, person, only)]
    columns = [c for c in MOVED if c.name not in ("received", "per_thousand") or _is_known(moved)]
    months = Grid("months", "Findings from month to month", columns, moved, "There is no finding of a known month.",
                  blanks={"change": "first month"}, counts=_shown((*SEVERE, "received"), columns),
                  ratios=RATES)  # fmt: skip
    charts = [
        Chart("findings_by_month", _said(moved), findings_by_month(moved, _words(moved, label(asked.run))), "months")
    ]
    values = {
        "by": by, "only": only, "words": WORDS, "blanks": BLANKS, "choices": list(WORDS.items()), "more": more,
        "whole": quality.findings(asked, person, (), only)[0][0]["findings"],
        "is_icb": not coverage.sees_counts(asked, person),
    }  # fmt: skip
    return answer(request, View("Data quality", "quality.html", [found, months], charts, values))


@router.get("/quality/agreement")
def agreement(request: Request) -> Response:
    """How far what was derived agrees with what was submitted, and where it does not."""
    from tertiary.price import Materiality

    person, asked, query = person_of(request), answers_of(request), request.query_params
    only, most = _only(request, quality.CELL), MOST_ROWS if "format" in query else PAGE_ROWS
    kinds = quality.comparisons()

    def grid(name: str, title: str, columns: Sequence[Column], by: Sequence[str], wanted: Sequence[str]) -> Grid:
        found = [
            {**row, "what": kinds[row["kind"]]["name"]} for row in quality.agreement(asked, person, only, by)
            if row["kind"] in wanted and (not by or row["differing"])
        ]  # fmt: skip
        if MONTH in columns:
            found = [{**row, "month": _month(row)} for row in found]
        links = [_provider(query.multi_items(), row) for row in found[:most]] if "provider_code" in by else ()
        return Grid(name, title, columns, found[:most], "Nothing differs in what is yours.", _cut(found, most),
                    links, BLANKS, counts=_shown(COMPARED, columns), beside=("pounds",), ratios=("share",))  # fmt: skip

    about, provider = Column("what", "Compared"), Column("provider_code", "Provider")
    pair = (Column("submitted", "Submitted"), Column("found", "Derived"))
    grids = [
        grid("agreement", "Derived and submitted", (about, *AGREED), (), tuple(kinds)),
        grid("by_provider", "Where they differ most: providers", (provider, about, *AGREED), ("provider_code",),
             tuple(kinds)),
        grid("by_month", "Where they differ most: months and flows", (MONTH, Column("flow", "Flow"), about, *AGREED),
             ("financial_year", "financial_month", "flow"), tuple(kinds)),
        grid("pairs", "Where they differ most: codes", (about, *pair, *AGREED[2:3], AGREED[4]),
             ("submitted", "found"), ("line", "commissioner")),
    ]  # fmt: skip
    values = {"only": only, "words": WORDS, "blanks": BLANKS, "kinds": kinds, "materiality": Materiality.usual()}
    return answer(request, View("Data quality: agreement", "quality_agreement.html", grids, values=values))


@router.get("/quality/coverage")
def arrived(request: Request) -> Response:
    """Which months of a flow of a provider arrived, and which did not, came late or were set aside in part."""
    person, asked, query = person_of(request), answers_of(request), request.query_params
    only, counted = _only(request, coverage.DIMENSIONS), coverage.sees_counts(asked, person)
    rows = _stated(coverage.arrivals(asked, person, only))
    urgent = [row for row in rows if coverage.needs_attention(row)]
    flows = coverage.by_flow(rows)
    seen = [state for state in coverage.states() if any(flow[state] for flow in flows)]
    share = (Column("received", "Rows received", "whole"), Column("quarantined_share", "Set aside", "share"))
    flow_columns = (
        Column("flow", "Flow"), Column("expected", "Months expected", "whole"),
        *(Column(state, coverage.states()[state]["words"].capitalize(), "whole") for state in seen),
        *(share if counted else ()),
    )  # fmt: skip
    columns = (*COVERAGE, *SENT) if counted else COVERAGE
    most = MOST_ROWS if "format" in query else PAGE_ROWS
    matrix_columns, matrix = _matrix(rows)
    links = ["?" + urlencode([*_kept(query.multi_items()), ("provider_code", r["provider_code"])]) for r in matrix]
    gaps = [{**row, "month": _month(row)} for row in coverage.to_aggregate(asked, person, only)]
    ratios = ("quarantined_share",)
    treated: dict[str, Any] = {"counts": ("received", "quarantined") if counted else (), "ratios": ratios}
    treated_flows: dict[str, Any] = {"counts": ("received",) if counted else (), "ratios": ratios}
    grids = [
        Grid("attention", "What needs attention", columns, urgent[:most], "Nothing is missing, late or set aside.",
             _cut(urgent, most), blanks={"quarantined_share": "no rows", "first_arrival": "not told"}, **treated),
        Grid("flows", "Months by flow", flow_columns, flows, "Nothing arrived that is yours.", **treated_flows),
        Grid("providers", "Months that arrived, by provider and flow", matrix_columns, matrix,
             "Nothing arrived that is yours.", links=links, blanks={c.name: "–" for c in matrix_columns}),
        Grid("aggregate", "Patient level data against the aggregate, largest gap first", AGGREGATE, gaps[:most],
             "There is no aggregate of yours.", _cut(gaps, most), blanks={"coverage": "no aggregate"}),
        Grid("unplaced", "Rows whose provider or month could not be read", UNPLACED, coverage.unplaced(asked, person),
             blanks=BLANKS, counts=FATES),
        Grid("coverage", "Every month of every flow", columns, rows, blanks={"quarantined_share": "no rows"},
             **treated),
    ]  # fmt: skip
    values = {
        "only": only, "words": WORDS, "blanks": BLANKS, "is_icb": not counted, "urgent": len(urgent),
        "quarantined": coverage.limits()["quarantined"],
    }  # fmt: skip
    return answer(request, View("Data quality: coverage", "quality_coverage.html", grids, values=values))


@api.get("/findings", responses=FAILURES)
def findings_for_programs(
    request: Request,
    by: Annotated[list[str] | None, Query(description="Columns to total by: " + ", ".join(quality.DIMENSIONS))] = None,
    only: Annotated[list[str] | None, Query(description="COLUMN:VALUE to keep to; again for another column.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 1000,
    run: Annotated[str, Query(description="Name of a run; the first of `/api/v1/runs` when blank.")] = "",
) -> Rows:
    """Findings within what the caller may see, most first; rows received where they are the caller's to see."""
    asked, groups = answers_of(request, run), list(dict.fromkeys(by or ()))
    kept = once(pairs_of(only))
    rows, more = quality.findings(asked, person_of(request), groups, kept, limit)
    columns = [*(Column(name, name) for name in groups), *COUNTS]
    found = rows_of(Grid("findings", "", columns, rows, counts=("findings", "received")), label(asked.run), limit)
    return found.model_copy(update={"more": more})


@api.get("/coverage", responses=FAILURES)
def coverage_for_programs(
    request: Request,
    only: Annotated[list[str] | None, Query(description="COLUMN:VALUE to keep to; again for another column.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 1000,
    run: Annotated[str, Query(description="Name of a run; the first of `/api/v1/runs` when blank.")] = "",
) -> Rows:
    """Whether each expected month of a flow of a provider arrived, within what the caller may see; pressing first."""
    asked = answers_of(request, run)
    rows = coverage.arrivals(asked, person_of(request), once(pairs_of(only)))
    counts = (Column(name, name, "whole") for name in ("submissions", *FATES))
    columns = (*KEY, *counts, *SENT[2:])
    return rows_of(Grid("coverage", "", columns, rows, counts=FATES), label(asked.run), limit)


def _shown(names: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Which of some columns a table has."""
    return [column.name for column in columns if column.name in names]


def _only(request: Request, dimensions: Sequence[str]) -> dict[str, str]:
    return once((name, value) for name, value in request.query_params.multi_items() if name in dimensions)


def _kept(given: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(k, v) for k, v in given if k not in ("format", "of", "provider_code")]


def _provider(given: Sequence[tuple[str, str]], row: Mapping[str, Any]) -> str:
    return "?" + urlencode([*_kept(given), ("provider_code", row["provider_code"])])


def _columns(by: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    kinds = {"financial_month": "whole"}
    named = [Column(name, WORDS[name], kinds.get(name, "text")) for name in by]
    # the rows of all are the same number in every row
    hidden = set() if set(by) & set(quality.SENT) else {"received"}
    counts = [c for c in COUNTS if c.name not in hidden] if _is_known(rows) else COUNTS[:1]
    return [*named, *counts, *(RULE if "rule_id" in by else ())]


def _worded(rows: Sequence[Mapping[str, Any]], only: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows with what their rule expects and advises, where they have a rule."""
    words, nothing = quality.rule_words(), {"expected": "", "advice": ""}
    made = []
    for row in rows:
        rule, severity = row.get("rule_id", ""), row.get("severity") or only.get("severity", "")
        made.append({**row, **(words.get((rule, severity)) or words.get((rule, "")) or nothing)})
    return made


def _is_known(rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(row["received"] is not None for row in rows)


def _month(row: Mapping[str, Any]) -> str:
    if not row["financial_year"] or not row["financial_month"]:
        return "not readable"
    return f"{first_day(row['financial_year'], row['financial_month']):%B %Y}"


def _cut(rows: Sequence[Any], most: int) -> str:
    return f"The first {most} of {len(rows):,} rows; the download has them all." if len(rows) > most else ""


def _said(moved: Sequence[Mapping[str, Any]]) -> str:
    if not moved:
        return ""
    first, last = moved[0], moved[-1]
    return (
        f"Findings by month and severity: {first['findings']:,} in {first['month']}, {last['findings']:,} in "
        f"{last['month']}. The figures are in the table."
    )


def _words(moved: Sequence[Mapping[str, Any]], told: str) -> Words:
    span = f"{moved[0]['month']} to {moved[-1]['month']}" if moved else ""
    return Words(
        "Findings from month to month", span, ("Findings of intake and of the assignment method", told[:110], INSIDE)
    )


def _stated(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "words": coverage.states()[row["state"]]["words"], "month": _month(row)} for row in rows]


def _matrix(rows: Sequence[Mapping[str, Any]]) -> tuple[list[Column], list[dict[str, Any]]]:
    """Providers by flow: months that arrived of those expected."""
    flows = sorted({row["flow"] for row in rows})
    counts: dict[str, dict[str, list[bool]]] = {}
    for row in rows:
        arrived_here = row["state"] in ("arrived", "late")
        counts.setdefault(row["provider_code"], {}).setdefault(row["flow"], []).append(arrived_here)
    made = [
        {"provider_code": provider, **dict.fromkeys(flows, ""),
         **{flow: f"{sum(came)} of {len(came)}" for flow, came in mine.items()}}
        for provider, mine in sorted(counts.items())
    ]  # fmt: skip
    return [Column("provider_code", "Provider"), *(Column(flow, words_of("flow", flow)) for flow in flows)], made
