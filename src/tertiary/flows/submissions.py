"""Submissions and fates: which slice of which file counts, and what became of every row.

A submission is the slice of one file for a flow, provider, year and month. Within a flow, provider, year and month the
latest DATE AND TIME DATA SET CREATED wins, then the time received, then the file hash. A year-to-date file replaces
every month up to the last one it covers. Identical content is a no-op that stays on record.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tertiary.flows import checks

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine

_SLICE = "source_number, flow, provider_code, financial_year, financial_month"


def settle(engine: DuckDBEngine, as_known: date) -> None:
    """Make flows_submissions, flows_activity, flows_quarantine and flows_findings from the staged rows."""
    engine.execute(_SLICES)
    engine.execute(_RANKED.format(as_known=min(as_known, date(9999, 12, 30)).isoformat()))
    engine.execute(_ROWS.format(refusing=checks.refusing()))
    engine.execute(_SUBMISSIONS)
    engine.execute(_ACTIVITY)
    engine.execute(_QUARANTINE.format(checks=checks.table(), refusing=checks.refusing()))
    engine.execute(_FINDINGS.format(checks=checks.table(), values=checks.values()))


# every slice with its identity; rows of a file that could not be placed form a slice without provider or month
_SLICES = """
CREATE OR REPLACE TABLE flows_slices AS
WITH contents AS (
    SELECT *, row_number() OVER (PARTITION BY file_hash ORDER BY file, source_number) AS copy FROM flows_sources
), placed AS (
    SELECT source_number, flow, provider_code, financial_year, coalesce(financial_month, 0::SMALLINT) AS financial_month,
           max(created_at) AS created_at
    FROM flows_staged GROUP BY ALL
    UNION ALL BY NAME
    SELECT DISTINCT source_number, flow, '' AS provider_code, '' AS financial_year, 0::SMALLINT AS financial_month,
           NULL::TIMESTAMP AS created_at
    FROM flows_broken
), merged AS (
    SELECT source_number, flow, provider_code, financial_year, financial_month, max(created_at) AS created_at
    FROM placed GROUP BY ALL
)
SELECT m.*, c.file, c.file_hash, c.received_at, c.copy,
       substr(sha256(concat_ws('|', c.file_hash, m.flow, m.provider_code, m.financial_year, m.financial_month, c.copy)), 1, 16)
           AS submission_id,
       CASE WHEN regexp_matches(lower(c.file), '(^|[^a-z])ytd([^a-z]|$)') THEN 'year_to_date' ELSE 'in_month' END AS coverage
FROM merged m JOIN contents c USING (source_number)
"""

# for each flow, provider and month the slices that cover it, best first
_RANKED = """
CREATE OR REPLACE TABLE flows_fates AS
WITH known AS (
    SELECT *, coalesce(created_at, received_at) AS told,
           CASE WHEN financial_year = '' OR provider_code = '' OR financial_month = 0 THEN 'unreadable'
                WHEN copy > 1 THEN 'duplicate'
                WHEN coalesce(created_at, received_at) >= TIMESTAMP '{as_known}' + INTERVAL 1 DAY THEN 'not_yet_known'
                ELSE 'candidate' END AS standing
    FROM flows_slices
), covers AS (
    SELECT submission_id, flow, provider_code, financial_year, financial_month AS month, told, file_hash
    FROM known WHERE standing = 'candidate'
    UNION
    SELECT y.submission_id, o.flow, o.provider_code, o.financial_year, o.financial_month, y.told, y.file_hash
    FROM known o JOIN (
        SELECT flow, provider_code, financial_year, file_hash, max(told) AS told, max(financial_month) AS last,
               arg_max(submission_id, financial_month) AS submission_id
        FROM known WHERE standing = 'candidate' AND coverage = 'year_to_date' GROUP BY ALL
    ) y ON o.flow = y.flow AND o.provider_code = y.provider_code AND o.financial_year = y.financial_year
        AND o.financial_month <= y.last AND o.file_hash <> y.file_hash
        AND NOT EXISTS (SELECT 1 FROM known k WHERE k.file_hash = y.file_hash AND k.flow = o.flow
            AND k.provider_code = o.provider_code AND k.financial_year = o.financial_year
            AND k.financial_month = o.financial_month)
    WHERE o.standing = 'candidate'
), best AS (
    SELECT flow, provider_code, financial_year, month,
           arg_max(submission_id, (told, file_hash)) AS winner
    FROM covers GROUP BY ALL
)
SELECT k.*, CASE WHEN k.standing <> 'candidate' THEN k.standing
                 WHEN b.winner = k.submission_id THEN 'current' ELSE 'superseded' END AS status,
       CASE WHEN k.standing = 'candidate' AND b.winner <> k.submission_id THEN b.winner ELSE '' END AS superseded_by
FROM known k LEFT JOIN best b ON k.flow = b.flow AND k.provider_code = b.provider_code
    AND k.financial_year = b.financial_year AND k.financial_month = b.month
"""

_ROWS = """
CREATE OR REPLACE TABLE flows_settled AS
SELECT s.*, f.submission_id, f.file, f.submission_id || '-' || s.row_number AS record_id,
       CASE WHEN list_has_any(s.failing, {refusing}) OR s.raw <> '' THEN 'quarantined'
            WHEN f.status = 'current' THEN 'accepted' ELSE 'superseded' END AS fate
FROM flows_staged s JOIN flows_fates f ON s.source_number = f.source_number AND s.flow = f.flow
    AND s.provider_code = f.provider_code AND s.financial_year = f.financial_year
    AND coalesce(s.financial_month, 0) = f.financial_month
"""

_SUBMISSIONS = """
CREATE OR REPLACE TABLE flows_submissions AS
WITH rows AS (
    SELECT submission_id, count(*) AS n, count(*) FILTER (fate = 'accepted') AS accepted,
           count(*) FILTER (fate = 'quarantined') AS quarantined, count(*) FILTER (fate = 'superseded') AS superseded,
           sum(price_submitted) FILTER (fate <> 'quarantined') AS pounds
    FROM flows_settled GROUP BY ALL
), broken AS (
    SELECT f.submission_id, count(*) AS n FROM flows_broken b JOIN flows_fates f
        ON b.source_number = f.source_number AND b.flow = f.flow AND f.financial_month = 0 AND f.provider_code = ''
    GROUP BY ALL
), replaced AS (
    SELECT f.superseded_by AS submission_id, sum(r.pounds) AS pounds
    FROM flows_fates f JOIN rows r USING (submission_id) WHERE f.superseded_by <> ''
      AND f.told = (SELECT max(g.told) FROM flows_fates g WHERE g.superseded_by = f.superseded_by
                    AND g.financial_month = f.financial_month)
    GROUP BY ALL
)
SELECT f.submission_id, f.file, f.file_hash, f.flow, f.provider_code, f.financial_year, f.financial_month, f.coverage,
       f.created_at, f.received_at, f.status, f.superseded_by,
       coalesce(r.n, 0) + coalesce(b.n, 0) AS received, coalesce(r.accepted, 0) AS accepted,
       coalesce(r.quarantined, 0) + coalesce(b.n, 0) AS quarantined, coalesce(r.superseded, 0) AS superseded,
       CAST(coalesce(r.pounds, 0) AS DECIMAL(26,8)) AS price_submitted,
       CAST(CASE WHEN p.submission_id IS NOT NULL THEN coalesce(r.pounds, 0) - coalesce(p.pounds, 0) END
            AS DECIMAL(26,8)) AS restatement
FROM flows_fates f LEFT JOIN rows r USING (submission_id) LEFT JOIN broken b USING (submission_id)
    LEFT JOIN replaced p USING (submission_id)
"""

_ACTIVITY = """
CREATE OR REPLACE TABLE flows_activity AS
SELECT * EXCLUDE (source_number, created_at, nhs_number, raw, failing, file), NULL::BIGINT AS row_key
FROM flows_settled WHERE fate <> 'quarantined'
"""

_QUARANTINE = """
CREATE OR REPLACE TABLE flows_quarantine AS
SELECT record_id, file, submission_id, row_number, flow,
       coalesce((SELECT c.rule_id FROM {checks}
                 WHERE c.n = list_min(list_intersect(s.failing, {refusing}))), 'N01') AS rule_id, raw
FROM flows_settled s WHERE fate = 'quarantined'
UNION ALL
SELECT f.submission_id || '-' || b.row_number, f.file, f.submission_id, b.row_number, b.flow, b.rule_id, b.raw
FROM flows_broken b JOIN flows_fates f ON b.source_number = f.source_number AND b.flow = f.flow
    AND f.financial_month = 0 AND f.provider_code = ''
"""

_FINDINGS = """
CREATE OR REPLACE TABLE flows_findings AS
WITH failed AS (SELECT *, unnest(failing) AS n FROM flows_settled WHERE len(failing) > 0),
found AS (
    SELECT file, submission_id, record_id, row_number, flow, c.rule_id, c.level, c.severity, c.field,
           flows_redact({values}) AS value, c.expected, '' AS repair, c.advice
    FROM failed JOIN {checks} USING (n)
    UNION ALL
    SELECT file, submission_id, record_id, row_number, flow, 'N01', 'format', 'error', 'NHS NUMBER', '', 'a pseudonym', '',
           'send pseudonyms, or set TERTIARY_PSEUDONYM_KEY so that numbers are replaced on arrival'
    FROM flows_settled WHERE nhs_number <> '' AND fate = 'quarantined'
    UNION ALL
    SELECT s.file, s.submission_id, s.record_id, s.row_number, s.flow, r.rule_id, 'format', 'information', r.field,
           flows_redact(r.value), r.expected, r.repair, 'nothing; the value was read as shown'
    FROM flows_repairs r JOIN flows_settled s USING (source_number, row_number)
    UNION ALL
    SELECT f.file, f.submission_id, f.submission_id || '-' || b.row_number, b.row_number, b.flow, b.rule_id, 'format', 'error',
           'row', left(b.raw, 60), b.expected, '', 'correct the row and send the file again'
    FROM flows_broken b JOIN flows_fates f ON b.source_number = f.source_number AND b.flow = f.flow
        AND f.financial_month = 0 AND f.provider_code = '' WHERE b.rule_id LIKE 'ROW%'
    UNION ALL
    SELECT file, '', '', 0, flow, rule_id, 'file', 'error', 'file', value, expected, '', advice
    FROM flows_sources WHERE rule_id <> ''
    UNION ALL
    SELECT DISTINCT file, '', '', 0, flow, 'FILE05', 'file', 'information', 'file', 'the same content as another file',
           'content not sent before', '', 'nothing; it was left aside'
    FROM flows_fates WHERE status = 'duplicate'
)
SELECT md5(concat_ws('|', file, record_id, row_number, rule_id, field, value)) AS finding_id, file, submission_id, record_id,
       CAST(row_number AS BIGINT) AS row_number, flow, rule_id, level, severity, field, value, expected, repair, advice
FROM found
"""
