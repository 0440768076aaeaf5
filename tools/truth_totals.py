"""What counts in a run over a synthetic England, led over from what truly counts: nothing may count twice."""

from __future__ import annotations

from tertiary.engine import DuckDBEngine
from truth_scores import UNEXPLAINED, Rows


def totals(engine: DuckDBEngine) -> Rows:
    """What counts, by component, in rows and pounds: the truth's own total, led over to the run's.

    truth less rows a planted defect made unusable, plus amounts a planted defect changed, plus rows of another flow
    that stand in where every row of a provider's month was unusable, equals counted; `doubled` is what is left over.
    """
    return engine.query(f"""
        WITH t AS (SELECT *, {_component("flow")} AS component, CAST(coalesce(price, '0') AS DECIMAL(26,8)) AS pounds
                   FROM truth WHERE counts),
             kept AS (SELECT * FROM judged WHERE counts),
             placed AS (SELECT DISTINCT provider_code, financial_year, financial_month, component FROM kept),
             extra AS (SELECT j.*, p.component IS NULL AS stands_in FROM judged j LEFT JOIN placed p
                       USING (provider_code, financial_year, financial_month, component) WHERE counted AND NOT counts),
             all_counted AS (SELECT component, count(*) AS rows, sum(coalesce(price_submitted, 0)) AS pounds
                             FROM records WHERE counted GROUP BY 1),
             sums AS (SELECT component, count(*) AS rows, sum(pounds) AS pounds FROM t GROUP BY 1),
             gone AS (SELECT t.component, count(*) AS rows, sum(t.pounds) AS pounds FROM t ANTI JOIN kept k
                      ON k.file = t.file AND k.row_number = t.row_number GROUP BY 1),
             changed AS (SELECT component, count(*) FILTER (pounds <> true_pounds) AS rows,
                                sum(pounds - true_pounds) AS pounds FROM kept GROUP BY 1),
             standing AS (SELECT component, count(*) AS rows, sum(pounds) AS pounds
                          FROM extra WHERE stands_in GROUP BY 1)
        SELECT component, s.rows AS true_rows, s.pounds AS true_pounds, coalesce(g.rows, 0) AS unusable_rows,
               coalesce(g.pounds, 0) AS unusable_pounds, coalesce(c.rows, 0) AS changed_rows,
               coalesce(c.pounds, 0) AS changed_pounds, coalesce(x.rows, 0) AS stand_in_rows,
               coalesce(x.pounds, 0) AS stand_in_pounds, a.rows AS counted_rows, a.pounds AS counted_pounds,
               a.rows - s.rows + coalesce(g.rows, 0) - coalesce(x.rows, 0) AS doubled_rows,
               a.pounds - s.pounds + coalesce(g.pounds, 0) - coalesce(c.pounds, 0) - coalesce(x.pounds, 0)
                   AS doubled_pounds
        FROM sums s LEFT JOIN gone g USING (component) LEFT JOIN changed c USING (component)
        LEFT JOIN standing x USING (component) LEFT JOIN all_counted a USING (component) ORDER BY 1""").to_pylist()


def unusable(engine: DuckDBEngine) -> Rows:
    """Rows that truly count and were set aside, by the planted defect that did it."""
    return engine.query(f"""SELECT coalesce(d.kind, '{UNEXPLAINED}') AS cause, count(*) AS records
        FROM truth t ANTI JOIN judged j ON j.file = t.file AND j.row_number = t.row_number
        LEFT JOIN (SELECT file, row_number, any_value(kind) AS kind FROM defects WHERE row_number > 0 GROUP BY ALL) d
            ON d.file = t.file AND d.row_number = t.row_number
        WHERE t.counts GROUP BY 1 ORDER BY 2 DESC, 1""").to_pylist()


def offered(engine: DuckDBEngine) -> Rows:
    """What arrived more than once, by how: rows and pounds that would have been counted again, and those that were."""
    return engine.query("""
        WITH r AS (
            SELECT r.*, coalesce(r.price_submitted, 0) AS pounds, s.file, s.status, t.file IS NULL AS is_copy, t.counts
            FROM records r JOIN submissions s USING (submission_id)
            LEFT JOIN truth t ON t.file = s.file AND t.row_number = r.row_number
            WHERE r.fate <> 'quarantined' AND r.flow NOT IN ('iap', 'prior_approval'))
        SELECT CASE WHEN is_copy THEN 'the same file again'
                    WHEN status <> 'current' THEN 'an earlier position of the month'
                    WHEN fate = 'superseded' THEN 'the same row again'
                    WHEN flow = 'acm' THEN 'the aggregate of the patient level flows'
                    ELSE 'the hospital record of the same care' END AS offered,
               count(*) AS rows, sum(pounds) AS pounds, count(*) FILTER (counted) AS counted_rows,
               coalesce(sum(pounds) FILTER (counted), 0) AS counted_pounds
        FROM r WHERE is_copy OR NOT counts GROUP BY 1 ORDER BY 1""").to_pylist()


def _component(flow: str) -> str:
    return f"CASE {flow} WHEN 'drplcm' THEN 'drug' WHEN 'deplcm' THEN 'device' ELSE 'activity' END"
