"""The one place where rows are kept from those who may not see them.

Every table that the web layer shows goes through `within` (tables of a run, before they are read) or `kept` (rows
worked out from them). A row is seen by the ICB of its population and by the body that pays for it, by the provider
that gave the care, by the region of either, and by the national team; `owned.csv` says which columns name the owner.
Tables of single patients are not read here at all.
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

Row = TypeVar("Row", bound=Mapping[str, Any])
OWNERS = ("icb", "provider")


class ForbiddenError(Exception):
    """Somebody asked for what their role may not see."""


@cache
def owned() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """For each table that may be shown, the columns by which an ICB, and by which a provider, own a row."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in shipped("tertiary.web", "owned.csv", TertiaryError):
        columns = found.setdefault(line.text("table"), dict.fromkeys(OWNERS, ()))
        columns[line.choice("owner", OWNERS)] += (line.text("column"),)
    return found


def sees_all(person: Person) -> bool:
    """Whether a person may see everything of a run."""
    return roles()[person.role]["sees"] == "all"


def is_shown(name: str, person: Person, register: Register) -> bool:
    """Whether a person may see rows of a table at all, be it none of them."""
    try:
        _held(name, person, register)
    except ForbiddenError:
        return False
    return True


def within(table: ir.Table, name: str, person: Person, register: Register) -> ir.Table:
    """The rows of a run's table that a person may see. ForbiddenError when they may see none of such tables."""
    import ibis

    held = _held(name, person, register)
    if held is None:
        return table
    mine = ibis.literal(False)
    for column, codes in held:
        mine = mine | table[column].isin(codes)
    return table.filter(mine)


def kept(rows: Iterable[Row], name: str, person: Person, register: Register) -> list[Row]:
    """As `within`, for rows worked out from tables of a run."""
    held = _held(name, person, register)
    return [row for row in rows if held is None or any(row[column] in codes for column, codes in held)]


def _held(name: str, person: Person, register: Register) -> Sequence[tuple[str, tuple[str, ...]]] | None:
    """Columns and the codes in them that make a row a person's own; None when all rows are."""
    if name not in owned():
        raise ForbiddenError(f"Table {name} holds single records or patients and is not shown here.")
    sees = roles()[person.role]["sees"]
    if sees == "released":
        raise ForbiddenError("Figures of a run are shown to the public only after disclosure control.")
    if sees_all(person):
        return None
    codes = _region(register, person.organisations) if sees == "region" else {person.role: person.organisations}
    columns = owned()[name]
    held = [(column, codes[owner]) for owner in OWNERS if owner in codes for column in columns[owner]]
    if not held:
        raise ForbiddenError(f"Table {name} says nothing about populations; it is shown to providers and regions.")
    return held


def _region(register: Register, codes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """ICBs, of any year, and providers of some regions."""
    found = {}
    for owner, table, code in (("icb", "icbs", "icb_code"), ("provider", "providers", "provider_code")):
        rows = register[table].select([code, "region_code"]).to_pylist()
        found[owner] = tuple(sorted({r[code] for r in rows if r["region_code"] in codes}))
    return found
