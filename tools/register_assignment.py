"""Boxes, outcomes and reasons of the commissioner assignment method as versioned data."""

from __future__ import annotations

import re
from pathlib import Path

from register_io import BuildError, Row, read_rows

CHART_2025, CHART_2024, TOOL = "chart_2025_26", "chart_2024_25", "tool_v5_3"

# Box -> the test the assign stage implements.
PREDICATES = {
    "START": "cds_type_011",
    "A&E-1": "residence_england",
    "A": "private_or_charged",
    "B": "ordinarily_resident",
    "B-1": "highly_specialised",
    "B-2": "eea_access",
    "B-3": "international_agreement",
    "B-4": "english_practice",
    "WB-1": "welsh_practice_and_border",
    "WB-2": "english_practice_and_border",
    "WB-3": "residence_england",
    "C": "specialised",
    "C-1": "appendix_c",
    "WB-10": "welsh_practice_and_border",
    "C-3": "referred_via_ras",
    "C-0": "specialised",
    "C-0a": "red_or_blue",
    "C-2": "contracted_provider",
    "D": "secondary_dental",
    "E": "health_justice",
    "F": "section_7a",
    "H": "other_public_health",
    "I": "infertility",
    "I-1": "armed_forces_fertility",
    "J": "armed_forces_practice",
    "C-5": "green",
    "C-6": "delegated",
}
PREDICATES_2024 = {"C-0a": "green_or_amber", "C-0b": "green", "C-6": "delegated"}

# Category by outcome; a pair is (ordinary line, mental health line). Boxes where the outcome alone does not tell.
OUTCOME_CATEGORY = {
    "OUT:host_sub_icb": ("12", "12"),
    "OUT:responsible_sub_icb": ("12", "12"),
    "OUT:specialised_hub_provider": ("21", "22"),
    "OUT:specialised_hub_gp_practice": ("21", "22"),
    "OUT:armed_forces_hub": ("61", "61"),
    "OUT:health_justice_hub": ("71", "71"),
    "OUT:public_health_region": ("81", "81"),
    "OUT:osv_guidance": ("12", "12"),
}
BOX_CATEGORY = {("D", "yes"): ("55", "55"), ("C-6", "yes"): ("25", "26")}

# The contract monitoring check: box -> (predicate, outcome, category, category for mental health).
TOOL_BOXES = {
    "filter": ("tool_excluded", "OUT:excluded", "", ""),
    "MH": ("tool_mental_health", "OUT:mental_health_category", "22", "26"),
    "C-0b": ("tool_amber", "OUT:hub_ladder", "21", "21"),
    "C-2": ("tool_red_blue_or_unknown", "OUT:hub_of_host", "21", "21"),
    "D": ("tool_secondary_dental", "OUT:sub_icb_ladder", "55", "55"),
    "E": ("tool_health_justice", "OUT:justice_practice_hub", "71", "71"),
    "F": ("tool_public_health", "OUT:region_ladder", "81", "81"),
    "J": ("tool_armed_forces", "OUT:armed_forces_hub", "61", "61"),
    "C-5/C-6": ("tool_green_from_2025", "OUT:sub_icb_ladder", "25", "25"),
    "C-6 2024/25 yes": ("tool_green_delegated", "OUT:sub_icb_ladder", "25", "25"),
    "C-6 2024/25 no": ("tool_green_not_delegated", "OUT:hub_ladder", "21", "21"),
    "C-5": ("otherwise", "OUT:sub_icb_ladder", "12", "12"),
}
TOOL_OUTCOMES = {
    "OUT:excluded": "not processed: drugs, devices and categories 31, 32, 41",
    "OUT:mental_health_category": "no commissioner is given; category 26 when the line is green, 22 otherwise",
    "OUT:hub_ladder": "specialised hub of the first rung that answers: practice responsibility (sub-ICB, then ICB), "
    "residence responsibility (sub-ICB, then ICB), provider host sub-ICB",
    "OUT:hub_of_host": "specialised hub of the provider's host sub-ICB; no contract test",
    "OUT:sub_icb_ladder": "first sub-ICB of: practice responsibility, residence responsibility, provider host",
    "OUT:justice_practice_hub": "hub of the prison practice; none when only the category says so",
    "OUT:region_ladder": "region of the first rung that answers, rungs as for the hub",
    "OUT:armed_forces_hub": "13Q",
}
SOURCES = {
    CHART_2025: "NHS England, Commissioner Assignment Method 2025/26: flow chart and guidance v1.1",
    TOOL: "NHS England, delegated commissioner assignment tool v5.3 (GitHub eamazon/highspring)",
    CHART_2024: "NHS England, assignment tool v5.3, branches for 2024/25; that year's chart was not read",
}


def build(source: Path) -> dict[str, list[Row]]:
    """assignment_rulesets, assignment_steps, assignment_outcomes."""
    rows = read_rows(source / "commissioner_assignment_2025_26.csv")
    decisions = {s: [r for r in rows if r["ruleset"] == s and r["row_type"] == "decision"] for s in SOURCES}
    chart = [_step(r, CHART_2025, "published") for r in decisions[CHART_2025]]
    steps = chart + _chart_2024(chart, decisions[CHART_2024]) + _tool(decisions[TOOL])
    outcomes = [
        _outcome(r, s)
        for s in (CHART_2025, CHART_2024)
        for r in rows
        if r["ruleset"] == CHART_2025 and r["row_type"] == "outcome"
    ] + _tool_outcomes()
    _check(steps, outcomes)
    return {"assignment_rulesets": _rulesets(), "assignment_steps": steps, "assignment_outcomes": outcomes}


def _targets(r: Row) -> tuple[str, str, str]:
    """yes_to, no_to, no_to_011 as identifiers: 'C-5 (011: OUT:x)' means another No for CDS type 011."""
    found = re.fullmatch(r"(\S+) \(011: (\S+)\)", r["on_false"])
    return (r["on_true"], found[1], found[2]) if found else (r["on_true"], r["on_false"], "")


def _category(box: str, answer: str, target: str) -> tuple[str, str]:
    if not target.startswith("OUT:"):
        return "", ""
    return BOX_CATEGORY.get((box, answer), OUTCOME_CATEGORY.get(target, ("", "")))


def _step(r: Row, ruleset: str, basis: str, predicates: dict[str, str] = PREDICATES) -> Row:
    yes, no, no_011 = _targets(r)
    cat_yes, cat_no = _category(r["box_id"], "yes", yes), _category(r["box_id"], "no", no_011 or no)
    return {
        "ruleset": ruleset,
        "step_order": r["step_order"],
        "box_id": r["box_id"],
        "scope": r["scope"],
        "question": r["question"],
        "condition": r["condition"],
        "predicate": predicates[r["box_id"]],
        "yes_to": yes,
        "no_to": no,
        "no_to_011": no_011,
        "on_true": r["on_true"],
        "on_false": r["on_false"],
        "outcome_commissioner_rule": r["outcome_commissioner_rule"],
        "commissioned_service_category": r["commissioned_service_category"],
        "category_yes": cat_yes[0],
        "category_yes_mental_health": cat_yes[1],
        "category_no": cat_no[0],
        "category_no_mental_health": cat_no[1],
        "assignment_reason": r["assignment_reason"],
        "basis": basis,
        "source_reference": r["source_reference"],
        "note": r["note"],
        "source": SOURCES[ruleset],
        "confidence": r["confidence"],
    }


def _chart_2024(chart: list[Row], overrides: list[Row]) -> list[Row]:
    """The whole 2024/25 method: the 2025/26 boxes, with the overrides in place and C-0b after C-0a."""
    changed = {r["box_id"]: _step(r, CHART_2024, "replaced", PREDICATES_2024) for r in overrides}
    order: list[Row] = []
    for step in chart:
        new = changed.get(step["box_id"])
        order.append(new if new else {**step, "ruleset": CHART_2024, "basis": "inherited", "confidence": "medium"})
        if step["box_id"] == "C-0a":
            order.append({**changed["C-0b"], "basis": "inserted"})
    return [{**step, "step_order": n} for n, step in enumerate(order, start=1)]


def _tool(rows: list[Row]) -> list[Row]:
    steps = []
    for position, r in enumerate(rows):
        predicate, outcome, category, mental = TOOL_BOXES[r["box_id"]]
        following = rows[position + 1]["box_id"] if position + 1 < len(rows) else ""
        one = _step({**r, "box_id": r["box_id"]}, TOOL, "published", {r["box_id"]: predicate})
        steps.append(
            {
                **one,
                "yes_to": outcome,
                "no_to": following,
                "category_yes": category,
                "category_yes_mental_health": mental,
                "category_no": "",
                "category_no_mental_health": "",
            }
        )
    return steps


def _outcome(r: Row, ruleset: str) -> Row:
    return {
        "ruleset": ruleset,
        "outcome": r["box_id"],
        "rule": r["outcome_commissioner_rule"],
        "category": r["commissioned_service_category"],
        "reason": r["assignment_reason"],
        "source_reference": r["source_reference"],
        "note": r["note"],
        "source": SOURCES[ruleset],
        "confidence": r["confidence"] if ruleset == CHART_2025 else "medium",
    }


def _tool_outcomes() -> list[Row]:
    return [
        {
            "ruleset": TOOL,
            "outcome": k,
            "rule": v,
            "category": "",
            "reason": k.removeprefix("OUT:"),
            "source_reference": "technical guidance April 2025, pages 8 and 9",
            "note": "",
            "source": SOURCES[TOOL],
            "confidence": "high",
        }
        for k, v in TOOL_OUTCOMES.items()
    ]


def _rulesets() -> list[Row]:
    note = "method year 2025/26 applied to 2026/27: that year's chart, guidance and service list were not found"
    before = "method year 2024/25 applied to an earlier year, for which no chart was read; nothing was delegated then"
    rows = []
    for method, old, new in (("chart", CHART_2024, CHART_2025), ("tool", TOOL, TOOL)):
        for start, end, name, year, text, confidence in (
            ("2013-04-01", "2024-04-01", old, "2024/25", before, "low"),
            ("2024-04-01", "2025-04-01", old, "2024/25", "", "medium"),
            ("2025-04-01", "2026-04-01", new, "2025/26", "", "high"),
            ("2026-04-01", "", new, "2025/26", note, "low"),
        ):
            rows.append(
                {
                    "method": method,
                    "valid_from": start,
                    "valid_to": end,
                    "ruleset": name,
                    "method_year": year,
                    "note": text,
                    "source": SOURCES[name],
                    "confidence": confidence,
                }
            )
    return rows


def _check(steps: list[Row], outcomes: list[Row]) -> None:
    """Every target is a box of the same version or one of its look-ups."""
    for ruleset in SOURCES:
        boxes = {s["box_id"] for s in steps if s["ruleset"] == ruleset}
        known = boxes | {o["outcome"] for o in outcomes if o["ruleset"] == ruleset} | {""}
        for step in steps:
            targets = {step["yes_to"], step["no_to"], step["no_to_011"]}
            if step["ruleset"] == ruleset and targets - known:
                raise BuildError(f"{ruleset} box {step['box_id']}: unknown target {sorted(targets - known)}")
