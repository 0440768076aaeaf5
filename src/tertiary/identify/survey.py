"""What only all records together can say of one: the rule of a spell, and the rules of records that others name.

Everything here is small beside the records: keys of hospital records on which a rule held, and the rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tertiary.identify.final import critical_care_rows
from tertiary.identify.holdings import own_holdings, spell_holdings
from tertiary.identify.prepare import Tester, own_spell
from tertiary.joins import attach

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine
    from tertiary.identify.pack import Pack

# flows whose rule a contract monitoring row takes over when it names them
TOLD = ("apc_episode", "apc_spell", "op")
CARE = tuple(row["flow"] for row in critical_care_rows())


@dataclass(frozen=True)
class Survey:
    """Engine tables over all accepted records of a run, and the `tester` that is ready for them.

    `episode_spells`: key spell_id, the spells of which episodes arrived. `spells`: key spell_id; spell_number,
    spell_tie, spell_record_id, makes_specialised. `by_cds`: key (provider_code, cds_unique_id); cds_number, cds_tie.
    `by_visit`: key attendance_id; visit_number, visit_tie. `by_care`: key (spell_id, care_flow); care_number, care_tie
    of the critical care periods of a spell. Numbers are places in the order of the rule pack.
    """

    tester: Tester
    episode_spells: ir.Table
    spells: ir.Table
    by_cds: ir.Table
    by_visit: ir.Table
    by_care: ir.Table

    def read_by(self, rows: ir.Table) -> dict[str, ir.Table]:
        """The part of each table that `identify` reads for some records."""
        spell = rows.select(spell_id=own_spell(rows)).distinct()
        return {
            "episode_spells": self.episode_spells.semi_join(spell, ["spell_id"]),
            "spells": self.spells.semi_join(spell, ["spell_id"]),
            "by_cds": self.by_cds.semi_join(rows, ["provider_code", "cds_unique_id"]),
            "by_visit": self.by_visit.semi_join(rows, ["attendance_id"]),
            "by_care": self.by_care.semi_join(spell, ["spell_id"]),
        }


def survey(engine: Engine, activity: ir.Table, register: Mapping[str, Any]) -> Survey:
    """Test the hospital records of `activity` (all accepted records of a run) and keep what others need of them."""
    tester = Tester.of(engine, activity, register)
    hospital = activity.filter(activity.flow.isin([*TOLD, *CARE]))
    prepared = engine.materialise("survey_prepared", tester.prepare(hospital))
    episodes = prepared.filter(prepared.flow == "apc_episode").select("spell_id").distinct()
    episode_spells = engine.materialise("survey_episode_spells", episodes)
    tested: list[tuple[Pack, ir.Table]] = []
    for pack in tester.packs:
        if set(pack.flows) & {*TOLD, *CARE}:
            rows = tester.rows_of(pack, prepared, episode_spells)
            keys = ("record_id", "flow", "spell_id", "provider_code", "cds_unique_id", "attendance_id")
            words = tester.masked(engine, rows, pack)
            name = f"survey_tested_{pack.safe_name}"
            tested.append((pack, engine.materialise(name, words.select(*keys, *pack.word_names))))
    spells = _spells(engine, tested)
    told = _told(engine, tested, spells, prepared, episode_spells)
    told = told.filter(told.number.notin(tester.repeats))
    hospital = told.filter(told.flow.isin(TOLD))
    cds = hospital.filter(hospital.cds_unique_id != "").group_by("provider_code", "cds_unique_id")
    visits = told.filter((told.flow == "op") & (told.attendance_id != "")).group_by("attendance_id")
    care = told.filter(told.flow.isin(CARE) & (told.spell_id != "")).group_by("spell_id", care_flow="flow")

    def kept(prefix: str, groups: Any) -> ir.Table:
        found = groups.aggregate(**{f"{prefix}_number": told.number.min(), f"{prefix}_tie": told.tie.max()})
        return engine.materialise(f"survey_by_{prefix}", found)

    return Survey(tester, episode_spells, spells, kept("cds", cds), kept("visit", visits), kept("care", care))


def _spells(engine: Engine, tested: Sequence[tuple[Pack, ir.Table]]) -> ir.Table:
    """One row a spell that a rule decides as a whole: the rule, the record where it held, whether it is specialised."""
    import ibis

    pack, table = next((p, t) for p, t in tested if p.rolls_up)
    holdings = engine.load("survey_spell_holdings", spell_holdings(pack, _distinct(engine, table, pack.word_names)))
    held = attach(table, holdings, pack.word_names, how="inner")
    held = held.filter(held.spell_rule_number.notnull())
    held = engine.materialise(
        "survey_held",
        held.select("record_id", "spell_id", "spell_rule_number", "spell_priority", "spell_line", "spell_tie_within"),
    )
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
    excluding = sorted({c.rule.number for c in pack.clauses if c.rule.propagation == "not_specialised"})
    return engine.materialise(
        "survey_spells",
        spells.select(
            "spell_id",
            spell_number=spells.spell_number.cast("int32"),
            spell_record_id=spells.spell_record_id,
            spell_tie=(spells.first_line != spells.last_line) | (spells.within == 1),
            makes_specialised=~spells.spell_number.isin(excluding or [-1]),
        ),
    )


def _told(
    engine: Engine,
    tested: Sequence[tuple[Pack, ir.Table]],
    spells: ir.Table,
    prepared: ir.Table,
    episode_spells: ir.Table,
) -> ir.Table:
    """Hospital records with a rule, of their own or of their spell: keys, number and tie (0 or 1)."""
    import ibis

    keys = ("flow", "spell_id", "provider_code", "cds_unique_id", "attendance_id")
    parts = []
    for pack, table in tested:
        joined = attach(table, spells, ["spell_id"])
        flagged = joined.mutate(spell_specialised=joined.makes_specialised.fill_null(False))
        names = [*pack.word_names, "spell_specialised"]
        own = engine.load(f"survey_own_{pack.safe_name}", own_holdings(pack, _distinct(engine, flagged, names), 0))
        full = attach(flagged, own, names, how="inner")
        whole = full.spell_number.notnull() & ibis.literal(pack.rolls_up)
        # as in identify: a spell row has the rule of its spell or none
        own_number = ibis.ifelse(full.flow == "apc_spell", ibis.null("int32"), full.own_rule_number)
        number = ibis.ifelse(whole, full.spell_number, own_number)
        tie = ibis.ifelse(whole, full.spell_tie, full.own_tie)
        parts.append(full.select(*keys, number=number, tie=tie.fill_null(False).cast("int8")))
    with_episodes = prepared.filter(prepared.flow == "apc_spell").semi_join(episode_spells, ["spell_id"])
    rolled = attach(with_episodes, spells, ["spell_id"], how="inner")
    parts.append(rolled.select(*keys, number=rolled.spell_number, tie=rolled.spell_tie.cast("int8")))
    told = ibis.union(*parts)
    return engine.materialise("survey_told", told.filter(told.number.notnull()))


def _distinct(engine: Engine, table: ir.Table, names: Sequence[str]) -> list[tuple[Any, ...]]:
    found = engine.fetch(table.select(*names).distinct()).to_pylist()
    return sorted(tuple(row[name] for name in names) for row in found)
