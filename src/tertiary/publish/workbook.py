"""A workbook of plain tables that a reader can check: real formulas for sums, a label on every sheet, and filters.

Written with XlsxWriter. Formulas carry the value they had when written, so that a viewer which does not calculate
shows the same figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tertiary.errors import PublishError

FORMATS = {
    "text": "@",
    "money": "£#,##0.00;[Red]-£#,##0.00;-",
    "number": "#,##0.###;[Red]-#,##0.###;-",
    "whole": "#,##0;[Red]-#,##0;0",
    "share": "0.0%",
    "day": "yyyy-mm-dd",
}
WIDTHS = {"text": 18, "money": 18, "number": 14, "whole": 10, "share": 10, "day": 12}
WIDEST = 70
# rows of a sheet; a table with more is refused, since the format would drop them without a word
MOST_ROWS = 1_048_576
# the first row of a table: label, title, note and a blank row stand above its header
HEADER = 4
INK, PALE, LINE = "#212b32", "#d8dde0", "#005eb8"


@dataclass(frozen=True)
class Column:
    """A column of a sheet. `formula` is written instead of the value, with {name} for a cell of the same row."""

    name: str
    heading: str
    kind: str = "text"
    formula: str = ""
    total: bool = False


class Workbook:
    """A workbook in the making; it is written when the `with` block ends without an error, and appears whole."""

    def __init__(self, path: Path, label: str) -> None:
        import xlsxwriter

        self.path = path
        self._label = label
        self._partial = path.with_name(f".{path.name}.partial")
        self._book = xlsxwriter.Workbook(str(self._partial), {"default_date_format": FORMATS["day"]})
        self._book.set_properties({"title": path.stem, "comments": label})
        self._formats: dict[str, Any] = {}
        self._names: set[str] = set()

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        from xlsxwriter.exceptions import FileCreateError

        if kind is not None:
            self._partial.unlink(missing_ok=True)
            return
        try:
            self._book.close()
            self._partial.replace(self.path)
        except (OSError, FileCreateError) as error:
            self._partial.unlink(missing_ok=True)
            raise PublishError(
                f"{self.path} cannot be written: {error}. Choose another folder, or close it."
            ) from error

    def sheet(
        self, name: str, title: str, columns: Sequence[Column], rows: Iterable[Mapping[str, Any]], note: str = ""
    ) -> Place:
        """A sheet with one table: label, title and note above it, a filter on its header, totals under it."""
        place = Place(self, name, self._add(name, title, note))
        place.table(HEADER, columns, rows)
        place.page.freeze_panes(HEADER + 1, 0)
        place.page.repeat_rows(0, HEADER)
        return place

    def page(self, name: str, title: str, note: str = "") -> Place:
        """An empty sheet with label, title and note, to put tables and charts on."""
        return Place(self, name, self._add(name, title, note))

    @staticmethod
    def letters(columns: Sequence[Column]) -> dict[str, str]:
        """The letter of each column by its name."""
        return {column.name: _letter(at) for at, column in enumerate(columns)}

    def chart(self, kind: Mapping[str, str]) -> Any:
        """A native chart of the workbook, to be filled and put on a page."""
        return self._book.add_chart(dict(kind))

    def format(self, kind: str, **more: Any) -> Any:
        """A cell format, made once."""
        key = f"{kind}{sorted(more.items())}"
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"num_format": FORMATS[kind], "font_color": INK, **more})
        return self._formats[key]

    def _add(self, name: str, title: str, note: str) -> Any:
        if not re.fullmatch(r"[^\[\]:*?/\\]{1,31}", name) or name in self._names:
            raise PublishError(f"{name!r} cannot be the name of a sheet of {self.path.name}.")
        self._names.add(name)
        page = self._book.add_worksheet(name)
        page.write_string(0, 0, self._label, self.format("text", bold=True, font_color="#d5281b"))
        page.set_row(1, 24)
        page.write_string(1, 0, title, self.format("text", bold=True, font_size=16))
        page.write_string(2, 0, note, self.format("text", italic=True))
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.set_footer(f"&L{self._label.replace('&', '&&')[:200]}&RPage &P of &N")
        return page


class Place:
    """A sheet, and where its tables stand."""

    def __init__(self, book: Workbook, name: str, page: Any) -> None:
        self.book, self.name, self.page = book, name, page

    def table(
        self, top: int, columns: Sequence[Column], rows: Iterable[Mapping[str, Any]], filtered: bool = True
    ) -> tuple[int, int]:
        """Write a table whose header is row `top` (from 0); returns the first row of the body and the row after it.

        Columns with `total` are summed underneath by a formula that follows the filter.
        """
        for at, column in enumerate(columns):
            side = "left" if column.kind == "text" else "right"
            head = self.book.format("text", bold=True, bottom=2, bottom_color=LINE, text_wrap=True, align=side)
            self.page.write_string(top, at, column.heading, head)
        places = self.book.letters(columns)
        widths = [max(WIDTHS[c.kind], min(len(c.heading), 22)) for c in columns]
        sums = [Decimal(0)] * len(columns)
        row = top
        for row, values in enumerate(rows, top + 1):
            if row + 2 > MOST_ROWS:
                raise PublishError(f"Sheet {self.name} has more rows than a workbook holds. Choose fewer contracts.")
            for at, column in enumerate(columns):
                value = values.get(column.name)
                self._cell(row, at, column, value, {n: f"{letter}{row + 1}" for n, letter in places.items()})
                if column.total and value is not None:
                    sums[at] += Decimal(value)
                if column.kind == "text":
                    widths[at] = min(WIDEST, max(widths[at], len(str(value or "")) + 1))
        for at, width in enumerate(widths):
            self.page.set_column(at, at, width)
        if row > top and filtered:
            self.page.autofilter(top, 0, row, len(columns) - 1)
        if row > top and any(c.total for c in columns):
            self._totals(row + 1, top, columns, sums)
        if row == top:
            self.page.write_string(top + 1, 0, "Nothing to show.", self.book.format("text", italic=True))
        return top + 1, row + 1

    def line(self, row: int, heading: str, value: Any, kind: str = "text", formula: str = "") -> None:
        """A heading and its value in one row."""
        self.page.write_string(row, 0, heading, self.book.format("text", bold=True))
        self._cell(row, 1, Column("", "", kind, formula), value, {}, align="left")

    def _cell(self, row: int, at: int, column: Column, value: Any, cells: Mapping[str, str], **look: str) -> None:
        form = self.book.format(column.kind, **look)
        if column.formula:
            self.page.write_formula(
                row, at, column.formula.format(**cells), form, "" if value is None else float(value)
            )
        elif value is None or value == "":
            self.page.write_blank(row, at, None, form)
        elif column.kind == "text":
            # as text whatever it begins with: a cell of data is never a formula
            self.page.write_string(row, at, str(value), form)
        elif column.kind == "day":
            self.page.write_datetime(row, at, value, form)
        else:
            self.page.write_number(row, at, float(value), form)

    def _totals(self, row: int, top: int, columns: Sequence[Column], sums: Sequence[Decimal]) -> None:
        for at, column in enumerate(columns):
            form = self.book.format(column.kind, bold=True, top=1, bottom=6, bg_color=PALE)
            if column.total:
                letter = _letter(at)
                formula = f"=SUBTOTAL(109,{letter}{top + 2}:{letter}{row})"
                self.page.write_formula(row, at, formula, form, float(sums[at]))
            else:
                self.page.write_string(row, at, "Total" if at == 0 else "", form)


def _letter(at: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(at))
