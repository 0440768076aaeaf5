"""Files in, canonical rows out: every row received ends accepted, quarantined or superseded.

Intake always runs on the embedded engine; its SQL is generated from the contracts, the mapping and the checks.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import ConservationError, FlowError
from tertiary.flows import canonical, checks, macros, submissions
from tertiary.flows.reading import Source, find, load, open_sources
from tertiary.tables import columns

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import DuckDBEngine
    from tertiary.register import Register

FILE_ADVICE = {
    "FILE01": "check that the file is whole and is CSV, gzip, zip or Parquet, then send it again",
    "FILE02": "send the file with its header and data",
    "FILE03": "name the columns as the standard does",
    "FILE04": "leave each column once",
    "FILE05": "a file with the same content was already taken; nothing to do",
    "F01": "add the missing columns",
    "ROW01": "look for a missing or an unquoted delimiter",
    "ROW02": "remove the NUL bytes",
    "ROW03": "look for an unclosed quotation mark",
    "N01": "send pseudonyms, or set TERTIARY_PSEUDONYM_KEY so that numbers are replaced on arrival",
}


@dataclass(frozen=True)
class IntakeSettings:
    """`pseudonym_key` replaces NHS numbers by keyed hashes; without it rows that carry one are refused."""

    pseudonym_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Intake:
    """What arrived: tables with the schemas of tables.csv, facts of the inputs, and counts of rows by fate."""

    activity: ir.Table
    findings: ir.Table
    quarantine: ir.Table
    submissions: ir.Table
    inputs: list[dict[str, Any]]
    counts: Mapping[str, int]


def intake(
    engine: DuckDBEngine,
    inputs: Sequence[Path],
    register: Register,
    *,
    as_known: date,
    settings: IntakeSettings | None = None,
) -> Intake:
    """Read, check and settle every row of `inputs` as known on `as_known`. FlowError when an input does not exist."""
    settings = settings or IntakeSettings()
    for given in inputs:
        if not given.exists():
            raise FlowError(f"{given} does not exist. Give a file or a folder of monthly files.")
    macros.install(engine, settings.pseudonym_key)
    checks.load_references(engine, register)
    _begin(engine)
    work = Path(tempfile.mkdtemp(dir=engine.work))
    sources = [s for path, name in find(inputs) for s in open_sources(path, name, work)]
    for number, source in enumerate(sources):
        _stage(engine, number, source, work, bool(settings.pseudonym_key))
    macros.forget_key(engine)
    submissions.settle(engine, as_known)
    counts = _counts(engine)
    made = {name: engine.table(f"flows_{name}") for name in ("activity", "findings", "quarantine", "submissions")}
    facts = [_fact(s) for s in sources]
    return Intake(**made, inputs=facts, counts=counts)


def check(engine: DuckDBEngine, files: Sequence[Path], register: Register) -> Intake:
    """Findings for files before anyone submits them: as `intake`, with all knowledge there is."""
    return intake(engine, files, register, as_known=date.max)


def _begin(engine: DuckDBEngine) -> None:
    """Empty work tables, so that nothing arriving gives empty results, not a failure."""
    cells = ", ".join(f"{c.name} {_sql_type(c.type)}" for c in columns("activity") if c.name not in _NOT_STAGED)
    engine.execute(
        "CREATE OR REPLACE TABLE flows_staged (source_number INTEGER, row_number BIGINT, created_at TIMESTAMP, "
        f"nhs_number VARCHAR, raw VARCHAR, failing INTEGER[], {cells})"
    )
    engine.execute(
        "CREATE OR REPLACE TABLE flows_broken (source_number INTEGER, row_number BIGINT, flow VARCHAR, "
        "rule_id VARCHAR, expected VARCHAR, raw VARCHAR)"
    )
    engine.execute(
        "CREATE OR REPLACE TABLE flows_sources (source_number INTEGER, file VARCHAR, file_hash VARCHAR, "
        "flow VARCHAR, received_at TIMESTAMP, rule_id VARCHAR, value VARCHAR, expected VARCHAR, advice VARCHAR)"
    )
    engine.execute(
        "CREATE OR REPLACE TABLE flows_repairs (source_number INTEGER, row_number BIGINT, rule_id VARCHAR, "
        "field VARCHAR, value VARCHAR, expected VARCHAR, repair VARCHAR)"
    )


_NOT_STAGED = {"record_id", "row_key", "submission_id", "row_number", "fate"}


def _stage(engine: DuckDBEngine, number: int, source: Source, work: Path, has_key: bool) -> None:
    """Read one source into the staged rows; what is broken goes to flows_broken with its text."""
    if source.recognised is not None and not source.problem:
        load(engine, source, "flows_raw", work)
        engine.execute(_select(source, number, has_key))
        _repairs(engine, source, number)
    elif source.problem and source.problem[0] != "FILE01" and not source.parquet:
        _refuse_whole(engine, source, number)
    flow = source.recognised.contract.flow if source.recognised else ""
    rule, value, expected = source.problem or ("", "", "")
    received = datetime.fromtimestamp(source.received_at, UTC).replace(tzinfo=None, microsecond=0)
    row = [number, source.name, source.sha256, flow, received, rule, value, expected, FILE_ADVICE.get(rule, "")]
    engine.connection.execute(f"INSERT INTO flows_sources VALUES ({', '.join('?' * len(row))})", row)
    broken = [(number, b.row_number, flow, b.rule_id, b.expected, b.raw) for b in source.broken]
    if broken:
        engine.connection.executemany("INSERT INTO flows_broken VALUES (?, ?, ?, ?, ?, flows_redact(?))", broken)


def _refuse_whole(engine: DuckDBEngine, source: Source, number: int) -> None:
    """Every line of a file that cannot be placed is kept as text."""
    from tertiary.flows.reading import Broken

    rule, _, expected = source.problem or ("", "", "")
    with source.path.open(encoding="utf-8", errors="replace", newline="") as handle:
        lines = [line.rstrip("\r\n").replace("\0", "\\0")[:100_000] for line in handle]
    source.broken = [Broken(n, rule, expected, line) for n, line in enumerate(lines[1:], 1) if line.strip()]
    source.rows = len(source.broken)


def _select(source: Source, number: int, has_key: bool) -> str:
    """INSERT of the canonical rows of one raw table, with the checks they fail."""
    assert source.recognised is not None
    cells = canonical.Cells(source.recognised)
    typed = canonical.typed(cells)
    derived = canonical.derived(cells, has_key)
    dates = {k: v for k, v in derived.items() if k in ("activity_date", "financial_year", "financial_month")}
    later = {k: v for k, v in derived.items() if k not in dates and k != "date_filled"}
    first = f"SELECT *, {', '.join(f'{v} AS {k}' for k, v in typed.items())} FROM flows_raw"
    dated = f"SELECT {_over(typed, dates)} FROM ({first})"
    made = f"SELECT {_over({**typed, **dates}, later)} FROM ({dated})"
    have = {**typed, **derived}
    row = {}
    for column in columns("activity"):
        if column.name in _NOT_STAGED:
            continue
        value = column.name if column.name in have else canonical.default(column.type)
        row[column.name] = f"CAST({value} AS {_sql_type(column.type)})"
    row["age"] = f"coalesce({row['age']}, 999::SMALLINT)"
    texts = [f"f{i}" for i in range(len(source.header))]
    created = "created_at" if "created_at" in have else "NULL::TIMESTAMP"
    flat = f"SELECT row_number, {created} AS created_at, nhs_number, "
    flat += f"[{', '.join(texts)}] AS cells, {', '.join(f'{v} AS {k}' for k, v in row.items())} FROM ({made})"
    refuse = f"list_has_any(failing, {checks.refusing()})" + ("" if has_key else " OR nhs_number <> ''")
    order = ", ".join(row)
    return (
        f"INSERT INTO flows_staged SELECT {number}, row_number, created_at, nhs_number, "
        f"CASE WHEN {refuse} THEN flows_redact(array_to_string(cells, {canonical.quote(source.delimiter)})) ELSE '' END, "
        f"failing, {order} FROM (SELECT *, {checks.failing()} AS failing FROM ({flat}))"
    )


def _over(have: Mapping[str, str], new: Mapping[str, str]) -> str:
    """`*` with columns replaced where they exist and added where they do not."""
    replaced = ", ".join(f"{v} AS {k}" for k, v in new.items() if k in have)
    added = "".join(f", {v} AS {k}" for k, v in new.items() if k not in have)
    return f"* REPLACE ({replaced}){added}" if replaced else f"*{added}"


def _repairs(engine: DuckDBEngine, source: Source, number: int) -> None:
    """Record what was read differently from how it was written: years and amounts."""
    assert source.recognised is not None
    cells = canonical.Cells(source.recognised)
    for mapped in cells.contract.mapping:
        rules = {"financial_year": ("F02", "six digits such as 202526"), "money": ("F06", "digits and a point")}
        if mapped.how not in rules or cells.position(mapped) is None:
            continue
        rule, expected = rules[mapped.how]
        cell = cells.first(mapped.sources)
        mended = f"flows_year({cell})" if mapped.how == "financial_year" else f"CAST(flows_money({cell}) AS VARCHAR)"
        changed = (
            f"{mended} <> '' AND {mended} <> {cell}"
            if rule == "F02"
            else f"regexp_matches({cell}, '[,£\\s]') AND {mended} IS NOT NULL"
        )
        name = canonical.quote(source.header[cells.position(mapped) or 0])
        engine.execute(
            f"INSERT INTO flows_repairs SELECT {number}, row_number, '{rule}', {name}, {cell}, '{expected}', {mended} "
            f"FROM flows_raw WHERE {cell} <> '' AND {changed}"
        )


def _counts(engine: DuckDBEngine) -> dict[str, int]:
    """Rows by fate, checked slice by slice."""
    row = engine.query(
        "SELECT coalesce(sum(received), 0)::BIGINT AS received, coalesce(sum(accepted), 0)::BIGINT AS accepted, "
        "coalesce(sum(quarantined), 0)::BIGINT AS quarantined, coalesce(sum(superseded), 0)::BIGINT AS superseded, "
        "count(*) FILTER (received <> accepted + quarantined + superseded) AS uneven FROM flows_submissions"
    ).to_pylist()[0]
    uneven = row.pop("uneven")
    arrived = engine.query(
        "SELECT (SELECT count(*) FROM flows_staged) + (SELECT count(*) FROM flows_broken) AS n"
    ).to_pylist()[0]["n"]
    if uneven or arrived != row["received"]:
        raise ConservationError(f"{arrived} rows arrived but the submissions hold {row}; {uneven} slices are uneven.")
    return {k: int(v) for k, v in row.items()}


def _fact(source: Source) -> dict[str, Any]:
    flow = source.recognised.contract.flow if source.recognised else ""
    return {"file": source.name, "sha256": source.sha256, "bytes": source.size, "rows": source.rows, "flow": flow}


def _sql_type(kind: str) -> str:
    simple = {"string": "VARCHAR", "int16": "SMALLINT", "int64": "BIGINT", "date": "DATE", "boolean": "BOOLEAN"}
    return simple.get(kind, kind.upper())
