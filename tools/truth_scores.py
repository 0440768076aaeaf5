"""How much of the truth of a synthetic England a run found, and why it missed the rest.

Truth is joined by file and row. Precision: of what the run said, how much is true. Recall: of what is true, how much
the run said. Every miss gets the first cause of `CAUSES` that holds for it in the data; one that gets none is
`unexplained`, and none may be. Rows of the aggregate flows sum several patients: their line is not scored, and their
commissioner and payer only where all rows they sum agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tertiary
from tertiary.engine import DuckDBEngine

Rows = list[dict[str, Any]]
UNEXPLAINED = "unexplained"
AGGREGATES = "('acm', 'iap')"

# What is so of one record, beside what the run says: only accepted records are judged.
JUDGED = f"""
CREATE TABLE judged AS
SELECT r.record_id, s.file, r.row_number, r.flow, r.component, r.provider_code, r.financial_year, r.financial_month,
       r.counted, coalesce(r.price_submitted, 0) AS pounds, r.service_line_final AS line, t.service_line AS true_line,
       r.commissioner_code AS commissioner, t.commissioner_code AS true_commissioner, r.payer_kind, r.payer_code,
       t.payer_kind AS true_payer_kind, t.payer_code AS true_payer_code, r.flow IN {AGGREGATES} AS is_aggregate,
       r.gp_practice_code, a.gp_practice_responsibility, t.is_miscoded, t.is_sent_wrong, t.counts,
       CAST(coalesce(t.price, '0') AS DECIMAL(26,8)) AS true_pounds, coalesce(h.has_record, false) AS has_record,
       coalesce(h.is_record_miscoded, false) AS is_record_miscoded
FROM records r JOIN submissions s USING (submission_id) JOIN activity a USING (record_id)
JOIN truth t ON t.file = s.file AND t.row_number = r.row_number
LEFT JOIN named h USING (record_id)
WHERE r.fate = 'accepted'
"""
# The hospital record a contract row names, by the identifiers they share.
NAMED = """
CREATE TABLE named AS
WITH h AS (SELECT a.*, t.is_miscoded FROM activity a JOIN submissions s USING (submission_id)
           JOIN truth t ON t.file = s.file AND t.row_number = a.row_number
           WHERE a.fate = 'accepted' AND a.flow NOT IN ('plcm', 'drplcm', 'deplcm', 'acm', 'iap', 'prior_approval')),
     p AS (SELECT * FROM activity WHERE fate = 'accepted' AND flow = 'plcm')
SELECT record_id, true AS has_record, bool_or(is_miscoded) AS is_record_miscoded FROM (
    SELECT p.record_id, h.is_miscoded FROM p JOIN h USING (provider_code, cds_unique_id) WHERE cds_unique_id <> ''
    UNION ALL SELECT p.record_id, h.is_miscoded FROM p JOIN h USING (spell_id) WHERE spell_id <> ''
    UNION ALL SELECT p.record_id, h.is_miscoded FROM p JOIN h USING (attendance_id) WHERE attendance_id <> '')
GROUP BY 1
"""
MISSES = """
CREATE TABLE misses AS
WITH m AS (
    SELECT 'service' AS aspect, * FROM judged WHERE NOT is_aggregate AND line <> true_line
    UNION ALL
    SELECT 'commissioner', * FROM judged WHERE component = 'activity' AND flow <> 'prior_approval'
        AND true_commissioner <> '' AND commissioner <> true_commissioner
    UNION ALL
    SELECT 'payer', * FROM judged WHERE flow <> 'prior_approval' AND true_payer_kind <> '' AND NOT is_payer_right
), p AS (
    SELECT file, row_number, unnest(string_split(changes, ';')) AS aspect, kind FROM defects WHERE changes <> ''
)
SELECT m.*, CASE WHEN p.kind IS NOT NULL THEN 'planted defect: ' || p.kind
                 WHEN (m.aspect = 'service' OR NOT is_line_right) AND l.kind IS NOT NULL
                 THEN 'planted defect: ' || l.kind {cases} ELSE '{unexplained}' END AS cause
FROM m LEFT JOIN p ON p.file = m.file AND p.row_number = m.row_number AND p.aspect = m.aspect
LEFT JOIN p l ON l.file = m.file AND l.row_number = m.row_number AND l.aspect = 'service'
"""
# A wrong commissioner or payer that follows from a wrong line has the cause of the wrong line.
LINE = "(m.aspect = 'service' OR NOT is_line_right)"
CAUSES = (
    ("the aggregate was sent under another code", f"{LINE} AND is_aggregate AND is_sent_wrong"),
    ("sent under another code, and the hospital record it names is miscoded",
     f"{LINE} AND is_sent_wrong AND is_record_miscoded"),
    ("sent under another code, and no hospital record says better", f"{LINE} AND is_sent_wrong AND NOT has_record"),
    ("the hospital record is miscoded", f"{LINE} AND is_miscoded AND NOT is_sent_wrong AND flow <> 'plcm'"),
    ("the aggregate names no practice, by which the method knows the armed forces",
     "m.aspect <> 'service' AND is_aggregate AND gp_practice_code = '' AND gp_practice_responsibility = '13Q'"),
    ("a practice of the armed forces has no board, and the aggregate names no residence",
     "m.aspect = 'payer' AND is_aggregate AND component <> 'activity' AND gp_practice_responsibility = '13Q'"),
)  # fmt: skip


@contextmanager
def opened(run_folder: Path | str, synthetic: Path | str) -> Iterator[DuckDBEngine]:
    """An engine with the tables of the run, `truth`, `defects`, `judged` (a row an accepted record) and `misses`."""
    run, truth = tertiary.open(run_folder), Path(synthetic) / "_truth"
    with DuckDBEngine() as engine:
        for name in ("activity", "records", "submissions", "findings"):
            engine.scan(name, run.table(name).paths)
        engine.scan("truth_rows", [truth / "synthetic_records.parquet"])
        engine.scan("defects", [truth / "synthetic_defects.parquet"])
        texts = ("service_line", "commissioner_code", "payer_kind", "payer_code", "category", "payer_reason")
        filled = ", ".join(f"coalesce({c}, '') AS {c}" for c in texts)
        engine.execute(f"""CREATE VIEW truth AS SELECT * REPLACE ({filled}),
            coalesce(miscoded, '') = 'true' AS is_miscoded, coalesce(submitted_wrong, '') = 'true' AS is_sent_wrong
            FROM truth_rows""")
        engine.execute(NAMED)
        engine.execute(JUDGED)
        engine.execute("""CREATE OR REPLACE TABLE judged AS SELECT *, line = true_line AS is_line_right,
            payer_kind = true_payer_kind AND (true_payer_code = '' OR payer_code = true_payer_code) AS is_payer_right
            FROM judged""")
        cases = " ".join(f"WHEN {holds} THEN '{cause}'" for cause, holds in CAUSES)
        engine.execute(MISSES.format(cases=cases, unexplained=UNEXPLAINED))
        yield engine


def lines(engine: DuckDBEngine) -> Rows:
    """Service lines by flow: records, truly specialised, found, right, precision and recall."""
    found = engine.query("""SELECT flow, count(*) AS records, count(*) FILTER (true_line <> '') AS truly,
        count(*) FILTER (line <> '') AS found, count(*) FILTER (line <> '' AND is_line_right) AS "right",
        bool_or(is_aggregate) AS is_aggregate FROM judged GROUP BY 1 ORDER BY 1""").to_pylist()
    return [_line(row) for row in found]


def _line(row: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in row.items() if k != "is_aggregate"}
    if row["is_aggregate"]:
        return kept | dict.fromkeys(("truly", "found", "right", "precision", "recall"), "not scored")
    return kept | rates(row["right"], row["found"], row["truly"])


def payers(engine: DuckDBEngine) -> Rows:
    """Payers by flow and kind (right: the kind and, where an ICB pays, its code)."""
    found = engine.query("""
        WITH j AS (SELECT * FROM judged WHERE flow <> 'prior_approval' AND true_payer_kind <> ''),
             told AS (SELECT flow, payer_kind AS kind, count(*) AS found,
                             count(*) FILTER (is_payer_right) AS "right" FROM j GROUP BY ALL),
             so AS (SELECT flow, true_payer_kind AS kind, count(*) AS truly FROM j GROUP BY ALL)
        SELECT flow, kind AS payer, coalesce(truly, 0) AS truly, coalesce(found, 0) AS found,
               coalesce("right", 0) AS "right" FROM told FULL JOIN so USING (flow, kind) ORDER BY ALL""").to_pylist()
    return [row | rates(row["right"], row["found"], row["truly"]) for row in found]


def commissioners(engine: DuckDBEngine) -> Rows:
    """Commissioner codes by flow, where the method gives one and the truth has one."""
    found = engine.query("""
        SELECT flow, count(*) AS records, count(*) FILTER (commissioner = true_commissioner) AS "right"
        FROM judged WHERE component = 'activity' AND flow <> 'prior_approval' AND true_commissioner <> ''
        GROUP BY 1 ORDER BY 1""").to_pylist()
    return [row | {"share": share(row["right"], row["records"])} for row in found]


def causes(engine: DuckDBEngine) -> Rows:
    """Misses by what was missed and why. The counts add up to all misses."""
    return engine.query("""SELECT aspect AS missed, cause, count(*) AS records,
        string_agg(DISTINCT flow, ' ' ORDER BY flow) AS flows FROM misses GROUP BY ALL
        ORDER BY aspect DESC, records DESC, cause""").to_pylist()


def rates(right: int, found: int, truly: int) -> dict[str, str]:
    """Precision and recall."""
    return {"precision": share(right, found), "recall": share(right, truly)}


def share(part: int, whole: int) -> str:
    """Four decimals, cut and not rounded, so that 1.0000 means every one."""
    return f"{part * 10_000 // whole / 10_000:.4f}" if whole else "-"
