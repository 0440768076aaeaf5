"""Which submission counts: the latest for each flow, provider, year and month; the others stay on record.

A submission is the slice of one content for a flow, provider, year and month. In a year-to-date content every slice
stands for all months from April to the last it holds, so that a month it no longer mentions is replaced by nothing.
A row that stands in its submission already (check D07) is superseded by the first of its kind.
Latest is decided by creation time, then the received time a person declared, then the time of the file on disk when
there is neither, then the hash of the content.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from tertiary.tables import columns

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine

_SLICE = "flow, provider_code, financial_year, financial_month"


def slices(engine: DuckDBEngine) -> None:
    """`flows_slices`: received, refused, repeated and priced rows of each slice with its `submission_id`."""
    engine.execute(f"""
        CREATE OR REPLACE TABLE flows_slices AS
        WITH rows AS (
            SELECT file_no, {_SLICE.replace("financial_month", "coalesce(financial_month, 0) AS financial_month")},
                   is_refused, is_repeat AND NOT is_refused AS is_repeat, price_submitted, created_at
            FROM flows_rows
            UNION ALL
            SELECT b.file_no, f.flow, '', '', 0, true, false, NULL, NULL
            FROM flows_broken b JOIN flows_files f USING (file_no)
        ), counted AS (
            SELECT file_no, {_SLICE}, count(*) AS received, count(*) FILTER (is_refused) AS refused,
                   count(*) FILTER (is_repeat) AS repeated,
                   CAST(coalesce(sum(price_submitted) FILTER (NOT is_refused AND NOT is_repeat), 0) AS DECIMAL(26,8))
                       AS price,
                   max(created_at) AS created_at
            FROM rows GROUP BY ALL
        )
        SELECT c.*, f.file_hash, f.copy_of, f.coverage, f.received_at, f.file_time,
               left(sha256(concat_ws('|', f.file_hash, flow, provider_code, financial_year, financial_month,
                                     f.ordinal)), 16) AS submission_id
        FROM counted c JOIN (SELECT * EXCLUDE (flow) FROM flows_files) f USING (file_no)""")


def decide(engine: DuckDBEngine, as_known: date, is_superseding: bool) -> None:
    """`flows_decided`: each slice with status, superseded_by and restatement."""
    horizon = f"TIMESTAMP '{as_known + timedelta(days=1)} 00:00:00'"
    place = "flow, provider_code, financial_year" if is_superseding else "file_no, flow, provider_code, financial_year"
    engine.execute(f"""
        CREATE OR REPLACE TABLE flows_decided AS
        WITH known AS (
            SELECT *, CASE
                WHEN received = refused THEN 'unreadable'
                WHEN copy_of IS NOT NULL THEN 'duplicate'
                WHEN received_at >= {horizon} OR created_at >= {horizon} THEN 'not_yet_known'
                ELSE 'current' END AS first_status
            FROM flows_slices
        ), usable AS (SELECT * FROM known WHERE first_status = 'current'),
        offers AS (
            SELECT {place}, file_no AS offer, coverage, max(financial_month) AS last_month,
                   max(created_at) AS made, max(received_at) AS got, max(file_time) AS seen,
                   any_value(file_hash) AS hash, arg_max(submission_id, financial_month) AS last_slice
            FROM usable GROUP BY {place.replace("file_no, ", "")}, file_no, coverage
        ), months AS (SELECT DISTINCT {place}, financial_month FROM usable),
        choices AS (
            SELECT m.*, o.offer, u.submission_id, o.last_slice, coalesce(u.price, 0) AS price,
                   row_number() OVER (
                       PARTITION BY {", ".join(f"m.{c.strip()}" for c in place.split(","))}, m.financial_month
                       ORDER BY coalesce(CASE WHEN o.coverage = 'year_to_date' THEN o.made ELSE u.created_at END,
                                         TIMESTAMP '1900-01-01') DESC,
                                coalesce(o.got, TIMESTAMP '1900-01-01') DESC,
                                CASE WHEN o.made IS NULL AND o.got IS NULL THEN o.seen ELSE 0 END DESC,
                                o.hash DESC) AS place
            FROM months m
            JOIN offers o USING ({place})
            LEFT JOIN usable u ON u.file_no = o.offer AND u.flow = m.flow AND u.provider_code = m.provider_code
                AND u.financial_year = m.financial_year AND u.financial_month = m.financial_month
            WHERE u.submission_id IS NOT NULL OR (o.coverage = 'year_to_date' AND o.last_month >= m.financial_month)
        ), winners AS (
            SELECT w.*, r.price AS old_price, r.offer AS old_offer
            FROM choices w LEFT JOIN choices r
                ON r.place = 2 AND w.financial_month = r.financial_month
                AND {" AND ".join(f"w.{c.strip()} = r.{c.strip()}" for c in place.split(","))}
            WHERE w.place = 1
        ), restated AS (
            SELECT coalesce(submission_id, last_slice) AS submission_id, sum(price - old_price) AS restatement
            FROM winners WHERE old_offer IS NOT NULL GROUP BY 1
        ), first_copies AS (
            SELECT f.file_no, s.submission_id AS original, {", ".join(f"s.{c}" for c in _SLICE.split(", "))}
            FROM flows_files f JOIN flows_slices s ON s.file_no = f.copy_of
        )
        SELECT k.* EXCLUDE (first_status),
               CASE WHEN first_status <> 'current' THEN first_status
                    WHEN w.submission_id = k.submission_id THEN 'current' ELSE 'superseded' END AS status,
               CASE WHEN first_status = 'duplicate' THEN coalesce(c.original, '')
                    WHEN first_status = 'current' AND coalesce(w.submission_id, '') <> k.submission_id
                    THEN coalesce(w.submission_id, w.last_slice, '') ELSE '' END AS superseded_by,
               x.restatement
        FROM known k
        LEFT JOIN winners w ON k.first_status = 'current' AND k.financial_month = w.financial_month
            AND {" AND ".join(f"k.{c.strip()} = w.{c.strip()}" for c in place.split(","))}
        LEFT JOIN restated x ON x.submission_id = k.submission_id
        LEFT JOIN first_copies c ON k.first_status = 'duplicate' AND c.file_no = k.file_no AND c.flow = k.flow
            AND c.provider_code = k.provider_code AND c.financial_year = k.financial_year
            AND c.financial_month = k.financial_month""")


def note_order(engine: DuckDBEngine) -> None:
    """A finding for each content whose place was decided by the time of the file on disk."""
    engine.execute("""INSERT INTO flows_found
        SELECT file_no, NULL, any_value(submission_id), 'S19', '', count(*) || ' submissions superseded', '', ''
        FROM flows_decided
        WHERE status = 'superseded' AND created_at IS NULL AND received_at IS NULL GROUP BY file_no""")


def publish(engine: DuckDBEngine) -> None:
    """The views `flows_activity`, `flows_quarantine` and `flows_submissions` in the frozen columns."""
    values = {
        "record_id": "s.submission_id || '-' || r.row_number",
        "row_key": "r.row_key",
        "submission_id": "s.submission_id",
        "row_number": "r.row_number",
        "fate": "CASE WHEN s.status = 'current' AND NOT r.is_repeat THEN 'accepted' ELSE 'superseded' END",
    }
    chosen = ", ".join(f'{values.get(c.name, chr(34) + c.name + chr(34))} AS "{c.name}"' for c in columns("activity"))
    slice_of = """s.file_no = r.file_no AND s.flow = r.flow AND s.provider_code = r.provider_code
        AND s.financial_year = r.financial_year AND s.financial_month = coalesce(r.financial_month, 0)"""
    engine.execute("""CREATE OR REPLACE VIEW flows_numbered AS
        SELECT r.*, r.rowid + 1 AS row_key, coalesce(r.source_row, r.rowid - b.first_row + 1) AS row_number
        FROM flows_rows r JOIN flows_bases b USING (file_no)""")
    qualified = chosen
    for c in columns("activity"):
        if c.name not in values:
            qualified = qualified.replace(f'"{c.name}" AS', f'r."{c.name}" AS')
    engine.execute(f"""CREATE OR REPLACE VIEW flows_activity AS
        SELECT {qualified} FROM flows_numbered r JOIN flows_decided s ON {slice_of} WHERE NOT r.is_refused""")
    engine.execute(f"""CREATE OR REPLACE VIEW flows_refused AS
        SELECT s.submission_id || '-' || r.row_number AS record_id, r.*, s.submission_id
        FROM flows_numbered r JOIN flows_decided s ON {slice_of} WHERE r.is_refused""")
    engine.execute("""CREATE OR REPLACE VIEW flows_broken_rows AS
        SELECT s.submission_id || '-' || b.row_number AS record_id, b.*, f.file, f.flow, s.submission_id
        FROM flows_broken b JOIN flows_files f USING (file_no) JOIN flows_decided s ON s.file_no = b.file_no
            AND s.flow = f.flow AND s.provider_code = '' AND s.financial_year = '' AND s.financial_month = 0""")
    engine.execute("""CREATE OR REPLACE TABLE flows_submissions AS
        SELECT submission_id, f.file, d.file_hash, d.flow, provider_code, financial_year,
               CAST(financial_month AS SMALLINT) AS financial_month, d.coverage, created_at, d.received_at, status,
               superseded_by, received,
               CASE WHEN status = 'current' THEN received - refused - repeated ELSE 0 END AS accepted,
               refused AS quarantined,
               CASE WHEN status = 'current' THEN repeated ELSE received - refused END AS superseded,
               CAST(price AS DECIMAL(26,8)) AS price_submitted, CAST(restatement AS DECIMAL(26,8)) AS restatement
        FROM flows_decided d JOIN flows_files f USING (file_no)
        UNION ALL
        SELECT left(sha256(concat_ws('|', file_hash, file, flow, ordinal)), 16), file, file_hash, flow, '', '',
               CAST(0 AS SMALLINT), coverage, NULL, received_at, 'unreadable', '', 0, 0, 0, 0,
               CAST(0 AS DECIMAL(26,8)), NULL
        FROM flows_files WHERE file_no NOT IN (SELECT file_no FROM flows_slices)""")
