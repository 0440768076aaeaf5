"""The one place where rows are kept from those who may not see them.

Every table that the web layer shows goes through `within` (tables of a run, before they are read) or `kept` (rows
worked out from them). A row is seen by the ICB of its population and by the body that pays for it, by the provider
that gave the care, by the region of either, and by the national team; `owned.csv` says which columns name the owner.
Tables of single patients are not read here at all.

The register's shipped tables are for everybody. Overlays may hold what a body agreed for itself, so their rows are for
people who signed on: `register_overlays.csv` and the overlay's own setting `public` say which tables are open to all,
and which belong to the bodies that a row names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from tertiary.errors import TertiaryError
from tertiary.register import Register
from tertiary.sheets import shipped
from tertiary.web.people import Person, roles

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Row = TypeVar("Row", bound=Mapping[str, Any])
OWNERS = ("icb", "provider")
# who reads the rows that an overlay brought to a table of the register
OPEN, SIGNED_ON, NAMED = "public", "signed_on", "named"


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


def signed_on(person: Person) -> bool:
    """Whether a person acts for an organisation, rather than being anybody."""
    return roles()[person.role]["sees"] != "released"


@cache
def overlay_readers() -> Mapping[str, str]:
    """Who reads what overlays brought, by register table: OPEN, or NAMED for those whom a row names; else SIGNED_ON."""
    lines = shipped("tertiary.web", "register_overlays.csv", TertiaryError)
    return {line.text("table"): line.choice("readers", (OPEN, SIGNED_ON, NAMED)) for line in lines}


def opened(register: Register) -> Register:
    """The register as anybody may read it: of overlays only the tables that are open."""
    always = {table for table, readers in overlay_readers().items() if readers == OPEN}
    return Register([o.only((o.public | always).__contains__) for o in register.overlays], register.as_known)


def readable(table: str, person: Person, register: Register) -> pa.Table:
    """The rows of a register table that a person may read. `register`: as of `Answers.known` for that person."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = register[table]
    if overlay_readers().get(table) != NAMED or not signed_on(person):
        return rows
    mine_by = held(table, person, register)
    if mine_by is None:
        return rows
    mine = pa.repeat(pa.scalar(False), rows.num_rows)
    for column, codes in mine_by:
        mine = pc.or_(mine, pc.is_in(rows[column], pa.array(codes, pa.string())))
    return rows.filter(mine)


def within(table: ir.Table, name: str, person: Person, register: Register) -> ir.Table:
    """The rows of a run's table that a person may see. ForbiddenError when they may see none of such tables."""
    import ibis

    mine_by = held(name, person, register)
    if mine_by is None:
        return table
    mine = ibis.literal(False)
    for column, codes in mine_by:
        mine = mine | table[column].isin(codes)
    return table.filter(mine)


def kept(rows: Iterable[Row], name: str, person: Person, register: Register) -> list[Row]:
    """As `within`, for rows worked out from tables of a run."""
    mine_by = held(name, person, register)
    return [row for row in rows if mine_by is None or any(row[column] in codes for column, codes in mine_by)]


def populations(person: Person, register: Register) -> frozenset[str] | None:
    """ICBs of whose people a person sees every row; None where a row is not seen for its population: all are, or
    those of a provider. What others' populations show to them is only the part that they pay for or give.
    """
    sees = roles()[person.role]["sees"]
    if sees == "released":
        return frozenset()
    if sees == "region":
        return frozenset(_region(register, person.organisations)["icb"])
    return frozenset(person.organisations) if person.role == "icb" else None


def held(name: str, person: Person, register: Register) -> Sequence[tuple[str, tuple[str, ...]]] | None:
    """Columns and the codes in them that make a row a person's own, any of them; None when all rows are.

    ForbiddenError when they may see none of such tables.
    """
    if name not in owned():
        raise ForbiddenError(f"Table {name} holds single records or patients and is not shown here.")
    sees = roles()[person.role]["sees"]
    if sees == "released":
        raise ForbiddenError("Figures of a run are shown to the public only after disclosure control.")
    if sees_all(person):
        return None
    codes = _region(register, person.organisations) if sees == "region" else {person.role: person.organisations}
    columns = owned()[name]
    found = [(column, codes[owner]) for owner in OWNERS if owner in codes for column in columns[owner]]
    if not found:
        about = (
            "single providers; it is shown to ICBs"
            if person.role == "provider"
            else "populations; it is shown to providers"
        )
        raise ForbiddenError(f"Table {name} says nothing about {about} and regions.")
    return found


def _region(register: Register, codes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """ICBs, of any year, and providers of some regions."""
    found = {}
    for owner, table, code in (("icb", "icbs", "icb_code"), ("provider", "providers", "provider_code")):
        rows = register[table].select([code, "region_code"]).to_pylist()
        found[owner] = tuple(sorted({r[code] for r in rows if r["region_code"] in codes}))
    return found
