"""The one scan of files of a layout: cells to canonical rows with their failed checks, into table `flows_rows`.

`flows_rows` has one row a received row that could be split into cells: the canonical columns, `file_no`, the words
of failed checks and, where a check failed, `evidence`: the cells as they arrived, joined by a control character.
`is_repeat` is set later (`references`), on rows which stand in their submission already.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tertiary.flows.canonical import Cells, carried, default, derived, quote, typed
from tertiary.flows.checks import WORDS, RowCheck
from tertiary.flows.files import MAX_ROW, Content
from tertiary.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

    from tertiary.engine import DuckDBEngine
    from tertiary.flows.contracts import Recognised

JOINT = "chr(31)"
# A marker that no cell holds: blank cells must stay blank text, never NULL.
_NEVER = "\x01NULL\x01"


def create(engine: DuckDBEngine) -> None:
    """An empty `flows_rows`."""
    types = {c.name: _sql_type(c.type) for c in columns("activity")}
    body = [f'"{name}" {types[name]}' for name in ["flow", *_carried()]]
    words = [f"w{i} UBIGINT" for i in range(WORDS)]
    parts = [
        "file_no INTEGER",
        "source_row BIGINT",
        *body,
        "created_at TIMESTAMP",
        *words,
        "is_refused BOOLEAN",
        "is_repeat BOOLEAN",
        "evidence VARCHAR",
    ]
    engine.execute(f"CREATE OR REPLACE TABLE flows_rows ({', '.join(parts)})")


@dataclass(frozen=True)
class Source:
    """One content to read: its file number, the rows expected of it, and the careful reader's copy if there is one."""

    number: int
    content: Content
    rows: int | None
    good: Path | None = None

    @property
    def path(self) -> Path:
        return self.good or self.content.path

    @property
    def recognised(self) -> Recognised:
        assert self.content.recognised is not None
        return self.content.recognised


def insert(engine: DuckDBEngine, sources: Sequence[Source], compiled: Sequence[RowCheck], has_key: bool) -> None:
    """Read contents of one layout into `flows_rows`; of copies by the careful reader, the first cell is the row number.

    Raises duckdb.Error when the strict reader refuses one of them; then nothing was inserted.
    """
    engine.execute(f"INSERT INTO flows_rows {selection(sources, compiled, has_key)}")


def doubtful(engine: DuckDBEngine, sources: Sequence[Source]) -> set[int]:
    """Numbers of the text files with lines that the strict reader will refuse: one pass that splits and keeps nothing.

    It is a hint that spares reading good files twice; the strict reader still refuses what this overlooks.
    """
    reader = _reader(sources, "store_rejects=true, rejects_table='flows_rejects', rejects_scan='flows_reject_scans'")
    engine.query(f"SELECT count(*) AS rows FROM {reader}")
    found = engine.query("""SELECT DISTINCT file_path FROM flows_rejects JOIN flows_reject_scans
        USING (scan_id, file_id)""").column(0)
    paths = set(found.to_pylist())
    return {s.number for s in sources if str(s.path) in paths}


def judge_pseudonyms(
    engine: DuckDBEngine, numbers: Sequence[int], compiled: list[RowCheck], has_key: bool
) -> dict[int, list[RowCheck]]:
    """Tell NHS numbers in a pseudonym column from pseudonyms that happen to have ten digits.

    One ten-digit number in eleven passes the check by chance; where most of a file's do, they are NHS numbers: their
    rows are refused, or hashed when there is a key. Returns the checks whose findings stand, by file.
    """
    suspect = next((c for c in compiled if c.check.kind == "pseudonym"), None)
    if suspect is None or not numbers:
        return dict.fromkeys(numbers, compiled)
    counts = engine.query(f"""SELECT file_no,
        count(*) FILTER (regexp_full_match(flows_digits(patient_id), '[0-9]{{10}}')) AS ten,
        count(*) FILTER (flows_is_nhs(flows_digits(patient_id))) AS valid
        FROM flows_rows WHERE {_among(numbers)} GROUP BY 1""")
    caught = [r["file_no"] for r in counts.to_pylist() if r["valid"] and r["valid"] * 2 > r["ten"]]
    others = [c for c in compiled if c is not suspect]
    standing = dict.fromkeys(numbers, others)
    if not caught:
        return standing
    hit = f"WHERE {_among(caught)} AND flows_is_nhs(flows_digits(patient_id))"
    if has_key:
        engine.execute(f"UPDATE flows_rows SET patient_id = flows_pseudonym(flows_digits(patient_id)) {hit}")
        return standing
    engine.execute(f"UPDATE flows_rows SET is_refused = true {hit}")
    return standing | dict.fromkeys(caught, compiled)


def counts(engine: DuckDBEngine, numbers: Sequence[int]) -> dict[int, int]:
    """Rows in `flows_rows` of some files, those that have any."""
    if not numbers:
        return {}
    found = engine.query(f"SELECT file_no, count(*) AS n FROM flows_rows WHERE {_among(numbers)} GROUP BY 1")
    return {row["file_no"]: row["n"] for row in found.to_pylist()}


def remove(engine: DuckDBEngine, numbers: Sequence[int]) -> None:
    """Take the rows of some files out of `flows_rows`."""
    if numbers:
        engine.execute(f"DELETE FROM flows_rows WHERE {_among(numbers)}")


def _among(numbers: Sequence[int]) -> str:
    return f"file_no IN ({', '.join(map(str, numbers))})"


def selection(sources: Sequence[Source], compiled: Sequence[RowCheck], has_key: bool) -> str:
    """The SQL of the scan of files of one layout, one after the other.

    It holds no join: a join would lose the order of the files, and with it row numbers.
    """
    content = sources[0].content
    cells = Cells(sources[0].recognised)
    first, second = {"created_at": "CAST(NULL AS TIMESTAMP)", **typed(cells)}, derived(cells, has_key)
    kept = {name: sql for name, sql in first.items() if name not in second}
    third = {**{n: n for n in kept}, **second}
    if has_key:
        third["nhs_number"] = "''"
    words = _words(compiled)
    refusing = _refusing(compiled)
    types = {c.name: c.type for c in columns("activity")}
    out = ["file_no", "source_row", "flow"]
    out += [_cast(name, types[name], third) for name in _carried()]
    failed = " OR ".join(f"w{i} <> 0" for i in range(WORDS))
    evidence = f"CASE WHEN {failed} THEN {_evidence(content, cells)} END"
    out += ["created_at", *[f"w{i}" for i in range(WORDS)], refusing, "false", evidence]
    texts = [*first.values(), *second.values(), *[c.predicate for c in compiled]]
    used = sorted({int(n) for text in texts for n in re.findall(r"\bf(\d+)\b", text)})
    trimmed = ", ".join(f"trim(c{n}) AS f{n}" for n in used)
    cell_names = [f"f{n}" for n in used]
    raw = [f"c{n}" for n in range(len(content.header))]
    passed = ", ".join([*cell_names, *raw, "source_row", "file_no"])
    level1 = f"SELECT {trimmed or '1 AS one'}, {', '.join(raw)}, source_row, file_no FROM {_numbered(sources)}"
    level2 = f"SELECT {_list(first)}, {passed} FROM ({level1})"
    level3 = f"SELECT {_list(third)}, {passed} FROM ({level2})"
    level4 = f"SELECT *, {words} FROM ({level3})"
    return f"SELECT {', '.join(out)} FROM ({level4})"


def _numbered(sources: Sequence[Source]) -> str:
    """Cells as text with `file_no`, and `source_row` where the careful reader counted."""
    content = sources[0].content
    raw = [f"c{n}" for n in range(len(content.header))]
    cells = raw
    if content.kind == "parquet":
        named = zip(content.header, raw, strict=True)
        cells = [f"coalesce(CAST({_name(header)} AS VARCHAR), '') AS {cell}" for header, cell in named]
    row = "CAST(NULL AS BIGINT) AS source_row" if sources[0].good is None else "source_row"
    numbers = ", ".join(str(s.number) for s in sources)
    number = numbers if len(sources) == 1 else f"[{numbers}][CAST(file_index AS BIGINT) + 1]"
    return f"(SELECT {', '.join(cells)}, {row}, CAST({number} AS INTEGER) AS file_no FROM {_reader(sources)})"


def _reader(sources: Sequence[Source], more: str = "") -> str:
    content, is_copy = sources[0].content, sources[0].good is not None
    paths = f"[{', '.join(quote(str(s.path)) for s in sources)}]"
    if content.kind == "parquet":
        return f"read_parquet({paths})"
    names = [*(["source_row"] if is_copy else []), *[f"c{n}" for n in range(len(content.header))]]
    kinds = ", ".join(f"'{n}': '{'BIGINT' if n == 'source_row' else 'VARCHAR'}'" for n in names)
    return (
        f"read_csv({paths}, auto_detect=false, header={'false' if is_copy else 'true'}, "
        f"delim={quote(content.separator)}, quote='\"', escape='\"', strict_mode=true, null_padding=false, "
        f"max_line_size={MAX_ROW}, nullstr={quote(_NEVER)}, columns={{{kinds}}}{', ' + more if more else ''})"
    )


def _words(compiled: Sequence[RowCheck]) -> str:
    parts = []
    for word in range(WORDS):
        bits = [f"CAST(coalesce({c.predicate}, false) AS UBIGINT) * {1 << c.bit}" for c in compiled if c.word == word]
        parts.append(f"{' + '.join(bits) or '0'}")
    return ", ".join(f"CAST({p} AS UBIGINT) AS w{i}" for i, p in enumerate(parts))


def _refusing(compiled: Sequence[RowCheck]) -> str:
    masks = [0] * WORDS
    for c in compiled:
        if c.check.action == "quarantine" and c.check.kind != "pseudonym":
            masks[c.word] |= 1 << c.bit
    return " OR ".join(f"(w{i} & CAST({m} AS UBIGINT)) <> 0" for i, m in enumerate(masks) if m) or "false"


def _evidence(content: Content, cells: Cells) -> str:
    """The cells as they arrived; personal data that is never kept is left out even here."""
    dropped = {
        cells.recognised.fields[f.name] for f in cells.contract.fields if f.role == "dropped" and cells.has(f.name)
    }
    parts = ["'[not kept]'" if n in dropped else f"replace(c{n}, {JOINT}, ' ')" for n in range(len(content.header))]
    return f"concat_ws({JOINT}, {', '.join(parts)})"


def _cast(name: str, kind: str, present: dict[str, str]) -> str:
    if name not in present:
        return f'{default(kind)} AS "{name}"'
    return f'CAST("{name}" AS {_sql_type(kind)}) AS "{name}"' if kind != "string" else f'"{name}"'


def _list(expressions: dict[str, str]) -> str:
    return ", ".join(f'{sql} AS "{name}"' for name, sql in expressions.items())


def _carried() -> list[str]:
    return carried()


def _name(header: str) -> str:
    return '"' + header.replace('"', '""') + '"'


def _sql_type(kind: str) -> str:
    return {"string": "VARCHAR", "int16": "SMALLINT", "int64": "BIGINT", "date": "DATE", "timestamp": "TIMESTAMP"}.get(
        kind, kind.upper()
    )
