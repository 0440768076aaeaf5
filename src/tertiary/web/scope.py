"""The one place where rows are kept from those who may not see them.

Every table of a run that the web layer reads goes through `within`. A row is seen by the ICB of its population and by
the body that pays for it, by the provider that gave the care, by the region of either, and by the national team.
Tables of single patients are not read here at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertiary.web.people import Person, roles

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.register import Register

# tables that may be read, with the columns by which an ICB, and a provider, own a row
READ = {
    "ledger": (("population_icb", "payer_code"), ("provider_code",)),
    "submissions": ((), ("provider_code",)),
    "findings": ((), ("provider_code",)),
}


class ForbiddenError(Exception):
    """Somebody asked for what their role may not see."""


def sees_all(person: Person) -> bool:
    """Whether a person may see everything of a run."""
    return roles()[person.role]["sees"] == "all"


def within(table: ir.Table, name: str, person: Person, register: Register) -> ir.Table:
    """The rows of a run's table that a person may see. ForbiddenError when they may see none of such tables."""
    import ibis

    if name not in READ:
        raise ForbiddenError(f"Table {name} holds single records or patients and is not shown here.")
    sees = roles()[person.role]["sees"]
    if sees == "released":
        raise ForbiddenError("Figures of a run are shown to the public only after disclosure control.")
    if sees_all(person):
        return table
    boards, providers = READ[name]
    if person.role == "provider":
        return table.filter(table[providers[0]].isin(person.organisations))
    icbs, trusts = _region(register, person.organisations) if sees == "region" else (person.organisations, ())
    owned = ibis.literal(False)
    for column in boards:
        owned = owned | table[column].isin(icbs)
    if trusts:
        owned = owned | table[providers[0]].isin(trusts)
    if not boards and not trusts:
        raise ForbiddenError(f"Table {name} says nothing about populations; it is shown to providers and regions.")
    return table.filter(owned)


def _region(register: Register, codes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """ICBs, of any year, and providers of some regions."""
    found = []
    for table, code in (("icbs", "icb_code"), ("providers", "provider_code")):
        rows = register[table].select([code, "region_code"]).to_pylist()
        found.append(tuple(sorted({r[code] for r in rows if r["region_code"] in codes})))
    return found[0], found[1]
