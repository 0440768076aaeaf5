"""The same care arrives more than once: which record counts.

For each provider, month and component one group of flows is the spend basis (`spend_basis.csv`, dated, ranked); the
others only reconcile. Within admitted care the spell row carries cost and quantity.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

from tertiary.joins import attach

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import DuckDBEngine

SLICE = ("provider_code", "financial_year", "financial_month", "component")


def count_once(engine: DuckDBEngine, rows: ir.Table) -> ir.Table:
    """Add `counted`; give the last episode of a spell that has no spell row a quantity of one."""
    import ibis

    groups = engine.load("ledger_groups", _csv("flow_groups.csv", {}))
    rows = attach(rows, groups, ["flow"])
    accepted = rows.filter((rows.fate == "accepted") & rows.flow_group.notnull())
    present = accepted.group_by(*SLICE, "flow_group").aggregate(day=accepted.activity_date.min())
    basis = engine.load(
        "ledger_basis", _csv("spend_basis.csv", {"rank": "int16", "valid_from": "date", "valid_to": "date"})
    )
    basis = basis.rename(rule_provider="provider_code").drop("source", "confidence")
    ranked = present.join(
        basis,
        [
            present.component == basis.component,
            present.flow_group == basis.flow_group,
            (basis.rule_provider == "*") | (basis.rule_provider == present.provider_code),
            basis.valid_from <= present.day,
            basis.valid_to.isnull() | (present.day < basis.valid_to),
        ],
    )
    ranked = ranked.select(*SLICE, "flow_group", "rule_provider", "rank")
    special = ranked.filter(ranked.rule_provider != "*").select(*SLICE).distinct()
    own = ranked.filter(ranked.rule_provider != "*")
    general = ranked.filter(ranked.rule_provider == "*").anti_join(special, list(SLICE))
    usable = own.union(general)
    best = usable.group_by(*SLICE).aggregate(rank=usable["rank"].min())
    chosen = usable.semi_join(best, [*SLICE, "rank"]).select(*SLICE, "flow_group").distinct()
    chosen = engine.materialise("ledger_chosen", chosen.mutate(is_basis=ibis.literal(True)))
    rows = attach(rows, chosen, [*SLICE, "flow_group"])
    return _admitted_care(engine, rows).drop("flow_group", "is_basis")


def _admitted_care(engine: DuckDBEngine, rows: ir.Table) -> ir.Table:
    """Count spell rows, and the last episode only where its spell never arrived."""
    import ibis

    episodes = rows.filter((rows.flow == "apc_episode") & (rows.fate == "accepted"))
    spells = rows.filter((rows.flow == "apc_spell") & (rows.fate == "accepted")).select(whole="spell_id").distinct()
    orphans = episodes.anti_join(spells, [("spell_id", "whole")])
    unended = ibis.date("1900-01-01")
    ends = orphans.mutate(ends=ibis.coalesce(orphans.end_date, unended))
    last = ends.group_by("spell_id").aggregate(ends=ends.ends.max())
    finals = ends.semi_join(last, ["spell_id", "ends"])
    finals = finals.group_by("spell_id").aggregate(stands_for=finals.record_id.max())
    finals = engine.materialise(
        "ledger_last_episodes", finals.select(last_record="stands_for", stands=ibis.literal(True))
    )
    rows = attach(rows, finals, {"record_id": "last_record"})
    stands = ibis.coalesce(rows.stands, False)
    counted = (rows.fate == "accepted") & ibis.coalesce(rows.is_basis, False) & ((rows.flow != "apc_episode") | stands)
    quantity = ibis.ifelse(stands, ibis.literal(1).cast("decimal(13, 3)"), rows.quantity)
    return rows.mutate(counted=counted, quantity=quantity).drop("stands")


def _csv(name: str, types: dict[str, str]) -> Any:
    import pyarrow.csv as pc

    from tertiary.tables import arrow_type

    data = resources.files("tertiary.ledger").joinpath(name).read_bytes()
    import io

    convert = pc.ConvertOptions(column_types={k: arrow_type(v) for k, v in types.items()}, strings_can_be_null=False)
    return pc.read_csv(io.BytesIO(data), convert_options=convert)
