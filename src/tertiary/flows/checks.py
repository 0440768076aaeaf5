"""Row checks: rows of `checks.csv` compiled to SQL predicates over one scan of a file.

Each (check, field) of a file is one bit of a few words; a row whose words are all zero is sound and costs nothing
more. Look-ups in the register and comparisons between rows or flows follow in `references` and `crossflow`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tertiary.flows.canonical import Cells, quote
from tertiary.flows.contracts import Field, Mapped, contracts, read_csv

if TYPE_CHECKING:
    import pyarrow as pa

BITS = 60
WORDS = 3
ROW_KINDS = {"where", "length", "required", "unreadable", "pattern_repaired", "non_activity", "pseudonym"}


@dataclass(frozen=True)
class Check:
    """One row of `checks.csv`; `check` is its key, `rule_id` the rule people know."""

    check: str
    rule_id: str
    level: str
    flows: tuple[str, ...]
    fields: str
    kind: str
    parameters: str
    severity: str
    action: str
    expected: str
    advice: str
    repair: str
    source: str
    confidence: str

    def applies(self, flow: str) -> bool:
        """Whether the check is for rows of `flow`."""
        return self.flows == ("*",) or flow in self.flows


@dataclass(frozen=True)
class RowCheck:
    """A check on one field of one file: bit `bit` of word `word` is set where `predicate` holds."""

    check: Check
    number: int
    position: int | None
    field: str
    predicate: str
    expected: str
    reads: str

    @property
    def word(self) -> int:
        return self.number // BITS

    @property
    def bit(self) -> int:
        return self.number % BITS


@cache
def checks() -> Mapping[str, Check]:
    """All checks by key."""
    made = {}
    for row in read_csv("checks"):
        flows = tuple(row.pop("flow").split(";"))
        made[row["check"]] = Check(flows=flows, **row)
    return made


def compile_rows(cells: Cells, points_of_delivery: pa.Table) -> list[RowCheck]:
    """The row checks of one file in the order of `checks.csv`."""
    flows = [c.flow for c in contracts().values() if c.layout == cells.contract.layout]
    found: list[RowCheck] = []
    for check in checks().values():
        if check.kind not in ROW_KINDS or not any(check.applies(f) for f in flows):
            continue
        for target in _targets(check, cells):
            predicate = _predicate(check, cells, target, points_of_delivery)
            if predicate:
                found.append(_row_check(check, len(found), cells, target, predicate))
    if len(found) > BITS * WORDS:
        raise AssertionError(f"{len(found)} checks do not fit into {WORDS} words")
    return found


@dataclass(frozen=True)
class _Target:
    """What a check looks at: a field or mapped column, its cell and what the cell was read as."""

    name: str
    cell: str
    value: str
    field: Field | None = None
    reads: str = ""


def _targets(check: Check, cells: Cells) -> Iterator[_Target]:
    contract = cells.contract
    held = [f for f in contract.fields if cells.has(f.name)]
    if check.fields == "@mandatory":
        yield from (_target(f, cells) for f in held if f.requirement == "M" and f.role != "dropped")
    elif check.fields == "@coded":
        coded = (f for f in held if f.type == "text" and f.role == "canonical" and f.max_length)
        yield from (_target(f, cells) for f in coded)
    elif check.fields == "@nhs_number":
        yield from (_target(f, cells) for f in [f for f in held if f.role == "nhs_number"][:1])
    elif check.fields == "@dates":
        yield from _parsed(cells, ("date", "timestamp"), ("date", "datetime"))
    elif check.fields == "@money":
        yield from _parsed(cells, ("money",), ("decimal",))
    elif check.fields == "@quantities":
        yield from _parsed(cells, ("quantity",), ())
    else:
        mapped = next((m for m in contract.mapping if m.column == check.fields), None)
        if mapped is not None:
            name = next((n for names in mapped.sources for n in names if cells.has(n)), "")
            yield _Target(name or _official(mapped), cells.first(mapped.sources), mapped.column)


def _target(field: Field, cells: Cells) -> _Target:
    return _Target(field.name, cells.one(field.name), "", field)


def _parsed(cells: Cells, hows: tuple[str, ...], types: tuple[str, ...]) -> Iterator[_Target]:
    """Every cell read as a date, amount or quantity: mapped ones, and those of contract monitoring only checks read."""
    seen: set[str] = set()
    for mapped in cells.contract.mapping:
        if mapped.how not in hows:
            continue
        names = [n for group in mapped.sources for n in group if cells.has(n)]
        for name in names:
            if name not in seen:
                seen.add(name)
                value = (
                    mapped.column if len(names) == 1 and not mapped.value else f"flows_{mapped.how}({cells.one(name)})"
                )
                yield _Target(name, cells.one(name), value, None, mapped.how)
    if types == ("decimal",):
        for field in cells.contract.fields:
            if field.type in types and field.requirement == "M" and cells.has(field.name) and field.name not in seen:
                yield _Target(field.name, cells.one(field.name), f"flows_money({cells.one(field.name)})", None, "money")


def _predicate(check: Check, cells: Cells, target: _Target, points_of_delivery: pa.Table) -> str:
    cell = target.cell
    if check.kind == "required":
        return f"{cell} = ''"
    if check.kind == "length" and target.field is not None:
        low, high = target.field.min_length or 0, target.field.max_length
        short = f" OR length({cell}) < {low}" if low > 1 else ""
        return f"{cell} <> '' AND (length({cell}) > {high}{short})" if short else f"length({cell}) > {high}"
    if check.kind == "unreadable":
        return f"{cell} <> '' AND {target.value} IS NULL"
    if check.kind == "pattern_repaired":
        return (
            f"{cell} <> '' AND NOT regexp_full_match({cell}, {quote(check.parameters)}) AND {target.value} IS NOT NULL"
        )
    if check.kind == "pseudonym":
        held = [
            f
            for f in cells.contract.fields
            if f.column == "patient_id" and f.role != "nhs_number" and cells.has(f.name)
        ]
        return " OR ".join(f"flows_is_nhs(flows_digits({cells.one(f.name)}))" for f in held)
    if check.kind == "non_activity":
        known = [
            r["point_of_delivery"]
            for r in points_of_delivery.select(["point_of_delivery", "is_non_activity"]).to_pylist()
            if r["is_non_activity"] != "Y"
        ]
        return _lists(f"{check.parameters} AND point_of_delivery NOT IN ({', '.join(map(quote, known))})")
    return _with_cells(_lists(check.parameters), cells, cell)


def _lists(predicate: str) -> str:
    """`x IN (...)` as a CASE: the engine turns a long list into a join, which loses the order of the file."""

    def cases(found: re.Match[str]) -> str:
        whens = " ".join(f"WHEN {v.strip()} THEN true" for v in found[3].split(","))
        return f"{found[2] or ''}(CASE {found[1]} {whens} ELSE false END)"

    return re.sub(r"(\{[^{}]+\}|\w+) (NOT )?IN \(([^()]*)\)", cases, predicate)


def _with_cells(parameters: str, cells: Cells, own: str) -> str:
    """`{FIELD NAME}` stands for the trimmed cell of that field (blank when the file lacks it), `{@}` for the own."""

    def cell(found: re.Match[str]) -> str:
        name = found[1]
        return own if name == "@" else cells.one(name)

    return re.sub(r"\{(@|[A-Z][^{}]*)\}", cell, parameters)


def _row_check(check: Check, number: int, cells: Cells, target: _Target, predicate: str) -> RowCheck:
    position = cells.recognised.fields.get(target.name)
    expected = check.expected
    if target.field is not None and "{length}" in expected:
        low, high = target.field.min_length or 0, target.field.max_length or 0
        expected = expected.format(
            length=str(high) if low == high else f"{low} to {high}" if low else f"at most {high}"
        )
    return RowCheck(check, number, position, target.name, predicate, expected, target.reads or check.fields)


def _official(mapped: Mapped) -> str:
    return mapped.sources[0][0] if mapped.sources else mapped.column
