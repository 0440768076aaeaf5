"""The one place where rows are kept from those who may not see them.

Every table that the web layer shows goes through `within` (tables of a run, before they are read) or `kept` (rows
worked out from them). A row is seen by the ICB of its population and by the body that pays for it, by the provider
that gave the care, by the host of its contract, by the region of ICB or provider, by the clinical reference group of
its service, and by the national team; `owned.csv` says which columns name the owner. Tables of single patients are not
read here at all.

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

SEPARATOR = "|"
Row = TypeVar("Row", bound=Mapping[str, Any])
# who reads the rows that an overlay brought to a table of the register
OPEN, SIGNED_ON, NAMED = "public", "signed_on", "named"
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
    for columns, codes in mine_by:
        several = [table[column] for column in columns.split()]
        found = several[0] if len(several) == 1 else ibis.literal(SEPARATOR).join(several)
        mine = mine | found.isin(codes)
    return table.filter(mine)


def kept(rows: Iterable[Row], name: str, person: Person, register: Register) -> list[Row]:
    """As `within`, for rows worked out from tables of a run."""
    mine_by = held(name, person, register)
    return [
        row for row in rows
        if mine_by is None or any(joined(*(row[c] for c in columns.split())) in codes for columns, codes in mine_by)
    ]  # fmt: skip


def joined(*values: str) -> str:
    """Values of several columns as one."""
    return SEPARATOR.join(map(str, values))


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
    if roles()[person.role]["sees"] == "released":
        raise ForbiddenError("Figures of a run are shown to the public only after disclosure control.")
    if sees_all(person):
        return None
    columns, codes = owned()[name], _codes(person, register)
    found = [(column, codes[owner]) for owner in OWNERS if owner in codes for column in columns[owner]]
    if not found:
        raise ForbiddenError(f"No row of table {name} says whether it is yours; others see their own part of it.")
    return found


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
