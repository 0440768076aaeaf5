"""Reading files into `flows_rows`: those of one layout in one statement, strictly where that can be, else carefully.

Planning the scan of a layout takes longer than reading a small file, and one small file keeps one core busy, so files
with the same columns are read together. What the strict reader refuses is found by a quick pass beforehand, and the
rows of each file are counted in two ways, because no reader is trusted to lose nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tertiary.flows import careful, files, stage
from tertiary.flows.canonical import Cells
from tertiary.flows.checks import RowCheck, compile_rows
from tertiary.flows.files import Content, Problem
from tertiary.flows.stage import Source

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine
    from tertiary.register import Register

log = logging.getLogger(__name__)
Reached = Callable[[int, int], None]
# Bytes of small files that one statement reads: planning is then spread thinly, and progress is still told.
TOGETHER = 64 << 20


def read(
    engine: DuckDBEngine,
    contents: Mapping[int, Content],
    register: Register,
    has_key: bool,
    reached: Reached | None = None,
) -> tuple[dict[int, list[RowCheck]], list[dict[str, Any]]]:
    """Read all contents that can be read. Returns the checks whose findings stand, by file, and the rows set aside.

    What is wrong with a whole file is put into its `problem` and `notes`; `reached` is told bytes done and bytes of
    all. EngineError when the disk is full.
    """
    compiled: dict[int, list[RowCheck]] = {}
    broken: dict[int, list[dict[str, Any]]] = {}
    points = register["points_of_delivery"]
    readable = {n: c for n, c in contents.items() if c.problem is None and c.recognised is not None}
    done, total = 0, sum(c.bytes for c in readable.values())
    for sources in _alike(readable):
        if reached is not None:
            reached(done, total)
        done += sum(s.content.bytes for s in sources)
        checks = compile_rows(Cells(sources[0].recognised), points)
        set_aside = _read_alike(engine, sources, checks, has_key)
        changed = [s for s in sources if s.content.changed()]
        for source in changed:
            source.content.problem = Problem("S10", "")
        stage.remove(engine, [s.number for s in changed])
        sound = [s for s in sources if s.content.problem is None]
        compiled |= stage.judge_pseudonyms(engine, [s.number for s in sound], checks, has_key)
        filled = stage.counts(engine, [s.number for s in sound])
        for source in sound:
            broken[source.number] = set_aside.get(source.number, [])
            if source.number not in filled and not broken[source.number]:
                source.content.notes.append(Problem("S03", "0 rows"))
            _note_columns(source)
            log.info("read file", extra={"flow": source.recognised.contract.flow})
    rows = [{"file_no": number, **row} for number in sorted(broken) for row in broken[number]]
    return dict(sorted(compiled.items())), rows


def _alike(contents: Mapping[int, Content]) -> Iterator[list[Source]]:
    """The files in turn, small ones of one layout together. One whose rows only the reader can count stays alone."""
    kinds: dict[tuple[Any, ...], list[Source]] = {}
    for number, content in contents.items():
        alone = number if content.rows is None else None
        kinds.setdefault((alone, content.layout), []).append(Source(number, content, content.rows))
    for sources in kinds.values():
        taken: list[Source] = []
        for source in sources:
            if taken and sum(s.content.bytes for s in [*taken, source]) > TOGETHER:
                yield taken
                taken = []
            taken.append(source)
        yield taken


def _read_alike(
    engine: DuckDBEngine, sources: Sequence[Source], checks: Sequence[RowCheck], has_key: bool
) -> dict[int, list[dict[str, Any]]]:
    """Insert files of one layout. Returns the rows that could not be split into cells, by file."""
    sure = [s for s in sources if not s.content.needs_care]
    if len(sure) > 1 and sure[0].content.kind == "csv":
        doubtful = stage.doubtful(engine, sure)
        sure = [s for s in sure if s.number not in doubtful]
    refused = _insert(engine, sure, checks, has_key)
    for source in sure:
        if source.number in refused and source.content.kind == "parquet":
            source.content.problem = Problem("S01", refused[source.number])
    unread = [s for s in sources if s.content.kind == "csv" and (s not in sure or s.number in refused)]
    return _read_carefully(engine, unread, checks, has_key)


def _read_carefully(
    engine: DuckDBEngine, sources: Sequence[Source], checks: Sequence[RowCheck], has_key: bool
) -> dict[int, list[dict[str, Any]]]:
    splits: dict[int, careful.Split] = {}
    copies: list[Source] = []
    try:
        for source in sources:
            good = engine.work / f"good{source.number}.csv"
            copies.append(replace(source, good=good))
            try:
                split = careful.split(source.content, good)
            except OSError as error:
                files.refuse_full_disk(error, engine.work)
                source.content.problem = Problem("S01", type(error).__name__)
                continue
            splits[source.number] = split
            copies[-1] = replace(copies[-1], rows=split.rows - len(split.broken))
        refused = _insert(engine, [c for c in copies if c.number in splits and c.rows], checks, has_key)
    finally:
        for copy in copies:
            copy.path.unlink(missing_ok=True)
    for source in sources:
        if source.number in refused:
            source.content.problem = Problem("S01", refused[source.number])
        elif source.number in splits:
            _note_reading(source.content, splits[source.number])
    return {number: split.broken for number, split in splits.items()}


def _insert(
    engine: DuckDBEngine, sources: Sequence[Source], checks: Sequence[RowCheck], has_key: bool
) -> dict[int, str]:
    """Insert files of one layout together, and one by one where that fails. Returns why some were left out."""
    import duckdb

    if not sources:
        return {}
    try:
        stage.insert(engine, sources, checks, has_key)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        files.refuse_full_disk(error, engine.work)
        if len(sources) == 1:
            return {sources[0].number: type(error).__name__}
        refused: dict[int, str] = {}
        for source in sources:
            refused |= _insert(engine, [source], checks, has_key)
        return refused
    found = stage.counts(engine, [s.number for s in sources])
    wrong = {
        s.number: f"{found.get(s.number, 0)} of {s.rows} rows"
        for s in sources
        if s.rows not in (None, found.get(s.number, 0))
    }
    stage.remove(engine, list(wrong))
    return wrong


def _note_reading(content: Content, split: careful.Split) -> None:
    if split.encodings:
        lines = sum(split.encodings.values())
        content.notes.append(Problem("S09", f"Windows-1252 on {lines} lines"))
    if split.trimmed:
        content.notes.append(Problem("S17", f"{split.trimmed} rows"))


def _note_columns(source: Source) -> None:
    """Columns that were not read: unknown ones, and personal data that is never kept."""
    content, found = source.content, source.recognised
    if found.unknown:
        names = [content.header[p] for p in found.unknown]
        content.notes.append(Problem("F01.unknown", "; ".join(names)[:200]))
    dropped = [f.name for f in found.contract.fields if f.role == "dropped" and f.name in found.fields]
    if personal := [n for n in dropped if n != "PERSON BIRTH DATE"]:
        content.notes.append(Problem("S21", "; ".join(personal)[:200], personal[0]))
