"""Disclosure control cases: true counts through `release`, compared with what the HES rule of 2018 releases.

Three kinds of file, told apart by name: counts one by one at both levels, tables with totals, percentages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tertiary.conform.cam import read_rows
from tertiary.conform.report import Suite
from tertiary.errors import TertiaryError

MARK = "*"
# column of expected values -> rule
LEVELS = {"national_level": "hes_2018_national", "sub_national": "hes_2018"}


def run_sdc(suite: Suite, files: Sequence[Path]) -> None:
    """Run every case of every file and enter the comparison in `suite`. TertiaryError names file, row and field."""
    for file in files:
        kind = file.stem.partition("_")[2]
        if kind not in _KINDS:
            raise TertiaryError(f"{file}: not known. Files are called {', '.join(f'hes2018_{k}.csv' for k in _KINDS)}.")
        needed, compare = _KINDS[kind]
        compare(suite, file, read_rows(file, needed))


def _compare_counts(suite: Suite, file: Path, rows: Sequence[Mapping[str, str]]) -> None:
    columns = {"case": [str(i) for i in range(len(rows))], "count": _numbers(file, rows, "count")}
    for level, rule in LEVELS.items():
        released = _released(columns, ("count",), rule=rule)
        for row, found in zip(rows, released, strict=True):
            suite.compare(f"count {row['count']}", level, row[level], _text(found["count"]))


def _compare_tables(suite: Suite, file: Path, rows: Sequence[Mapping[str, str]]) -> None:
    # a file may hold some rows of a table only, totals without parts among them: each row is a cell of its own here,
    # which the rule allows because it treats totals like other counts
    columns = {"case": [str(i) for i in range(len(rows))], "count": _numbers(file, rows, "true_count")}
    for row, found in zip(rows, _released(columns, ("count",)), strict=True):
        suite.compare(f"{row['table']} {row['row']} {row['col']}", "released", row["released"], _text(found["count"]))


def _compare_percentages(suite: Suite, file: Path, rows: Sequence[Mapping[str, str]]) -> None:
    counts = ("numerator", "denominator")
    columns = {"case": [str(i) for i in range(len(rows))], **{n: _numbers(file, rows, n) for n in counts}}
    released = _released(columns, counts, percentages={"percent": counts})
    for number, (row, found) in enumerate(zip(rows, released, strict=True), start=2):
        case = f"{row['numerator']} of {row['denominator']}"
        for name in counts:
            suite.compare(case, f"released_{name}", row[f"released_{name}"], _text(found[name]))
        where = f"{file}, row {number}, released_percent"
        suite.compare_number(case, "released_percent", _expected(row["released_percent"], where), found["percent"])


_KINDS: dict[str, tuple[tuple[str, ...], Callable[[Suite, Path, Sequence[Mapping[str, str]]], None]]] = {
    "counts": (("count", *LEVELS), _compare_counts),
    "tables": (("table", "row", "col", "true_count", "released"), _compare_tables),
    "percentages": (
        ("numerator", "denominator", "released_numerator", "released_denominator", "released_percent"),
        _compare_percentages,
    ),
}


def _released(columns: Mapping[str, Any], counts: Sequence[str], **how: Any) -> list[dict[str, Any]]:
    import pyarrow as pa

    from tertiary.publish.disclosure import release

    return list(release(pa.table(dict(columns)), counts, **how).to_pylist())


def _numbers(file: Path, rows: Sequence[Mapping[str, str]], name: str) -> list[int]:
    for number, row in enumerate(rows, start=2):
        if not row[name].isdecimal():
            raise TertiaryError(f"{file}, row {number}, {name}: {row[name]!r} is not a count such as 12.")
    return [int(row[name]) for row in rows]


def _expected(text: str, where: str) -> float | None:
    """A number; none when it is blank or hidden."""
    if text in ("", MARK):
        return None
    try:
        return float(text.removesuffix("%"))
    except ValueError:
        raise TertiaryError(f"{where}: {text!r} is not a number such as 12.5, * or blank.") from None


def _text(value: object) -> str:
    return MARK if value is None else str(value)
