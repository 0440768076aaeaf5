"""The slow, forgiving reader for files the strict one refuses: good rows on, broken rows aside with their raw text.

Nothing is guessed across rows: a quote that never closes costs the line it stands in, not the rest of the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tertiary.flows.files import MAX_ROW, Content

MAX_LINES = 200
_SHOWN = 2000


@dataclass
class Split:
    """Result: `path` holds the good rows, each led by its row number; `broken` the rows set aside."""

    path: Path
    rows: int = 0
    broken: list[dict[str, Any]] = field(default_factory=list)
    encodings: Counter[str] = field(default_factory=Counter)
    trimmed: int = 0


def split(content: Content, target: Path) -> Split:
    """Read `content` line by line and write the rows with as many cells as the header to `target`."""
    made = Split(target)
    width, separator = len(content.header), content.separator
    with content.path.open("rb") as handle, target.open("w", encoding="utf-8", newline="") as out:
        records = _Records(handle, separator, made)
        is_header = True
        for text, check, seen in records:
            if is_header and not check:
                is_header = False
                continue
            made.rows += 1
            if not check:
                check, seen = _write(out, made, text, width, separator)
            if check:
                made.broken.append(
                    {
                        "row_number": made.rows,
                        "check": check,
                        "value": seen,
                        "expected": f"{width} cells",
                        "raw": text[:_SHOWN],
                    }
                )
    return made


class _Records:
    """Logical records of a text file: (text, check that refuses it or '', value seen)."""

    def __init__(self, handle: IO[bytes], separator: str, made: Split) -> None:
        self._lines = _lines(handle)
        self._held: deque[tuple[str, str]] = deque()
        self._made = made
        self._opens = re.compile(rf'(^|{re.escape(separator)})\s*"')

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        while (line := self._next()) is not None:
            text, check = line
            if check:
                yield text, check, f"{len(text)} characters" if check == "S14" else ""
            elif not text.strip():
                continue
            elif text.count('"') % 2 == 0 or not self._opens.search(text):
                yield text, "", ""
            else:
                yield self._joined(text)

    def _next(self) -> tuple[str, str] | None:
        if self._held:
            return self._held.popleft()
        raw = next(self._lines, None)
        return None if raw is None else _decode(raw, self._made)

    def _joined(self, first: str) -> tuple[str, str, str]:
        """A record that goes on over line ends until its quotes close; else only its first line, refused."""
        taken: list[tuple[str, str]] = []
        text = first
        while len(taken) < MAX_LINES and len(text) < MAX_ROW and (line := self._next()) is not None:
            taken.append(line)
            if line[1]:
                break
            text += "\n" + line[0]
            if text.count('"') % 2 == 0:
                return text, "", ""
        self._held.extendleft(reversed(taken))
        return first, "S13", 'a " that is not closed'


def _lines(handle: IO[bytes]) -> Iterator[bytes]:
    """Physical lines without their end; one too long to be a row is cut and marked by its length."""
    start = handle.read(MAX_ROW)
    handle.seek(0)
    if b"\n" not in start and b"\r" in start:
        yield from _old_lines(handle)
        return
    while raw := handle.readline(MAX_ROW + 2):
        if not raw.endswith(b"\n") and len(raw) > MAX_ROW:
            while (more := handle.readline(MAX_ROW)) and not more.endswith(b"\n"):
                pass
        yield raw.rstrip(b"\r\n")


def _old_lines(handle: IO[bytes]) -> Iterator[bytes]:
    """Lines that end in a carriage return alone; one too long to be a row is cut and marked by its length."""
    rest = b""
    while chunk := handle.read(MAX_ROW):
        *whole, rest = (rest + chunk).split(b"\r")
        yield from whole
        rest = rest[: MAX_ROW + 1]
    yield rest


def _decode(raw: bytes, made: Split) -> tuple[str, str]:
    check = "S14" if len(raw) > MAX_ROW else ""
    try:
        text = raw.decode("utf-8-sig" if raw[:3] == b"\xef\xbb\xbf" else "utf-8")
    except UnicodeDecodeError:
        try:
            text = raw.decode("cp1252")
            made.encodings["Windows-1252"] += 1
        except UnicodeDecodeError:
            return raw.decode("cp1252", errors="replace"), check or "S16"
    if "\0" in text:
        return text.replace("\0", "\u2400"), check or "S15"
    return text, check


def _write(out: IO[str], made: Split, text: str, width: int, separator: str) -> tuple[str, str]:
    """Write a record that fits; returns the check and value of one that does not."""
    if '"' not in text:
        cells = text.count(separator) + 1
        if cells == width:
            out.write(f"{made.rows}{separator}{text}\n")
            return "", ""
        values = text.split(separator)
    else:
        try:
            values = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        except (csv.Error, StopIteration):
            return "S13", 'a " inside a quoted cell'
    if len(values) > width and not any(v.strip() for v in values[width:]):
        values, made.trimmed = values[:width], made.trimmed + 1
    if len(values) != width:
        return ("S11" if len(values) < width else "S12"), f"{len(values)} cells"
    csv.writer(out, delimiter=separator, lineterminator="\n").writerow([made.rows, *values])
    return "", ""
