"""What is asked for: area, months, scale, seed, defects, format; and independent random streams for each part."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import date

import numpy as np

from tertiary.synth.errors import SynthError

REGIONS = {
    "london": "Y56", "south_west": "Y58", "south_east": "Y59", "midlands": "Y60", "east_of_england": "Y61",
    "north_west": "Y62", "north_east_and_yorkshire": "Y63",
}  # fmt: skip


@dataclass(frozen=True)
class Month:
    """A calendar month with its financial year (202526) and month (April is 1)."""

    year: int
    month: int

    @property
    def key(self) -> int:
        """Such as 202504."""
        return self.year * 100 + self.month

    @property
    def financial_year(self) -> str:
        """Six digits, such as 202526."""
        start = self.year if self.month >= 4 else self.year - 1
        return f"{start}{(start + 1) % 100:02d}"

    @property
    def financial_month(self) -> int:
        """1 is April, 12 is March."""
        return (self.month - 4) % 12 + 1

    @property
    def first(self) -> np.datetime64:
        """First day."""
        return np.datetime64(f"{self.year}-{self.month:02d}-01", "D")

    @property
    def days(self) -> int:
        """Days in the month."""
        return int((self.next.first - self.first).astype(int))

    @property
    def next(self) -> Month:
        """The month after."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def mid(self) -> date:
        """The fifteenth, for tables that are valid by date."""
        return date(self.year, self.month, 15)


@dataclass(frozen=True)
class Scope:
    """One request, checked."""

    area: str
    months: tuple[Month, ...]
    scale: float
    seed: int
    defects: float
    format: str

    def random(self, *names: object) -> np.random.Generator:
        """A stream of its own for each part, so that a change in one part leaves the others as they were."""
        key = zlib.crc32("|".join(str(n) for n in names).encode())
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, key])))


def scope(area: str, months: str, scale: float, seed: int, defects: float, format: str) -> Scope:
    """Check the request. SynthError says which option is wrong and what is allowed."""
    if not 0 < scale <= 1:
        raise SynthError(f"scale {scale}: give a share of real volume above 0 and up to 1, such as 0.05.")
    if not 0 <= defects <= 0.2:
        raise SynthError(f"defects {defects}: give a share of rows from 0 to 0.2, such as 0.01.")
    if format not in ("csv", "parquet"):
        raise SynthError(f"format {format!r}: give csv or parquet.")
    if seed < 0:
        raise SynthError(f"seed {seed}: give a whole number from 0.")
    return Scope(area.strip(), _months(months), float(scale), int(seed), float(defects), format)


def _months(text: str) -> tuple[Month, ...]:
    found = re.fullmatch(r"(\d{4})-(\d\d)(?:\.\.(\d{4})-(\d\d))?", text.strip())
    if not found:
        raise SynthError(f"months {text!r}: give first and last month such as 2025-04..2025-06, or one month.")
    a, b, c, d = found.groups()
    month, last = Month(int(a), int(b)), Month(int(c or a), int(d or b))
    if not (1 <= month.month <= 12 and 1 <= last.month <= 12 and month.key <= last.key):
        raise SynthError(f"months {text!r}: months run from 01 to 12 and the first may not be after the last.")
    if month.key < 202404 or last.key > 202703:
        raise SynthError(f"months {text!r}: from 2024-04 to 2027-03 the register knows delegation; choose in it.")
    every: list[Month] = []
    while month.key <= last.key:
        every.append(month)
        month = month.next
    return tuple(every)
