"""The one place where rows are kept from those who may not see them.

Every table that the web layer shows goes through `within` (tables of a run, before they are read) or `kept` (rows
worked out from them). A row is seen by the ICB of its population and by the body that pays for it, by the provider
that gave the care, by the host of its contract, by the region of ICB or provider, by the clinical reference group of
its service, and by the national team; `owned.csv` says which columns name the owner. Tables of single patients are not
read here at all.

The register's shipped tables are for everybody. Overlays may hold what a body agreed for itself, so their rows are for
people who signed on: `register_overlays.csv` and the overlay's own setting `public` say which tables are open to all,
and which belong to the bodies that a row names. What rests on the register alone, as published, is owned by anybody.

There is one exception, for comparisons (`beside`, `check_comparison`): `released.csv` says what of others' rows is
shown to whom, and by which rule of disclosure control.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
OWNERS = ("icb", "provider", "crg", "contract", "own")
ANYBODY = "anybody"


class ForbiddenError(Exception):
    """Somebody asked for what their role may not see."""


@cache
def owned() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """For each table that may be shown, the columns by which each kind of owner owns a row."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    owners = (*OWNERS, ANYBODY)
    for line in shipped("tertiary.web", "owned.csv", TertiaryError):
        columns = found.setdefault(line.text("table"), dict.fromkeys(owners, ()))
        columns[line.choice("owner", owners)] += (line.text("column"),)
    return found


@dataclass(frozen=True)
class Released:
    """A row of released.csv: which roles see what of others' rows of a table, and at least how many others together.

    `without` is the one filter (COLUMN=VALUE) under which others are shown one by one: sums of several filters would
    tell what one of them hides.
    """

    roles: tuple[str, ...]
    fewest: int
    rule: str
    counts: tuple[str, ...]
    beside: tuple[str, ...]
    open: tuple[str, ...]
    without: str
    meaning: str


@cache
def released() -> Mapping[str, Released]:
    """What of others' rows may be shown, by table."""
    return {
        line.text("table"): Released(
            line.codes("roles"), line.whole("fewest", 2, 100), line.text("rule"), line.codes("counts"),
            line.codes("beside"), line.codes("open"), line.text("without"), line.text("meaning"),
        )
        for line in shipped("tertiary.web", "released.csv", TertiaryError)
    }  # fmt: skip


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


def is_shown(name: str, person: Person, register: Register) -> bool:
    """Whether a person may see rows of a table at all, be it none of them."""
    try:
        held(name, person, register)
    except ForbiddenError:
        return False
    return True


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
    if owned()[name][ANYBODY]:
        return None
    if roles()[person.role]["sees"] == "released":
        raise ForbiddenError("Figures of a run are shown to the public only after disclosure control.")
    if sees_all(person):
        return None
    columns, codes = owned()[name], _codes(person, register)
    found = [(column, codes[owner]) for owner in OWNERS if owner in codes for column in columns[owner]]
    if not found:
        raise ForbiddenError(f"Nothing of this ({name}) is a {roles()[person.role]['name']}'s own, so it is not shown.")
    return found


def _codes(person: Person, register: Register) -> dict[str, tuple[str, ...]]:
    """By kind of owner, the codes that are a person's own."""
    sees, owns_as, own = roles()[person.role]["sees"], roles()[person.role]["owns_as"], person.organisations
    if sees == "region":
        return {"own": own, **_region(register, own)}
    if sees == "services":
        rows = register["service_lines"].select(["service_line_code", "crg_code"]).to_pylist()
        return {"own": own, owns_as: tuple(sorted({r["service_line_code"] for r in rows if r["crg_code"] in own}))}
    return {"own": own, owns_as: own, **({"contract": person.hosts} if owns_as == "icb" else {})}


def check_comparison(
    others: Collection[str], offered: Iterable[Collection[str]], name: str, person: Person, register: Register
) -> None:
    """ForbiddenError when totals of `others` together would tell a person of a single one that is not theirs.

    `offered` are the sets that the person may ask for, and of others' totals no others: of two sets that differ by one
    the totals tell that one, so of such two the wider is shown.
    """
    if held(name, person, register) is None:
        return
    allowed = _released(name, person)
    strange = {row["icb"] for row in _others(({"icb": code} for code in others), name, person, register)}
    if 0 < len(strange) < allowed.fewest:
        raise ForbiddenError(
            f"Compared with {', '.join(sorted(strange))} alone, the totals would be theirs. Compare with at least "
            f"{allowed.fewest} others."
        )
    sets = [frozenset(one) for one in offered]
    if strange and frozenset(others) not in sets:
        raise ForbiddenError(
            "ICBs of your own choice could be told from each other. Take one of the comparisons offered."
        )
    for wider in sets:
        more = {row["icb"] for row in _others(({"icb": code} for code in wider), name, person, register)}
        if strange < more and len(more - strange) < allowed.fewest:
            raise ForbiddenError(
                f"Beside the wider comparison, this one would tell the totals of {', '.join(sorted(more - strange))}. "
                "Ask for the wider one."
            )


def beside(
    rows: Sequence[Row], name: str, person: Person, register: Register, filters: Collection[str] = ()
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of a comparison by ICB: a person's own as they are, of others what released.csv says, in the same order.

    `rows` are all that anybody may compare, with true figures, also those that the room withholds. Others' counts and
    what stands beside them are released together with their total, which the comparison tells; where one of them is
    hidden, what stands beside is hidden for all, for others' comparisons overlap. So is everything under `filters`
    (COLUMN=VALUE texts) other than the one that is allowed. Other columns of theirs are left out. ForbiddenError for
    those who see nothing of others.
    """
    if held(name, person, register) is None:
        return [dict(row) for row in rows]
    allowed = _released(name, person)
    others = _others(rows, name, person, register)
    figures = (*allowed.counts, *allowed.beside)
    found: dict[str, dict[str, Any]] = {row["icb"]: dict.fromkeys(figures) for row in others}
    if others and set(filters) <= {allowed.without}:
        found |= _controlled(others, allowed)
    return [
        {n: row[n] for n in ("icb", *allowed.open)} | found[row["icb"]] if row["icb"] in found else dict(row)
        for row in rows
    ]  # fmt: skip


def _controlled(others: Sequence[Mapping[str, Any]], allowed: Released) -> dict[str, dict[str, Any]]:
    """Others' figures by ICB after disclosure control."""
    import pyarrow as pa

    from tertiary.publish.disclosure import release

    figures = (*allowed.counts, *allowed.beside)
    whole: dict[str, Any] = {n: sum(row[n] for row in others) for n in figures}
    every: list[Mapping[str, Any]] = [*others, {"icb": "", **whole}]
    table = pa.Table.from_pylist([{n: row[n] for n in ("icb", *figures)} for row in every])
    shown = release(table, allowed.counts, allowed.beside, {"icb": ""}, allowed.rule).to_pylist()
    gone = allowed.beside if any(row[n] is None for row in shown for n in figures) else ()
    return {row["icb"]: {n: None if n in gone else row[n] for n in figures} for row in shown if row["icb"]}


def acts_for(person: Person, register: Register) -> frozenset[str]:
    """Codes of the places a person acts for: ICBs, those that came after them, and regions."""
    if roles()[person.role]["sees"] == "region":
        return frozenset({*person.organisations, *_region(register, person.organisations)["icb"]})
    rows = register["icbs"].select(["icb_code", "successor_codes"]).to_pylist()
    after = {code for r in rows if r["icb_code"] in person.organisations for code in r["successor_codes"].split(";")}
    return frozenset({*person.organisations, *after} - {""})


def _others(rows: Iterable[Row], name: str, person: Person, register: Register) -> list[Row]:
    every = list(rows)
    own = {row["icb"] for row in kept(every, name, person, register)}
    return [row for row in every if row["icb"] not in own]


def _released(name: str, person: Person) -> Released:
    allowed = released().get(name)
    if allowed is None or person.role not in allowed.roles:
        raise ForbiddenError(f"Figures of others ({name}) are not shown to a {person.role}.")
    return allowed


def _region(register: Register, codes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """ICBs, of any year, and providers of some regions."""
    found = {}
    for owner, table, code in (("icb", "icbs", "icb_code"), ("provider", "providers", "provider_code")):
        rows = register[table].select([code, "region_code"]).to_pylist()
        found[owner] = tuple(sorted({r[code] for r in rows if r["region_code"] in codes}))
    return found
