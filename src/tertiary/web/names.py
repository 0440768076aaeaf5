"""Names beside codes: what the register calls organisations, services, programmes of care and points of delivery.

A column of codes (named_columns.csv) gets a column of names behind it, on every page and in every file of it. Codes of
the project (code_words.csv, and the flows) are said in words on a page, and have their words behind them in files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from tertiary.errors import TertiaryError
from tertiary.publish.workbook import Column
from tertiary.sheets import shipped
from tertiary.web.cached import once_a_register

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.web.views import Grid

# tables of the register, code and name of each kind; a later one fills what earlier ones do not know
HOMES: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "organisation": (
        ("bodies", "body_code", "name"), ("icbs", "icb_code", "name"), ("providers", "provider_code", "name"),
        ("regions", "region_code", "name"), ("commissioner_codes", "code", "name"),
        ("sub_icbs", "sub_icb_code", "name"),
    ),
    "service_line": (("service_lines", "service_line_code", "name"),),
    "service": (("services", "pss_line", "service_name"),),
    "programme": (("services", "npoc_code", "npoc"),),
    "point_of_delivery": (("points_of_delivery", "point_of_delivery", "meaning"),),
}  # fmt: skip


@once_a_register
def names(register: Register) -> Mapping[str, Mapping[str, str]]:
    """Names by kind and code."""
    found: dict[str, dict[str, str]] = {}
    for kind, homes in HOMES.items():
        known = found.setdefault(kind, {})
        for table, code, name in homes:
            rows = register[table]
            for one, words in zip(rows[code].to_pylist(), rows[name].to_pylist(), strict=True):
                if one and words:
                    known.setdefault(one, words)
    return found


@cache
def kinds() -> Mapping[str, str]:
    """Kind of code by column."""
    lines = shipped("tertiary.web", "named_columns.csv", TertiaryError)
    return {line.text("column"): line.text("kind") for line in lines}


def name_of(register: Register, column: str, code: Any) -> str:
    """What a code of a column is called; blank when the column holds no such code, or the register does not know it."""
    return names(register).get(kinds().get(column, ""), {}).get(str(code), "") if code else ""


@cache
def code_words() -> Mapping[str, Mapping[str, str]]:
    """Words of the project's own codes, by column and code."""
    found: dict[str, dict[str, str]] = {}
    for line in shipped("tertiary.web", "code_words.csv", TertiaryError):
        found.setdefault(line.text("column"), {})[line.text("code")] = line.text("words")
    flows = shipped("tertiary.flows", "flows.csv", TertiaryError)
    return {**found, "flow": {line.text("flow"): line.text("name") for line in flows}}


def words_of(column: str, value: Any) -> Any:
    """A value of a column in words, where it is a code of the project's own; else as it is."""
    return code_words().get(column, {}).get(value, value) if isinstance(value, str) else value


def spoken(grid: Grid, register: Register) -> Grid:
    """A table as a page shows it: the project's own codes in words, and names behind the codes of the register."""
    coded = [c.name for c in grid.columns if c.name in code_words()]
    if coded:
        grid = replace(grid, rows=[{**row, **{c: words_of(c, row[c]) for c in coded}} for row in grid.rows])
    return named(grid, register, words=False)


def named(grid: Grid, register: Register, words: bool = True) -> Grid:
    """A table with a column of names behind each column of codes that has none yet; of `words` too, unless told not."""
    has = {c.name for c in grid.columns}
    coded = [
        c.name for c in grid.columns
        if (c.name in kinds() or (words and c.name in code_words())) and not has & set(_called(c.name))
    ]  # fmt: skip
    if not coded or grid.as_kept:
        return grid
    columns = [
        part
        for column in grid.columns
        for part in ((column, Column(f"{column.name}_name", f"{column.heading}: name"))
                     if column.name in coded else (column,))
    ]  # fmt: skip
    rows = [{**row, **{f"{c}_name": _name(register, c, row[c]) for c in coded}} for row in grid.rows]
    # a table of which no code is known needs no blank columns
    empty = {f"{c}_name" for c in coded if rows and not any(row[f"{c}_name"] for row in rows)}
    columns = [c for c in columns if c.name not in empty]
    unknown = {f"{c}_name": "" for c in coded}
    return replace(grid, columns=columns, rows=rows, blanks={**unknown, **grid.blanks})


def _called(column: str) -> tuple[str, ...]:
    """Columns of which one holds the names of a column of codes, where a page has put them there itself."""
    return f"{column}_name", f"{column.removesuffix('_code')}_name", "name", "service_name"


def _name(register: Register, column: str, code: Any) -> str:
    if column in code_words():
        return str(code_words()[column].get(code, ""))
    return name_of(register, column, code)
