"""Which specialised service is each record: test, roll up to the spell, link, choose the final line.

Method: NHS England's identification rules as held in the register; the roll-up follows the Commissioner Assignment
Method guidance 2025/26, boxes C and C-0 (one specialised episode makes the spell specialised).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tertiary.identify.final import choose_line, critical_care_rows
from tertiary.identify.holdings import blank_holdings, own_holdings
from tertiary.identify.prepare import own_spell
from tertiary.identify.survey import Survey, survey
from tertiary.joins import Lookup, attach, attach_all

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine

FIRST_HOLDING = 1 << 20  # holdings of pack n are numbered from n times this; those of no pack from 0


def identify(engine: Engine, activity: ir.Table, register: Mapping[str, Any], seen: Survey | None = None) -> ir.Table:
    """Add to accepted `activity` (one row a record, with `row_key`) the line it belongs to and why.

    New columns: setting, mask, candidates, would_match, rule_tie, rule_id, rule_status, service_line_derived,
    service_line_final, service_basis, spell_rule_record_id, service_note. `seen` is the survey of all records of the
    run where `activity` is a block of them; without it `activity` is taken for all.
    """
    seen = seen or survey(engine, activity, register)
    tester = seen.tester
    holding, holdings = _holdings(engine, activity, seen)
    rolls_up = [flow for pack in tester.packs if pack.rolls_up for flow in pack.flows]
    rows = attach_all(activity, [Lookup(holding, ["row_key"], how="inner")])
    rows = rows.mutate(own_spell_id=own_spell(rows), rolls_up=rows.flow.isin(rolls_up), care_flow=_care_flow(rows))
    rows = attach_all(
        rows,
        [
            Lookup(holdings, ["holding"], how="inner"),
            Lookup(seen.spells.drop("makes_specialised"), {"own_spell_id": "spell_id"}),
            Lookup(seen.by_cds, ["provider_code", "cds_unique_id"]),
            Lookup(seen.by_visit, ["attendance_id"]),
            Lookup(seen.by_care, ["spell_id", "care_flow"]),
        ],
    )
    return choose_line(engine, _ruled(rows, tester.repeats), register, tester.known)


def _holdings(engine: Engine, activity: ir.Table, seen: Survey) -> tuple[ir.Table, ir.Table]:
    """(row_key, holding) of each record, and what each holding means: the distinct sets of clauses that hold."""
    import ibis
    import pyarrow as pa

    tester = seen.tester
    prepared = engine.hold("identify_prepared", tester.prepare(activity))
    met, meanings = [], [blank_holdings(["", *[pack.name for pack in tester.packs]])]
    for number, pack in enumerate(tester.packs):
        rows = tester.rows_of(pack, prepared, seen.episode_spells)
        kept = ["row_key", "spell_id", *pack.word_names]
        table = tester.masked(engine, rows, pack).select(*kept)
        table = engine.hold(f"identify_tested_{pack.safe_name}", table)
        joined = attach(table, seen.spells.select("spell_id", "makes_specialised"), ["spell_id"])
        flagged = joined.mutate(spell_specialised=joined.makes_specialised.fill_null(False))
        names = [*pack.word_names, "spell_specialised"]
        found = engine.fetch(flagged.select(*names).distinct()).to_pylist()
        meaning = own_holdings(pack, sorted(tuple(r[n] for n in names) for r in found), FIRST_HOLDING * (number + 1))
        meanings.append(meaning.select(meanings[0].column_names))
        own = engine.load(f"identify_own_{pack.safe_name}", meaning.select([*names, "holding"]))
        met.append(attach(flagged, own, names, how="inner").select("row_key", "holding"))
        untested = prepared.filter(prepared.flow.isin(pack.flows))
        if pack.rolls_up:
            spells = untested.filter(untested.flow == "apc_spell").semi_join(seen.episode_spells, ["spell_id"])
            met.append(spells.select("row_key", holding=ibis.literal(number + 1, "int32")))
    tested = [flow for pack in tester.packs for flow in pack.flows]
    others = prepared.filter(prepared.flow.notin(tested))
    met.append(others.select("row_key", holding=ibis.literal(0, "int32")))
    holding = engine.hold("identify_holding", ibis.union(*met))
    for name in ("prepared", *(f"tested_{pack.safe_name}" for pack in tester.packs)):
        engine.drop(f"identify_{name}")  # as wide as the block, and read by nobody any more
    return holding, engine.load("identify_holdings", pa.concat_tables(meanings))


def _care_flow(rows: ir.Table) -> ir.Value:
    """Flow of the critical care periods that a contract monitoring row bills; blank for all other rows."""
    import ibis

    is_care = [
        ((rows.point_of_delivery == r["point_of_delivery"]) | rows.hrg.startswith(r["hrg_prefix"]), r["flow"])
        for r in critical_care_rows()
    ]
    return ibis.cases(*is_care, else_="")


def _ruled(rows: ir.Table, repeats: Sequence[int]) -> ir.Table:
    """The rule of each record: of its spell, else its own; for linked flows the rule of the record they name.

    `repeats`: rules that only repeat the submitted line, which tell a linked row nothing.

    Critical care is priced apart from its spell and has lines of its own: a contract monitoring row of it takes the
    rule of the critical care period of its spell, never that of the spell.
    """
    import ibis

    by_spell = rows.spell_number.notnull() & rows.rolls_up
    none = ibis.null("int32")
    own = ibis.ifelse(rows.flow == "apc_spell", none, rows.own_rule_number)
    elsewhere = by_spell & (rows.spell_record_id != rows.record_id)
    apart = rows.care_flow != ""
    of_spell = ibis.ifelse(rows.spell_number.isin(repeats), none, rows.spell_number)
    named = ibis.coalesce(rows.cds_number, of_spell, rows.visit_number)
    tie = ibis.cases(
        (apart, rows.care_tie == 1),
        (rows.cds_number.notnull(), rows.cds_tie == 1),
        (of_spell.notnull(), rows.spell_tie),
        else_=rows.visit_tie == 1,
    )
    return rows.mutate(
        rule_number=ibis.ifelse(by_spell, rows.spell_number, own),
        rule_tie=ibis.ifelse(by_spell, rows.spell_tie, rows.own_tie & own.notnull()).fill_null(False),
        spell_rule_record_id=ibis.ifelse(elsewhere, rows.spell_record_id, "").fill_null(""),
        linked_number=ibis.ifelse(apart, rows.care_number, named),
        linked_tie=tie.fill_null(False),
    ).drop(
        "holding", "own_spell_id", "rolls_up", "care_flow", "own_rule_number", "own_tie", "spell_number", "spell_tie",
        "spell_record_id", "cds_number", "cds_tie", "visit_number", "visit_tie", "care_number", "care_tie",
    )  # fmt: skip
