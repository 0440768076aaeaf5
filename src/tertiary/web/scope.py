"""The one place where rows are kept from those who may not see them.

Every table that the web layer shows goes through `within` (tables of a run, before they are read) or `kept` (rows
worked out from them). A row is seen by the ICB of its population and by the body that pays for it, by the provider
that gave the care, by the host of its contract, by the region of ICB or provider, by the clinical reference group of
its service, and by the national team; `owned.csv` says which columns name the owner. Tables of single patients are not
read here at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from tertiary.errors import TertiaryError
from tertiary.sheets import shipped
from tertiary.web.people import Person, roles

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.register import Register

SEPARATOR = "|"
Row = TypeVar("Row", bound=Mapping[str, Any])
# `contract`: columns that together tell a contract (`joined`); `own`: the code of any organisation, as it is
OWNERS = ("icb", "provider", "crg", "host", "contract", "own")


class ForbiddenError(Exception):
    """Somebody asked for what their role may not see."""


@cache
def owned() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """For each table that may be shown, the columns by which each kind of owner owns a row."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in shipped("tertiary.web", "owned.csv", TertiaryError):
        columns = found.setdefault(line.text("table"), dict.fromkeys(OWNERS, ()))
        columns[line.choice("owner", OWNERS)] += (line.text("column"),)
    return found


def sees_all(person: Person) -> bool:
    """Whether a person may see everything of a run."""
    return roles()[person.role]["sees"] == "all"


def within(table: ir.Table, name: str, person: Person, register: Register) -> ir.Table:
    """The rows of a run's table that a person may see. ForbiddenError when they may see none of such tables."""
    import ibis

    held = _held(name, person, register)
    if held is None:
        return table
    mine = ibis.literal(False)
    for columns, codes in held:
        several = [table[column] for column in columns.split()]
        found = several[0] if len(several) == 1 else ibis.literal(SEPARATOR).join(several)
        mine = mine | found.isin(codes)
    return table.filter(mine)


def kept(rows: Iterable[Row], name: str, person: Person, register: Register) -> list[Row]:
    """As `within`, for rows worked out from tables of a run."""
    held = _held(name, person, register)
    return [
        row for row in rows
        if held is None or any(joined(*(row[c] for c in columns.split())) in codes for columns, codes in held)
    ]  # fmt: skip


def joined(*values: str) -> str:
    """Values of several columns as one."""
    return SEPARATOR.join(map(str, values))


def _held(name: str, person: Person, register: Register) -> Sequence[tuple[str, tuple[str, ...]]] | None:
    """Columns and the codes in them that make a row a person's own; None when all rows are."""
    if name not in owned():
        raise ForbiddenError(f"Table {name} holds single records or patients and is not shown here.")
    if roles()[person.role]["sees"] == "released":
        raise ForbiddenError("Figures of a run are shown to the public only after disclosure control.")
    if sees_all(person):
        return None
    columns, codes = owned()[name], _codes(person, register)
    held = [(column, codes[owner]) for owner in OWNERS if owner in codes for column in columns[owner]]
    if not held:
        raise ForbiddenError(f"No row of table {name} says whether it is yours; others see their own part of it.")
    return held


def _codes(person: Person, register: Register) -> dict[str, tuple[str, ...]]:
    """By kind of owner, the codes that are a person's own."""
    sees, owns_as, own = roles()[person.role]["sees"], roles()[person.role]["owns_as"], person.organisations
    if sees == "region":
        return {"own": own, **_region(register, own)}
    if sees == "services":
        rows = register["service_lines"].select(["service_line_code", "crg_code"]).to_pylist()
        return {"own": own, owns_as: tuple(sorted({r["service_line_code"] for r in rows if r["crg_code"] in own}))}
    return {"own": own, owns_as: own, **({"host": own, "contract": person.hosts} if owns_as == "icb" else {})}


def _region(register: Register, codes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """ICBs, of any year, and providers of some regions."""
    found = {}
    for owner, table, code in (("icb", "icbs", "icb_code"), ("provider", "providers", "provider_code")):
        rows = register[table].select([code, "region_code"]).to_pylist()
        found[owner] = tuple(sorted({r[code] for r in rows if r["region_code"] in codes}))
    return found
