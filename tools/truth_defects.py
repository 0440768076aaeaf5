"""Which planted defects of a synthetic England a run found, and what else its rules spoke of."""

from __future__ import annotations

from typing import Any

from tertiary.engine import DuckDBEngine
from truth_scores import UNEXPLAINED, Rows, share


def defects(engine: DuckDBEngine) -> Rows:
    """Planted defects by kind and rule.

    `replaced`: the row was superseded by a later position before the stage that judges commissioners, which is right.
    `precision`: of the rows the rule spoke of, those where it was planted or where another thing done on purpose
    (`other`) makes it true; `false` is the rest.
    """
    engine.execute("""CREATE OR REPLACE TEMP TABLE hits AS
        SELECT DISTINCT file, row_number, rule_id FROM findings WHERE file IN (SELECT file FROM truth)""")
    planted = engine.query(f"""
        WITH judged_late AS (SELECT s.file, r.row_number FROM records r JOIN submissions s USING (submission_id)
                             WHERE r.fate = 'superseded')
        SELECT d.kind, d.rule_id AS rule, count(*) AS planted,
               count(*) FILTER (f.found OR {_REPLACED}) AS found,
               count(*) FILTER (NOT coalesce(f.found, false) AND d.rule_id = 'A01' AND l.file IS NOT NULL) AS replaced
        FROM defects d
        LEFT JOIN (SELECT file, row_number, rule_id, true AS found FROM findings GROUP BY ALL) f
            ON f.file = d.file AND f.rule_id = d.rule_id AND f.row_number = d.row_number
        LEFT JOIN judged_late l ON l.file = d.file AND l.row_number = d.row_number
        GROUP BY 1, 2 ORDER BY 1""").to_pylist()
    extra = {r["rule_id"]: r for r in engine.query(f"""
        SELECT h.rule_id, count(*) AS hits, count(d.file) AS planted,
               count(*) FILTER (d.file IS NULL AND (o.file IS NOT NULL OR t.is_sent_wrong OR t.is_miscoded
                   OR m.file IS NOT NULL)) AS other
        FROM hits h JOIN truth t USING (file, row_number)
        LEFT JOIN (SELECT DISTINCT file, row_number, rule_id FROM defects) d USING (file, row_number, rule_id)
        LEFT JOIN (SELECT DISTINCT file, row_number FROM defects) o ON o.file = h.file AND o.row_number = h.row_number
        LEFT JOIN (SELECT DISTINCT file, row_number FROM misses WHERE cause <> '{UNEXPLAINED}') m
            ON m.file = h.file AND m.row_number = h.row_number
        GROUP BY 1""").to_pylist()}  # fmt: skip
    return [_defect(row, extra.get(row["rule"])) for row in planted]


# Whole files: a correction replaces the planted file; the year to date replaces the files of its earlier months.
_REPLACED = """(d.kind = 'resubmission' AND EXISTS (
        SELECT 1 FROM submissions s WHERE s.file = d.file GROUP BY s.file
        HAVING bool_and(s.status IN ('superseded', 'unreadable')) AND bool_or(s.status = 'superseded')))
    OR (d.kind = 'year_to_date_restatement' AND EXISTS (
        SELECT 1 FROM submissions y JOIN submissions s ON s.flow = y.flow AND s.provider_code = y.provider_code
            AND s.financial_year = y.financial_year AND s.file <> y.file AND s.status <> 'unreadable'
        WHERE y.file = d.file GROUP BY y.file HAVING bool_and(s.status = 'superseded')))"""


def _defect(row: dict[str, Any], extra: dict[str, Any] | None) -> dict[str, Any]:
    missed = row["planted"] - row["found"] - row["replaced"]
    judged = row["planted"] - row["replaced"]
    rates: dict[str, Any] = {"missed": missed, "recall": share(row["found"], judged), "other": "-", "false": "-"}
    if extra is not None:
        false = extra["hits"] - extra["planted"] - extra["other"]
        rates |= {"other": extra["other"], "false": false, "precision": share(extra["hits"] - false, extra["hits"])}
    return row | rates | ({} if "precision" in rates else {"precision": "-"})
