"""Small tables that people write by hand, as CSV: read line by line, and refused with file, line, field and value."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib import resources
from pathlib import Path

from tertiary.errors import TertiaryError

NUMBER = re.compile(r"-?£?-?([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,15})([.][0-9]{1,10})?")
LARGEST = Decimal(10) ** 13


@dataclass(frozen=True)
class Line:
    """One line of a file. Its readers raise `error`, which names file, line, field, the value and what was expected."""

    file: str
    number: int
    cells: Mapping[str, str]
    error: type[TertiaryError]

    def text(self, name: str, default: str | None = None) -> str:
        """A cell with text; a blank one is refused unless there is a default."""
        found = self.cells.get(name, "")
        if not found and default is None:
            self.refuse(name, "text")
        return found or str(default)

    def pounds(self, name: str) -> Decimal:
        """Pounds to the penny, with or without a pound sign and commas between thousands."""
        found = self.number_of(name)
        if found != round(found, 2):
            self.refuse(name, "pounds and whole pence such as 1250000.00")
        return found.quantize(Decimal("0.01"))

    def number_of(self, name: str, default: Decimal | None = None) -> Decimal:
        """A number as people write one, exactly, below LARGEST."""
        text = self.cells.get(name, "")
        if not text and default is not None:
            return default
        if not NUMBER.fullmatch(text):
            self.refuse(name, "a number such as 1250000.00 or 1,250,000.00")
        found = Decimal(text.replace(",", "").replace("£", ""))
        if abs(found) >= LARGEST:
            self.refuse(name, f"a number below {LARGEST:,}")
        return found

    def share(self, name: str, default: Fraction | None = None) -> Fraction:
        """A share from 0 to 1 such as 0.75."""
        found = Fraction(self.number_of(name, None if default is None else Decimal(-1)))
        if found == -1 and default is not None and not self.cells.get(name, ""):
            return default
        if not 0 <= found <= 1:
            self.refuse(name, "a share from 0 to 1 such as 0.75")
        return found

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number within bounds."""
        text = self.cells.get(name, "")
        if not text and default is not None:
            return default
        if not re.fullmatch("[0-9]{1,9}", text) or not low <= int(text) <= high:
            self.refuse(name, f"a whole number from {low} to {high}")
        return int(text)

    def year(self, name: str) -> str:
        """A financial year: six digits, the second part the year after the first."""
        text = self.cells.get(name, "")
        if not re.fullmatch("[0-9]{6}", text) or (int(text[:4]) + 1) % 100 != int(text[4:]):
            self.refuse(name, "six digits such as 202526")
        return text

    def day(self, name: str) -> date:
        """A day such as 2025-04-01."""
        try:
            return date.fromisoformat(self.cells.get(name, ""))
        except ValueError:
            self.refuse(name, "a day such as 2025-04-01")
            raise

    def last_day(self, name: str) -> date | None:
        """A day; None when blank."""
        return self.day(name) if self.cells.get(name) else None

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of the words that are allowed."""
        found = self.cells.get(name, "") or (default or "")
        if found not in choices:
            self.refuse(name, f"one of {', '.join(choices)}")
        return found

    def codes(self, name: str) -> tuple[str, ...]:
        """Codes parted by semicolons or spaces; none is everything."""
        return tuple(dict.fromkeys(self.cells.get(name, "").replace(";", " ").split()))

    def refuse(self, name: str, expected: str) -> None:
        """Raise what the file's reader asked for."""
        seen = self.cells.get(name)
        shown = "missing" if seen is None else repr(seen)
        raise self.error(f"{self.file} line {self.number}: {name} is {shown}; expected {expected}.")


def lines(file: Path, error: type[TertiaryError], needed: Sequence[str] = ()) -> Iterator[Line]:
    """The lines of a CSV file, cells trimmed. `error` when it cannot be read or lacks a column of `needed`."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8; save it as CSV UTF-8"
        raise error(f"{file} cannot be read: {reason}.") from problem
    yield from _lines(str(file), text, error, needed)


def shipped(package: str, name: str, error: type[TertiaryError]) -> Iterator[Line]:
    """The lines of a table that lies beside the modules of `package`."""
    text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    yield from _lines(name, text, error, ())


def _lines(name: str, text: str, error: type[TertiaryError], needed: Sequence[str]) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[str] = []
    begins = 1
    try:
        for row in reader:
            number, begins = begins, reader.line_num + 1
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not found:
                found = cells
                _check_header(name, found, error, needed)
                continue
            if surplus := [cell for cell in cells[len(found) :] if cell]:
                raise error(
                    f"{name} line {number}: {', '.join(surplus)!r:.60} stands after the last column. Put text that has "
                    "commas in quotes, amounts too."
                )
            padded = [*cells, *[""] * (len(found) - len(cells))]
            yield Line(
                name, number, {column: cell for column, cell in zip(found, padded, strict=False) if column}, error
            )
    except csv.Error as problem:
        raise error(f"{name} line {begins}: {problem}. A quote that is opened must be closed on its cell.") from problem
    if not found:
        _check_header(name, found, error, needed)


def _check_header(name: str, found: Sequence[str], error: type[TertiaryError], needed: Sequence[str]) -> None:
    if missing := [column for column in needed if column not in found]:
        raise error(f"{name} lacks the column {', '.join(missing)}. It has: {', '.join(found) or 'none'}.")
    if twice := sorted({column for column in found if column and found.count(column) > 1}):
        raise error(f"{name} has the column {', '.join(twice)} twice. Keep one.")
