"""Finding the files of a run and what each holds: hash, kind, encoding, header and separator.

A zip archive gives one content per member; gzip is unpacked. Nothing here raises for a bad file: the problem is put
into `Content.problem` (a check of `checks.csv`) and told as a finding.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from tertiary import folders
from tertiary.errors import FlowError
from tertiary.flows.contracts import Recognised, recognise
from tertiary.flows.limits import LONGEST_LIST, NO_LIMITS, Limits, TooMuchError, list_bytes

SUFFIXES = {".csv", ".tsv", ".txt", ".gz", ".zip", ".parquet", ".pq"}
SKIPPED = {"register", "coverage.csv", "received.csv"}
HEADER_BYTES = 1 << 20
# A row longer than this has swallowed others.
MAX_ROW = 1 << 20
SEPARATORS = (",", ";", "\t", "|")

# All that is raised for a broken, truncated, encrypted, strangely packed or too large archive.
UNREADABLE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, TooMuchError)
_CHUNK = 1 << 22
_NOT_MARKS = bytes(b for b in range(256) if b not in b'"\n')


def looks_synthetic(name: str) -> bool:
    """Whether a content, or the archive it came in, is named as `tertiary synth` names its files."""
    return any(Path(part).name.startswith("synthetic_") for part in name.split("!"))


@dataclass(frozen=True)
class Problem:
    """What is wrong with a whole file: the check and the value seen."""

    rule_id: str
    value: str = ""
    field: str = ""


@dataclass
class Content:
    """One table in one file: `name` as told to people, `path` the bytes to read (an unpacked copy for archives).

    `form` is how its lines end, or the types of its columns in Parquet. `rows` is how many it holds by another count
    than the reader's: line ends outside quotes, or what a Parquet file says; None where those tell nothing.
    """

    name: str
    source: Path
    path: Path
    kind: str = "csv"
    hash: str = ""
    bytes: int = 0
    has_nul: bool = False
    encoding: str = "utf-8"
    separator: str = ","
    header: tuple[str, ...] = ()
    form: str = ""
    rows: int | None = None
    needs_care: bool = False
    recognised: Recognised | None = None
    problem: Problem | None = None
    notes: list[Problem] = field(default_factory=list)
    stamp: tuple[int, int] = (0, 0)

    @property
    def layout(self) -> tuple[str, ...]:
        """Files of equal layout can be read by one statement."""
        return (self.kind, self.separator, self.form, *self.header)

    def changed(self) -> bool:
        """Whether the file on disk is not the one that was opened."""
        try:
            return _stamp(self.source) != self.stamp
        except OSError:
            return True


def find(inputs: Sequence[Path]) -> list[tuple[str, Path]]:
    """(name, path) of every candidate file, sorted by name. FlowError when an input does not exist or holds nothing."""
    found: list[tuple[str, Path]] = []
    for given in inputs:
        if given.is_dir() and given.suffix.lower() not in SUFFIXES:
            prefix = f"{given.name}/" if len(inputs) > 1 else ""
            found += [(prefix + p.relative_to(given).as_posix(), p) for p in _walk(given)]
        elif given.exists() or given.is_symlink():
            found.append((given.name if len(inputs) == 1 else given.as_posix(), given))
        else:
            raise FlowError(f"{given} does not exist. Give a folder of monthly files, or the files themselves.")
    if not found:
        places = ", ".join(str(p) for p in inputs) or "(no input)"
        raise FlowError(f"No data files in {places}. Looked for names ending {', '.join(sorted(SUFFIXES))}.")
    return sorted(found)


def open_contents(name: str, path: Path, work: Path, number: int, limits: Limits = NO_LIMITS) -> list[Content]:
    """What a file holds, ready to read. An archive may hold several contents; a bad file is one with a problem."""
    content = Content(name=name, source=path, path=path)
    try:
        if not path.is_file():
            content.problem = Problem("S04", "a folder" if path.is_dir() else "not a regular file")
            return [content]
        content.stamp = _stamp(path)
        with path.open("rb") as handle:
            magic = handle.read(4)
        if magic[:2] == b"\x1f\x8b":
            return [_unpacked(content, lambda: gzip.open(path, "rb"), work / f"in{number}.csv", limits.bytes)]
        if magic == b"PK\x03\x04":
            return _members(content, work, number, limits)
        content.bytes = path.stat().st_size
        with path.open("rb") as handle:
            _scan(content, handle, None)
        return [_inspect(content, work)]
    except UNREADABLE as error:
        refuse_full_disk(error, work)
        content.problem = Problem("S01", _reason(error))
        return [content]


def refuse_full_disk(error: BaseException, work: Path) -> None:
    """A full disk is no fault of the file: EngineError, not a finding, or the run would go on without its rows."""
    if folders.is_full(error):
        raise folders.full(work, error) from error


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes; blank when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()


def side_table(folders: Iterable[Path], name: str, value: str) -> dict[str, str]:
    """`coverage.csv` or `received.csv` beside the inputs: file (or pattern) to `value`. FlowError when malformed."""
    rows: dict[str, str] = {}
    for folder in folders:
        path = folder / name
        if not path.is_file():
            continue
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            if not {"file", value} <= set(reader.fieldnames or ()):
                raise FlowError(f"{path}: needs the columns file and {value}; found {reader.fieldnames}. Add them.")
            rows |= {r["file"].strip(): (r[value] or "").strip() for r in reader}
    return rows


def _walk(folder: Path) -> Iterator[Path]:
    for here, inner, names in os.walk(folder, onerror=_unreadable):
        kept = [n for n in inner if not n.startswith((".", "_")) and n not in SKIPPED]
        inner[:] = sorted(n for n in kept if Path(n).suffix.lower() not in SUFFIXES)
        odd = [n for n in kept if Path(n).suffix.lower() in SUFFIXES]
        for name in sorted([*names, *odd]):
            if name.startswith((".", "_")) or name in SKIPPED or name.upper().startswith(("README", "LICEN")):
                continue
            if Path(name).suffix.lower() in SUFFIXES:
                yield Path(here) / name


def _unreadable(error: OSError) -> None:
    raise FlowError(
        f"The folder {error.filename} cannot be read: {error.strerror}. Its files would be missing from the run "
        "without a word. Give this user the right to read it, or leave it out of the inputs."
    ) from error


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)[:200] or type(error).__name__


def _unpacked(
    content: Content, opener: Callable[[], IO[bytes] | gzip.GzipFile], target: Path, most: int | None = None
) -> Content:
    """Unpack a stream of `most` bytes to the work folder while hashing it. TooMuchError when it is longer."""
    try:
        with opener() as packed, target.open("wb") as out:
            _scan(content, packed, out, most)
    except TooMuchError:
        target.unlink()
        raise
    content.path = target
    content.bytes = target.stat().st_size
    return _inspect(content, target.parent)


def _members(archive: Content, work: Path, number: int, limits: Limits) -> list[Content]:
    if limits.files is not None and list_bytes(archive.source) > LONGEST_LIST:
        archive.problem = Problem("S01", f"an archive whose list of files is longer than {LONGEST_LIST:,} bytes")
        return [archive]
    with zipfile.ZipFile(archive.source) as zipped:
        names = [i for i in zipped.infolist() if not i.is_dir() and not Path(i.filename).name.startswith((".", "_"))]
        if any(i.filename == "[Content_Types].xml" for i in names):
            archive.problem = Problem("S20", archive.name)
            return [archive]
        if not names:
            archive.problem = Problem("S02", "an archive without files")
            return [archive]
        if limits.files is not None and len(names) > limits.files:
            archive.problem = Problem("S01", f"{len(names):,} files; at most {limits.files} are read from one archive")
            return [archive]
        made: list[Content] = []
        for place, info in enumerate(sorted(names, key=lambda i: i.filename)):
            left = None if limits.bytes is None else limits.bytes - sum(m.bytes for m in made)
            member = Content(f"{archive.name}!{info.filename}", archive.source, archive.source, stamp=archive.stamp)
            try:
                _unpacked(member, partial(zipped.open, info), work / f"in{number}_{place}.csv", left)
            except UNREADABLE as error:
                refuse_full_disk(error, work)
                member.problem = Problem("S01", _reason(error))
            made.append(member)
        return made


def _scan(content: Content, handle: IO[bytes] | gzip.GzipFile, out: IO[bytes] | None, most: int | None = None) -> None:
    """Hash a stream and notice what DuckDB would trip over; one pass, nothing held."""
    seen = 0
    digest, decoder, is_ascii = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), True
    lines = _Lines()
    while chunk := handle.read(_CHUNK):
        seen += len(chunk)
        if most is not None and seen > most:
            raise TooMuchError(f"more than {most:,} bytes when unpacked")
        digest.update(chunk)
        lines.feed(chunk)
        if out is not None:
            out.write(chunk)
        if not content.has_nul and b"\0" in chunk:
            content.has_nul = True
        if content.encoding == "utf-8" and not (is_ascii and chunk.isascii()):
            is_ascii = False
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                content.encoding = "not utf-8"
    content.hash = digest.hexdigest()
    content.rows = lines.rows


class _Lines:
    """Counts the rows of well-formed text by its line ends outside quotes."""

    def __init__(self) -> None:
        self._ends = 0
        self._last = b""
        self._is_quoted = False
        self._has_blank = False

    def feed(self, chunk: bytes) -> None:
        """Go on with the next bytes."""
        # quotes with no line end between them change nothing
        marks = chunk.translate(None, _NOT_MARKS).replace(b'""', b"")
        parts = marks.split(b'"')
        self._ends += sum(part.count(b"\n") for part in parts[1 if self._is_quoted else 0 :: 2])
        self._is_quoted ^= len(parts) % 2 == 0
        for text in (chunk, self._last + chunk[:2]):
            self._has_blank |= b"\n\n" in text or b"\n\r\n" in text
        self._last = (self._last + chunk)[-2:] if len(chunk) < 2 else chunk[-2:]

    @property
    def rows(self) -> int | None:
        """Rows below the header; None when a quote stays open or a line is blank, even of a cell: ends do not tell."""
        if self._is_quoted or self._has_blank or not self._last:
            return None
        return self._ends - self._last.endswith(b"\n")


def _inspect(content: Content, work: Path) -> Content:
    """Kind, header and contract of a content whose bytes are in place."""
    with content.path.open("rb") as handle:
        start = handle.read(HEADER_BYTES)
    if not start.strip(b"\xef\xbb\xbf \t\r\n\0"):
        content.problem = Problem("S02", f"{content.bytes} bytes")
    elif start[:4] == b"PAR1":
        _inspect_parquet(content)
    elif start[:4] in (b"PK\x03\x04",) or start[:2] == b"\x1f\x8b":
        content.problem = Problem("S01", "an archive inside an archive")
    else:
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            start = _from_utf16(content, work)
        _inspect_text(content, start)
    return content


def _from_utf16(content: Content, work: Path) -> bytes:
    """Spreadsheets save "Unicode text" as UTF-16: read a UTF-8 copy of it."""
    copy = work / f"{content.hash[:16]}.utf8"
    try:
        with (
            content.path.open(encoding="utf-16", newline="") as source,
            copy.open("w", encoding="utf-8", newline="") as out,
        ):
            while text := source.read(_CHUNK):
                out.write(text)
    except UnicodeError:
        return b""
    content.path, content.has_nul, content.encoding, content.rows = copy, False, "utf-8", None
    content.notes.append(Problem("S09", "UTF-16"))
    with copy.open("rb") as handle:
        return handle.read(HEADER_BYTES)


def _inspect_text(content: Content, start: bytes) -> None:
    try:
        text = start.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = start.decode("cp1252", errors="replace").removeprefix("ï»¿")
    body = text.lstrip("\r\n \t\0") if text[:1] in "\r\n \0" else text
    content.needs_care = content.has_nul or content.encoding != "utf-8" or body != text
    choices = []
    for separator in SEPARATORS:
        header = _first_record(body, separator)
        found = recognise(header)
        choices.append((found.matched if found else 0, len(header), separator, header, found))
    content.form = _line_ends(body)
    matched, _, separator, header, found = max(choices, key=lambda c: (c[0], c[1]))
    content.separator, content.header, content.recognised = separator, tuple(h.strip() for h in header), found
    _judge_header(content, matched)


def _line_ends(text: str) -> str:
    pairs = text.count("\r\n")
    alone = {"\n": text.count("\n") - pairs, "\r": text.count("\r") - pairs, "\r\n": pairs}
    return " ".join(end for end, count in alone.items() if count)


def _first_record(text: str, separator: str) -> list[str]:
    csv.field_size_limit(max(csv.field_size_limit(), HEADER_BYTES * 2))
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error:
        return []


def _inspect_parquet(content: Content) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content.kind = "parquet"
    try:
        with pq.ParquetFile(content.path) as table:
            schema, content.rows = table.schema_arrow, table.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        content.problem = Problem("S01", str(error).splitlines()[0][:200])
        return
    content.header, content.form = tuple(schema.names), ";".join(map(str, schema.types))
    content.recognised = recognise(content.header)
    _judge_header(content, content.recognised.matched if content.recognised else 0)


def _judge_header(content: Content, matched: int) -> None:
    """Whether the file can be read as the flow its header fits best."""
    found = content.recognised
    if found is None or matched < 3:
        content.problem = Problem("S05", "; ".join(content.header)[:200])
        content.recognised = None
    elif found.missing:
        content.problem = Problem("F01.missing", "; ".join(content.header)[:200], "; ".join(found.missing))
    else:
        repeated = [content.header[p] for p in found.repeated]
        needed = {n for p in found.repeated if (n := _field_of(found, content.header[p])) in found.contract.needed}
        if needed:
            content.problem = Problem("S06", "; ".join(repeated)[:200], "; ".join(sorted(needed)))
        elif repeated:
            content.notes.append(Problem("S08", "; ".join(repeated)[:200]))


def _field_of(found: Recognised, name: str) -> str:
    from tertiary.flows.contracts import normal

    return found.contract.names[normal(name)]
