"""*Method and sources*: how each figure is worked out, every rule and constant, where it is from and how sure it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tertiary.errors import TertiaryError
from tertiary.publish.claims import claims, gaps, register_sources
from tertiary.publish.methods import methods
from tertiary.publish.workbook import Column
from tertiary.sheets import shipped
from tertiary.show import label
from tertiary.web.access import person_of
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.cached import once_a_register
from tertiary.web.pages.asked import Text
from tertiary.web.render import answer, answers_of
from tertiary.web.views import Grid, View

if TYPE_CHECKING:
    from tertiary.register import Register

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
PAGE_ROWS = 300
SOURCED = (Column("source", "Source"), Column("confidence", "Confidence"))
FIGURES = (Column("figure", "Figure"), Column("rule", "How it is worked out"), *SOURCED)
RULES = (
    Column("rule_id", "Rule"), Column("service_line_code", "Code"), Column("service_line_name", "Service"),
    Column("setting", "Setting"), Column("words", "A record is this service when"), Column("status", "Status"),
    *SOURCED,
)  # fmt: skip
COUNTED = (Column("status", "Status"), Column("confidence", "Confidence"), Column("rules", "Rules", "whole"))
CHECKS = (
    Column("rule_id", "Check"), Column("flow", "Flow"), Column("fields", "Fields"), Column("severity", "Severity"),
    Column("action", "What is done"), Column("expected", "Expected"), Column("advice", "Advice"), *SOURCED,
)  # fmt: skip
CLAIMS = (
    Column("room", "Room"), Column("table", "Table"), Column("line", "Line"), Column("what", "What"),
    Column("says", "Says"), *SOURCED,
)  # fmt: skip
GAPS = (
    Column("kind", "Kind"), Column("where", "Where"), Column("what", "What"),
    Column("words", "Why, or what is missing"), Column("confidence", "Confidence"),
)  # fmt: skip
SOURCES = (
    Column("table", "Table of the register"), Column("source", "Source"), Column("rows", "Rows", "whole"),
    Column("confidence", "Confidence, in rows"),
)  # fmt: skip


def _figures(_: Register) -> list[Grid]:
    return [Grid("method", "How each figure came about", FIGURES, methods())]


@once_a_register
def _rules(register: Register) -> list[Grid]:
    clauses: dict[str, list[str]] = {}
    for row in register["rule_clauses"].to_pylist():
        clauses.setdefault(row["rule_id"], []).append(row["description"])
    rules = register["identification_rules"].to_pylist()
    rows = [{**r, "words": "; or ".join(clauses.get(r["rule_id"], [r["logic"]]))} for r in rules]
    counted: dict[tuple[str, str], int] = {}
    for row in rules:
        key = (row["status"], row["confidence"])
        counted[key] = counted.get(key, 0) + 1
    numbers = [{"status": s, "confidence": c, "rules": n} for (s, c), n in sorted(counted.items())]
    return [
        Grid("rules_by_status", "Identification rules by status and confidence", COUNTED, numbers),
        Grid("rules", "Identification rules", RULES, rows),
    ]


def _checks(_: Register) -> list[Grid]:
    """Checks of arriving files and rules of challenges, each with its own columns, from the tables of claims."""
    names = [column.name for column in CHECKS]
    rows = [
        {name: line.text(name, "") for name in names} for line in shipped("tertiary.flows", "checks.csv", TertiaryError)
    ]
    challenges = [claim for claim in claims() if claim["room"] == "challenges"]
    return [
        Grid(
            "checks", "Checks of what arrives", CHECKS, rows, blanks={"flow": "every flow", "fields": "the whole row"}
        ),
        Grid("challenges", "Rules, steps and days of challenges", CLAIMS, challenges),
    ]


def _constants(_: Register) -> list[Grid]:
    apart = {("flows", "checks"), ("publish", "methods")}
    rows = [c for c in claims() if (c["room"], c["table"]) not in apart and c["room"] != "challenges"]
    return [Grid("constants", "Constants, thresholds, words and layouts of each room", CLAIMS, rows)]


@once_a_register
def _gaps(register: Register) -> list[Grid]:
    return [Grid("gaps", "What is empty, not known or a stand-in", GAPS, gaps(register))]


@once_a_register
def _sources(register: Register) -> list[Grid]:
    return [Grid("sources", "Where the register's rows came from", SOURCES, register_sources(register),
                 blanks={"source": "not told"})]  # fmt: skip


PARTS: Mapping[str, tuple[str, Callable[[Register], Sequence[Grid]]]] = {
    "figures": ("Figures", _figures), "rules": ("Identification rules", _rules),
    "checks": ("Checks and challenges", _checks), "constants": ("Constants and thresholds", _constants),
    "gaps": ("What is empty or a stand-in", _gaps), "sources": ("Sources of the register", _sources),
}  # fmt: skip
EVERYTHING = "all"


def parts_of(register: Register, part: str, find: str) -> list[Grid]:
    """Tables of a part (of all, when EVERYTHING), rows kept to those that hold a text. TertiaryError: no such part."""
    if part != EVERYTHING and part not in PARTS:
        raise TertiaryError(f"There is no part {part!r} of the methods. Choose from {', '.join((*PARTS, EVERYTHING))}.")
    chosen = PARTS.values() if part == EVERYTHING else [PARTS[part]]
    grids = [grid for _, made in chosen for grid in made(register)]
    return [_holding(grid, find.strip().casefold()) for grid in grids]


def _holding(grid: Grid, wanted: str) -> Grid:
    if not wanted:
        return grid
    names = [column.name for column in grid.columns]
    rows = [row for row in grid.rows if any(wanted in str(row[name]).casefold() for name in names)]
    return replace(grid, rows=rows, none="No row holds that text.")


@router.get("/method")
def method(request: Request, part: Text = "figures", find: Text = "") -> Response:
    """How each figure is worked out, where the rule is from and how sure it is; and all that figures rest on."""
    register = answers_of(request).known(person_of(request))
    grids = parts_of(register, part, find)
    cut = {grid.name: len(grid.rows) for grid in grids if len(grid.rows) > PAGE_ROWS}
    if "format" not in request.query_params:
        grids = [replace(grid, rows=grid.rows[:PAGE_ROWS]) for grid in grids]
    values: dict[str, Any] = {
        "part": part, "find": find, "cut": cut, "shown_rows": PAGE_ROWS, "tables": [grid.name for grid in grids],
        "parts_of_it": [*((name, words) for name, (words, _) in PARTS.items()), (EVERYTHING, "Everything")],
    }  # fmt: skip
    return answer(request, View("Method and sources", "method.html", grids, values=values))


@api.get("/methods", responses=FAILURES)
def methods_for_programs(
    request: Request,
    table: Annotated[
        str, Query(max_length=40, description="A table of the page, such as rules or sources.")
    ] = "method",
    find: Text = "",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    run: Annotated[str, Query(description="Name of a run, whose register is asked.")] = "",
) -> Rows:
    """How figures are worked out, and the rules, constants, gaps and sources that they rest on: one table of them."""
    asked = answers_of(request, run)
    seen = []
    for part in PARTS:
        for grid in parts_of(asked.known(person_of(request)), part, find):
            if grid.name == table:
                return rows_of(grid, label(asked.run), limit)
            seen.append(grid.name)
    raise TertiaryError(f"There is no table {table!r} of the methods. Choose from {', '.join(seen)}.")
