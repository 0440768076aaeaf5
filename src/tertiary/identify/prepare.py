"""Records made ready for the rules, and the rules made ready for records: one tester a register."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from tertiary.identify.masks import DATED, LISTS, SINGLE, UNKNOWN_AGE, DatedFacts, Masks, masked, masks, member_key
from tertiary.identify.pack import Pack, Rule, packs, rules
from tertiary.joins import Lookup, attach_all

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine

FIRST_DAY = date(1900, 1, 1)
KEYS = ("row_key", "record_id", "flow", "provider_code", "cds_unique_id", "attendance_id")


@dataclass(frozen=True)
class Tester:
    """The rule packs of a register, ready to test the records of a run, whole or block by block.

    `masks` and `calendar` (key day; epoch) know every value and day of the run. An epoch is a period in which nothing
    that the rules read changes. `by_site`: some provider list names a site. Sites multiply the look-up of the lists, so
    they are read only then.
    """

    known: tuple[Rule, ...]
    packs: tuple[Pack, ...]
    masks: Masks
    calendar: ir.Table
    by_site: bool

    @classmethod
    def of(cls, engine: Engine, activity: ir.Table, register: Mapping[str, Any]) -> Tester:
        """The tester of a register for all accepted records of a run."""
        breaks = _epochs(register)
        by_site = any(register["provider_lists"].column("site_code").to_pylist())
        days = engine.fetch(activity.select("activity_date").distinct()).column("activity_date").to_pylist()
        calendar = engine.load("identify_days", _calendar(days, breaks))
        tested, dated = packs(register), _dated_facts(register, breaks)
        known = masks(engine, activity.select(**_read(activity, by_site)), tested, breaks, dated)
        return cls(rules(register), tested, known, calendar, by_site)

    @property
    def repeats(self) -> list[int]:
        """Numbers of the rules that only repeat the submitted line (never empty: -1 is no rule)."""
        return [rule.number for rule in self.known if rule.service_line_code == "*"] or [-1]

    def prepare(self, rows: ir.Table) -> ir.Table:
        """Rows with their keys and the values that the rules read; admitted care without a spell is one of its own."""
        import ibis

        rows = attach_all(rows, [Lookup(self.calendar, {"activity_date": "day"})])
        epoch = rows.epoch.fill_null(ibis.literal(0, "int16"))
        keys = {key: rows[key] for key in KEYS}
        return rows.select(**{**keys, **_read(rows, self.by_site), "spell_id": own_spell(rows), "epoch": epoch})

    def rows_of(self, pack: Pack, prepared: ir.Table, episode_spells: ir.Table) -> ir.Table:
        """The prepared rows that a pack tests: of a spell its episodes, or the spell row when no episode arrived."""
        rows = prepared.filter(prepared.flow.isin(pack.flows))
        if not pack.rolls_up:
            return rows
        episodes = rows.filter(rows.flow == "apc_episode")
        return episodes.union(rows.filter(rows.flow != "apc_episode").anti_join(episode_spells, ["spell_id"]))

    def masked(self, engine: Engine, rows: ir.Table, pack: Pack) -> ir.Table:
        """Prepared rows with the words of the clauses that hold."""
        return masked(engine, rows, pack, self.masks)


def _read(rows: ir.Table, by_site: bool) -> dict[str, ir.Value]:
    """The columns that the rules read, by name."""
    import ibis

    names = {*SINGLE.values(), *LISTS.values(), *(column for columns in DATED.values() for column in columns)}
    made = {
        "age": rows.age.fill_null(ibis.literal(UNKNOWN_AGE, "int16")),  # aggregates carry no age
        "list_site": rows.site_code if by_site else ibis.literal(""),
        "diagnosis_primary": rows.diagnosis_all.split(",")[0].fill_null(""),
        "submitted_code": ibis.ifelse(
            rows.mental_health_category != "", rows.mental_health_category, rows.service_line_submitted
        ),
    }
    return {**{name: rows[name] for name in sorted(names & set(rows.columns))}, **made}


def own_spell(rows: ir.Table) -> ir.Value:
    """Spell of admitted care; a record without a spell number is a spell of its own."""
    import ibis

    alone = (rows.spell_id == "") & rows.flow.isin(["apc_episode", "apc_spell"])
    return ibis.ifelse(alone, rows.record_id, rows.spell_id)


def _calendar(days: Sequence[date | None], epochs: Sequence[date]) -> Any:
    import pyarrow as pa

    numbers = [max(0, bisect_right(epochs, d) - 1) if d else 0 for d in days]
    return pa.table({"day": pa.array(days, pa.date32()), "epoch": pa.array(numbers, pa.int16())})


def _epochs(register: Mapping[str, Any]) -> tuple[date, ...]:
    days = {FIRST_DAY}
    for name in ("provider_lists", "service_line_status", "setting_flows", "identification_rules"):
        table = register[name]
        for column in ("valid_from", "valid_to"):
            if column in table.column_names:
                days.update(d for d in table.column(column).unique().to_pylist() if d)
    return tuple(sorted(days))


def _dated_facts(register: Mapping[str, Any], epochs: Sequence[date]) -> DatedFacts:
    services = {
        row["service_line_code"] for row in register["service_lines"].to_pylist() if row["code_kind"] == "service"
    }
    members = register["provider_lists"].to_pylist()
    listing = [r for r in register["service_line_status"].to_pylist() if r["service_line_code"] in services]
    lists: dict[date, dict[tuple[str, str], frozenset[str]]] = {}
    listed: dict[date, frozenset[str]] = {}
    for epoch in epochs:
        by_provider: dict[tuple[str, str], set[str]] = {}
        for row in members:
            if _in_force(row, epoch):
                name = member_key(row["list_name"], row["service_line_code"])
                by_provider.setdefault((row["provider_code"], row["site_code"] or ""), set()).add(name)
        lists[epoch] = {provider: frozenset(names) for provider, names in by_provider.items()}
        listed[epoch] = frozenset(
            r["service_line_code"] for r in listing if _in_force(r, epoch) and r["delegation_status"] != "not_listed"
        )
    return DatedFacts(lists, listed)


def _in_force(row: Mapping[str, Any], day: date) -> bool:
    return (row["valid_from"] is None or row["valid_from"] <= day) and (
        row["valid_to"] is None or day < row["valid_to"]
    )
