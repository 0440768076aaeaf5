"""Submitted prices that differ from the expected ones, and what explains each: found by arithmetic, proved by a figure.

Every explanation is a row of `differences.csv`: which unit price, top-up, market forces and quantity the provider would
have used. The first whose total meets the submitted price within its tolerance gives the cause and stands in `proof`.
What no arithmetic explains is told by what else the record shows (`conditions.csv`), or is unexplained.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from tertiary.joins import attach
from tertiary.portable import product
from tertiary.price.alternatives import attach_alternatives
from tertiary.price.lists import LOCAL, PRICED
from tertiary.price.price import FACTOR, MONEY, READ, price
from tertiary.price.totals import line_total

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine

UNEXPLAINED = ("D99", "unexplained", "no known cause gives the submitted price")
SHOWN = (
    "record_id", "provider_code", "payer_code", "financial_year", "financial_month", "flow", "counted",
    "point_of_delivery", "hrg", "service_line_final", "quantity", "price_basis",
)  # fmt: skip
FROM_RECORDS = (
    "spell_id", "activity_date", "treatment_function_code", "commissioner_code", "commissioner_submitted",
    "price_expected",
)  # fmt: skip
FROM_REASONS = ("unit_price", "top_up", "market_forces")
OWN = {"unit": "own", "top_up": "own", "market_forces": "own", "quantity": "own"}
FROM_ACTIVITY = ("national_tariff_indicator", "mff_submitted")


@dataclass(frozen=True)
class Materiality:
    """When a difference is worth showing: above `pounds` and above `percent` of the expected price, or either."""

    pounds: Decimal
    percent: Decimal
    both: bool = True

    @classmethod
    def usual(cls) -> Materiality:
        """The settings of materiality.csv."""
        given = {row["setting"]: row["value"] for row in _rows("materiality.csv")}
        return cls(Decimal(given["pounds"]), Decimal(given["percent"]), given["both"] == "Y")


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    text = resources.files("tertiary.price").joinpath(name).read_text(encoding="utf-8")
    return tuple(sorted(csv.DictReader(text.splitlines()), key=lambda r: int(r.get("rank", 0))))


def causes() -> tuple[str, ...]:
    """Every cause a difference may have, in the order in which they are tried."""
    named = [row["cause"] for name in ("differences.csv", "conditions.csv") for row in _rows(name)]
    return tuple(dict.fromkeys([*named, UNEXPLAINED[1]]))


def price_differences(
    engine: Engine,
    records: ir.Table,
    reasons: ir.Table,
    register: Mapping[str, Any],
    materiality: Materiality | None = None,
    *,
    activity: ir.Table | None = None,
    local: bool = False,
) -> ir.Table:
    """Material differences between submitted and expected prices with their cause.

    `records`, `reasons` and `activity` are tables of one run, known to `engine`; `register` the one the run was made
    with. Without `activity` the causes that need the row as it arrived (stated market forces, local price) are not
    found. `local` (needs `activity`): also records of the basis `local`, held against what the list would give. Grain:
    a record that was priced from a list and differs; key record_id. Columns: SHOWN, price_submitted, price_expected
    (of a local record: by the list), delta (submitted - expected), recomputed (pounds by the rule that explains it,
    null when none does), rule, cause, proof, all exact. Rows are kept by `engine` under the name
    price_differences_found. ValueError when `local` is asked for without `activity`.
    """
    import ibis

    if local and activity is None:
        raise ValueError("price_differences: local=True needs activity, which holds the indicator and the tariff code.")
    least = materiality or Materiality.usual()
    rows = attach(
        _differing(records, PRICED, least), reasons.select("record_id", *FROM_REASONS), ["record_id"], "inner"
    )
    if local:
        rows = rows.union(_differing(_by_the_list(engine, records, register, activity), (LOCAL,), least, FROM_REASONS))
    if activity is None:
        rows = rows.mutate(national_tariff_indicator=ibis.literal(""), mff_submitted=ibis.null(MONEY))
    else:
        rows = attach(rows, activity.select("record_id", *FROM_ACTIVITY), ["record_id"])
    rows = engine.materialise("price_differences_material", rows)
    rows = attach_alternatives(engine, rows, records, register)
    return engine.materialise("price_differences_found", _explained(rows))


def _differing(records: ir.Table, bases: Sequence[str], materiality: Materiality, more: Sequence[str] = ()) -> ir.Table:
    """Accepted records of some price bases whose submitted price is materially another one than the expected."""
    wanted = with_submitted(records, bases)
    delta = (wanted.submitted - wanted.price_expected).cast(MONEY)
    wanted = wanted.mutate(delta=delta).filter(differs(wanted, materiality))
    return wanted.select([*SHOWN, *FROM_RECORDS, "submitted", "delta", *more])


def with_submitted(records: ir.Table, bases: Sequence[str] = PRICED) -> ir.Table:
    """Accepted records of some price bases with `submitted`, in pounds and pence; none is nothing."""
    import ibis

    wanted = records.filter((records.fate == "accepted") & records.price_basis.isin(bases))
    return wanted.mutate(submitted=wanted.price_submitted.cast(MONEY).fill_null(ibis.literal(Decimal(0)).cast(MONEY)))


def differs(rows: ir.Table, materiality: Materiality) -> ir.BooleanValue:
    """Whether `submitted` is materially another price than `price_expected`."""
    size = (rows.submitted - rows.price_expected).cast(MONEY).abs()
    above_pounds = size > _number(materiality.pounds, 18, 2)
    hundredth = product(rows.price_expected.abs().cast("decimal(18, 2)"), _number(materiality.percent, 9, 4))
    above_share = product(size.cast("decimal(18, 2)"), _number(Decimal(100), 9, 4)) > hundredth
    keep = (above_pounds & above_share) if materiality.both else (above_pounds | above_share)
    return keep & (size > 0)


def _by_the_list(engine: Engine, records: ir.Table, register: Mapping[str, Any], activity: ir.Table) -> ir.Table:
    """Records at a local price with what the list would give: price_expected, and the columns FROM_REASONS."""
    import ibis

    kept = (*SHOWN, *FROM_RECORDS, "fate")
    rows = records.filter(records.price_basis == LOCAL)
    given = [name for name in READ if name not in records.columns]
    rows = attach(rows, activity.select("record_id", *given), ["record_id"])
    asked = [name for name in dict.fromkeys((*kept, *READ)) if name not in ("price_expected", "price_basis")]
    rows = rows.select(asked).mutate(national_tariff_indicator=ibis.literal(""))
    made = engine.materialise("price_differences_listed", price(engine, rows, register))
    found = made.filter(made.price_basis.isin(PRICED)).mutate(price_basis=ibis.literal(LOCAL))
    return found.select([*kept, "price_submitted", *FROM_REASONS])


def _explained(rows: ir.Table) -> ir.Table:
    """The first rule whose total is the submitted price, in words and with its figure."""
    import ibis

    told, nothing = [], ibis.null(MONEY)
    plain = line_total(*_parts(rows, OWN))
    # factors alone do not make the price of a record with a best practice addition
    rows = rows.mutate(has_addition=(plain - rows.price_expected).cast(MONEY).abs() > _number(Decimal("0.01"), 18, 2))
    for rule in _rows("differences.csv"):
        total = _total(rows, rule)
        gap = (total - rows.submitted).cast(MONEY).abs()
        meets = (gap <= _number(Decimal(rule["tolerance"]), 18, 2)).fill_null(False)
        told.append((meets, rule, total, _proof(rows, rule, total)))
    for rule in _rows("conditions.csv"):
        told.append((_holds(rows, rule), rule, nothing, ibis.literal(rule["words"])))
    rule_id, cause, words = UNEXPLAINED
    return rows.select(
        *SHOWN,
        price_submitted=rows.submitted,
        price_expected=rows.price_expected,
        delta=rows.delta,
        recomputed=ibis.cases(*((test, total) for test, _, total, _ in told), else_=nothing),
        rule=ibis.cases(*((test, rule["rule"]) for test, rule, _, _ in told), else_=rule_id),
        cause=ibis.cases(*((test, rule["cause"]) for test, rule, _, _ in told), else_=cause),
        proof=ibis.cases(*((test, proof) for test, _, _, proof in told), else_=words),
    )


def _holds(rows: ir.Table, condition: Mapping[str, str]) -> ir.Value:
    """Whether a condition of conditions.csv holds of the record; what is blank says nothing."""
    own = rows[condition["column"]].fill_null("")
    if condition["test"] == "is_n":
        return own == "N"
    other = rows[condition["other"]].fill_null("")
    return (own != "") & (other != "") & (own != other)


def _parts(rows: ir.Table, rule: Mapping[str, str]) -> tuple[ir.Value, ir.Value, ir.Value, ir.Value]:
    """Unit price, top-up, market forces and quantity that a rule supposes."""
    import ibis

    zero, one = ibis.literal(0).cast(FACTOR), ibis.literal(1).cast(FACTOR)
    own = rows.market_forces.cast(FACTOR)
    forces = {
        "own": own,
        "none": one,
        "stated": one,
        "twice": product(own.cast("decimal(19, 6)"), own).cast(FACTOR),
        "last_year": rows.forces_last_year.cast(FACTOR),
    }[rule["market_forces"]]
    top_up = {"own": rows.top_up, "none": zero, "other": rows.top_up_other}[rule["top_up"]].cast(FACTOR)
    unit = rows.unit_price if rule["unit"] == "own" else rows[f"unit_{rule['unit']}"]
    quantity = rows.quantity
    if rule["quantity"] == "implied":
        quantity = rows.quantity_implied if rule["market_forces"] == "own" else rows.quantity_implied_bare
    return unit.cast("decimal(9, 2)"), top_up, forces, quantity.cast("decimal(13, 3)")


def _total(rows: ir.Table, rule: Mapping[str, str]) -> ir.Value:
    """Pounds a rule gives; null where that is the expected price again, or what it needs is not known."""
    import ibis

    total = line_total(*_parts(rows, rule), rule["rounding"])
    times = Decimal(rule["times"])
    if times != 1:
        total = product(total, _number(times, 9, 4)).cast(MONEY)
    if rule["market_forces"] == "stated":
        total = (total + rows.mff_submitted.cast(MONEY)).cast(MONEY)
    is_another = (total - rows.price_expected).cast(MONEY).abs() > _number(Decimal(rule["tolerance"]), 18, 2)
    if rule["unit"] == "own" and times != 0:
        is_another &= ~rows.has_addition
    return ibis.ifelse(is_another, total, ibis.null(MONEY))


def _proof(rows: ir.Table, rule: Mapping[str, str], total: ir.Value) -> ir.Value:
    """`£100.00 x (1 + 0.000000) x 1.000000 x 1.000 = £100.00: without market forces`."""
    import ibis

    unit, top_up, forces, quantity = (v.cast("string") for v in _parts(rows, rule))
    times = "" if rule["times"] == "1" else f" x {rule['times']}"
    stated = ibis.literal("")
    if rule["market_forces"] == "stated":
        stated = ibis.literal(" + £") + rows.mff_submitted.cast(MONEY).cast("string")
    named = ibis.literal("")
    if rule["unit"] in ("linked", "other_group"):
        named = ibis.literal(" (") + rows[f"named_{rule['unit']}"] + ")"
    return (
        ibis.literal("£") + unit + " x (1 + " + top_up + ") x " + forces + " x " + quantity + times + stated + " = £"
        + total.cast("string") + f": {rule['words']}" + named
    )  # fmt: skip


def _number(value: Decimal, precision: int, scale: int) -> ir.Value:
    """An exact number as a decimal literal of the engine."""
    import ibis

    return ibis.literal(str(value)).cast(f"decimal({precision}, {scale})")
