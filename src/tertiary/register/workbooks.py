"""Sheets of official workbooks and lists: find the header row and the wanted columns, or say what is missing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from tertiary.errors import RegisterError

Rows = list[dict[str, str]]
Options = Mapping[str, Any]

HEADER_SEARCH = 30


@dataclass(frozen=True)
class WantedColumn:
    """One column a loader looks for: `pattern` matches the normalised header."""

    name: str
    required: bool
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Sheet:
    """Rows of one sheet below its header, by wanted column name; `where` names file and sheet in errors."""

    where: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    first_row: int

    def numbered(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Rows with their number in the file."""
        return enumerate(self.rows, start=self.first_row)


def normalise(header: Any) -> str:
    """Lower case, everything but letters and digits as one underscore."""
    return re.sub(r"[^a-z0-9]+", "_", str(header or "").lower()).strip("_")


@cache
def wanted(kind: str, sheet: str = "") -> tuple[WantedColumn, ...]:
    """Columns a loader of `kind` looks for, from overlay_columns.csv."""
    text = resources.files("tertiary.register").joinpath("overlay_columns.csv").read_text(encoding="utf-8")
    rows = [r for r in csv.DictReader(text.splitlines()) if r["kind"] == kind and r["sheet"] == sheet]
    return tuple(WantedColumn(r["column"], r["required"] == "Y", re.compile(r["headers"])) for r in rows)


def match(kind: str, headers: Sequence[Any], sheet: str = "") -> dict[str, int]:
    """Wanted column -> position of the first header that matches it."""
    names = [normalise(h) for h in headers]
    found: dict[str, int] = {}
    for column in wanted(kind, sheet):
        position = next((i for i, n in enumerate(names) if n and column.pattern.fullmatch(n)), None)
        if position is not None:
            found[column.name] = position
    return found


def missing(kind: str, found: dict[str, int], sheet: str = "") -> list[str]:
    """Required columns that were not found."""
    return [c.name for c in wanted(kind, sheet) if c.required and c.name not in found]


def read_sheet(path: Path, kind: str, *, sheet: str = "", spec_sheet: str = "") -> Sheet:
    """The sheet (or CSV) as rows of the wanted columns, cells as text.

    RegisterError names the file, the sheet, the columns missing and found, and what to do.
    """
    rows = _rows(path, sheet)
    where = f"{path}" + (f", sheet {sheet}" if sheet else "")
    best: tuple[int, dict[str, int]] = (0, {})
    for number, row in enumerate(rows[:HEADER_SEARCH]):
        found = match(kind, row, spec_sheet)
        if len(found) > len(best[1]):
            best = (number, found)
    number, found = best
    absent = missing(kind, found, spec_sheet)
    if absent:
        headers = [str(c) for c in (rows[number] if rows else []) if str(c or "").strip()]
        raise RegisterError(
            f"{where}: column(s) {', '.join(absent)} not found for {kind}. Headers found in row {number + 1}: "
            f"{', '.join(headers) or 'none'}. Accepted headers are listed in overlay_columns.csv: rename the column, "
            f"or give another sheet in overlay.json."
        )
    body = rows[number + 1 :]
    cells = tuple({n: text(r[i]) if i < len(r) else "" for n, i in found.items()} for r in body)
    return Sheet(where, tuple(found), cells, number + 2)


def text(cell: Any) -> str:
    """A cell as trimmed text: whole floats without decimals, dates as ISO."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


def financial_year(written: str, where: str) -> str:
    """2025/26, 2025-26, 25/26 or 202526 as 202526; RegisterError otherwise."""
    digits = re.sub(r"\D", "", written)
    if len(digits) == 4 and "/" in written:
        digits = "20" + digits
    if len(digits) == 8:
        digits = digits[:4] + digits[6:]
    if len(digits) != 6 or int(digits[4:]) != (int(digits[2:4]) + 1) % 100:
        raise RegisterError(
            f"{where}: financial year {written!r} is not understood. Write six digits such as 202526, in a column "
            f'financial_year or as "financial_year" beside the file in overlay.json.'
        )
    return digits


def year_span(year: str) -> dict[str, str]:
    """valid_from and valid_to of a six-digit year."""
    first = int(year[:4])
    return {"financial_year": year, "valid_from": f"{first}-04-01", "valid_to": f"{first + 1}-04-01"}


def number(written: str, where: str, row: int, column: str) -> Decimal:
    """A written amount without pound sign, thousands separators or percent sign."""
    try:
        value = Decimal(re.sub(r"[£,%\s]", "", written))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise RegisterError(f"{where}, row {row}, column {column}: {written!r} is not a number. Correct the value.")
    return value


def decimal_text(value: Decimal, places: int) -> str:
    """A number as text with so many decimals."""
    return str(value.quantize(Decimal(1).scaleb(-places)))


def sheet_names(path: Path) -> list[str]:
    """Sheets of a workbook."""
    return list(_workbook(path).sheet_names)


def _workbook(path: Path) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        raise RegisterError(f"{path}: cannot be opened as a workbook ({error}). Save it again as .xlsx.") from error


def _rows(path: Path, sheet: str) -> list[list[Any]]:
    if path.suffix.lower() == ".csv":
        return _csv_rows(path)
    book = _workbook(path)
    names = list(book.sheet_names)
    name = sheet or names[0]
    if name not in names:
        raise RegisterError(f"{path}: no sheet {name!r}. Sheets found: {', '.join(names)}.")
    rows: list[list[Any]] = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return rows


def _csv_rows(path: Path) -> list[list[Any]]:
    raw = path.read_bytes()
    try:
        decoded = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded = raw.decode("cp1252", errors="replace")
    return list(csv.reader(io.StringIO(decoded, newline="")))
