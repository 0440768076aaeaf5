"""One SELECT per file layout: raw cells to canonical columns, generated from the contract.

Three levels of columns, each built on the one before: trimmed cells (`f0`, `f1` ... by position in the file), typed
columns read straight from cells, and columns derived from those (ages, identifiers within a provider, months).
Every text column is filled: '' means not recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tertiary.flows.contracts import Contract, Mapped, Recognised, row_flows
from tertiary.tables import columns

_NOT_MAPPED = {"record_id", "row_key", "submission_id", "row_number", "flow", "fate"}
_DERIVED = {
    "scoped", "within_spell", "age", "year_of_activity", "month_of_activity", "year_declared", "month_declared",
    "by_flow",
}  # fmt: skip
_READERS = {
    "text": "{0}",
    "code": "upper({0})",
    "provider": "flows_root(upper({0}))",
    "date": "flows_date({0})",
    "timestamp": "flows_timestamp({0})",
    "money": "flows_money({0})",
    "quantity": "flows_quantity({0})",
    "icd10": "flows_icd10({0})",
    "opcs4": "flows_list({0})",
    "hrg": "flows_list({0})",
    "postcode": "flows_postcode({0})",
    "financial_year": "flows_year({0})",
    "financial_month": "CASE WHEN try_cast({0} AS SMALLINT) BETWEEN 1 AND 13 THEN try_cast({0} AS SMALLINT) END",
}

# lists of codes whose first place means the primary one
_POSITIONED = {"icd10", "opcs4"}


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Cells:
    """Where the fields of one file stand, as SQL."""

    recognised: Recognised

    @property
    def contract(self) -> Contract:
        return self.recognised.contract

    def has(self, field: str) -> bool:
        return field in self.recognised.fields

    def one(self, field: str) -> str:
        """SQL of a field's trimmed cell; blank when the file has no such column."""
        return f"f{self.recognised.fields[field]}" if self.has(field) else "''"

    def first(self, sources: Iterable[Sequence[str]]) -> str:
        """SQL of the first filled alternative; several fields in one alternative are joined by commas."""
        parts = []
        for names in sources:
            held = [self.one(n) for n in names if self.has(n)]
            if held:
                parts.append(held[0] if len(names) == 1 else f"concat_ws(',', {', '.join(held)})")
        if len(parts) < 2:
            return parts[0] if parts else "''"
        # A joined alternative is blank when only commas are left of it.
        filled = [
            f"WHEN trim({p}, ',') <> '' THEN {p}" if p.startswith("concat") else f"WHEN {p} <> '' THEN {p}"
            for p in parts
        ]
        return f"CASE {' '.join(filled)} ELSE '' END"

    def unled(self, sources: Iterable[Sequence[str]]) -> str:
        """SQL of whether the first filled alternative is joined from cells whose first is blank; blank if never."""
        held = [names for names in sources if any(self.has(n) for n in names)]
        blank = [f"{self.first([names])} = ''" for names in held]
        cases = [
            " AND ".join([*blank[:place], f"{self.one(names[0])} = ''"])
            for place, names in enumerate(held)
            if len(names) > 1
        ]
        return " OR ".join(f"({case})" for case in cases)

    def position(self, mapped: Mapped) -> int | None:
        """Position of the first field that feeds a column in this file."""
        return next((self.recognised.fields[n] for names in mapped.sources for n in names if self.has(n)), None)


def carried() -> list[str]:
    """Canonical columns in table order."""
    return [c.name for c in columns("activity") if c.name not in _NOT_MAPPED]


def typed(cells: Cells) -> dict[str, str]:
    """Columns read straight from cells."""
    return {m.column: _read(cells, m) for m in cells.contract.mapping if m.how not in _DERIVED} | {
        "flow": _flow(cells),
        "nhs_number": _nhs_number(cells),
    }


def derived(cells: Cells, has_key: bool) -> dict[str, str]:
    """Columns made from typed ones; a name here replaces the typed column of the same name."""
    by_column = {m.column: m for m in cells.contract.mapping}
    made = {}
    year, month = by_column["financial_year"], by_column["financial_month"]
    if year.how == "year_declared":
        declared = f"flows_year({cells.first(year.sources)})"
        stated = _READERS["financial_month"].format(cells.first(month.sources))
        is_stated = f"{declared} <> '' AND {stated} IS NOT NULL"
        made["activity_date"] = "activity_date"
        # A list that states no month is a snapshot: it belongs to none, so that the next one replaces it whole.
        made["financial_year"] = f"CASE WHEN {is_stated} THEN {declared} ELSE '' END"
        made["financial_month"] = f"CASE WHEN {is_stated} THEN {stated} END"
    elif year.how == "year_of_activity":
        given = f"try_cast({cells.first(year.sources)} || '01' AS INTEGER)"
        day = f"coalesce(activity_date, flows_date(CAST({given} AS VARCHAR)) + 14)" if year.sources else "activity_date"
        made["activity_date"] = day
        # The month that is declared wins: an episode belongs to the month in which its spell was discharged.
        told = f"coalesce(flows_date(CAST({given} AS VARCHAR)), {day})" if year.sources else day
        made["financial_year"] = f"flows_year_of({told})"
        made["financial_month"] = f"flows_month_of({told})"
    else:
        made["activity_date"] = "coalesce(activity_date, flows_first_day(financial_year, financial_month) + 14)"
    made["activity_date"] = f"CAST({made['activity_date']} AS DATE)"
    made["date_filled"] = "activity_date IS NULL"
    for m in cells.contract.mapping:
        if m.how == "scoped":
            made[m.column] = _scoped(cells.first(m.sources))
        elif m.how == "age":
            made[m.column] = _age(cells, m)
        elif m.how == "by_flow":
            cases = " ".join(f"WHEN {quote(k)} THEN {quote(v)}" for k, v in _pairs(m.value).items())
            made[m.column] = f"CASE flow {cases} ELSE '' END"
    for m in cells.contract.mapping:
        if m.how == "within_spell":
            number = f"ltrim({cells.first(m.sources)}, '0')"
            spell = made["spell_id"]
            made[m.column] = f"CASE WHEN {spell} = '' OR {number} = '' THEN '' ELSE {spell} || ':' || {number} END"
    if has_key and "patient_id" in by_column:
        made["patient_id"] = "CASE WHEN nhs_number = '' THEN patient_id ELSE flows_pseudonym(nhs_number) END"
    return made


def default(type_name: str) -> str:
    """SQL of a column no field feeds."""
    return "''" if type_name == "string" else "NULL"


def _read(cells: Cells, m: Mapped) -> str:
    cell = cells.first(m.sources)
    if m.how == "constant":
        return quote(m.value)
    if m.how == "by_value":
        pairs = _pairs(m.value)
        cases = " ".join(f"WHEN {quote(k)} THEN {quote(v)}" for k, v in pairs.items() if k != "*")
        return f"CASE upper({cell}) {cases} ELSE {quote(pairs['*'])} END"
    if m.how == "first_filled":
        *values, otherwise = m.value.split(";")
        cases = " ".join(
            f"WHEN {cells.first([s])} <> '' THEN {quote(v)}" for s, v in zip(m.sources, values, strict=True)
        )
        return f"CASE {cases} ELSE {quote(otherwise)} END"
    if m.how == "first_part":
        return f"trim(split_part(upper({cell}), {quote(m.value)}, 1))"
    if m.how == "recode":
        cases = " ".join(f"WHEN {quote(k)} THEN {quote(v)}" for k, v in _pairs(m.value).items())
        return f"CASE upper({cell}) {cases} ELSE upper({cell}) END"
    if m.how == "patient":
        return f"flows_patient({cell})"
    read = _READERS[m.how].format(cell) if cell != "''" else _blank(m.how)
    if m.how in _POSITIONED and (unled := cells.unled(m.sources)):
        # a secondary code never becomes the primary one: the list begins blank where the first cell is blank
        read = f"rtrim(CASE WHEN {unled} THEN ',' ELSE '' END || {read}, ',')"
    if m.value:
        return (
            f"CASE WHEN {cell} = '' THEN {quote(m.value)} ELSE {read} END"
            if m.how == "code"
            else f"coalesce({read}, {m.value})"
        )
    return read


def _blank(how: str) -> str:
    return {
        "date": "CAST(NULL AS DATE)",
        "timestamp": "CAST(NULL AS TIMESTAMP)",
        "money": "CAST(NULL AS DECIMAL(26,8))",
        "quantity": "CAST(NULL AS DECIMAL(13,3))",
        "financial_month": "CAST(NULL AS SMALLINT)",
    }.get(how, "''")


def _flow(cells: Cells) -> str:
    rows = [r for r in row_flows(cells.contract.layout) if cells.has(r[0])]
    if not rows:
        return quote(cells.contract.flow)
    cases = " ".join(f"WHEN upper({cells.one(f)}) = {quote(v)} THEN {quote(flow)}" for f, v, flow in rows)
    return f"CASE {cases} ELSE {quote(cells.contract.flow)} END"


def _nhs_number(cells: Cells) -> str:
    """The valid ten-digit NHS number a row carries in a field for it; blank when none."""
    held = [
        f"flows_digits({cells.one(f.name)})"
        for f in cells.contract.fields
        if f.role == "nhs_number" and cells.has(f.name)
    ]
    if not held:
        return "''"
    return "CASE " + " ".join(f"WHEN flows_is_nhs({h}) THEN {h}" for h in held) + " ELSE '' END"


def _scoped(cell: str) -> str:
    return (
        f"CASE WHEN {cell} = '' THEN '' ELSE flows_root(provider_code) || ':' || upper({cell}) END"
        if cell != "''"
        else "''"
    )


def _age(cells: Cells, m: Mapped) -> str:
    """Age as carried, else whole years from birth to the activity date, else 999."""
    carried_age = f"try_cast({cells.first(m.sources)} AS SMALLINT)"
    choices = [f"CASE WHEN {carried_age} BETWEEN 0 AND 130 THEN {carried_age} END"]
    if m.value and cells.has(m.value):
        born = f"flows_date({cells.one(m.value)})"
        years = f"datesub('year', {born}, activity_date)"
        choices.append(f"CASE WHEN {cells.one(m.value)} <> '' AND {born} <= activity_date THEN {years} END")
    return f"CAST(coalesce({', '.join(choices)}, 999) AS SMALLINT)"


def _pairs(text: str) -> Mapping[str, str]:
    return dict(p.split("=", 1) for p in text.split(";"))
