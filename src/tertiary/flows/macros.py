"""Small SQL functions every flow uses: reading dates, money and code lists, and keeping NHS numbers out.

They are DuckDB macros of the run's work database, so that each rule of reading stands once.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine

# Day before month everywhere: 03/04/2025 is 3 April. Years of two digits are not read.
DATE_FORMATS = (
    "%d/%m/%Y", "%d-%m-%Y", "%d-%b-%Y", "%d %b %Y", "%d-%B-%Y", "%d %B %Y", "%d.%m.%Y", "%Y%m%d",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M",
    "%d-%b-%Y %H:%M:%S", "%d-%b-%Y %H:%M", "%Y%m%d %H:%M:%S", "%Y%m%d%H%M%S",
)  # fmt: skip
REDACTED = "[NHS NUMBER REMOVED]"

_FORMATS = "[" + ", ".join(f"'{f}'" for f in DATE_FORMATS) + "]"
_WEIGHTED = " + ".join(f"{11 - n} * (unicode(substr(d, {n}, 1)) - 48)" for n in range(1, 10))
_CODE_GAPS = r"[\s|;,/]+"

_MACROS = {
    # A day outside these bounds is a slip of the keyboard, not a date.
    "flows_plausible(d)": "CASE WHEN d BETWEEN DATE '1890-01-01' AND DATE '2100-01-01' THEN d END",
    "flows_date(x)": f"""CASE WHEN x = '' THEN NULL ELSE coalesce(
        flows_plausible(try_cast(x AS DATE)), flows_plausible(CAST(try_strptime(x, {_FORMATS}) AS DATE))) END""",
    "flows_timestamp(x)": f"""CASE WHEN x = '' THEN NULL
        ELSE coalesce(try_cast(x AS TIMESTAMP), try_strptime(x, {_FORMATS})) END""",
    "flows_bare_number(x)": r"regexp_replace(x, '[£,\s]', '', 'g')",
    "flows_money(x)": """CASE WHEN x = '' THEN NULL ELSE coalesce(
        try_cast(x AS DECIMAL(26,8)), try_cast(flows_bare_number(x) AS DECIMAL(26,8))) END""",
    "flows_quantity(x)": """CASE WHEN x = '' THEN NULL ELSE coalesce(
        try_cast(x AS DECIMAL(13,3)), try_cast(flows_bare_number(x) AS DECIMAL(13,3))) END""",
    # 2425 means 202425; 202527 means 202526: the two slips the rule allows to mend.
    "flows_year_end(y)": "left(y, 4) || lpad(CAST((CAST(substr(y, 3, 2) AS INTEGER) + 1) % 100 AS VARCHAR), 2, '0')",
    "flows_year(x)": """CASE
        WHEN regexp_full_match(x, '20[0-9]{4}') THEN
            CASE WHEN x = flows_year_end(x) THEN x
                 WHEN (CAST(right(x, 2) AS INTEGER) - CAST(substr(x, 3, 2) AS INTEGER) + 100) % 100 = 2
                 THEN flows_year_end(x) ELSE '' END
        WHEN regexp_full_match(x, '[0-9]{4}') AND '20' || x = flows_year_end('20' || x) THEN '20' || x
        ELSE '' END""",
    "flows_year_of(d)": """CASE WHEN d IS NULL THEN '' ELSE flows_year_end(
        CAST(year(d) - CASE WHEN month(d) < 4 THEN 1 ELSE 0 END AS VARCHAR)) END""",
    "flows_month_of(d)": "CAST((month(d) + 8) % 12 + 1 AS SMALLINT)",
    "flows_first_day(y, m)": """CASE WHEN y = '' OR m IS NULL OR m < 1 THEN NULL ELSE make_date(
        CAST(left(y, 4) AS BIGINT) + CASE WHEN m > 9 THEN 1 ELSE 0 END, (least(m, 12) + 2) % 12 + 1, 1) END""",
    "flows_codes(x)": f"trim(regexp_replace(replace(upper(x), '.', ''), '{_CODE_GAPS}', ',', 'g'), ',')",
    # Fillers (X, -) and dagger or asterisk marks (D, A) at the end of an ICD-10 code are not part of it.
    "flows_icd10(x)": """CASE WHEN x = '' THEN '' ELSE regexp_replace(
        flows_codes(x), '([A-Z][0-9][0-9][0-9]{0,2})[-X]*[DA+*†]?(,|$)', '\\1\\2', 'g') END""",
    "flows_list(x)": "CASE WHEN x = '' THEN '' ELSE regexp_replace(flows_codes(x), '-+(,|$)', '\\1', 'g') END",
    "flows_postcode(x)": r"""CASE WHEN x = '' THEN '' ELSE regexp_replace(
        regexp_replace(upper(x), '\s', '', 'g'), '^(.{2,4})(.{3})$', '\1 \2') END""",
    "flows_root(p)": "CASE WHEN length(p) = 5 AND right(p, 2) = '00' THEN left(p, 3) ELSE p END",
    "flows_digits(x)": "replace(replace(x, ' ', ''), '-', '')",
    "flows_is_nhs(d)": f"""CASE WHEN length(d) = 10 AND d <> '0000000000' AND regexp_full_match(d, '[0-9]{{10}}')
        THEN (11 - ({_WEIGHTED}) % 11) % 11 = unicode(right(d, 1)) - 48 ELSE false END""",
    "flows_patient(x)": """CASE WHEN ltrim(x, '0') = '' OR list_contains(['NULL', 'NONE', 'NAN'], upper(x))
        THEN '' ELSE x END""",
    # Whatever ten digits in a row pass modulus 11 are taken out, also where a lost separator fused them with others
    # (so one long code in a few loses digits too), and the form 943 476 5919.
    "flows_windows(run)": "list_transform(range(1, length(run) - 8), lambda i: substr(run, i, 10))",
    "flows_redact(x)": rf"""list_reduce(list_filter(list_concat(
            flatten(list_transform(regexp_extract_all(x, '[0-9]{{10,}}'), lambda run: flows_windows(run))),
            regexp_extract_all(x, '[0-9]{{3}}[ -][0-9]{{3}}[ -][0-9]{{4}}')),
        lambda n: flows_is_nhs(flows_digits(n))), lambda text, n: replace(text, n, '{REDACTED}'), x)""",
    # HMAC-SHA256 written out, since the engine has the hash but not the construction (RFC 2104).
    "flows_pseudonym(d)": """sha256(getvariable('flows_outer')
        || unhex(sha256(getvariable('flows_inner') || encode(d))))""",
}


def install(engine: DuckDBEngine, key: str | None) -> None:
    """Define the macros. With `key`, NHS numbers become HMAC-SHA256 pseudonyms; the key stays in memory."""
    padded = (hashlib.sha256(key.encode()).digest() if key and len(key.encode()) > 64 else (key or "").encode()).ljust(
        64, b"\0"
    )
    for name, byte in (("flows_inner", 0x36), ("flows_outer", 0x5C)):
        pad = "".join(f"\\x{b ^ byte:02X}" for b in padded)
        engine.execute(f"SET VARIABLE {name} = '{pad}'::BLOB")
    for signature, body in _MACROS.items():
        engine.execute(f"CREATE OR REPLACE MACRO {signature} AS {body}")


def forget_key(engine: DuckDBEngine) -> None:
    """Drop the key from the engine."""
    for name in ("flows_inner", "flows_outer"):
        engine.execute(f"RESET VARIABLE {name}")
