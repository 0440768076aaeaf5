"""Which specialised service is it: one record at a time, in plain ifs.

`identify_all(records, reference)` returns one answer a record. A record is a dictionary of the canonical `activity`
columns. Method: the settings, clauses, ranking, roll-up and final-line order of the identification rules page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase

from oracle.reference import Reference, Row, holds

ADMITTED = ("apc_episode", "apc_spell")
CRITICAL_CARE = ("cc_adult", "cc_paediatric", "cc_neonatal")
CODED = (*ADMITTED, "op", *CRITICAL_CARE)


@dataclass
class Answer:
    """What the rules say about one record."""

    setting: str = ""
    matched: list[str] = field(default_factory=list)
    would: list[str] = field(default_factory=list)
    rule_id: str = ""
    excluded: bool = False
    derived: str = ""
    tie: bool = False
    spell_rule_record_id: str = ""
    final: str = ""
    basis: str = "none"


def identify_all(records: list[Row], ref: Reference) -> dict[str, Answer]:
    """Answers by record_id for accepted records (the only ones that are identified)."""
    return _Pass(records, ref).run()


def spell_of(record: Row) -> str:
    """The spell a record belongs to; an admitted record without an identifier is a spell of its own."""
    return str(record["spell_id"] or f"alone {record['record_id']}")


def codes(text: str | None) -> list[str]:
    """Codes of a comma joined list."""
    return [c for c in (text or "").split(",") if c]


def submitted_code(record: Row) -> str:
    """The code the provider sent: the mental health category where there is one."""
    return str(record["mental_health_category"] or record["service_line_submitted"])


def listed_service(code: str, day: date | None, ref: Reference) -> bool:
    """Whether a submitted code is a service line of its activity year's list."""
    line = ref.lines.get(code)
    return (
        code.startswith("NCBPS")
        and line is not None
        and line["code_kind"] == "service"
        and any(holds(r, day) and r["delegation_status"] != "not_listed" for r in ref.line_status.get(code, []))
    )


def matches(value: str, pattern: str, kind: str) -> bool:
    """One code against one pattern."""
    # blank means not recorded and matches nothing, not even *
    if value == "":
        return False
    if kind == "prefix":
        return value.startswith(pattern)
    if kind == "glob":
        return fnmatchcase(value, pattern)
    return value == pattern


def values_of(record: Row, dimension: str) -> list[str]:
    """The codes of a record that a dimension looks at."""
    if dimension == "diagnosis_any":
        return codes(record["diagnosis_all"])
    if dimension == "diagnosis_primary":
        # the first place, and nothing when that is blank: a secondary code is not the primary one
        return codes((record["diagnosis_all"] or "").split(",")[0])
    if dimension == "procedure_any":
        return codes(record["procedure_all"])
    if dimension == "unbundled_hrg":
        return codes(record["unbundled_hrg_all"])
    if dimension == "submitted_code":
        return [submitted_code(record)]
    return [str(record[dimension] or "")]


class _Pass:
    def __init__(self, records: list[Row], ref: Reference) -> None:
        self.ref = ref
        self.records = [r for r in records if r["fate"] == "accepted"]
        self.answers = {r["record_id"]: Answer() for r in self.records}
        self.by_id = {r["record_id"]: r for r in self.records}
        self.rules_of_setting: dict[str, list[str]] = defaultdict(list)
        self.clauses: dict[str, list[list[Row]]] = {}
        for rule_id, rule in ref.rules.items():
            self.rules_of_setting[rule["setting"]].append(rule_id)
            grouped: dict[int, list[Row]] = defaultdict(list)
            for c in ref.criteria.get(rule_id, []):
                grouped[c["clause"]].append(c)
            self.clauses[rule_id] = list(grouped.values())
        self.needs_flag = {r for r, cs in self.clauses.items() if any(_about_spell(c) for c in cs)}
        self.lists_loaded = {name for name, rows in ref.provider_lists.items() if rows}

    def run(self) -> dict[str, Answer]:
        self._by_spell()
        for r in self.records:
            self.answers[r["record_id"]].setting = "+".join(self._settings(r))
        for r in self.records:
            if self._tested(r):
                self._test(r, spell_specialised=None)
        spells = self._spell_winners()
        for r in self.records:
            if self._tested(r):
                spell = spells.get(spell_of(r))
                self._test(r, spell_specialised=spell is not None and not spell[2])
        for answer in self.answers.values():
            answer.matched.sort(key=self._rank)
            answer.would.sort(key=self._rank)
        for r in self.records:
            self._win(r, spells)
        for r in self.records:
            self._final(r)
        self._link(spells)
        return self.answers

    # which rules apply

    def _settings(self, r: Row) -> list[str]:
        """Settings whose rules are applied to a flow; a flow's pack is their union."""
        return sorted(
            {s["setting"] for s in self.ref.setting_flows if s["flow"] == r["flow"] and holds(s, r["activity_date"])}
        )

    def _by_spell(self) -> None:
        self.episodes: dict[str, list[Row]] = defaultdict(list)
        self.spell_rows: dict[str, list[Row]] = defaultdict(list)
        for r in self.records:
            if r["spell_id"] and r["flow"] == "apc_episode":
                self.episodes[r["spell_id"]].append(r)
            if r["spell_id"] and r["flow"] == "apc_spell":
                self.spell_rows[r["spell_id"]].append(r)

    def _tested(self, r: Row) -> bool:
        """A spell row is only tested itself when none of its episodes arrived."""
        return not (r["flow"] == "apc_spell" and r["spell_id"] in self.episodes)

    def _rank(self, rule_id: str) -> tuple[int, str]:
        return (self.ref.rules[rule_id]["priority"], rule_id)

    # which rules hold

    def _test(self, r: Row, spell_specialised: bool | None) -> None:
        """Add the rules that hold: first those that do not ask about the spell, then those that do."""
        answer = self.answers[r["record_id"]]
        for setting in self._settings(r):
            for rule_id in self.rules_of_setting[setting]:
                rule = self.ref.rules[rule_id]
                if (rule_id in self.needs_flag) != (spell_specialised is not None):
                    continue
                if not holds(rule, r["activity_date"]):
                    continue
                if not any(self._clause_holds(c, r, spell_specialised) for c in self.clauses[rule_id]):
                    continue
                eligible = self._eligible(rule, r)
                if eligible is None:
                    answer.would.append(rule_id)
                elif eligible:
                    answer.matched.append(rule_id)

    def _eligible(self, rule: Row, r: Row) -> bool | None:
        """True, False, or None when the rule must stay silent until its provider list is loaded."""
        name = rule["provider_list"]
        if not name:
            return True
        if name in self.lists_loaded:
            return any(
                m["provider_code"] == r["provider_code"]
                and m["site_code"] in ("", r["site_code"])
                and m["service_line_code"] in ("", rule["service_line_code"])
                and holds(m, r["activity_date"])
                for m in self.ref.provider_lists[name]
            )
        return None if rule["provider_required"] == "Y" else True

    def _clause_holds(self, clause: list[Row], r: Row, spell_specialised: bool | None) -> bool:
        wanted: dict[str, list[Row]] = defaultdict(list)
        for c in clause:
            if c["dimension"] == "provider_list":
                continue
            if c["negated"] == "Y":
                if self._criterion(c, r, spell_specialised):
                    return False
            else:
                wanted[c["dimension"]].append(c)
        return all(any(self._criterion(c, r, spell_specialised) for c in group) for group in wanted.values())

    def _criterion(self, c: Row, r: Row, spell_specialised: bool | None) -> bool:
        dimension = c["dimension"]
        if dimension in ("age_min", "age_max"):
            age = r["age"]
            if age is None or age == 999:
                return False
            return bool(age >= int(c["pattern"]) if dimension == "age_min" else age <= int(c["pattern"]))
        if dimension == "spell_specialised":
            return bool(spell_specialised) == (c["pattern"] == "Y")
        if c["pattern_kind"] == "listed":
            code = r["service_line_submitted"]
            return code.startswith(c["pattern"]) and listed_service(code, r["activity_date"], self.ref)
        return any(matches(v, c["pattern"], c["pattern_kind"]) for v in values_of(r, dimension))

    # which rule wins

    def _spell_winners(self) -> dict[str, tuple[str, str, bool]]:
        """Spell -> (rule, lowest record that held it, excluded): among all its tested rows, roll-up rules only."""
        found: dict[str, tuple[str, str, bool]] = {}
        holders: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for r in self.records:
            if r["flow"] in ADMITTED and self._tested(r):
                for rule_id in self.answers[r["record_id"]].matched:
                    if self.ref.rules[rule_id]["propagation"] in ("whole_spell", "not_specialised"):
                        holders[spell_of(r)][rule_id].append(r["record_id"])
        for spell_id, rules in holders.items():
            rule_id = min(rules, key=self._rank)
            excluded = self.ref.rules[rule_id]["propagation"] == "not_specialised"
            found[spell_id] = (rule_id, min(rules[rule_id]), excluded)
        self.spell_candidates = {s: sorted(rules, key=self._rank) for s, rules in holders.items()}
        return found

    def _win(self, r: Row, spells: dict[str, tuple[str, str, bool]]) -> None:
        answer = self.answers[r["record_id"]]
        flow = r["flow"]
        spell = spells.get(spell_of(r)) if flow in ADMITTED else None
        if spell is not None:
            rule_id, holder, _ = spell
            competing = self.spell_candidates[spell_of(r)]
            answer.spell_rule_record_id = "" if holder == r["record_id"] else holder
            self._award(r, answer, rule_id, competing)
            return
        competing = list(answer.matched)
        if flow == "apc_episode":
            # a rule that would decide for the spell but asks about it first decides nothing
            spell_wide = ("whole_spell", "not_specialised")
            competing = [x for x in competing if self.ref.rules[x]["propagation"] not in spell_wide]
        elif flow == "apc_spell":
            competing = []
        if competing:
            self._award(r, answer, competing[0], competing)

    def _award(self, r: Row, answer: Answer, rule_id: str, competing: Iterable[str]) -> None:
        rule = self.ref.rules[rule_id]
        answer.rule_id = rule_id
        answer.excluded = rule["propagation"] == "not_specialised"
        line = rule["service_line_code"]
        answer.derived = "" if answer.excluded else r["service_line_submitted"] if line == "*" else line
        rivals = (self.ref.rules[x] for x in competing)
        answer.tie = any(x["priority"] == rule["priority"] and x["service_line_code"] != line for x in rivals)

    # which line stands

    def _final(self, r: Row) -> None:
        answer, flow = self.answers[r["record_id"]], r["flow"]
        if answer.excluded:
            answer.final, answer.basis = "", "excluded"
        elif flow in CODED:
            answer.final, answer.basis = self._final_coded(r, answer)
        elif flow == "plcm":
            answer.final, answer.basis = self._final_plcm(r, answer)
        else:
            answer.final, answer.basis = self._final_other(r, answer)

    def _final_coded(self, r: Row, answer: Answer) -> tuple[str, str]:
        if self._own_line(answer):
            return answer.derived, "derived"
        if self._known_service(r["service_line_sus"]):
            return r["service_line_sus"], "sus"
        if listed_service(r["service_line_submitted"], r["activity_date"], self.ref):
            return r["service_line_submitted"], "submitted"
        return "", "none"

    def _known_service(self, code: str) -> bool:
        return code in self.ref.lines and self.ref.lines[code]["code_kind"] == "service"

    def _own_line(self, answer: Answer) -> bool:
        """A rule that gives a line of its own, not the submitted one."""
        return bool(answer.rule_id) and self.ref.rules[answer.rule_id]["service_line_code"] != "*"

    def _final_plcm(self, r: Row, answer: Answer) -> tuple[str, str]:
        if self._own_line(answer):
            return answer.derived, "derived"
        if listed_service(r["service_line_submitted"], r["activity_date"], self.ref):
            return r["service_line_submitted"], "submitted"
        return "", "none"

    def _final_other(self, r: Row, answer: Answer) -> tuple[str, str]:
        if self._own_line(answer) and r["flow"] not in ("ec", "iap", "prior_approval"):
            return answer.derived, "derived"
        code = r["service_line_submitted"]
        if code in self.ref.lines and code != "99999999":
            return code, "submitted"
        return "", "none"

    # contract monitoring rows of care that the hospital data sets already decided

    def _link(self, spells: dict[str, tuple[str, str, bool]]) -> None:
        by_cds: dict[tuple[str, str], list[Row]] = defaultdict(list)
        by_spell: dict[str, list[Row]] = defaultdict(list)
        by_attendance: dict[str, list[Row]] = defaultdict(list)
        by_period: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for r in self.records:
            if r["flow"] in CRITICAL_CARE and r["spell_id"] and self.answers[r["record_id"]].derived:
                by_period[(r["spell_id"], r["flow"])].append(r)
            if r["flow"] in (*ADMITTED, "op") and r["cds_unique_id"]:
                by_cds[(r["provider_code"], r["cds_unique_id"])].append(r)
            if r["flow"] in ADMITTED and r["spell_id"]:
                by_spell[r["spell_id"]].append(r)
            if r["flow"] == "op" and r["attendance_id"]:
                by_attendance[r["attendance_id"]].append(r)
        for r in self.records:
            if r["flow"] != "plcm":
                continue
            care = _critical_care_flow(r)
            if care:  # priced apart from its spell: never the spell's line
                periods = by_period.get((r["spell_id"], care))
                self._take(r, self._source(periods) if periods else Answer())
                continue
            named = [self._source(found) for found in (by_cds.get((r["provider_code"], r["cds_unique_id"])),) if found]
            if r["spell_id"] in spells and r["spell_id"] in by_spell:
                # the spell's roll-up, never one episode's own line
                named.append(self._source(by_spell[r["spell_id"]]))
            named += [self._source(found) for found in (by_attendance.get(r["attendance_id"]),) if found]
            # of several records that a row names, the first on which a rule held; the others have nothing to tell
            for source in named:
                if source.excluded or self._own_line(source):
                    self._take(r, source)
                    break

    def _source(self, found: list[Row]) -> Answer:
        """The hospital record a contract row speaks for: the spell row first, then the lowest record id."""
        best = min(found, key=lambda x: (x["flow"] != "apc_spell", x["record_id"]))
        return self.answers[best["record_id"]]

    def _take(self, r: Row, source: Answer) -> None:
        answer = self.answers[r["record_id"]]
        if source.excluded:
            answer.rule_id, answer.derived, answer.final, answer.basis = source.rule_id, "", "", "excluded"
            answer.tie = source.tie
        elif self._own_line(source):
            answer.rule_id, answer.derived = source.rule_id, source.derived
            answer.final, answer.basis, answer.tie = source.derived, "linked", source.tie


def _critical_care_flow(r: Row) -> str:
    """The flow whose periods decide a contract row of critical care; blank for other care."""
    for point, prefix, flow in (
        ("UNBACC", "XC", "cc_adult"),
        ("UNBPCC", "XB", "cc_paediatric"),
        ("UNBNCC", "XA", "cc_neonatal"),
    ):
        if r["point_of_delivery"] == point or str(r["hrg"] or "").startswith(prefix):
            return flow
    return ""


def _about_spell(clause: list[Row]) -> bool:
    return any(c["dimension"] == "spell_specialised" for c in clause)
