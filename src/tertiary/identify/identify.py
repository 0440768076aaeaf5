"""Which specialised service is each record: test, roll up to the spell, link, choose the final line.

Method: NHS England's identification rules as held in the register; the roll-up follows the Commissioner Assignment
Method guidance 2025/26, boxes C and C-0 (one specialised episode makes the spell specialised).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from tertiary.identify.final import choose_line
from tertiary.identify.holdings import own_holdings, spell_holdings
from tertiary.identify.masks import DATED, LISTS, SINGLE, DatedFacts, masked
from tertiary.identify.pack import Pack, Rule, packs, rules
from tertiary.joins import attach

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine

FIRST_DAY = date(1900, 1, 1)


def identify(engine: Engine, activity: ir.Table, register: Mapping[str, Any]) -> ir.Table:
    """Add to `activity` (one row a record, with `row_key`) the line it belongs to and why.

    New columns: setting, mask, candidates, would_match, rule_tie, rule_id, rule_status, service_line_derived,
    service_line_final, service_basis, spell_rule_record_id, service_note.
    """
    known = rules(register)
    breaks = _epochs(register, known)
    prepared = _prepare(engine, activity, breaks)
    facts = _dated_facts(register, breaks)
    tested = [
        _test(engine, prepared.filter(prepared.flow.isin(pack.flows)), pack, breaks, facts) for pack in packs(register)
    ]
    outcome = _outcome(engine, activity, tested)
    return choose_line(engine, attach(activity, outcome, ["row_key"]), engine.table("identify_spells"), register, known)


def _test(
    engine: Engine, rows: ir.Table, pack: Pack, epochs: Sequence[date], facts: DatedFacts
) -> tuple[Pack, ir.Table]:
    """The tested rows of one pack with their mask words, computed once."""
    if pack.rolls_up:
        episodes = rows.filter(rows.flow == "apc_episode").select(episode_spell="spell_id").distinct()
        alone = rows.filter(rows.flow != "apc_episode").anti_join(episodes, [("spell_id", "episode_spell")])
        rows = rows.filter(rows.flow == "apc_episode").union(alone)
    table = masked(engine, rows, pack, epochs, facts)
    kept = ["row_key", "record_id", "flow", "spell_id", *[f"w{i}" for i in range(pack.words)]]
    return pack, engine.materialise(f"identify_tested_{_safe(pack.name)}", table.select(*kept))


def _outcome(engine: Engine, activity: ir.Table, tested: Sequence[tuple[Pack, ir.Table]]) -> ir.Table:
    """One row a tested or rolled-up record: its winning rule number, tie, candidates and mask."""
    import ibis

    spells = _spells(engine, tested)
    parts = []
    for pack, table in tested:
        joined = attach(table, spells, ["spell_id"])
        flagged = joined.mutate(spell_specialised=ibis.coalesce(joined.makes_specialised, False))
        words = [f"w{i}" for i in range(pack.words)]
        seen = engine.fetch(flagged.select(*words, "spell_specialised").distinct()).to_pylist()
        rows = sorted((tuple(r[w] for w in words), bool(r["spell_specialised"])) for r in seen)
        holdings = engine.load(f"identify_own_{_safe(pack.name)}", own_holdings(pack, rows))
        full = attach(flagged, holdings, [*words, "spell_specialised"], how="inner")
        parts.append(_chosen(full, pack))
    whole = _spell_rows(activity, spells, tested)
    return engine.materialise("identify_outcome", ibis.union(*parts, *whole) if len(parts + whole) > 1 else parts[0])


def _chosen(full: ir.Table, pack: Pack) -> ir.Table:
    import ibis

    none = ibis.null("int32")
    if pack.rolls_up:
        own = ibis.ifelse(full.flow == "apc_episode", full.own_rule_number, none)
        number = ibis.coalesce(full.spell_number, own)
        tie = ibis.ifelse(full.spell_number.notnull(), full.spell_tie, full.own_tie & own.notnull())
        elsewhere = full.spell_number.notnull() & (full.spell_record_id != full.record_id)
        source = ibis.ifelse(elsewhere, full.spell_record_id, "")
    else:
        number, tie, source = full.own_rule_number, full.own_tie, ibis.literal("")
    return full.select(
        "row_key",
        setting=ibis.literal(pack.name),
        mask=full.mask,
        candidates=full.candidates,
        would_match=full.would_match,
        rule_number=number.cast("int32"),
        rule_tie=ibis.coalesce(tie, False),
        spell_rule_record_id=source,
    )


def _spells(engine: Engine, tested: Sequence[tuple[Pack, ir.Table]]) -> ir.Table:
    """One row a spell: the rule that decides for all of it, the record where it held, whether it is specialised."""
    import ibis

    pack, table = next((p, t) for p, t in tested if p.rolls_up)
    words = [f"w{i}" for i in range(pack.words)]
    seen = engine.fetch(table.select(*words).distinct()).to_pylist()
    holdings = engine.load(
        "identify_spell_holdings", spell_holdings(pack, sorted(tuple(r[w] for w in words) for r in seen))
    )
    held = attach(table, holdings, words, how="inner")
    held = held.filter(held.spell_rule_number.notnull())
    best = held.group_by("spell_id").aggregate(
        spell_number=held.spell_rule_number.min(), best_priority=held.spell_priority.min()
    )
    rivals = attach(held, best, ["spell_id"], how="inner")
    top = rivals.spell_priority == rivals.best_priority
    winning = rivals.spell_rule_number == rivals.spell_number
    spells = rivals.group_by("spell_id").aggregate(
        spell_number=rivals.spell_number.min(),
        spell_record_id=rivals.record_id.min(where=winning),
        first_line=rivals.spell_line.min(where=top),
        last_line=rivals.spell_line.max(where=top),
        within=ibis.ifelse(top & rivals.spell_tie_within, 1, 0).max(),
    )
    excluding = [c.rule.number for c in pack.clauses if c.rule.propagation == "not_specialised"]
    return engine.materialise(
        "identify_spells",
        spells.select(
            "spell_id",
            "spell_number",
            "spell_record_id",
            spell_tie=(spells.first_line != spells.last_line) | (spells.within == 1),
            makes_specialised=~spells.spell_number.isin(sorted(set(excluding)) or [-1]),
        ),
    )


def _spell_rows(activity: ir.Table, spells: ir.Table, tested: Sequence[tuple[Pack, ir.Table]]) -> list[ir.Table]:
    """Spell records that have episodes of their own take the line of the roll-up."""
    import ibis

    pack, table = next((p, t) for p, t in tested if p.rolls_up)
    episodes = table.filter(table.flow == "apc_episode").select(episode_spell="spell_id").distinct()
    rows = activity.filter((activity.flow == "apc_spell") & (activity.fate == "accepted"))
    rows = rows.semi_join(episodes, [("spell_id", "episode_spell")])
    joined = attach(rows, spells, ["spell_id"])
    return [
        joined.select(
            "row_key",
            setting=ibis.literal(pack.name),
            mask=ibis.literal(""),
            candidates=ibis.literal(""),
            would_match=ibis.literal(""),
            rule_number=joined.spell_number.cast("int32"),
            rule_tie=ibis.coalesce(joined.spell_tie, False),
            spell_rule_record_id=ibis.coalesce(joined.spell_record_id, ""),
        )
    ]


def _prepare(engine: Engine, activity: ir.Table, epochs: Sequence[date]) -> ir.Table:
    """Accepted rows with the single values the dimensions read."""
    import ibis
    import pyarrow as pa

    rows = activity.filter(activity.fate == "accepted")
    days = engine.fetch(rows.select("activity_date").distinct()).column("activity_date").to_pylist()
    calendar = pa.table(
        {
            "day": pa.array(days, pa.date32()),
            "epoch": pa.array([max(0, bisect_right(epochs, d) - 1) if d else 0 for d in days], pa.int16()),
        }
    )
    rows = attach(rows, engine.load("identify_calendar", calendar), {"activity_date": "day"})
    carried = set(SINGLE.values()) | set(LISTS.values()) | set(DATED.values())
    rows = rows.mutate(age=ibis.coalesce(rows.age, ibis.literal(999, "int16")))  # aggregates carry no age
    prepared = rows.select(
        *("row_key", "record_id", "flow"),
        *sorted(carried & set(activity.columns)),
        # admitted care without a spell number is a spell of its own
        spell_id=ibis.ifelse(rows.spell_id == "", rows.record_id, rows.spell_id),
        epoch=ibis.coalesce(rows.epoch, ibis.literal(0, "int16")),
        diagnosis_primary=rows.diagnosis_all.split(",")[0].fill_null(""),
        submitted_code=ibis.ifelse(
            rows.mental_health_category != "", rows.mental_health_category, rows.service_line_submitted
        ),
    )
    return engine.materialise("identify_prepared", prepared)


def _epochs(register: Mapping[str, Any], known: Sequence[Rule]) -> list[date]:
    """First days of the periods in which rules, lists and listings do not change."""
    days = {FIRST_DAY}
    for name in ("provider_lists", "service_line_status", "setting_flows", "identification_rules"):
        table = register[name]
        for column in ("valid_from", "valid_to"):
            if column in table.column_names:
                days.update(d for d in table.column(column).unique().to_pylist() if d)
    return sorted(days)


def _dated_facts(register: Mapping[str, Any], epochs: Sequence[date]) -> DatedFacts:
    services = {
        row["service_line_code"] for row in register["service_lines"].to_pylist() if row["code_kind"] == "service"
    }
    members = register["provider_lists"].to_pylist()
    listing = [r for r in register["service_line_status"].to_pylist() if r["service_line_code"] in services]
    lists: dict[date, dict[str, frozenset[str]]] = {}
    listed: dict[date, frozenset[str]] = {}
    for epoch in epochs:
        by_provider: dict[str, set[str]] = {}
        for row in members:
            if _in_force(row, epoch):
                by_provider.setdefault(row["provider_code"], set()).add(row["list_name"])
        lists[epoch] = {provider: frozenset(names) for provider, names in by_provider.items()}
        listed[epoch] = frozenset(
            r["service_line_code"] for r in listing if _in_force(r, epoch) and r["delegation_status"] != "not_listed"
        )
    return DatedFacts(lists, listed)


def _in_force(row: Mapping[str, Any], day: date) -> bool:
    return (row["valid_from"] is None or row["valid_from"] <= day) and (
        row["valid_to"] is None or day < row["valid_to"]
    )


def _safe(name: str) -> str:
    return name.lower().replace("+", "_")
