"""What each flow looks like, read from `flows.csv`, `fields.csv` and `mapping.csv`.

A contract belongs to a flow; flows of one `layout` (the three kinds of critical care) share a file layout and are
told apart row by row (`row_flows.csv`). Headers are matched by normalised name: lower case, letters and digits only.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Field:
    """One field of a layout: `column` is the canonical column it feeds first, `role` what happens to it."""

    flow: str
    name: str
    column: str
    role: str
    type: str
    min_length: int | None
    max_length: int | None
    scale: int | None
    requirement: str
    is_needed: bool
    aliases: tuple[str, ...]
    code_list: str


@dataclass(frozen=True)
class Mapped:
    """How one column of the canonical row is made: the first of `sources` that is filled, read as `how`."""

    column: str
    how: str
    sources: tuple[tuple[str, ...], ...]
    value: str


@dataclass(frozen=True)
class Contract:
    """Fields and mapping of one flow."""

    flow: str
    layout: str
    name: str
    cds_type: str
    fields: tuple[Field, ...]
    mapping: tuple[Mapped, ...]
    names: Mapping[str, str]

    def field(self, name: str) -> Field:
        """The field called `name` in the layout. KeyError when the flow has none."""
        return _fields_by_name(self.flow)[name]

    @property
    def needed(self) -> tuple[str, ...]:
        """Fields whose column must be in the file."""
        return tuple(f.name for f in self.fields if f.is_needed)


@dataclass(frozen=True)
class Recognised:
    """The contract a header fits best.

    `fields` maps a field to its position in the file; `missing` are needed fields without a column; `unknown` are
    positions no field claims; `repeated` are positions whose field an earlier column already holds.
    """

    contract: Contract
    fields: Mapping[str, int]
    missing: tuple[str, ...]
    unknown: tuple[int, ...]
    repeated: tuple[int, ...]

    @property
    def matched(self) -> int:
        return len(self.fields)


def read_csv(name: str) -> list[dict[str, str]]:
    """Rows of one of this package's data files."""
    text = resources.files("tertiary.flows").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def normal(name: str) -> str:
    """A header name as it is compared."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@cache
def contracts() -> Mapping[str, Contract]:
    """Contracts by flow code."""
    return {row["flow"]: _contract(row) for row in read_csv("flows")}


@cache
def layouts() -> tuple[Contract, ...]:
    """One contract per file layout, in the order of `flows.csv`."""
    first: dict[str, Contract] = {}
    for contract in contracts().values():
        first.setdefault(contract.layout, contract)
    return tuple(first.values())


@cache
def row_flows(layout: str) -> tuple[tuple[str, str, str], ...]:
    """(field, value, flow) in order of preference for layouts that hold several flows; empty for the others."""
    rows = sorted((r for r in read_csv("row_flows") if r["layout"] == layout), key=lambda r: int(r["rank"]))
    return tuple((r["field_name"], r["value"], r["flow"]) for r in rows)


def recognise(header: Sequence[str]) -> Recognised | None:
    """The contract with most columns of `header`; among equals the one that lacks least. None when none fits at all."""
    found = [_match(contract, header) for contract in layouts()]
    best = max(found, key=lambda r: (r.matched, -len(r.missing), len(r.contract.needed)))
    complete = [r for r in found if not r.missing and r.matched == best.matched]
    return (complete or [best])[0] if best.matched else None


def parse_sources(text: str) -> tuple[tuple[str, ...], ...]:
    """`A|B&C_{1-3}`: alternatives, each one field or several joined in order."""
    return tuple(tuple(n for part in one.split("&") for n in _numbered(part)) for one in text.split("|") if one)


def _numbered(part: str) -> list[str]:
    if found := re.match(r"(.*)\{(\d+)-(\d+)\}$", part):
        return [f"{found[1]}{n}" for n in range(int(found[2]), int(found[3]) + 1)]
    return [part]


def _match(contract: Contract, header: Sequence[str]) -> Recognised:
    fields: dict[str, int] = {}
    unknown: list[int] = []
    repeated: list[int] = []
    for position, name in enumerate(header):
        field = contract.names.get(normal(name))
        if field is None:
            unknown.append(position)
        elif field in fields:
            repeated.append(position)
        else:
            fields[field] = position
    missing = tuple(n for n in contract.needed if n not in fields)
    return Recognised(contract, fields, missing, tuple(unknown), tuple(repeated))


def _contract(row: dict[str, str]) -> Contract:
    flow = row["flow"]
    fields = _fields()[flow]
    names: dict[str, str] = {}
    for field in fields:
        for name in (field.name, *field.aliases):
            names.setdefault(normal(name), field.name)
    return Contract(flow, row["layout"], row["name"], row["cds_type"], fields, _mapping()[flow], names)


@cache
def _fields() -> dict[str, tuple[Field, ...]]:
    made: dict[str, list[Field]] = {}
    for r in read_csv("fields"):
        made.setdefault(r["flow"], []).append(
            Field(
                flow=r["flow"],
                name=r["field_name"],
                column=r["column"],
                role=r["role"],
                type=r["type"],
                min_length=_number(r["min_length"]),
                max_length=_number(r["max_length"]),
                scale=_number(r["scale"]),
                requirement=r["requirement"],
                is_needed=r["needed"] == "Y",
                aliases=tuple(filter(None, r["aliases"].split(";"))),
                code_list=r["code_list"],
            )
        )
    return {flow: tuple(fields) for flow, fields in made.items()}


@cache
def _fields_by_name(flow: str) -> dict[str, Field]:
    return {f.name: f for f in _fields()[flow]}


@cache
def _mapping() -> dict[str, tuple[Mapped, ...]]:
    made: dict[str, dict[str, Mapped]] = {}
    for r in read_csv("mapping"):
        mapped = Mapped(r["column"], r["how"], parse_sources(r["sources"]), r["value"])
        for flow in r["flow"].split(";"):
            made.setdefault(flow, {})[mapped.column] = mapped
    return {flow: tuple(columns.values()) for flow, columns in made.items()}


def _number(text: str) -> int | None:
    return int(text) if text else None
