"""The decision table walked from its first box to an outcome: a pure function of answers.

Source: NHS England, Commissioner Assignment Method 2025/26 (flow chart and guidance), as rows of `assignment_steps`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tertiary.errors import RegisterError

OUTCOME = "OUT:"
START = "START"
MENTAL_HEALTH = "category_twin"


@dataclass(frozen=True)
class Step:
    """One box: the test it asks and where each answer leads (another box, or `OUT:` and a look-up)."""

    box: str
    predicate: str
    yes_to: str
    no_to: str
    no_to_emergency: str = ""
    category_yes: str = ""
    category_yes_mental_health: str = ""
    category_no: str = ""
    category_no_mental_health: str = ""


@dataclass(frozen=True)
class Walk:
    """What a walk gave. `path` reads A:N>B:Y>…; `not_answerable` are boxes met whose data item was not there."""

    path: str
    box: str
    outcome: str
    category: str
    not_answerable: tuple[str, ...]
    boxes: tuple[str, ...]


def steps(table: Sequence[Mapping[str, Any]], ruleset: str) -> tuple[Step, ...]:
    """Boxes of one ruleset in order, from rows of `assignment_steps`. RegisterError when it has none."""
    chosen = sorted((r for r in table if r["ruleset"] == ruleset), key=lambda r: r["step_order"])
    if not chosen:
        raise RegisterError(f"Register table assignment_steps has no ruleset {ruleset!r}. Add its boxes or correct it.")
    return tuple(
        Step(
            box=r["box_id"],
            predicate=r["predicate"],
            yes_to=r["yes_to"],
            no_to=r["no_to"],
            no_to_emergency=r["no_to_011"],
            category_yes=r["category_yes"],
            category_yes_mental_health=r["category_yes_mental_health"],
            category_no=r["category_no"],
            category_no_mental_health=r["category_no_mental_health"],
        )
        for r in chosen
    )


def walk(boxes: Sequence[Step], answers: Mapping[str, bool], unanswerable: Collection[str] = ()) -> Walk:
    """Walk from the first box. `answers` by predicate (missing = No); `otherwise` is always Yes.

    `cds_type_011` chooses the emergency branch and `category_twin` the mental health twin of a category. RegisterError
    when a target is neither a box nor an outcome, or a walk does not end.
    """
    by_box = {step.box: step for step in boxes}
    step, met, path, unknown = boxes[0], list[str](), list[str](), list[str]()
    while True:
        yes = step.predicate == "otherwise" or bool(answers.get(step.predicate))
        if step.box != START:
            met.append(step.box)
            path.append(f"{step.box}:{'Y' if yes else 'N'}")
        if step.predicate in unanswerable and step.box not in unknown:
            unknown.append(step.box)
        target = step.yes_to if yes else _no_target(step, answers)
        if target.startswith(OUTCOME):
            return Walk(">".join(path), step.box, target, _category(step, yes, answers), tuple(unknown), tuple(met))
        if target not in by_box or target in met:
            raise RegisterError(f"Register table assignment_steps: box {step.box} leads to {target!r}, not a next box.")
        step = by_box[target]


def _no_target(step: Step, answers: Mapping[str, bool]) -> str:
    return step.no_to_emergency if step.no_to_emergency and answers.get("cds_type_011") else step.no_to


def _category(step: Step, yes: bool, answers: Mapping[str, bool]) -> str:
    if answers.get(MENTAL_HEALTH):
        return step.category_yes_mental_health if yes else step.category_no_mental_health
    return step.category_yes if yes else step.category_no
