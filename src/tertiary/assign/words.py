"""Each record's answers as two 64-bit words, and the walk of every distinct pair of words.

The decision table is walked in plain Python once per distinct word, never per record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tertiary.assign.data import rows
from tertiary.assign.facts import ICB_ONLY
from tertiary.assign.periods import Period
from tertiary.assign.predicates import CHART, Test, bits
from tertiary.assign.settings import AssignSettings
from tertiary.assign.tool import TOOL
from tertiary.assign.walk import MENTAL_HEALTH, Step, Walk, steps, walk
from tertiary.errors import RegisterError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.register import Register

RECORD_ONLY, TARIFF_EXCLUDED = -1, -2
KEY = ("rule_key", "answers", "unanswerable", "notes")
NOTES = (
    "missing_charging_category=assume_a", "blue_local_contract", "region_of_provider", "postcode_not_in_directory",
    "postcode_directory_not_loaded", "line_not_listed_in_year", "code_to_submit_unknown", "only_icb_known",
)  # fmt: skip
# a note is said only when one of these boxes was met; the others always
NOTE_BOXES = {"missing_charging_category=assume_a": ("B",), "blue_local_contract": ("C-0a",)}
NOTE_OUTCOMES = {
    "region_of_provider": ("OUT:specialised_hub_provider",),
    "code_to_submit_unknown": ("OUT:responsible_sub_icb", "OUT:osv_guidance", "OUT:sub_icb_ladder"),
}


@dataclass(frozen=True)
class Method:
    """The rulesets in force for the periods that occur, and the place of each test in the words."""

    periods: tuple[Period, ...]
    rulesets: Mapping[str, tuple[Step, ...]]
    places: Mapping[str, int]

    @property
    def uses_tool(self) -> bool:
        """Whether any test is one of the contract monitoring tool."""
        return any(name in TOOL for name in self.places)


def method(register: Register, used: Sequence[Period], settings: AssignSettings) -> Method:
    """Rulesets of the periods. RegisterError when a box asks for a test this version does not have."""
    table = register["assignment_steps"].to_pylist()
    names = sorted({p.hospital for p in used} | {p.monitoring for p in used})
    rulesets = {name: _with_settings(steps(table, name), settings) for name in names}
    wanted = {step.predicate for boxes in rulesets.values() for step in boxes} - {"otherwise"} | {MENTAL_HEALTH}
    unknown = sorted(wanted - set(CHART) - set(TOOL))
    if unknown:
        raise RegisterError(
            f"Register table assignment_steps asks for test(s) {', '.join(unknown)}, which this version does not have. "
            f"Use one of: {', '.join(sorted({*CHART, *TOOL}))}."
        )
    return Method(tuple(used), rulesets, {name: place for place, name in enumerate(sorted(wanted))})


def _with_settings(boxes: tuple[Step, ...], settings: AssignSettings) -> tuple[Step, ...]:
    if settings.wb10_welsh_resident == "chart":
        return boxes
    other = "welsh_practice_and_english_border"
    return tuple(replace(step, predicate=other) if step.box == "WB-10" else step for step in boxes)


def words(facts: ir.Table, how: Method, settings: AssignSettings) -> dict[str, ir.Value]:
    """The four columns of KEY. A record the method does not apply to has blank words and a negative rule_key."""
    import ibis

    tests: dict[str, Test] = {**CHART, **TOOL}
    found = {place: tests[name](facts, settings) for name, place in how.places.items()}
    walked = ~facts.record_only & (facts.component == "activity")
    zero = ibis.literal(0, "int64")
    rule_key = ibis.cases(
        (facts.record_only, RECORD_ONLY),
        (facts.component != "activity", TARIFF_EXCLUDED),
        else_=facts.period * 2 + facts.monitoring.ifelse(1, 0),
    )
    return {
        "rule_key": rule_key.cast("int32"),
        "answers": walked.ifelse(bits({n: a.yes for n, a in found.items()}), zero),
        "unanswerable": walked.ifelse(bits({n: a.unknown for n, a in found.items()}), zero),
        "notes": walked.ifelse(bits(dict(enumerate(_notes(facts)))), zero),
    }


def _notes(t: ir.Table) -> Sequence[ir.Value]:
    """Conditions of NOTES, in order."""
    line = t.service_line_final != ""
    return (
        t.overseas_visitor_charging_category == "",
        t.ln_status == "blue",
        t.pv_hub_method == "region_of_provider",
        t.residence == "not_in_directory",
        t.residence == "no_directory",
        line & t.ln_specialised & ~t.ln_listed,
        (t.resp_code != "") & (t.rp_icb == ""),
        t.resp_method == ICB_ONLY,
    )


def walks(distinct: Sequence[Mapping[str, Any]], how: Method, settings: AssignSettings) -> pa.Table:
    """One row a distinct word (key KEY): method, box_path, assignment_box, outcome, label, category, options …"""
    import pyarrow as pa

    labels = {row["outcome"]: row for row in rows("outcomes")}
    periods = {p.number: p for p in how.periods}
    made = [_row(key, how, periods, labels, settings) for key in distinct]
    kinds = {**dict.fromkeys(KEY, pa.int64()), "rule_key": pa.int32()}
    names = list(made[0]) if made else [*KEY, *_blank("", "")]
    return pa.table({n: pa.array([row[n] for row in made], kinds.get(n, pa.string())) for n in names})


def _row(
    key: Mapping[str, Any], how: Method, periods: Mapping[int, Period], labels: Mapping[str, Mapping[str, str]],
    settings: AssignSettings,
) -> dict[str, Any]:  # fmt: skip
    start = {name: key[name] for name in KEY}
    if key["rule_key"] < 0:
        label = "record_only" if key["rule_key"] == RECORD_ONLY else "tariff_excluded"
        return start | _blank("not_applicable", label)
    period = periods[key["rule_key"] // 2]
    ruleset = period.monitoring if key["rule_key"] % 2 else period.hospital
    answers = {name: bool(key["answers"] >> place & 1) for name, place in how.places.items()}
    unknown = {name for name, place in how.places.items() if key["unanswerable"] >> place & 1}
    found = walk(how.rulesets[ruleset], answers, unknown)
    return start | {
        "method": ruleset,
        "box_path": found.path,
        "assignment_box": found.box,
        "outcome": found.outcome,
        "assignment_label": labels[found.outcome]["label"],
        "payer_kind": labels[found.outcome]["payer_kind"],
        "category_assigned": found.category,
        "not_answerable": ",".join(found.not_answerable),
        "options": ";".join(_said(key["notes"], found, period, settings)),
    }


def _blank(box: str, label: str) -> dict[str, Any]:
    return {
        "method": "", "box_path": "", "assignment_box": box, "outcome": "", "assignment_label": label,
        "payer_kind": "none", "category_assigned": "", "not_answerable": "", "options": "",
    }  # fmt: skip


def _said(notes: int, found: Walk, period: Period, settings: AssignSettings) -> list[str]:
    """What to say of settings and stand-ins that decided something on this walk."""
    said = [period.note] if period.note else []
    for place, note in enumerate(NOTES):
        if not notes >> place & 1:
            continue
        if note.startswith("missing_charging") and settings.missing_charging_category != "assume_a":
            note = "missing_charging_category=literal"
        boxes = NOTE_BOXES.get(note.replace("literal", "assume_a"))
        outcomes = NOTE_OUTCOMES.get(note)
        if (boxes and not set(boxes) & set(found.boxes)) or (outcomes and found.outcome not in outcomes):
            continue
        said.append(note)
    if settings.penal_source_of_admission != AssignSettings().penal_source_of_admission and "E" in found.boxes:
        said.append(f"penal_source_of_admission={settings.penal_source_of_admission}")
    if settings.wb10_welsh_resident != "chart" and "WB-10" in found.boxes:
        said.append(f"wb10_welsh_resident={settings.wb10_welsh_resident}")
    return said
