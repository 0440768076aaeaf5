"""Expected price of each record, in exact decimals.

    line = unit price x (1 + top-up) x market forces factor x quantity, rounded half away from zero once to pence

Method: national tariff arithmetic as set out in the public repricing script (docs/reference/prices.md); prices, factors
and top-ups are register tables, so a year without a loaded price keeps the submitted price and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tertiary.joins import Lookup, attach_all
from tertiary.portable import product

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine

FACTOR = "decimal(7, 6)"
UNIT = "decimal(9, 2)"
MONEY = "decimal(18, 2)"
# the columns of a record that its price depends on
READ = (
    "flow", "component", "provider_code", "treatment_function_code", "hrg", "point_of_delivery", "activity_date",
    "financial_year", "service_line_final", "quantity", "price_submitted",
)  # fmt: skip


def price(engine: Engine, assigned: ir.Table, register: Mapping[str, Any]) -> ir.Table:
    """Add price_expected (pounds), price_basis, price_table, price_steps, unit_price, top_up(_line), market_forces.

    `assigned`: one row a record with the canonical activity columns and service_line_final. Keeps its grain.
    """
    rows = _attach_method(engine, assigned, register)
    rows = _attach_prices(engine, rows, register)
    return _tidy(_words(_line(rows)))


def _attach_method(engine: Engine, rows: ir.Table, register: Mapping[str, Any]) -> ir.Table:
    """How the point of delivery is priced: its price group, currency and whether factors apply."""
    import ibis

    table = register["point_of_delivery_prices"].select(
        ["point_of_delivery", "price_group", "currency_field", "top_up_applies", "market_forces_applies", "basis",
         "valid_from", "valid_to"]
    )  # fmt: skip
    methods = engine.load("price_methods", table).rename(pod_basis="basis")
    rows = attach_all(rows, [Lookup(methods, ["point_of_delivery"], day="activity_date")])
    currency = ibis.ifelse(rows.currency_field == "treatment_function_code", rows.treatment_function_code, rows.hrg)
    passed = rows.component != "activity"
    plain = rows.flow.isin(["apc_episode", "iap", "prior_approval"])
    return rows.mutate(
        currency_code=ibis.ifelse(rows.pod_basis == "priced", currency, "").fill_null(""),
        price_group=rows.price_group.fill_null(""),
        treatment=ibis.cases(
            (plain, "none"), (passed, "pass_through"), else_=ibis.coalesce(rows.pod_basis, ibis.literal("submitted"))
        ),
    )


def _attach_prices(engine: Engine, rows: ir.Table, register: Mapping[str, Any]) -> ir.Table:
    """Unit price, top-up of the line at an eligible provider (lowest rank) and the provider's market forces factor."""
    import ibis

    units = ["financial_year", "price_group", "currency_code"]
    prices = engine.load("price_units", register["unit_prices"].select([*units, "unit_price"]))
    prices = prices.mutate(unit_price=prices.unit_price.cast(UNIT))
    places = ["provider_code", "financial_year"]
    forces = engine.load("price_forces", register["market_forces"].select([*places, "factor"]))
    best = _best_top_ups(engine, register)
    line = {"financial_year": "financial_year", "service_line_final": "service_line_code"}
    lookups = [
        Lookup(prices, units),
        Lookup(forces, places),
        Lookup(best, {**line, "provider_code": "provider_code"}, day="activity_date"),
    ]
    rows = attach_all(rows, lookups)
    zero, one = ibis.literal(0).cast(FACTOR), ibis.literal(1).cast(FACTOR)
    tops = (rows.top_up_applies == "Y") & rows["rate"].notnull()
    forced = (rows.market_forces_applies == "Y") & rows.factor.notnull()
    return rows.mutate(
        top_up=ibis.ifelse(tops, rows["rate"].cast(FACTOR), zero),
        top_up_line=ibis.ifelse(tops, rows.service_line_final, "").fill_null(""),
        market_forces=ibis.ifelse(forced, rows.factor.cast(FACTOR), one),
    )


def _best_top_ups(engine: Engine, register: Mapping[str, Any]) -> ir.Table:
    """One top-up a year, line, provider and day: the lowest rank wins."""
    key = ["financial_year", "service_line_code", "provider_code"]
    table = register["top_ups"].select([*key, "rate", "rank", "valid_from", "valid_to"])
    top_ups = engine.load("price_top_ups", table)
    lowest = top_ups.group_by(key).aggregate(rank=top_ups["rank"].min())
    return engine.materialise("price_best_top_ups", top_ups.semi_join(lowest, [*key, "rank"]).drop("rank"))


def _line(rows: ir.Table) -> ir.Table:
    """The expected line total. Products of fixed-width decimals stay within 38 digits, so nothing is rounded before."""
    import ibis

    one = ibis.literal(1).cast(FACTOR)
    factors = product((rows.top_up + one).cast(FACTOR), rows.market_forces)
    # one operand wider than 18 digits, or DuckDB would keep the product in 18
    base = product(rows.unit_price.cast("decimal(19, 2)"), rows.quantity).cast("decimal(22, 5)")
    exact = product(base, factors)
    priced = (rows.treatment == "priced") & rows.unit_price.notnull() & rows.quantity.notnull()
    critical = rows.price_group == "critical_care_day"
    submitted = rows.price_submitted.cast(MONEY)
    named = rows.treatment.isin(["pass_through", "as_agreed"])
    basis = ibis.cases(
        (rows.treatment == "none", "none"),
        (priced & critical, "critical_care"),
        (priced, "national"),
        (rows.price_submitted.isnull(), "none"),
        (named, rows.treatment),
        else_="submitted",
    )
    amount = ibis.cases((rows.treatment == "none", ibis.null(MONEY)), (priced, exact.cast(MONEY)), else_=submitted)
    return rows.mutate(price_basis=basis, price_expected=amount)


def _words(rows: ir.Table) -> ir.Table:
    """The arithmetic in words for the reasons table; blank factors where no national price was used."""
    import ibis

    used = rows.price_basis.isin(["national", "critical_care"])
    none, no_unit = ibis.null("decimal(9, 6)"), ibis.null(MONEY)
    steps = (
        ibis.literal("£") + rows.unit_price.cast("string") + " x (1 + " + rows.top_up.cast("string") + ") x "
        + rows.market_forces.cast("string") + " x " + rows.quantity.cast("string")
    )  # fmt: skip
    table = ibis.literal("unit_prices:") + rows.financial_year + ":" + rows.price_group + ":" + rows.currency_code
    return rows.mutate(
        price_table=ibis.ifelse(used, table, "").fill_null(""),
        price_steps=ibis.ifelse(used, steps, rows.price_basis).fill_null(""),
        unit_price=ibis.ifelse(used, rows.unit_price.cast(MONEY), no_unit),
        top_up=ibis.ifelse(used, rows.top_up.cast("decimal(9, 6)"), none),
        market_forces=ibis.ifelse(used, rows.market_forces.cast("decimal(9, 6)"), none),
    )


def _tidy(rows: ir.Table) -> ir.Table:
    return rows.drop(
        "price_group", "currency_field", "top_up_applies", "market_forces_applies", "pod_basis", "currency_code",
        "treatment", "factor", "rate",
    )  # fmt: skip
