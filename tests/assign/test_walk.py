"""The walk as a pure function of answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertiary.assign import Step, steps, walk
from tertiary.errors import RegisterError

TINY = (
    Step("START", "cds_type_011", "J", "A"),
    Step("A", "first", "OUT:x", "J", category_yes="21", category_yes_mental_health="22"),
    Step("J", "second", "OUT:y", "C", no_to_emergency="OUT:z"),
    Step("C", "otherwise", "OUT:y", ""),
)


def test_path_box_outcome_and_category() -> None:
    found = walk(TINY, {"first": True})
    assert (found.path, found.box, found.outcome, found.category) == ("A:Y", "A", "OUT:x", "21")
    assert walk(TINY, {"first": True, "category_twin": True}).category == "22"
    assert walk(TINY, {}).path == "A:N>J:N>C:Y"


def test_emergency_care_leaves_by_its_own_door() -> None:
    assert walk(TINY, {"cds_type_011": True}).outcome == "OUT:z"


def test_only_boxes_that_were_met_are_not_answerable() -> None:
    assert walk(TINY, {"first": True}, {"first", "second"}).not_answerable == ("A",)
    assert walk(TINY, {}, {"second"}).not_answerable == ("J",)


@pytest.mark.parametrize("target", ["B", "", "A"])
def test_a_table_that_leads_nowhere_is_named(target: str) -> None:
    with pytest.raises(RegisterError, match="box A leads to"):
        walk((Step("A", "first", target, target),), {})


def test_a_ruleset_without_boxes_is_named() -> None:
    with pytest.raises(RegisterError, match="chart_1999"):
        steps([], "chart_1999")


@given(st.sampled_from(["chart_2025_26", "chart_2024_25", "tool_v5_3"]), st.data())
def test_every_combination_of_answers_ends_once(register: Any, ruleset: str, data: st.DataObject) -> None:
    boxes = steps(register["assignment_steps"].to_pylist(), ruleset)
    names = sorted({b.predicate for b in boxes})
    answers = {name: data.draw(st.booleans()) for name in names}
    found = walk(boxes, answers)
    assert found.outcome.startswith("OUT:")
    assert len(set(found.boxes)) == len(found.boxes)
    assert found.path.count(">") == len(found.boxes) - 1
