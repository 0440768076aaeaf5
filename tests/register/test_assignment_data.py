"""The assignment method as data: every version is a walk from its first box to an outcome."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tertiary.register import Register, valid_on


def steps(register: Register, ruleset: str) -> dict[str, dict[str, Any]]:
    rows = [r for r in register["assignment_steps"].to_pylist() if r["ruleset"] == ruleset]
    return {r["box_id"]: r for r in sorted(rows, key=lambda r: r["step_order"])}


@pytest.mark.parametrize("ruleset", ["chart_2025_26", "chart_2024_25", "tool_v5_3"])
def test_every_target_is_a_box_or_an_outcome_and_no_walk_is_endless(register: Register, ruleset: str) -> None:
    boxes = steps(register, ruleset)
    outcomes = {r["outcome"] for r in register["assignment_outcomes"].to_pylist() if r["ruleset"] == ruleset}
    first = next(iter(boxes))
    seen: set[str] = set()

    def walk(box: str, path: tuple[str, ...]) -> None:
        if box in outcomes or not box:
            return
        assert box not in path, path
        seen.add(box)
        for field in ("yes_to", "no_to", "no_to_011"):
            if boxes[box][field]:
                walk(boxes[box][field], (*path, box))

    walk(first, ())
    assert seen == set(boxes)
    assert all(b["predicate"] for b in boxes.values())


def test_2024_differs_where_the_tool_says_so(register: Register) -> None:
    new, old = steps(register, "chart_2025_26"), steps(register, "chart_2024_25")
    assert list(old)[:17] == list(new)[:17] and list(old)[17] == "C-0b" and len(old) == len(new) + 1
    fields = ("predicate", "yes_to", "no_to")
    changed = {b for b in new if [new[b][f] for f in fields] != [old[b][f] for f in fields]}
    assert changed == {"C-0a"}
    assert (new["C-0a"]["predicate"], new["C-0a"]["yes_to"], new["C-0a"]["no_to"]) == ("red_or_blue", "C-2", "E")
    assert (old["C-0a"]["predicate"], old["C-0a"]["yes_to"], old["C-0a"]["no_to"]) == (
        "green_or_amber", "C-0b", "C-2")  # fmt: skip
    assert (old["C-0b"]["yes_to"], old["C-0b"]["no_to"]) == ("D", "OUT:specialised_hub_gp_practice")
    assert {b["basis"] for b in old.values()} == {"inherited", "replaced", "inserted"}


@pytest.mark.parametrize(
    ("box", "answer", "category", "mental"),
    [("C-2", "yes", "21", "22"), ("C-2", "no", "", ""), ("D", "yes", "55", "55"), ("E", "yes", "71", "71"),
     ("F", "yes", "81", "81"), ("J", "yes", "61", "61"), ("C-5", "no", "12", "12"), ("C-6", "yes", "25", "26"),
     ("C-6", "no", "21", "22"), ("A&E-1", "no", "12", "12"), ("J", "no", "12", "12"), ("A", "yes", "", "")],
)  # fmt: skip
def test_categories_of_outcomes(register: Register, box: str, answer: str, category: str, mental: str) -> None:
    row = steps(register, "chart_2025_26")[box]
    assert (row[f"category_{answer}"], row[f"category_{answer}_mental_health"]) == (category, mental)


def test_emergency_care_leaves_the_armed_forces_box_for_the_sub_icb(register: Register) -> None:
    row = steps(register, "chart_2025_26")["J"]
    assert (row["no_to"], row["no_to_011"]) == ("C-5", "OUT:responsible_sub_icb")


@pytest.mark.parametrize(
    ("on", "ruleset", "said"),
    [(date(2023, 6, 1), "chart_2024_25", True), (date(2024, 6, 1), "chart_2024_25", False),
     (date(2025, 6, 1), "chart_2025_26", False), (date(2026, 6, 1), "chart_2025_26", True)],
)  # fmt: skip
def test_version_by_assignment_date(register: Register, on: date, ruleset: str, said: bool) -> None:
    (row,) = [r for r in valid_on(register, "assignment_rulesets", on).to_pylist() if r["method"] == "chart"]
    assert row["ruleset"] == ruleset and bool(row["note"]) is said
