"""The same care arrives more than once: which record counts.

For each provider, month and component one group of flows is the spend basis (`spend_basis.csv`, dated, ranked); the
others only reconcile. Within admitted care the spell row carries cost and quantity.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from tertiary.joins import Lookup, attach, attach_all

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine

SLICE = ("provider_code", "financial_year", "financial_month", "component")


@dataclass(frozen=True)
class Basis:
    """What all accepted records of a run say of which count.

    `chosen`: key (provider_code, financial_year, financial_month, component, flow_group), the groups that are the spend
    basis. `stand_ins`: key record_id, the last episodes of spells whose own row never arrived.
    """

    chosen: ir.Table
    stand_ins: ir.Table

    def read_by(self, rows: ir.Table) -> dict[str, ir.Table]:
        """The part of each table that `count_once` reads for some records."""
        return {
            "chosen": self.chosen.semi_join(rows, list(SLICE)),
            "stand_ins": self.stand_ins.semi_join(rows, ["record_id"]),
        }


def spend_basis(engine: Engine, activity: ir.Table) -> Basis:
    """The spend basis of all accepted records of a run."""
    rows = attach(activity, _groups(engine), ["flow"])
    return Basis(
        engine.materialise("ledger_chosen", _chosen_groups(engine, rows)),
        engine.materialise("ledger_stand_ins", _last_episodes(activity)),
    )


def count_once(engine: Engine, rows: ir.Table, basis: Basis | None = None) -> ir.Table:
    """Add `counted` to accepted rows; give the last episode of a spell that has no spell row a quantity of one.

    `basis` is that of all records of the run where `rows` are a block of them; without it `rows` are taken for all.
    """
    import ibis

    basis = basis or spend_basis(engine, rows)
    chosen = basis.chosen.mutate(is_basis=ibis.literal(True))
    stand_ins = basis.stand_ins.mutate(stands_in=ibis.literal(True))
    rows = attach(rows, _groups(engine), ["flow"])
    lookups = [Lookup(chosen, [*SLICE, "flow_group"]), Lookup(stand_ins, ["record_id"])]
    rows = attach_all(rows, lookups)
    stands_in = rows.stands_in.fill_null(False)
    one = ibis.literal(1).cast("decimal(13, 3)")
    return rows.mutate(
        counted=rows.is_basis.fill_null(False) & ((rows.flow != "apc_episode") | stands_in),
        quantity=ibis.ifelse(stands_in, one, rows.quantity),
    ).drop("flow_group", "is_basis", "stands_in")


def _groups(engine: Engine) -> ir.Table:
    return engine.load("ledger_groups", _csv("flow_groups.csv", {}))


def _chosen_groups(engine: Engine, rows: ir.Table) -> ir.Table:
    """For each provider, month and component the best-ranked flow group that arrived; a provider's own rows first."""
    grouped = rows.filter(rows.flow_group.notnull())
    present = grouped.group_by(*SLICE, "flow_group").aggregate(day=grouped.activity_date.min())
    types = {"rank": "int16", "valid_from": "date", "valid_to": "date"}
    basis = engine.load("ledger_basis", _csv("spend_basis.csv", types))
    basis = basis.drop("source", "confidence").rename(rule_provider="provider_code")
    in_force = [
        present.component == basis.component,
        present.flow_group == basis.flow_group,
        (basis.rule_provider == "*") | (basis.rule_provider == present.provider_code),
        basis.valid_from <= present.day,
        basis.valid_to.isnull() | (present.day < basis.valid_to),
    ]
    ranked = present.join(basis, in_force)
    ranked = ranked.select(*SLICE, "flow_group", "rule_provider", "rank")
    own = ranked.filter(ranked.rule_provider != "*")
    special = own.select(*SLICE).distinct()
    usable = own.union(ranked.filter(ranked.rule_provider == "*").anti_join(special, list(SLICE)))
    best = usable.group_by(*SLICE).aggregate(rank=usable["rank"].min())
    return usable.semi_join(best, [*SLICE, "rank"]).select(*SLICE, "flow_group").distinct()


def _last_episodes(rows: ir.Table) -> ir.Table:
    """The last episode of each admitted spell whose own row never arrived."""
    import ibis

    spells = rows.filter(rows.flow == "apc_spell").select(whole="spell_id").distinct()
    episodes = rows.filter(rows.flow == "apc_episode")
    named = ibis.ifelse(episodes.spell_id == "", episodes.record_id, episodes.spell_id)
    orphans = episodes.mutate(spell_id=named).anti_join(spells, [("spell_id", "whole")])
    ended = orphans.mutate(ended=ibis.coalesce(orphans.end_date, ibis.date("1900-01-01")))
    last = ended.group_by("spell_id").aggregate(ended=ended.ended.max())
    finals = ended.semi_join(last, ["spell_id", "ended"])
    return finals.group_by("spell_id").aggregate(last=finals.record_id.max()).select(record_id="last")


def _csv(name: str, types: dict[str, str]) -> Any:
    import io

    import pyarrow.csv as pc

    from tertiary.tables import arrow_type

    data = resources.files("tertiary.ledger").joinpath(name).read_bytes()
    convert = pc.ConvertOptions(column_types={k: arrow_type(v) for k, v in types.items()}, strings_can_be_null=False)
    return pc.read_csv(io.BytesIO(data), convert_options=convert)
