"""The one scan of a file: cells to canonical rows with their failed checks, into table `flows_rows`.

`flows_rows` has one row a received row that could be split into cells: the canonical columns, `file_no`, the words
of failed checks and, where a check failed, `evidence`: the cells as they arrived, joined by a control character.
`is_repeat` is set later (`references`), on rows which stand in their submission already.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tertiary.flows.canonical import Cells, carried, default, derived, quote, typed
from tertiary.flows.checks import WORDS, RowCheck
from tertiary.flows.files import MAX_ROW, Content
from tertiary.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

    from tertiary.engine import DuckDBEngine

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


def insert(
    engine: DuckDBEngine, content: Content, number: int, compiled: list[RowCheck], has_key: bool, good: Path | None
) -> None:
    """Read a content into `flows_rows`; `good` is the careful reader's copy, whose first cell is the row number.

    Raises duckdb.Error when the strict reader refuses the file; then nothing was inserted.
    """
    engine.execute(f"INSERT INTO flows_rows {selection(content, number, compiled, has_key, good)}")


def judge_pseudonyms(engine: DuckDBEngine, number: int, compiled: list[RowCheck], has_key: bool) -> list[RowCheck]:
    """Tell NHS numbers in a pseudonym column from pseudonyms that happen to have ten digits.

    One ten-digit number in eleven passes the check by chance; where most of a file's do, they are NHS numbers: their
    rows are refused, or hashed when there is a key. Returns the checks whose findings stand.
    """
    suspect = next((c for c in compiled if c.check.kind == "pseudonym"), None)
    if suspect is None:
        return compiled
    others = [c for c in compiled if c is not suspect]
    counts = engine.query(f"""SELECT
        count(*) FILTER (regexp_full_match(flows_digits(patient_id), '[0-9]{{10}}')) AS ten,
        count(*) FILTER (flows_is_nhs(flows_digits(patient_id))) AS valid FROM flows_rows WHERE file_no = {number}""")
    row = counts.to_pylist()[0]
    if not row["valid"] or row["valid"] * 2 <= row["ten"]:
        return others
    hit = f"WHERE file_no = {number} AND flows_is_nhs(flows_digits(patient_id))"
    if has_key:
        engine.execute(f"UPDATE flows_rows SET patient_id = flows_pseudonym(flows_digits(patient_id)) {hit}")
        return others
    engine.execute(f"UPDATE flows_rows SET is_refused = true {hit}")
    return compiled


def selection(content: Content, number: int, compiled: list[RowCheck], has_key: bool, good: Path | None) -> str:
    """The SQL of the scan. It holds no join: a join would lose the order of the file, and with it row numbers."""
    assert content.recognised is not None
    cells = Cells(content.recognised)
    first, second = {"created_at": "CAST(NULL AS TIMESTAMP)", **typed(cells)}, derived(cells, has_key)
    kept = {name: sql for name, sql in first.items() if name not in second}
    third = {**{n: n for n in kept}, **second}
    if has_key:
        third["nhs_number"] = "''"
    words = _words(compiled)
    refusing = _refusing(compiled)
    types = {c.name: c.type for c in columns("activity")}
    out = [str(number), "source_row", "flow"]
    out += [_cast(name, types[name], third) for name in _carried()]
    failed = " OR ".join(f"w{i} <> 0" for i in range(WORDS))
    evidence = f"CASE WHEN {failed} THEN {_evidence(content, cells)} END"
    out += ["created_at", *[f"w{i}" for i in range(WORDS)], refusing, "false", evidence]
    texts = [*first.values(), *second.values(), *[c.predicate for c in compiled]]
    used = sorted({int(n) for text in texts for n in re.findall(r"\bf(\d+)\b", text)})
    trimmed = ", ".join(f"trim(c{n}) AS f{n}" for n in used)
    cell_names = [f"f{n}" for n in used]
    raw = [f"c{n}" for n in range(len(content.header))]
    passed = ", ".join([*cell_names, *raw, "source_row"])
    level1 = f"SELECT {trimmed or '1 AS one'}, {', '.join(raw)}, source_row FROM {_reader(content, good)}"
    level2 = f"SELECT {_list(first)}, {passed} FROM ({level1})"
    level3 = f"SELECT {_list(third)}, {passed} FROM ({level2})"
    level4 = f"SELECT *, {words} FROM ({level3})"
    return f"SELECT {', '.join(out)} FROM ({level4})"


def _reader(content: Content, good: Path | None) -> str:
    raw = [f"c{n}" for n in range(len(content.header))]
    if content.kind == "parquet":
        cells = ", ".join(
            f"coalesce(CAST({_name(header)} AS VARCHAR), '') AS {cell}"
            for header, cell in zip(content.header, raw, strict=True)
        )
        return f"(SELECT {cells}, CAST(NULL AS BIGINT) AS source_row FROM read_parquet({quote(str(content.path))}))"
    names = raw if good is None else ["source_row", *raw]
    kinds = ", ".join(f"'{n}': '{'BIGINT' if n == 'source_row' else 'VARCHAR'}'" for n in names)
    source = (
        f"read_csv({quote(str(good or content.path))}, auto_detect=false, "
        f"header={'true' if good is None else 'false'}, "
        f"delim={quote(content.separator)}, quote='\"', escape='\"', strict_mode=true, null_padding=false, "
        f"max_line_size={MAX_ROW}, nullstr={quote(_NEVER)}, columns={{{kinds}}})"
    )
    return source if good is not None else f"(SELECT *, CAST(NULL AS BIGINT) AS source_row FROM {source})"


def _words(compiled: list[RowCheck]) -> str:
    parts = []
    for word in range(WORDS):
        bits = [f"CAST(coalesce({c.predicate}, false) AS UBIGINT) * {1 << c.bit}" for c in compiled if c.word == word]
        parts.append(f"{' + '.join(bits) or '0'}")
    return ", ".join(f"CAST({p} AS UBIGINT) AS w{i}" for i, p in enumerate(parts))


def _refusing(compiled: list[RowCheck]) -> str:
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
