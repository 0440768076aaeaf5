"""How much may be sent to a route at once, and how often it may be asked: lines of limits.csv, the first that fits.

Counts are kept in memory: one server is one process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from time import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from tertiary.errors import TertiaryError
from tertiary.sheets import Line, lines, shipped

# bytes of a body where no line says otherwise
LARGEST_BODY = 1_000_000
NEEDED = ("path", "method", "query", "largest_body", "rate", "per")


@dataclass(frozen=True)
class Limit:
    """A line: for paths like `path` (* is any text), a method, and addresses that hold `query` when it is told.

    `largest_body`: bytes, None where the line does not say. `rate`: how often `per` person or address.
    """

    path: str
    method: str
    query: str
    largest_body: int | None
    rate: RateLimitItem
    per: str

    def fits(self, method: str, path: str, query: Mapping[str, str]) -> bool:
        """Whether it is meant by a request."""
        return fnmatchcase(path, self.path) and self.method in ("*", method) and (not self.query or self.query in query)


class Rates:
    """The limits of one server, and who has asked how often. TertiaryError when the file is not as it must be."""

    def __init__(self, file: Path | None = None) -> None:
        rows = lines(file, TertiaryError, NEEDED) if file else shipped("tertiary.web", "limits.csv", TertiaryError)
        self._limits = [_limit(row) for row in rows]
        self._asked = MovingWindowRateLimiter(MemoryStorage())

    def largest_body(self, method: str, path: str) -> int:
        """Bytes that a request may bring."""
        found = (x.largest_body for x in self._limits if x.fits(method, path, {}) and x.largest_body is not None)
        return next(found, LARGEST_BODY)

    def wait(self, method: str, path: str, query: Mapping[str, str], who: Mapping[str, str]) -> int:
        """Seconds until somebody may ask this again; 0 when they may now, which is counted. `who`: keys by `per`."""
        limit = next((x for x in self._limits if x.fits(method, path, query)), None)
        if limit is None or self._asked.hit(limit.rate, limit.path, limit.method, limit.query, who[limit.per]):
            return 0
        window = self._asked.get_window_stats(limit.rate, limit.path, limit.method, limit.query, who[limit.per])
        return max(1, int(window.reset_time - time()) + 1)


def _limit(line: Line) -> Limit:
    try:
        rate = parse(line.text("rate"))
    except ValueError:
        line.refuse("rate", "how many in how long, such as 60/minute")
        raise
    body = line.whole("largest_body", 0, 999_999_999) if line.cells.get("largest_body") else None
    return Limit(
        line.text("path"), line.text("method"), line.text("query", ""), body, rate,
        line.choice("per", ("person", "address")),
    )  # fmt: skip
