"""What else could have been used to price a record: other years, other groups, the linked spell's HRG, other rates.

Where several values are possible (the other top-up rates of a year, the other groups of an HRG) the one that meets the
submitted price is looked for; it is null when none does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tertiary.joins import Lookup, attach_all
from tertiary.portable import product
from tertiary.price.lists import lists, year_after, year_before
from tertiary.price.price import FACTOR, MONEY, currency, method_lookups
from tertiary.price.totals import line_total

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine

# a quantity is only read out of a price when units are dear enough for chance not to make it a whole number
LEAST_UNIT, MOST_UNITS = 10, 366
TOLERANCE = "0.01"


def attach_alternatives(engine: Engine, rows: ir.Table, records: ir.Table, register: Mapping[str, Any]) -> ir.Table:
    """`rows` (few) with unit_…, top_up_other, forces_last_year, quantity_implied… and linked_hrg."""
    made = lists(register)
    rows = attach_all(rows, [*method_lookups(engine, made), _spells(records)])
    rows = engine.materialise("price_differences_grouped", rows.mutate(**currency(rows)))
    unit = made.units.select(["financial_year", "price_group", "currency_code", "unit_price"])
    key = ["financial_year", "price_group", "currency_code"]
    rows = attach_all(
        rows,
        [
            Lookup(_units(engine, "base", unit), key),
            Lookup(_units(engine, "last_year", _moved(unit, year_after)), key),
            Lookup(_units(engine, "next_year", _moved(unit, year_before)), key),
            Lookup(_units(engine, "linked", unit), dict(zip([*key[:2], "linked_hrg"], key, strict=True))),
            Lookup(_forces(engine, _moved(made.forces, year_after)), ["provider_code", "financial_year"]),
        ],
    )
    rows = engine.materialise("price_differences_alternatives", rows.mutate(**_quantities(rows)))
    lookups = [_other_rate(engine, rows, register), _best(engine, rows, made.best_practice)]
    rows = attach_all(rows, [*lookups, _other_group(engine, rows, unit)])
    return engine.materialise("price_differences_compared", rows.mutate(named_linked=rows.linked_hrg))


def _spells(records: ir.Table) -> Lookup:
    """HRG of the hospital's own row of a spell, for the contract rows that name it."""
    own = records.filter((records.flow == "apc_spell") & (records.fate == "accepted") & (records.spell_id != ""))
    return Lookup(own.group_by("spell_id").aggregate(linked_hrg=own.hrg.max()), ["spell_id"])


def _units(engine: Engine, name: str, table: pa.Table) -> ir.Table:
    return engine.load(f"price_differences_{name}", table).rename({f"unit_{name}": "unit_price"})


def _forces(engine: Engine, table: pa.Table) -> ir.Table:
    return engine.load("price_differences_forces", table).rename(forces_last_year="factor")


def _moved(table: pa.Table, move: Callable[[str], str]) -> pa.Table:
    """A table by year under another year, to be met by the records of that one."""
    import pyarrow as pa

    at = table.schema.get_field_index("financial_year")
    years = pa.array([move(year) for year in table["financial_year"].to_pylist()], pa.string())
    return table.set_column(at, "financial_year", years)


def _quantities(rows: ir.Table) -> dict[str, ir.Value]:
    """The whole number of units that the submitted price would pay for, with and without market forces.

    A quotient of floats is enough to guess it: what it gives is worked out again, exactly.
    """
    import ibis

    one = ibis.literal(1).cast(FACTOR)
    bare = product(rows.unit_price.cast("decimal(19, 2)"), (rows.top_up.cast(FACTOR) + one).cast(FACTOR))
    forced = product(bare.cast("decimal(19, 8)"), rows.market_forces.cast(FACTOR))
    made = {}
    for name, each in (("quantity_implied", forced), ("quantity_implied_bare", bare)):
        price, zero = each.cast("float64"), ibis.literal(0.0)
        count = (rows.submitted.cast("float64") / price.nullif(zero)).round()
        usable = (price >= LEAST_UNIT) & count.between(1, MOST_UNITS) & (count != rows.quantity.cast("float64"))
        made[name] = ibis.ifelse(usable, count.cast("int64").cast("decimal(13, 3)"), ibis.null("decimal(13, 3)"))
    return made


def _other_rate(engine: Engine, rows: ir.Table, register: Mapping[str, Any]) -> Lookup:
    """A top-up rate of the year, of whatever line and provider."""
    rates = engine.load("price_differences_rates", register["top_ups"].select(["financial_year", "rate"]))
    side = rates.filter(rates["rate"].notnull()).distinct().rename(side_year="financial_year")
    met = _met(rows, side, {"financial_year": "side_year"}, "unit_price", "rate")
    return Lookup(met.group_by("record_id").aggregate(top_up_other=met["rate"].min()), ["record_id"])


def _best(engine: Engine, rows: ir.Table, best_practice: pa.Table) -> Lookup:
    """A best practice price of the record's year, group and currency, under whatever flag and on whatever day."""
    names = ["financial_year", "price_group", "currency_code", "best_unit"]
    prices = engine.load("price_differences_best", best_practice.select(names)).distinct()
    side = prices.rename({f"side_{name}": name for name in names[:3]})
    met = _met(rows, side, {name: f"side_{name}" for name in names[:3]}, "best_unit", "top_up")
    return Lookup(met.group_by("record_id").aggregate(unit_best=met.best_unit.min()), ["record_id"])


def _other_group(engine: Engine, rows: ir.Table, units: pa.Table) -> Lookup:
    """The price of the same currency in another group."""
    prices = engine.load("price_differences_groups", units)
    side = prices.rename(side_year="financial_year", named_other_group="price_group", side_code="currency_code",
                         unit_other_group="unit_price")  # fmt: skip
    met = _met(rows, side, {"financial_year": "side_year", "currency_code": "side_code"}, "unit_other_group", "top_up")
    met = met.filter(met.named_other_group != met.price_group)
    found = met.group_by("record_id").aggregate(
        unit_other_group=met.unit_other_group.min(), named_other_group=met.named_other_group.min()
    )
    return Lookup(found, ["record_id"])


def _met(rows: ir.Table, side: ir.Table, on: Mapping[str, str], unit: str, top_up: str) -> ir.Table:
    """Records joined with the rows of `side` whose unit price or top-up gives the submitted price."""
    import ibis

    kept = ["record_id", "financial_year", "price_group", "currency_code", "unit_price", "top_up", "market_forces",
            "quantity", "submitted"]  # fmt: skip
    own = rows.select(kept)
    both = own.join(side, [own[left] == side[right] for left, right in on.items()])
    total = line_total(
        both[unit].cast("decimal(9, 2)"), both[top_up].cast(FACTOR), both.market_forces.cast(FACTOR), both.quantity
    )
    return both.filter((total - both.submitted).cast(MONEY).abs() <= ibis.literal(TOLERANCE).cast(MONEY))
