"""Aggregate contract monitoring: the exact total of the three patient level flows, with the plan beside the actual."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tertiary.synth.arrow import money
from tertiary.synth.hospital import add
from tertiary.synth.money import pence
from tertiary.synth.story import Teller

KEYS = (
    "financial_month", "financial_year", "created", "provider", "practice_responsibility", "commissioner", "practice",
    "treatment_function", "category", "service", "mental_category", "point_of_delivery", "tariff", "national",
)  # fmt: skip
NO_DETAIL = ("DRUG", "DEVICE")
TRUE = ("true_line", "true_commissioner", "true_category")


def aggregate(teller: Teller, parts: list[pa.Table], detailed: tuple[str, ...]) -> pa.Table:
    """ACM of a month. Providers in `detailed` send it by practice; the others leave practice blank."""
    table = pa.concat_tables([_shaped(p, detailed) for p in parts])
    total = table.group_by(list(KEYS), use_threads=False).aggregate([
        ("price", "sum"), ("market_forces", "sum"), ("quantity", "sum"), ("submitted_wrong", "any"),
        *[(c, how) for c in TRUE for how in ("first", "count_distinct")],
    ])  # fmt: skip
    order = pc.sort_indices(total, sort_keys=[(k, "ascending") for k in ("provider", *KEYS)])
    total = total.take(order)
    cost = pence(total["price_sum"].cast(pa.decimal128(18, 2)))
    forces = pence(total["market_forces_sum"].cast(pa.decimal128(18, 2)))
    number = total["quantity_sum"].combine_chunks().to_numpy()
    plan, planned = _plan(teller, total, cost, number)
    planned_forces = np.rint(forces * np.where(cost == 0, 0, planned / np.where(cost == 0, 1, cost))).astype(np.int64)
    return add(
        total.select(KEYS), price=money(cost), market_forces=money(forces), quantity=pa.array(number),
        planned_quantity=pa.array(plan), planned_price=money(planned), planned_market_forces=money(planned_forces),
        submitted_wrong=total["submitted_wrong_any"], **_true(total),
    )  # fmt: skip


def _true(total: pa.Table) -> dict[str, pa.Array]:
    """What is true of a line, where it is true of every row the line sums; null where they differ."""
    one = {c: pc.equal(total[f"{c}_count_distinct"], 1) for c in TRUE}
    return {c: pc.if_else(one[c], total[f"{c}_first"], pa.scalar(None, pa.string())) for c in TRUE}


def _shaped(part: pa.Table, detailed: tuple[str, ...]) -> pa.Table:
    n = part.num_rows
    excluded = pc.is_in(part["point_of_delivery"], value_set=pa.array(NO_DETAIL))
    none = pa.scalar(None, pa.string())
    known = pc.is_in(part["provider"], value_set=pa.array(list(detailed), pa.string()))
    columns = {k: part[k] if k in part.column_names else pa.nulls(n, pa.string()) for k in KEYS}
    columns["treatment_function"] = pc.if_else(excluded, none, columns["treatment_function"])
    columns["practice"] = pc.if_else(known, columns["practice"], none)
    for name in TRUE:  # drugs and devices are sent as they are
        own = part[name] if name in part.column_names else part[name.removeprefix("true_")]
        columns[name] = pc.fill_null(own, "")
    wrong = part["submitted_wrong"] if "submitted_wrong" in part.column_names else pa.array([False] * n, pa.bool_())
    columns["submitted_wrong"] = wrong
    if "national" not in part.column_names:
        columns["national"] = pa.array(["N"] * n, pa.string())
    return pa.table(
        {**columns, "price": part["price"], "market_forces": part["market_forces"], "quantity": part["quantity"]}
    )


def _plan(teller: Teller, total: pa.Table, cost: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Plan: near the actual level, never the same, never negative."""
    rng = teller.scope.random("plan of", teller.month.key)
    spread = np.exp(rng.normal(-0.015, 0.12, len(cost)))
    plan = np.maximum(np.rint(number * spread), 0).astype(np.int64)
    return plan, np.rint(np.maximum(cost, 0) * spread).astype(np.int64)
