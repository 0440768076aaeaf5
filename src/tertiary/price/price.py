"""Expected price of each record, in exact decimals.

    line = ((unit price x (1 + top-up) + addition) x market forces factor + addition without it) x quantity

rounded half away from zero once to pence. Method: national tariff arithmetic as set out in the public repricing script
(docs/reference/prices.md). Prices, factors and rules are register tables, worked into price lists (`lists`), so a year
without a loaded price keeps the submitted price and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tertiary.joins import Lookup, attach_all
from tertiary.portable import part, product
from tertiary.price.lists import FLAGS, LOCAL, PRICED, Lists, lists

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine

FACTOR = "decimal(7, 6)"
UNIT = "decimal(9, 2)"
MONEY = "decimal(18, 2)"
# the columns of a record that its price depends on
READ = (
    "flow", "component", "provider_code", "treatment_function_code", "hrg", "tariff_code", "point_of_delivery",
    "activity_date", "financial_year", "service_line_final", "service_line_derived", "service_line_sus", "payer_code",
    "quantity", "price_submitted", "national_tariff_indicator",
)  # fmt: skip
BEST_PRACTICE_PART = 3  # of the tariff code: HRG / specialised service flag / best practice flag
LOCALLY_AGREED = "N"  # NATIONAL TARIFF INDICATOR: activity attracts a locally agreed tariff


def price(engine: Engine, assigned: ir.Table, register: Mapping[str, Any]) -> ir.Table:
    """Add price_expected (pounds), price_basis, price_table, price_steps, unit_price, top_up(_line), market_forces.

    `assigned`: one row a record with the columns READ. Keeps its grain. RegisterError when a price rule of the register
    cannot be used.
    """
    rows = _attach_method(engine, assigned, register)
    rows = _attach_prices(engine, rows, register)
    return _tidy(_words(_line(rows)))


def method_lookups(engine: Engine, made: Lists) -> list[Lookup]:
    """How a point of delivery is priced on a day, and the group of its attendance HRG where it is another one."""
    methods = engine.load("price_methods", made.methods).rename(pod_basis="basis")
    attendances = engine.load("price_attendances", made.attendances)
    return [
        Lookup(methods, ["point_of_delivery"], day="activity_date"),
        Lookup(attendances, ["hrg", "point_of_delivery"], day="activity_date"),
    ]


def currency(rows: ir.Table) -> dict[str, ir.Value]:
    """Price group and currency of rows with the columns of `method_lookups`; blank where nothing is priced."""
    import ibis

    code = ibis.ifelse(rows.currency_field == "treatment_function_code", rows.treatment_function_code, rows.hrg)
    return {
        "currency_code": ibis.ifelse(rows.pod_basis == "priced", code, "").fill_null(""),
        "price_group": ibis.coalesce(rows.attendance_group, rows.price_group, ibis.literal("")),
    }


def _attach_method(engine: Engine, rows: ir.Table, register: Mapping[str, Any]) -> ir.Table:
    """How the record is priced: its price group, currency, best practice flag and whether factors apply."""
    import ibis

    made = lists(register)
    blocks = engine.load("price_low_volume", made.low_volume).mutate(low_volume=ibis.literal("Y"))
    lookups = method_lookups(engine, made)
    lookups.append(Lookup(blocks, ["payer_code", "provider_code"], day="activity_date"))
    rows = attach_all(rows, lookups)
    passed = rows.component != "activity"
    plain = rows.flow.isin(["apc_episode", "iap", "prior_approval"])
    listed = ibis.coalesce(rows.pod_basis, ibis.literal("submitted"))
    may_differ = listed.isin(["priced", "submitted"])
    local = (rows.national_tariff_indicator == LOCALLY_AGREED) & ~rows.financial_year.isin(made.years_by_list)
    return rows.mutate(
        **currency(rows),
        best_practice_flag=part(rows.tariff_code, "/", BEST_PRACTICE_PART),
        treatment=ibis.cases(
            (plain, "none"),
            (passed, "pass_through"),
            (rows.low_volume.notnull() & may_differ, "as_agreed"),
            (local & may_differ, LOCAL),
            else_=listed,
        ),
    )


def _attach_prices(engine: Engine, rows: ir.Table, register: Mapping[str, Any]) -> ir.Table:
    """Unit price, best practice price, top-up of an eligible provider and the provider's market forces factor."""
    import ibis

    made = lists(register)
    units = ["financial_year", "price_group", "currency_code"]
    lookups = [
        Lookup(engine.load("price_units", made.units), units),
        Lookup(engine.load("price_forces", made.forces), ["provider_code", "financial_year"]),
        Lookup(engine.load("price_best", made.best_practice), [*units, "best_practice_flag"], day="activity_date"),
    ]
    for flag in FLAGS:
        tops = engine.load(f"price_top_ups_{flag}", made.top_ups[flag])
        tops = tops.rename({f"rate_{flag}": "rate", f"rank_{flag}": "rank"})
        line = {"financial_year": "financial_year", f"service_line_{flag}": "service_line_code"}
        lookups.append(Lookup(tops, {**line, "provider_code": "provider_code"}, day="activity_date"))
    rows = attach_all(rows, lookups)
    rate, line = _top_up(rows)
    zero, one = ibis.literal(0).cast(FACTOR), ibis.literal(1).cast(FACTOR)
    tops = (rows.top_up_applies == "Y") & rate.notnull()
    forced = (rows.market_forces_applies == "Y") & rows.factor.notnull()
    nothing = ibis.literal(0).cast(UNIT)
    return rows.mutate(
        unit_price=ibis.coalesce(rows.best_unit, rows.unit_price),
        addition=rows.addition.fill_null(nothing),
        plain_addition=rows.plain_addition.fill_null(nothing),
        top_up=ibis.ifelse(tops, rate.cast(FACTOR), zero),
        top_up_line=ibis.ifelse(tops, line, "").fill_null(""),
        market_forces=ibis.ifelse(forced, rows.factor.cast(FACTOR), one),
    )


def _top_up(rows: ir.Table) -> tuple[ir.Value, ir.Value]:
    """Rate and line of the lowest rank among the lines of the record that its provider is eligible for."""
    import ibis

    first, *others = FLAGS
    rate, rank, line = rows[f"rate_{first}"], rows[f"rank_{first}"], rows[f"service_line_{first}"]
    for flag in others:
        own = rows[f"rank_{flag}"]
        better = own.notnull() & (rank.isnull() | (own < rank))
        rate = ibis.ifelse(better, rows[f"rate_{flag}"], rate)
        line = ibis.ifelse(better, rows[f"service_line_{flag}"], line)
        rank = ibis.ifelse(better, own, rank)
    return rate, line


def _line(rows: ir.Table) -> ir.Table:
    """The expected line total. Products of fixed-width decimals stay within 38 digits, so nothing is rounded before."""
    import ibis

    one = ibis.literal(1).cast(FACTOR)
    topped = product(rows.unit_price.cast(UNIT), (rows.top_up + one).cast(FACTOR))
    # one operand wider than 18 digits, or DuckDB would keep the product in 18
    added = (topped + rows.addition.cast(UNIT)).cast("decimal(19, 8)")
    forced = product(added, rows.market_forces).cast("decimal(25, 14)")
    exact = product((forced + rows.plain_addition.cast(UNIT)).cast("decimal(25, 14)"), rows.quantity)
    priced = (rows.treatment == "priced") & rows.unit_price.notnull() & rows.quantity.notnull()
    submitted = rows.price_submitted.cast(MONEY)
    named = rows.treatment.isin(["pass_through", "as_agreed", LOCAL])
    basis = ibis.cases(
        (rows.treatment == "none", "none"),
        (priced & rows.best_unit.notnull(), "best_practice"),
        (priced, rows.price_word),
        (rows.price_submitted.isnull(), "none"),
        (named, rows.treatment),
        else_="submitted",
    )
    amount = ibis.cases((rows.treatment == "none", ibis.null(MONEY)), (priced, exact.cast(MONEY)), else_=submitted)
    return rows.mutate(price_basis=basis, price_expected=amount)


def _words(rows: ir.Table) -> ir.Table:
    """The arithmetic in words for the reasons table; blank factors where no price list was used."""
    import ibis

    used = rows.price_basis.isin(PRICED)
    none, no_unit = ibis.null("decimal(9, 6)"), ibis.null(MONEY)
    has_addition = (rows.addition != 0) | (rows.plain_addition != 0)
    unit = ibis.literal("£") + rows.unit_price.cast("string") + " x (1 + " + rows.top_up.cast("string") + ")"
    forces, quantity = rows.market_forces.cast("string"), rows.quantity.cast("string")
    with_addition = (
        ibis.literal("((") + unit + " + £" + rows.addition.cast("string") + ") x " + forces + " + £"
        + rows.plain_addition.cast("string") + ") x " + quantity
    )  # fmt: skip
    steps = ibis.ifelse(has_addition, with_addition, unit + " x " + forces + " x " + quantity)
    return rows.mutate(
        price_table=ibis.ifelse(used, ibis.coalesce(rows.best_table, rows.price_table), "").fill_null(""),
        price_steps=ibis.ifelse(used, steps, rows.price_basis).fill_null(""),
        top_up_line=ibis.ifelse(used, rows.top_up_line, ""),
        unit_price=ibis.ifelse(used, rows.unit_price.cast(MONEY), no_unit),
        top_up=ibis.ifelse(used, rows.top_up.cast("decimal(9, 6)"), none),
        market_forces=ibis.ifelse(used, rows.market_forces.cast("decimal(9, 6)"), none),
    )


def _tidy(rows: ir.Table) -> ir.Table:
    return rows.drop(
        "price_group", "currency_field", "top_up_applies", "market_forces_applies", "pod_basis", "currency_code",
        "treatment", "factor", "attendance_group", "low_volume", "best_practice_flag", "price_word", "best_unit",
        "best_table", "addition", "plain_addition", *(f"{name}_{flag}" for flag in FLAGS for name in ("rate", "rank")),
    )  # fmt: skip
