"""Checks against the register and between rows: distinct values are tested once, rows found again only for bad ones.

The lists a value may come from stand in `checks.csv`, for example
`in=providers.provider_code@opened:closed|national_codes.code[ELEMENT];root=Y`: table and column, `@from:to` for
intervals tested in the month of the activity, `[...]` for one data element, `?column=value` or `?column!=value` for
a condition. `root=Y` also accepts a code without its trailing 00.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tertiary.flows.canonical import quote
from tertiary.flows.checks import Check, checks
from tertiary.flows.contracts import Mapped, contracts

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine
    from tertiary.register import Register

_LIST = re.compile(r"(\w+)\.(\w+)(?:\[([^\]]+)\])?(?:@(\w+):(\w+))?(?:\?(\w+)(!?=)(\w+))?$")
_IDENTICAL = (
    "source_id", "patient_id", "spell_id", "attendance_id", "gp_practice_code", "start_date", "end_date",
    "point_of_delivery", "tariff_code", "service_line_submitted", "quantity", "price_submitted", "drug_code",
    "device_code", "activity_date", "cds_unique_id",
)  # fmt: skip


def find(engine: DuckDBEngine, register: Register) -> None:
    """Add the findings of these checks to `flows_found`."""
    present = set(engine.query("SELECT DISTINCT flow FROM flows_rows WHERE NOT is_refused").column(0).to_pylist())
    _load_fields(engine)
    for check in checks().values():
        flows = sorted(f for f in present if check.applies(f))
        maker = _MAKERS.get(check.kind)
        if flows and maker is not None:
            maker(engine, register, check, f"NOT r.is_refused AND r.flow IN ({', '.join(map(quote, flows))})")
    _set_aside(engine)


def _set_aside(engine: DuckDBEngine) -> None:
    """Mark the rows of checks whose action is `supersede`: they stay on record and count nowhere."""
    setting_aside = ", ".join(quote(c.check) for c in checks().values() if c.action == "supersede")
    engine.execute(f"""UPDATE flows_rows SET is_repeat = true
        WHERE rowid IN (SELECT row_id FROM flows_found WHERE "check" IN ({setting_aside}))""")


def options(check: Check) -> dict[str, str]:
    """`a=b;c=d` parameters of a check."""
    return dict(p.split("=", 1) for p in check.parameters.split(";")) if check.parameters else {}


def _in_register(engine: DuckDBEngine, register: Register, check: Check, rows: str) -> None:
    given = options(check)
    column = check.fields
    known = _known(register, given["in"])
    is_dated = known["valid_from"].null_count < len(known) or known["valid_to"].null_count < len(known)
    month = "CAST(date_trunc('month', r.activity_date) AS DATE)" if is_dated else "CAST(NULL AS DATE)"
    applies = f"{rows} AND r.{column} <> ''" + (f" AND NOT ({given['unless']})" if "unless" in given else "")
    engine.load("flows_known", known)
    accepted = f"b.{column}, flows_root(b.{column})" if given.get("root") == "Y" else f"b.{column}"
    like = f"AND b.{column} LIKE {quote(given['like'])}" if "like" in given else ""
    live = """(k.valid_from IS NULL OR b.month IS NULL OR k.valid_from < b.month + INTERVAL 1 MONTH)
              AND (k.valid_to IS NULL OR b.month IS NULL OR k.valid_to > b.month)"""
    engine.execute(f"""CREATE OR REPLACE TABLE flows_bad AS
        WITH b AS (SELECT DISTINCT r.{column}, {month} AS month FROM flows_rows r WHERE {applies})
        SELECT b.* FROM b WHERE NOT EXISTS (
            SELECT 1 FROM (SELECT {column}, month, unnest([{accepted.replace("b.", "")}]) AS code FROM b) c
            JOIN flows_known k USING (code)
            WHERE c.{column} = b.{column} AND c.month IS NOT DISTINCT FROM b.month
                AND {live.replace("b.month", "c.month")} {like})""")
    _insert(
        engine,
        check,
        f"""SELECT r.rowid AS row_id, r.file_no, r.{column} AS value, '' AS expected FROM flows_rows r
        JOIN flows_bad b ON r.{column} = b.{column} AND {month} IS NOT DISTINCT FROM b.month WHERE {applies}""",
    )
    engine.drop("flows_bad")
    engine.drop("flows_known")


def _known(register: Register, text: str) -> pa.Table:
    """Codes and their intervals out of the named lists."""
    parts = []
    for one in _split(text):
        found = _LIST.match(one)
        if found is None:
            raise AssertionError(f"checks.csv: cannot read the list {one!r}")
        table, column, element, start, end, condition, test, wanted = found.groups()
        data = register[table]
        if element:
            data = data.filter(pc.equal(data["data_element"], element))
        if condition:
            data = data.filter((pc.equal if test == "=" else pc.not_equal)(data[condition], wanted))
        none = pa.nulls(data.num_rows, pa.date32())
        intervals = [data[c].cast(pa.date32()) if c else none for c in (start, end)]
        parts.append(pa.table([data[column].cast(pa.string()), *intervals], names=["code", "valid_from", "valid_to"]))
    return pa.concat_tables(parts)


def _split(text: str) -> list[str]:
    return [one for one in re.split(r"\|(?![^\[]*\])", text) if one]


def _duplicates(engine: DuckDBEngine, register: Register, check: Check, rows: str) -> None:
    _repeated(engine, check, rows + " AND r.source_id <> ''", "r.source_id", "r.source_id")


def _identical(engine: DuckDBEngine, register: Register, check: Check, rows: str) -> None:
    # A wide row is compared by hash: 64 bits, so that a false match among a hundred million rows is one in thousands.
    rows += f" AND ({options(check)['where']})"
    _repeated(engine, check, rows, f"hash({', '.join(f'r.{c}' for c in _IDENTICAL)})", "r.source_id")


def _repeated(engine: DuckDBEngine, check: Check, rows: str, same: str, value: str) -> None:
    """Rows after the first with the same value in one slice of one content."""
    place = "r.file_no, r.flow, r.provider_code, r.financial_year, r.financial_month"
    engine.execute(f"""CREATE OR REPLACE TABLE flows_bad AS
        SELECT {place.replace("r.", "")}, same, first_row FROM (
            SELECT {place}, {same} AS same, min(r.rowid) AS first_row, count(*) AS n
            FROM flows_rows r WHERE {rows} GROUP BY ALL) WHERE n > 1""")
    if engine.query("SELECT count(*) FROM flows_bad").column(0)[0].as_py():
        on = " AND ".join(f"r.{c.split('.')[1]} IS NOT DISTINCT FROM b.{c.split('.')[1]}" for c in place.split(", "))
        _insert(
            engine,
            check,
            f"""SELECT r.rowid AS row_id, r.file_no, {value} AS value,
            'only row ' || coalesce(f.source_row, b.first_row - p.first_row + 1) AS expected
            FROM flows_rows r JOIN flows_bad b ON {same} = b.same AND {on} AND r.rowid > b.first_row
            JOIN flows_rows f ON f.rowid = b.first_row JOIN flows_bases p ON p.file_no = r.file_no WHERE {rows}""",
        )
    engine.drop("flows_bad")


def _delegation(engine: DuckDBEngine, register: Register, check: Check, rows: str) -> None:
    """Category against the delegation status of the submitted service in the financial year."""
    given = options(check)
    status = register["service_line_status"].select(["service_line_code", "financial_year", "delegation_status"])
    engine.load("flows_status", status)
    categories = ", ".join(map(quote, given["category"].split("|")))
    wrong = f"= {quote(given['is'])}" if "is" in given else f"<> {quote(given['is_not'])}"
    component = f"AND r.component = {quote(given['component'])}" if "component" in given else ""
    applies = f"""{rows} {component} AND r.service_line_submitted <> ''
        AND r.commissioned_service_category IN ({categories})"""
    _insert(
        engine,
        check,
        f"""
        WITH b AS (
            SELECT DISTINCT r.commissioned_service_category, r.service_line_submitted, r.financial_year
            FROM flows_rows r WHERE {applies}),
        s AS (SELECT service_line_code, financial_year, max(delegation_status) AS status
              FROM flows_status GROUP BY ALL),
        bad AS (
            SELECT b.*, coalesce(s.status, 'not_listed') AS status
            FROM b LEFT JOIN s ON s.service_line_code = b.service_line_submitted AND s.financial_year = b.financial_year
            WHERE coalesce(s.status, 'not_listed') {wrong})
        SELECT r.rowid AS row_id, r.file_no, r.commissioned_service_category AS value,
               {quote(check.expected)} || ' (' || bad.service_line_submitted || ' is ' || bad.status || ' in '
                   || bad.financial_year || ')' AS expected
        FROM flows_rows r JOIN bad ON r.commissioned_service_category = bad.commissioned_service_category
            AND r.service_line_submitted = bad.service_line_submitted AND r.financial_year = bad.financial_year
        WHERE {applies}""",
    )
    engine.drop("flows_status")


def _factors(engine: DuckDBEngine, register: Register) -> None:
    table = register["market_forces"].select(["provider_code", "financial_year", "factor"])
    engine.load("flows_factors", table)


def _market_forces(engine: DuckDBEngine, register: Register, check: Check, rows: str) -> None:
    """Price against the price without market forces times the published factor."""
    _factors(engine, register)
    given = options(check)
    _insert(
        engine,
        check,
        f"""
        SELECT r.rowid AS row_id, r.file_no, CAST(CAST(r.mff_submitted AS DECIMAL(20,2)) AS VARCHAR) AS value,
               {quote(check.expected)} || ' (' || k.factor || ')' AS expected
        FROM flows_rows r JOIN flows_factors k ON k.provider_code = flows_root(r.provider_code)
            AND k.financial_year = r.financial_year
        WHERE {rows} AND NOT ({given["unless"]})
            AND r.price_submitted > 0 AND r.mff_submitted BETWEEN 0 AND r.price_submitted
            AND abs(CAST(r.price_submitted AS DOUBLE)
                    - CAST(r.price_submitted - r.mff_submitted AS DOUBLE) * CAST(k.factor AS DOUBLE))
                > {given["tolerance"]} * CAST(r.price_submitted AS DOUBLE)""",
    )
    engine.drop("flows_factors")


def _total(engine: DuckDBEngine, register: Register, check: Check, rows: str) -> None:
    """Total against unit price times activity, as it stands and with the provider's market forces."""
    _factors(engine, register)
    tolerance = f"{options(check)['tolerance']} * greatest(1, abs(r.quantity))"
    plain = "CAST(r.unit_price_submitted AS DECIMAL(18,6)) * r.quantity"
    total = "CAST(r.price_submitted AS DECIMAL(20,6))"
    _insert(
        engine,
        check,
        f"""
        SELECT r.rowid AS row_id, r.file_no, CAST({total} AS DECIMAL(20,2)) || '' AS value,
               CAST(CAST({plain} AS DECIMAL(20,2)) AS VARCHAR) || ': ' || {quote(check.expected)} AS expected
        FROM flows_rows r LEFT JOIN flows_factors k ON k.provider_code = flows_root(r.provider_code)
            AND k.financial_year = r.financial_year
        WHERE {rows} AND NOT ({options(check)["unless"]})
            AND r.unit_price_submitted IS NOT NULL AND r.price_submitted IS NOT NULL
            AND abs({plain} - {total}) > {tolerance}
            AND (k.factor IS NULL
                OR abs(CAST(r.unit_price_submitted AS DECIMAL(16,4)) * r.quantity * k.factor - {total})
                > {tolerance} + 0.01)""",
    )
    engine.drop("flows_factors")


def _insert(engine: DuckDBEngine, check: Check, found: str) -> None:
    """Put rows (row_id, file_no, value, expected) into `flows_found` under the name the file gives the field."""
    engine.execute(f"""INSERT INTO flows_found
        SELECT x.file_no, x.row_id, NULL, {quote(check.check)}, coalesce(n.field, {quote(check.fields)}),
               x.value, x.expected, ''
        FROM ({found}) x LEFT JOIN flows_names n ON n.file_no = x.file_no AND n."column" = {quote(check.fields)}""")


def _load_fields(engine: DuckDBEngine) -> None:
    """`flows_names`: the official field that feeds each column, by flow of the file."""
    names = [
        {"layout_flow": contract.flow, "column": m.column, "field": _field(m)}
        for contract in contracts().values()
        for m in contract.mapping
        if m.sources
    ]
    engine.load("flows_columns", pa.Table.from_pylist(names))
    engine.execute("""CREATE OR REPLACE TABLE flows_names AS
        SELECT f.file_no, c."column", c.field FROM flows_files f JOIN flows_columns c ON c.layout_flow = f.flow""")
    engine.drop("flows_columns")


def _field(mapped: Mapped) -> str:
    return mapped.sources[0][0]


_MAKERS: Mapping[str, Callable[[DuckDBEngine, Register, Check, str], None]] = {
    "in_register": _in_register,
    "duplicates": _duplicates,
    "identical": _identical,
    "delegation": _delegation,
    "market_forces": _market_forces,
    "total": _total,
}
