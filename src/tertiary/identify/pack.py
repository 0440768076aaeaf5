"""The rule pack: identification rules as clauses of criteria, in the order in which they win.

Method: identification rules of NHS England as held in the register (`identification_rules`, `rule_clauses`,
`rule_criteria`), ordered by priority and then rule id. A rule holds when any of its clauses holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

SPELL_PROPAGATION = frozenset({"whole_spell", "not_specialised"})


@dataclass(frozen=True)
class Criterion:
    """One test of one dimension; patterns of a dimension are alternatives unless `negated`."""

    dimension: str
    negated: bool
    kind: str
    pattern: str


@dataclass(frozen=True)
class Rule:
    """One identification rule. `number` is its place in the order of winning, counted over the whole pack."""

    number: int
    rule_id: str
    service_line_code: str
    setting: str
    priority: int
    propagation: str
    status: str
    silent: bool
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True)
class Clause:
    """One conjunction of a rule; it owns one bit of the pack's mask words."""

    rule: Rule
    criteria: tuple[Criterion, ...]
    spell_specialised: bool | None

    def holds_with(self, spell_specialised: bool) -> bool:
        """Whether the clause's demand on its spell, if any, is met."""
        return self.spell_specialised is None or self.spell_specialised is spell_specialised


@dataclass(frozen=True)
class Pack:
    """The clauses that records of `flows` are tested against, in bit order."""

    name: str
    flows: tuple[str, ...]
    clauses: tuple[Clause, ...]
    periods: tuple[tuple[str, str, date | None, date | None], ...]

    @property
    def rolls_up(self) -> bool:
        """Whether episodes of a spell share one line."""
        return "apc_episode" in self.flows

    def in_force(self, rule: Rule, flow: str, day: date) -> bool:
        """Whether `rule` and the mapping of its setting to `flow` hold on `day`."""
        mapped = [
            (a, b) for setting, mapped_flow, a, b in self.periods if (setting, mapped_flow) == (rule.setting, flow)
        ]
        return _holds((rule.valid_from, rule.valid_to), day) and any(_holds(span, day) for span in mapped)

    @property
    def words(self) -> int:
        """Mask words of 63 bits that the clauses need."""
        return max(1, -(-len(self.clauses) // 63))

    @property
    def word_names(self) -> list[str]:
        """Columns of the mask words."""
        return [f"w{i}" for i in range(self.words)]

    @property
    def safe_name(self) -> str:
        """The name as part of a table's name."""
        return self.name.lower().replace("+", "_")


def rules(register: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Every rule of the register in winning order. A rule whose provider list is needed but not loaded is silent."""
    loaded = set(register["provider_lists"].column("list_name").to_pylist())
    rows = register["identification_rules"].to_pylist()
    rows.sort(key=lambda row: (int(row["priority"]), row["rule_id"]))
    return tuple(
        Rule(
            number=number,
            rule_id=row["rule_id"],
            service_line_code=row["service_line_code"],
            setting=row["setting"],
            priority=int(row["priority"]),
            propagation=row["propagation"],
            status=row["status"],
            silent=row["provider_required"] == "Y" and row["provider_list"] not in loaded,
            valid_from=row.get("valid_from"),
            valid_to=row.get("valid_to"),
        )
        for number, row in enumerate(rows)
    )


def packs(register: Mapping[str, Any]) -> tuple[Pack, ...]:
    """One pack for each group of flows that are tested in the same settings."""
    clauses = _clauses(register)
    settings: dict[str, set[str]] = defaultdict(set)
    mapping = register["setting_flows"].to_pylist()
    for row in mapping:
        settings[row["flow"]].add(row["setting"])
    flows: dict[str, list[str]] = defaultdict(list)
    for flow, names in settings.items():
        flows["+".join(sorted(names))].append(flow)
    found = []
    for name, members in sorted(flows.items()):
        own = tuple(c for c in clauses if c.rule.setting in name.split("+"))
        spans = {(r["setting"], r["flow"], r["valid_from"], r["valid_to"]) for r in mapping if r["flow"] in members}
        found.append(Pack(name, tuple(sorted(members)), own, tuple(sorted(spans, key=str))))
    return tuple(found)


def _holds(span: tuple[date | None, date | None], day: date) -> bool:
    first, end = span
    return (first is None or first <= day) and (end is None or day < end)


def _clauses(register: Mapping[str, Any]) -> list[Clause]:
    loaded = set(register["provider_lists"].column("list_name").to_pylist())
    grouped: dict[tuple[str, int], list[Criterion]] = defaultdict(list)
    for row in register["rule_criteria"].to_pylist():
        criterion = Criterion(row["dimension"], row["negated"] == "Y", row["pattern_kind"], row["pattern"])
        grouped[row["rule_id"], int(row["clause"])].append(criterion)
    clauses = []
    for rule in rules(register):
        for number in sorted(c for r, c in grouped if r == rule.rule_id):
            clauses += [_clause(rule, part, loaded) for part in _alternatives(grouped[rule.rule_id, number])]
    return clauses


def _alternatives(criteria: list[Criterion]) -> list[list[Criterion]]:
    """The criteria as one clause, or as two where a submitted code may be listed or match a pattern.

    The two are read from different columns, so each needs a bit of its own.
    """
    wanted = [c for c in criteria if c.dimension == "submitted_code" and not c.negated]
    listed = [c for c in wanted if c.kind == "listed"]
    if len(listed) in (0, len(wanted)):
        return [criteria]
    return [[c for c in criteria if c not in wanted or (c in listed) == side] for side in (True, False)]


def _clause(rule: Rule, criteria: Iterable[Criterion], loaded: set[str]) -> Clause:
    kept: list[Criterion] = []
    spell: bool | None = None
    for criterion in criteria:
        if criterion.dimension == "spell_specialised":
            spell = (criterion.pattern == "Y") is not criterion.negated
        elif criterion.dimension == "provider_list" and criterion.pattern not in loaded:
            continue
        else:
            kept.append(criterion)
    return Clause(rule, tuple(kept), spell)
