"""From a file of any supported shape to a table of raw cells; what cannot be read is kept as text with its reason.

The quick path is DuckDB's strict reader. When it refuses a file, a careful reader splits sound rows from broken ones.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tertiary.flows.contracts import Recognised, recognise

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine

DELIMITERS = ",;\t|"
LONGEST_CELL = 100_000


@dataclass(frozen=True)
class Broken:
    """A row that cannot be read as a row: its number, why, and its text."""

    row_number: int
    rule_id: str
    expected: str
    raw: str


@dataclass
class Source:
    """One table of rows: a file, or a member of an archive."""

    name: str
    path: Path
    sha256: str
    size: int
    received_at: float
    recognised: Recognised | None = None
    header: tuple[str, ...] = ()
    delimiter: str = ","
    parquet: bool = False
    problem: tuple[str, str, str] | None = None  # rule, value, expected
    broken: list[Broken] = field(default_factory=list)
    rows: int = 0


def find(inputs: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Files below the inputs with the names a person knows them by; `_` and hidden names and overlays are left out."""
    for given in inputs:
        if given.is_dir():
            for path in sorted(given.rglob("*")):
                inner = path.relative_to(given)
                hidden = any(p.startswith((".", "_")) or p == "register" for p in inner.parts)
                plain = path.name.lower().startswith("readme")
                if path.is_file() and not hidden and not plain:
                    yield path, str(inner)
        else:
            yield given, given.name


def open_sources(path: Path, name: str, work: Path) -> list[Source]:
    """The tables inside a file, unpacked and decoded to UTF-8 below `work` where needed."""
    try:
        if path.is_dir():
            raise OSError("it is a folder")
        data_hash, size, when = _sha256(path), path.stat().st_size, path.stat().st_mtime
        members = _unpack(path, name, work)
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        return [Source(name, path, "", 0, 0.0, problem=("FILE01", str(error)[:80], "a readable file"))]
    sources = []
    for number, (member, file) in enumerate(members):
        digest = data_hash if len(members) == 1 else hashlib.sha256(f"{data_hash}:{number}".encode()).hexdigest()
        source = Source(member, file, digest, size, when)
        _inspect(source, work)
        sources.append(source)
    return sources


def load(engine: DuckDBEngine, source: Source, table: str, work: Path) -> None:
    """Make `table` with row_number and cells f0, f1 … of a recognised source; broken rows go to `source.broken`."""
    width = len(source.header)
    names = [f"f{i}" for i in range(width)]
    cells = ", ".join(f"trim(coalesce({n}, '')) AS {n}" for n in names)
    if source.parquet:
        cast = ", ".join(f'CAST("{h}" AS VARCHAR) AS f{i}' for i, h in enumerate(source.header))
        inner = f"SELECT {cast} FROM read_parquet({_quoted(source.path)})"
        engine.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT row_number() OVER () AS row_number, {cells} FROM ({inner})"
        )
    else:
        try:
            engine.execute(_strict(source, table, names, cells))
        except duckdb.Error:
            clean = work / f"{table}.csv"
            _careful(source, clean)
            engine.execute(_clean(clean, table, names, cells))
    source.rows = engine.query(f"SELECT count(*) AS n FROM {table}").column("n")[0].as_py() + len(source.broken)


def _strict(source: Source, table: str, names: Sequence[str], cells: str) -> str:
    columns = "{" + ", ".join(f"'{n}': 'VARCHAR'" for n in names) + "}"
    return (
        f"CREATE OR REPLACE TABLE {table} AS SELECT row_number() OVER () AS row_number, {cells} FROM read_csv("
        f"{_quoted(source.path)}, auto_detect=false, header=true, columns={columns}, delim='{source.delimiter}', "
        "quote='\"', escape='\"', strict_mode=true, null_padding=false, max_line_size=20000000)"
    )


def _clean(path: Path, table: str, names: Sequence[str], cells: str) -> str:
    columns = "{'row_number': 'BIGINT', " + ", ".join(f"'{n}': 'VARCHAR'" for n in names) + "}"
    return (
        f"CREATE OR REPLACE TABLE {table} AS SELECT row_number, {cells} FROM read_csv({_quoted(path)}, "
        f"auto_detect=false, header=false, columns={columns}, delim=',', quote='\"', escape='\"', max_line_size=20000000)"
    )


def _careful(source: Source, clean: Path) -> None:
    """Write sound rows with their numbers; keep the others as text."""
    csv.field_size_limit(1 << 30)
    width = len(source.header)
    with source.path.open(encoding="utf-8", newline="") as handle, clean.open("w", encoding="utf-8", newline="") as out:
        reader = csv.reader(handle, delimiter=source.delimiter)
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        next(reader, None)
        number = 0
        for cells in reader:
            if not cells:
                continue
            number += 1
            reason = _fault(cells, width)
            if reason:
                raw = source.delimiter.join(cells)[:LONGEST_CELL].replace("\0", "\\0")
                source.broken.append(Broken(number, *reason, raw))
            else:
                writer.writerow([number, *cells])


def _fault(cells: Sequence[str], width: int) -> tuple[str, str] | None:
    if any("\0" in c for c in cells):
        return "ROW02", "text without NUL bytes"
    if len(cells) != width:
        return "ROW01", f"{width} cells, as the header has; the row has {len(cells)}"
    if max(map(len, cells)) > LONGEST_CELL:
        return "ROW03", f"cells of at most {LONGEST_CELL} characters"
    return None


def _inspect(source: Source, work: Path) -> None:
    """Recognise the flow by the header; say what is wrong with the file as a whole."""
    with source.path.open("rb") as handle:
        start = handle.read(4)
    if start == b"PAR1":
        source.parquet = True
        try:
            import pyarrow.parquet as pq

            header = [str(n) for n in pq.read_schema(source.path).names]
        except Exception as error:  # pyarrow raises several kinds for a damaged file
            source.problem = ("FILE01", str(error)[:80], "a whole Parquet file")
            return
    else:
        _decode(source, work)
        header = _header(source)
    if not header or not any(h.strip() for h in header):
        source.problem = ("FILE02", "empty", "a header row and data")
        return
    source.header = tuple(header)
    found = recognise(header)
    source.recognised = found
    if found is None or found.matched < 3:
        source.recognised = None
        source.problem = ("FILE03", ", ".join(header)[:120], "the header of a known flow (docs/reference/flows.md)")
    elif found.repeated:
        twice = ", ".join(header[i] for i in found.repeated)
        source.problem = ("FILE04", twice[:120], "each field once")
    elif found.missing:
        source.problem = (
            "F01",
            f"without {', '.join(found.missing)}"[:200],
            "every field the rows cannot be placed without",
        )


def _header(source: Source) -> list[str]:
    best: list[str] = []
    with source.path.open(encoding="utf-8", newline="", errors="replace") as handle:
        text = handle.read(1 << 20)
    for delimiter in DELIMITERS:
        try:
            row = next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])
        except csv.Error:
            continue
        if len(row) > len(best):
            best, source.delimiter = row, delimiter
    return best


def _decode(source: Source, work: Path) -> None:
    """Make sure the text is UTF-8 without a byte order mark; other bytes are read as Windows-1252."""
    data = source.path.read_bytes()
    bare = data.removeprefix(b"\xef\xbb\xbf")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            bare.decode("utf-8")
            if len(bare) == len(data):
                return
            text = bare.decode("utf-8")
        except UnicodeDecodeError:
            text = bare.decode("cp1252", errors="replace")
    target = work / f"decoded-{source.sha256[:16]}.csv"
    target.write_text(text, encoding="utf-8", newline="")
    source.path = target


def _unpack(path: Path, name: str, work: Path) -> list[tuple[str, Path]]:
    with path.open("rb") as handle:
        start = handle.read(4)
    if start[:2] == b"\x1f\x8b":
        target = work / f"unpacked-{_sha256(path)[:16]}"
        with gzip.open(path) as packed, target.open("wb") as out:
            out.write(packed.read())
        return [(name, target)]
    if start == b"PK\x03\x04":
        found = []
        with zipfile.ZipFile(path) as archive:
            for number, member in enumerate(sorted(m for m in archive.namelist() if not m.endswith("/"))):
                target = work / f"unpacked-{_sha256(path)[:16]}-{number}"
                target.write_bytes(archive.read(member))
                found.append((f"{name}/{member}", target))
        return found
    return [(name, path)]


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
