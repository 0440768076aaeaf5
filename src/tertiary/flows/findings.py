"""Findings and quarantine: failed checks turned into rows that say file, row, field, value, expected and remedy.

Everything is gathered in `flows_found` (one row a failed check) while stages run, and written once, with record
identifiers, when submissions are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tertiary.flows.checks import WORDS, Check, RowCheck, checks
from tertiary.flows.files import Content, Problem
from tertiary.flows.stage import JOINT

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine

# Where a repaired value stands, by what the check reads.
_REPAIRED = {
    "financial_year": "r.financial_year",
    "age": "CAST(r.age AS VARCHAR)",
    "activity_date": "CAST(r.activity_date AS VARCHAR)",
    "device_code": "r.device_code",
    "provider_code": "r.provider_code",
    "money": "rtrim(rtrim(CAST(flows_money(value) AS VARCHAR), '0'), '.')",
}
_VALUE_SHOWN = 200


def create(engine: DuckDBEngine) -> None:
    """An empty `flows_found`."""
    engine.execute("""CREATE OR REPLACE TABLE flows_found (file_no INTEGER, row_id BIGINT, submission_id VARCHAR,
        "check" VARCHAR, field VARCHAR, value VARCHAR, expected VARCHAR, repair VARCHAR)""")


def of_files(engine: DuckDBEngine, contents: Mapping[int, Content]) -> None:
    """Problems and notes of whole files."""
    rows = [
        (number, note)
        for number, content in contents.items()
        for note in [*([content.problem] if content.problem else []), *content.notes]
    ]
    add(engine, [{"file_no": n, **_of_problem(p)} for n, p in rows])


def add(engine: DuckDBEngine, rows: list[dict[str, Any]]) -> None:
    """Add findings made outside the engine (few: one or so a file)."""
    import pyarrow as pa

    if not rows:
        return
    names = ["file_no", "row_id", "submission_id", "check", "field", "value", "expected", "repair"]
    types = [pa.int32(), pa.int64(), *[pa.string()] * 6]
    data = pa.table([pa.array([r.get(n) for r in rows], t) for n, t in zip(names, types, strict=True)], names=names)
    engine.load("flows_added", data)
    engine.execute("INSERT INTO flows_found SELECT * FROM flows_added")
    engine.drop("flows_added")


def of_rows(engine: DuckDBEngine, compiled: Mapping[int, list[RowCheck]]) -> None:
    """Unpivot the failed checks of rows."""
    import pyarrow as pa

    seen = {
        r["file_no"]: [r[f"w{i}"] or 0 for i in range(WORDS)]
        for r in engine.query(
            f"SELECT file_no, {', '.join(f'bit_or(w{i}) AS w{i}' for i in range(WORDS))} FROM flows_rows GROUP BY 1"
        ).to_pylist()
    }
    failed = [(n, c) for n, found in compiled.items() for c in found if n in seen and seen[n][c.word] >> c.bit & 1]
    if not failed:
        return
    engine.load(
        "flows_failed",
        pa.table(
            {
                "file_no": pa.array([n for n, _ in failed], pa.int32()),
                "word": pa.array([c.word for _, c in failed], pa.int32()),
                "bit": pa.array([c.bit for _, c in failed], pa.int32()),
                "check": [c.check.check for _, c in failed],
                "field": [c.field for _, c in failed],
                "position": pa.array([-1 if c.position is None else c.position for _, c in failed], pa.int32()),
                "expected": [c.expected for _, c in failed],
                "reads": [c.reads if c.check.action == "repair" else "" for _, c in failed],
            }
        ),
    )
    words = " ".join(f"WHEN {i} THEN r.w{i}" for i in range(WORDS))
    flows = " OR ".join(_flow_condition(c) for c in _flow_bound(failed)) or "false"
    repairs = " ".join(f"WHEN '{k}' THEN {v}" for k, v in _REPAIRED.items())
    engine.execute(f"""INSERT INTO flows_found
        SELECT file_no, row_id, NULL, "check", field, value, expected, CASE reads {repairs} ELSE '' END
        FROM (SELECT r.*, r.rowid AS row_id, k.* EXCLUDE (file_no),
                     CASE WHEN k.position < 0 THEN ''
                          ELSE string_split(r.evidence, {JOINT})[k.position + 1] END AS value
              FROM flows_rows r JOIN flows_failed k ON r.file_no = k.file_no
                  AND ((CASE k.word {words} END) >> k.bit) & 1 = 1
              WHERE r.evidence IS NOT NULL AND NOT ({flows})) r""")
    engine.drop("flows_failed")


def _flow_bound(failed: Iterable[tuple[int, RowCheck]]) -> list[Check]:
    """Failed checks that are for some of the flows of a shared layout only."""
    from tertiary.flows.contracts import contracts, row_flows

    shared = {c.flow for c in contracts().values() if row_flows(c.layout)}
    return list(
        {
            c.check.check: c.check
            for _, c in failed
            if any(not c.check.applies(f) for f in shared) and any(c.check.applies(f) for f in shared)
        }.values()
    )


def _flow_condition(check: Check) -> str:
    flows = ", ".join(f"'{f}'" for f in check.flows)
    return f"""(k."check" = '{check.check}' AND r.flow NOT IN ({flows}))"""


def load_texts(engine: DuckDBEngine) -> None:
    """`flows_checks`: what each check says to people."""
    import pyarrow as pa

    rows = list(checks().values())
    names = ("check", "rule_id", "level", "severity", "expected", "advice")
    engine.load("flows_checks", pa.table({n: [getattr(r, n) for r in rows] for n in names}))


def publish(engine: DuckDBEngine) -> None:
    """Tables `flows_findings` and `flows_quarantine` in the frozen columns."""
    load_texts(engine)
    engine.execute(f"""CREATE OR REPLACE TABLE flows_findings AS
        WITH placed AS (
            SELECT x.*, f.file, r.row_number, coalesce(r.flow, s.flow, f.flow) AS flow,
                   coalesce(x.submission_id, d.submission_id, '') AS submission,
                   CASE WHEN d.submission_id IS NULL THEN ''
                        ELSE d.submission_id || '-' || r.row_number END AS record_id
            FROM flows_found x JOIN flows_files f USING (file_no)
            LEFT JOIN flows_numbered r ON x.row_id = r.row_key - 1
            LEFT JOIN flows_decided d ON d.file_no = r.file_no AND d.flow = r.flow AND d.provider_code = r.provider_code
                AND d.financial_year = r.financial_year AND d.financial_month = coalesce(r.financial_month, 0)
            LEFT JOIN flows_decided s ON x.row_id IS NULL AND s.submission_id = x.submission_id
            UNION ALL
            SELECT b.file_no, NULL, b.submission_id, b."check", '', b.value, b.expected, '',
                   b.file, b.row_number, b.flow, b.submission_id, b.record_id
            FROM flows_broken_rows b
        )
        SELECT md5(concat_ws('|', CASE WHEN record_id = '' THEN file || '|' || submission ELSE record_id END,
                             "check", field, CASE WHEN record_id = '' THEN value ELSE '' END)) AS finding_id,
               file, submission AS submission_id, record_id, coalesce(row_number, 0) AS row_number, flow, k.rule_id,
               k.level, k.severity, coalesce(field, '') AS field,
               left(flows_redact(replace(coalesce(value, ''), chr(0), '\u2400')), {_VALUE_SHOWN}) AS value,
               coalesce(nullif(p.expected, ''), k.expected) AS expected, coalesce(repair, '') AS repair, k.advice
        FROM placed p JOIN flows_checks k USING ("check")""")
    refusing = ", ".join(f"'{c.check}'" for c in checks().values() if c.action == "quarantine")
    cells = f"string_split(r.evidence, {JOINT})"
    quoted = """CASE WHEN contains(v, ',') OR contains(v, '"') OR contains(v, chr(10))
        THEN '"' || replace(v, '"', '""') || '"' ELSE v END"""
    engine.execute(f"""CREATE OR REPLACE TABLE flows_quarantine AS
        WITH first_check AS (
            SELECT row_id, min("check") AS "check" FROM flows_found WHERE "check" IN ({refusing}) GROUP BY 1)
        SELECT r.record_id, f.file, r.submission_id, r.row_number, r.flow, k.rule_id,
               flows_redact(array_to_string(list_transform({cells}, lambda v: {quoted}), ',')) AS raw
        FROM flows_refused r JOIN flows_files f USING (file_no)
        JOIN first_check c ON c.row_id = r.row_key - 1 JOIN flows_checks k USING ("check")
        UNION ALL
        SELECT b.record_id, b.file, b.submission_id, b.row_number, b.flow, k.rule_id, flows_redact(b.raw)
        FROM flows_broken_rows b JOIN flows_checks k USING ("check")""")


def _of_problem(problem: Problem) -> dict[str, str]:
    return {"check": problem.rule_id, "field": problem.field, "value": problem.value, "expected": "", "repair": ""}
