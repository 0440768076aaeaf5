"""Why a record is what it is, in a person's words: what arrived, what was repaired, which rules, boxes and prices.

The same explanation is a Python object, text and JSON. A hypothetical record walks through the same stages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import RunError
from tertiary.hypothetical import Hypotheses
from tertiary.screen import plain

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.runs import Run

# what a reader wants to see of the row that arrived, in this order
ARRIVED = (
    "flow", "provider_code", "site_code", "activity_date", "start_date", "end_date", "age", "sex",
    "treatment_function_code", "main_specialty_code", "diagnosis_all", "procedure_all", "hrg", "spell_hrg",
    "unbundled_hrg_all", "point_of_delivery", "admission_method", "critical_care_unit_function",
    "gp_practice_code", "postcode", "lsoa21_code", "commissioned_service_category", "service_line_submitted",
    "mental_health_category", "service_line_sus", "commissioner_submitted", "tariff_code", "quantity",
    "price_submitted",
)  # fmt: skip

# the short answers: the question they answer, and the words with which their statement begins
SHORT = {
    "Which service it is": "Final line: ", "Who is responsible": "Payer ", "What it should cost": "Expected ",
}  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """One thing said, with where it comes from and how sure it is."""

    text: str
    source: str = ""
    confidence: str = ""


@dataclass(frozen=True)
class Explanation:
    """All that can be said of one record, by heading. `label` says whether the data are synthetic."""

    record_id: str
    label: str
    sections: Mapping[str, tuple[Statement, ...]]

    def to_text(self) -> str:
        """The explanation as a page."""
        lines = [f"Record {self.record_id}", self.label]
        for heading, statements in self.sections.items():
            lines += ["", heading]
            for said in statements:
                lines.append(f"  {said.text}")
                if said.source:
                    lines.append(f"      source: {said.source} (confidence: {said.confidence or 'not stated'})")
        return "\n".join(lines)

    def to_json(self) -> str:
        """The explanation as JSON."""
        return json.dumps(asdict(self), indent=1, default=str)


def find_record(run: Run, record_id: str) -> Mapping[str, Any] | None:
    """The row of `records` with an id; None when the run has no such record."""
    return _one(run, "records", record_id)


def explain_record(run: Run, record_id: str, register: Register | None = None) -> Explanation:
    """Explain a record of a run, by the register as known then unless another is given.

    RunError when the run has no such record.
    """
    from tertiary.register import Register
    from tertiary.show import label

    record = find_record(run, record_id)
    if record is None:
        raise RunError(f"{run.path} has no record {record_id!r}. Ids stand in `tertiary show {run.path} records`.")
    known = register or Register.load(as_known=date.fromisoformat(run.manifest["register"]["as_known"]))
    parts = {name: _one(run, name, record_id) or {} for name in ("activity", "reasons", "quarantine")}
    findings = _many(run, "findings", record_id)
    arrived = _submission(run, record)
    if record["fate"] == "quarantined":
        sections = {"What arrived": arrived, "Why it was not accepted": _found(findings)}
        return Explanation(record_id, label(run), sections)
    if record["fate"] == "superseded":
        came = (*arrived, *_arrived(parts["activity"]))
        return Explanation(record_id, label(run), {"What arrived": came, "What was checked": _found(findings)})
    full = {**parts["activity"], **parts["reasons"], **record}
    return Explanation(
        record_id, label(run), _sections(known, full, findings, (*arrived, *_arrived(parts["activity"])))
    )


def explain_fields(
    given: Mapping[str, str], *, register: Sequence[str | Path] = (), as_known: date | None = None
) -> Explanation:
    """Explain a hypothetical record: `given` names canonical activity columns (docs/reference/tables.md)."""
    from tertiary.register import Register

    with Hypotheses(Register.load(overlays=[Path(p) for p in register], as_known=as_known)) as asked:
        return explain_hypothesis(asked, given)


def explain_hypothesis(asked: Hypotheses, given: Mapping[str, str]) -> Explanation:
    """Explain a hypothetical record by a register that is ready for it. TertiaryError as in `hypothetical`."""
    known = asked.register
    arrived, row = asked.walked(given)
    label = f"Hypothetical record. Register {known.version} as known on {known.as_known}."
    return Explanation("hypothetical", label, _sections(known, row, [], _arrived(arrived)))


def short_answers(told: Explanation) -> dict[str, str]:
    """What an explanation comes to: the line, the payer and the price, by the question each answers."""
    return {
        heading: said.text
        for heading, start in SHORT.items()
        for said in told.sections.get(heading, ())
        if said.text.startswith(start)
    }


def _sections(
    known: Register, row: Mapping[str, Any], findings: Sequence[Mapping[str, Any]], arrived: tuple[Statement, ...]
) -> dict[str, tuple[Statement, ...]]:
    return {
        "What arrived": arrived,
        "What was checked and repaired": _found(findings),
        "Which service it is": _service(known, row),
        "Who is responsible": _responsible(known, row),
        "What it should cost": _price(row),
        "Whether it counts": (_counts(row),),
    }


def _arrived(row: Mapping[str, Any]) -> tuple[Statement, ...]:
    return tuple(Statement(f"{name} = {plain(row[name])}") for name in ARRIVED if row.get(name) not in (None, ""))


def _found(findings: Sequence[Mapping[str, Any]]) -> tuple[Statement, ...]:
    said = []
    for f in findings:
        repaired = f" Repaired to {f['repair']}." if f["repair"] else ""
        said.append(
            Statement(
                f"{f['severity']} {f['rule_id']}: {f['field']} is {f['value']!r}; expected {f['expected']}."
                f"{repaired} {f['advice']}"
            )
        )
    return tuple(said) or (Statement("nothing was found"),)


def _service(known: Register, row: Mapping[str, Any]) -> tuple[Statement, ...]:
    rules = {r["rule_id"]: r for r in known["identification_rules"].to_pylist()}
    lines = {r["service_line_code"]: r for r in known["service_lines"].to_pylist()}
    line = row["service_line_final"]
    name = lines.get(line, {}).get("name", "")
    final = f"{line} {name}" if line else "none (not specialised)"
    said = [Statement(f"Final line: {final}. Basis: {row['service_note']}.")]
    if row["rule_id"]:
        said.append(_rule(known, rules, row["rule_id"], "Won"))
    if row["spell_rule_record_id"]:
        said.append(Statement(f"It held on record {row['spell_rule_record_id']} and makes the whole spell follow."))
    if row["rule_tie"]:
        said.append(Statement("Another line held at the same priority: a tie, broken by rule id."))
    lost = [r for r in row["candidates"].split(",") if r and r != row["rule_id"]]
    said += [_rule(known, rules, r, _lost(rules, r, row["rule_id"])) for r in lost]
    said += [
        _rule(known, rules, r, "Silent: its provider list is not loaded") for r in row["would_match"].split(",") if r
    ]
    for label, column in (("Submitted", "service_line_submitted"), ("Carried by SUS", "service_line_sus")):
        if row.get(column):
            said.append(
                Statement(f"{label}: {row[column]} {lines.get(row[column], {}).get('name', '(not a known line)')}")
            )
    return tuple(said)


def _lost(rules: Mapping[str, Mapping[str, Any]], loser: str, winner: str) -> str:
    """Why another rule went first, where the two say it: the lower priority number does, then the lower rule id."""
    ranks = [(rules[r]["priority"], r) for r in (winner, loser) if r in rules]
    if len(ranks) < 2 or ranks[0] > ranks[1]:
        return "Held but lost"
    if ranks[0][0] == ranks[1][0]:
        return f"Held but lost to {winner}, which has the same priority and comes first by its id"
    return f"Held but lost to {winner}, whose priority number is lower"


def _rule(known: Register, rules: Mapping[str, Mapping[str, Any]], rule_id: str, verb: str) -> Statement:
    rule = rules.get(rule_id)
    if rule is None:
        return Statement(f"{verb}: rule {rule_id}, of an overlay that is not loaded here.")
    text = f"{verb}: {rule_id} ({rule['status']}), priority {rule['priority']}: {_criteria(known, rule_id)}"
    return Statement(f"{text}; applies to: {rule['propagation']}.", rule["source"], rule["rule_confidence"])


def _criteria(known: Register, rule_id: str) -> str:
    """A rule's clauses in words: dimensions joined by and, clauses by or."""
    clauses: dict[int, dict[tuple[str, bool], list[str]]] = {}
    for row in known["rule_criteria"].to_pylist():
        if row["rule_id"] == rule_id:
            tests = clauses.setdefault(row["clause"], {})
            tests.setdefault((row["dimension"], row["negated"] == "Y"), []).append(row["pattern"])
    told = []
    for tests in clauses.values():
        parts = []
        for (dimension, negated), patterns in tests.items():
            more = f" and {len(patterns) - 8} more" if len(patterns) > 8 else ""
            parts.append(f"{dimension} {'is not' if negated else 'is'} {' or '.join(patterns[:8])}{more}")
        told.append(" and ".join(parts))
    return "; or ".join(told)


def _responsible(known: Register, row: Mapping[str, Any]) -> tuple[Statement, ...]:
    steps = {(s["ruleset"], s["box_id"]): s for s in known["assignment_steps"].to_pylist()}
    said = [
        Statement(
            f"Population: ICB {row['population_icb'] or 'unknown'}, sub-ICB {row['population_sub_icb'] or 'unknown'}"
            f" (by {row['population_method'] or 'nothing'})."
        ),
        Statement(f"Method {row['method'] or 'none'}, on {row['assignment_date']}."),
    ]
    for step in filter(None, row["box_path"].split(">")):
        box, _, answer = step.rpartition(":")
        found = steps.get((row["method"], box)) or steps.get(("chart_2025_26", box)) or {}
        unknown = " (the flow does not carry the item)" if box in row["not_answerable"].split(",") else ""
        said.append(
            Statement(
                f"Box {box}: {found.get('question', '')} {'Yes' if answer == 'Y' else 'No'}{unknown}",
                found.get("source_reference", ""),
                found.get("confidence", ""),
            )
        )
    said += [
        Statement(f"Outcome {row['assignment_label'] or 'none'}: commissioner {row['commissioner_code'] or 'none'} by"
                  f" {row['lookup_method'] or 'no look-up'}; category {row['commissioned_service_category'] or '-'}."),
        *_bodies(known, row),
        Statement(f"Delegation on that day: {row['delegation_status']}."),
    ]  # fmt: skip
    said += [Statement(f"Setting that decided: {o}") for o in row["options"].split(";") if o]
    said += [Statement(f"Look-up: {o}") for o in row["lookups"].split(";") if o]
    return tuple(said)


def _bodies(known: Register, row: Mapping[str, Any]) -> tuple[Statement, ...]:
    """Who pays, who answers for it and who runs the contract, each code with its name where the register has one."""
    bodies = known["bodies"]
    names = dict(zip(bodies.column("body_code").to_pylist(), bodies.column("name").to_pylist(), strict=True))

    def named(code: str, nobody: str) -> str:
        return " ".join(filter(None, (code, names.get(code, "")))) or nobody

    return (
        Statement(f"Payer {named(row['payer_code'], 'nobody')} ({row['payer_kind']})."),
        Statement(f"Accountable {named(row['accountable_body'], 'nobody')}."),
        Statement(f"Contracting host {named(row['contracting_host'], 'none')}."),
    )


def _price(row: Mapping[str, Any]) -> tuple[Statement, ...]:
    expected = "no price" if row["price_expected"] is None else f"£{row['price_expected']:,}"
    said = [Statement(f"Expected {expected}; basis {row['price_basis']}.")]
    if row["price_table"]:
        said.append(Statement(f"{row['price_steps']} = {expected}, from {row['price_table']}"))
    if row.get("price_submitted") is not None:
        said.append(Statement(f"Submitted £{row['price_submitted']:,.2f}"))
    return tuple(said)


def _counts(row: Mapping[str, Any]) -> Statement:
    if row["counted"]:
        return Statement("It counts: its flow is the spend basis of this provider, month and component.")
    return Statement("It does not count in totals: another flow is the spend basis, and this one reconciles.")


def _submission(run: Run, record: Mapping[str, Any]) -> tuple[Statement, ...]:
    rows = run.submissions.derive(lambda t: t.filter(t.submission_id == record["submission_id"])).to_arrow().to_pylist()
    if not rows:
        return ()
    sent = rows[0]
    text = f"Row {record['row_number']} of {sent['file']} (submission {sent['submission_id']})"
    tail = f", created {sent['created_at']}; fate: {record['fate']}"
    if record["fate"] == "superseded" and sent["status"] == "current":
        tail += ", sent twice in this submission: the first of its rows counts"
    elif record["fate"] == "superseded":
        tail += f", replaced by {sent['superseded_by'] or 'nothing known yet'}"
    return (Statement(text + tail + "."),)


def _one(run: Run, table: str, record_id: str) -> dict[str, Any] | None:
    rows = _many(run, table, record_id)
    return rows[0] if rows else None


def _many(run: Run, table: str, record_id: str) -> list[dict[str, Any]]:
    found = run.table(table).derive(lambda t: t.filter(t.record_id == record_id))
    return list(found.to_arrow().to_pylist())
