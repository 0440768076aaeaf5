"""Comparisons between flows by provider and month, over the submissions that count.

A comparison speaks only where both sides arrived for the provider and month; one finding says the gap in pounds and
the coverage (1.000 means complete), never one a record. Only a missing approval (C10) is told of each supply, since it
is a query about that supply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertiary.flows.canonical import quote
from tertiary.flows.checks import Check, checks
from tertiary.flows.references import options

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine
    from tertiary.register import Register

_PLACE = "provider_code, financial_year, financial_month"
# Flows whose records carry the identifiers contract monitoring rows point to.
_SUS = "'apc_spell', 'apc_episode', 'op', 'ec', 'cc_adult', 'cc_paediatric', 'cc_neonatal'"


def find(engine: DuckDBEngine, register: Register) -> None:
    """Add the findings of comparisons between flows to `flows_found`."""
    engine.execute(f"""CREATE OR REPLACE TABLE flows_sums AS
        SELECT flow, component, service_line_submitted, {_PLACE}, sum(price_submitted) AS pounds,
               sum(quantity) AS quantity, sum(price_plan) AS plan, any_value(submission_id) AS submission_id
        FROM flows_activity
        WHERE fate = 'accepted' AND flow IN ('acm', 'iap', 'plcm', 'drplcm', 'deplcm') GROUP BY ALL""")
    for check, component, flow in (("C01", "activity", "plcm"), ("C02", "drug", "drplcm"), ("C03", "device", "deplcm")):
        _totals(engine, checks()[check], component, flow)
    _activity(engine, checks()["C05"])
    _unmatched(engine, checks()["C06"], "plcm", "cds_unique_id", "cds_unique_id", "cds_unique_id")
    _plan(engine, checks()["C07"])
    _coverage(engine, checks()["C08"])
    _unmatched(engine, checks()["C09"], "drplcm", "spell_id", "spell_id", "attendance_id")
    _approvals(engine, register, checks()["C10"])
    engine.drop("flows_sums")


def _totals(engine: DuckDBEngine, check: Check, component: str, flow: str) -> None:
    _insert(
        engine,
        check,
        f"""
        WITH a AS (SELECT {_PLACE}, sum(pounds) AS pounds, any_value(submission_id) AS submission_id FROM flows_sums
                   WHERE flow = 'acm' AND component = '{component}' GROUP BY ALL),
             p AS (SELECT {_PLACE}, sum(pounds) AS pounds, any_value(submission_id) AS submission_id FROM flows_sums
                   WHERE flow = '{flow}' AND component = '{component}' GROUP BY ALL),
             arrived AS (SELECT {_PLACE} FROM flows_sums GROUP BY ALL
                         HAVING bool_or(flow = 'acm') AND bool_or(flow = '{flow}'))
        SELECT coalesce(a.submission_id, p.submission_id) AS submission_id,
               {_pounds("coalesce(a.pounds, 0)")}
                   || ' (gap ' || {_pounds("coalesce(a.pounds, 0) - coalesce(p.pounds, 0)")}
                   || ', coverage ' || {_ratio("coalesce(p.pounds, 0)", "coalesce(a.pounds, 0)")} || ')' AS value,
               {_pounds("coalesce(p.pounds, 0)")} || ' in ' || upper('{flow}') AS expected
        FROM arrived LEFT JOIN a USING ({_PLACE}) LEFT JOIN p USING ({_PLACE})
        WHERE abs(coalesce(a.pounds, 0) - coalesce(p.pounds, 0)) >= 0.005""",
    )


def _plan(engine: DuckDBEngine, check: Check) -> None:
    _insert(
        engine,
        check,
        f"""
        WITH s AS (SELECT {_PLACE}, sum(plan) FILTER (flow = 'acm') AS acm, sum(plan) FILTER (flow = 'iap') AS iap,
                          any_value(submission_id) FILTER (flow = 'acm') AS submission_id,
                          count(DISTINCT service_line_submitted) AS lines
                   FROM flows_sums WHERE flow IN ('acm', 'iap') GROUP BY ALL)
        SELECT submission_id, {_pounds("acm")} || ' (gap ' || {_pounds("acm - iap")} || ')' AS value,
               {_pounds("iap")} || ' in IAP' AS expected
        FROM s WHERE abs(acm - iap) >= 0.005""",
    )


def _coverage(engine: DuckDBEngine, check: Check) -> None:
    given = options(check)
    _insert(
        engine,
        check,
        f"""
        WITH s AS (SELECT {_PLACE}, service_line_submitted AS line, sum(pounds) FILTER (flow = 'acm') AS acm,
                          sum(pounds) FILTER (flow = 'plcm') AS plcm,
                          any_value(submission_id) FILTER (flow = 'acm') AS submission_id
                   FROM flows_sums
                   WHERE component = 'activity' AND flow IN ('acm', 'plcm') AND service_line_submitted <> ''
                   GROUP BY ALL HAVING sum(pounds) FILTER (flow = 'acm') > 0),
             arrived AS (SELECT DISTINCT {_PLACE} FROM flows_sums WHERE flow = 'plcm')
        SELECT submission_id, line || ': coverage ' || {_ratio("coalesce(plcm, 0)", "acm")} AS value,
               '{given["low"]} to {given["high"]}' AS expected
        FROM s JOIN arrived USING ({_PLACE})
        WHERE coalesce(plcm, 0) < acm * {given["low"]} OR coalesce(plcm, 0) > acm * {given["high"]}""",
    )


def _activity(engine: DuckDBEngine, check: Check) -> None:
    """Aggregate activity against spells and attendances, at the points of delivery both sides name."""
    _insert(
        engine,
        check,
        f"""
        WITH r AS (SELECT {_PLACE}, point_of_delivery, hrg, flow = 'acm' AS is_acm, sum(quantity) AS quantity,
                          any_value(submission_id) AS submission_id
                   FROM flows_activity WHERE fate = 'accepted' AND component = 'activity' AND point_of_delivery <> ''
                       AND flow IN ('acm', 'apc_spell', 'op', 'ec') GROUP BY ALL),
             a AS (SELECT * FROM r WHERE is_acm), s AS (SELECT * FROM r WHERE NOT is_acm),
             shared AS (SELECT {_PLACE} FROM r GROUP BY ALL HAVING bool_or(is_acm) AND bool_or(NOT is_acm)),
             cells AS (SELECT {_PLACE}, a.quantity AS acm, s.quantity AS sus, a.submission_id
                       FROM a LEFT JOIN s USING ({_PLACE}, point_of_delivery, hrg)),
             sums AS (SELECT {_PLACE}, sum(acm) AS acm, sum(coalesce(sus, 0)) AS sus,
                             count(*) FILTER (acm <> coalesce(sus, 0)) AS apart, count(*) AS cells,
                             any_value(submission_id) AS submission_id
                      FROM cells JOIN shared USING ({_PLACE}) GROUP BY ALL)
        SELECT submission_id,
               acm || ' (' || apart || ' of ' || cells || ' points of delivery and resource groups differ)' AS value,
               sus || ' in SUS' AS expected FROM sums WHERE apart > 0""",
    )


def _unmatched(engine: DuckDBEngine, check: Check, flow: str, column: str, *keys: str) -> None:
    """Rows whose identifier no SUS record of the provider has, where any SUS record of that month arrived."""
    columns = sorted({column, *keys})
    held = " UNION ".join(
        f"SELECT {k} AS id FROM flows_activity WHERE fate = 'accepted' AND flow IN ({_SUS}) AND {k} <> ''"
        for k in sorted(set(keys))
    )
    filled = ", ".join(f"nullif({c}, '')" for c in columns)
    given = f"coalesce({filled})"
    provider = "provider_code || ':' ||" if column == "cds_unique_id" else ""
    held = held.replace(f"SELECT {column} AS id", f"SELECT {provider} {column} AS id")
    _insert(
        engine,
        check,
        f"""
        WITH held AS ({held}),
             arrived AS (SELECT DISTINCT {_PLACE} FROM flows_activity
                         WHERE fate = 'accepted' AND flow IN ('apc_spell', 'apc_episode', 'op')),
             r AS (SELECT {_PLACE}, {provider} {given} AS id, submission_id FROM flows_activity
                   WHERE fate = 'accepted' AND flow = '{flow}' AND {given} IS NOT NULL)
        SELECT any_value(submission_id) AS submission_id,
               count(*) FILTER (h.id IS NULL) || ' of ' || count(*) || ' not found in SUS' AS value,
               'every one found' AS expected
        FROM r JOIN arrived USING ({_PLACE}) LEFT JOIN held h ON h.id = r.id
        GROUP BY {_PLACE} HAVING count(*) FILTER (h.id IS NULL) > 0""",
    )


def _approvals(engine: DuckDBEngine, register: Register, check: Check) -> None:
    """Supplies of drugs that need prior approval without one, at providers whose approval extract arrived."""
    engine.load("flows_listed", register["prior_approval_drugs"].select(["drug_code", "valid_from", "valid_to"]))
    engine.execute(f"""INSERT INTO flows_found
        WITH given AS (SELECT provider_code, patient_id, drug_code, activity_date AS day FROM flows_activity
                       WHERE fate = 'accepted' AND flow = 'prior_approval' AND drug_code <> ''),
             arrived AS (SELECT DISTINCT provider_code FROM given),
             supplies AS (
                 SELECT r.row_key, r.submission_id, r.provider_code, r.patient_id, r.drug_code,
                        coalesce(r.start_date, r.activity_date) AS day
                 FROM flows_activity r JOIN arrived USING (provider_code)
                 WHERE r.fate = 'accepted' AND r.flow = 'drplcm' AND r.patient_id <> '' AND EXISTS (
                     SELECT 1 FROM flows_listed k WHERE k.drug_code = r.drug_code
                         AND (k.valid_from IS NULL OR k.valid_from <= r.activity_date)
                         AND (k.valid_to IS NULL OR r.activity_date < k.valid_to)))
        SELECT d.file_no, s.row_key - 1, s.submission_id, {quote(check.check)},
               coalesce(n.field, {quote(check.fields)}), s.drug_code, {quote(check.expected)}, ''
        FROM supplies s JOIN flows_decided d USING (submission_id)
        LEFT JOIN flows_names n ON n.file_no = d.file_no AND n."column" = {quote(check.fields)}
        WHERE NOT EXISTS (
            SELECT 1 FROM given g WHERE g.provider_code = s.provider_code AND g.patient_id = s.patient_id
                AND g.drug_code = s.drug_code AND g.day <= s.day AND s.day - g.day <= {options(check)["days"]})""")
    engine.drop("flows_listed")


def _pounds(sql: str) -> str:
    return f"CAST(CAST({sql} AS DECIMAL(20,2)) AS VARCHAR)"


def _ratio(part: str, whole: str) -> str:
    """A ratio in words of three decimals; only shown, never a price."""
    share = f"CAST({part} AS DOUBLE) / CAST({whole} AS DOUBLE)"
    return f"CASE WHEN {whole} = 0 THEN 'none' ELSE format('{{:.3f}}', {share}) END"


def _insert(engine: DuckDBEngine, check: Check, found: str) -> None:
    """Put rows (submission_id, value, expected) into `flows_found`."""
    engine.execute(f"""INSERT INTO flows_found
        SELECT d.file_no, NULL, x.submission_id, {quote(check.check)}, coalesce(n.field, {quote(check.fields)}),
               x.value, x.expected || ': ' || {quote(check.expected)}, ''
        FROM ({found}) x JOIN flows_decided d ON d.submission_id = x.submission_id
        LEFT JOIN flows_names n ON n.file_no = d.file_no AND n."column" = {quote(check.fields)}""")
