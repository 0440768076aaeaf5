"""Which step may follow which, and who may take it: rows of transitions.csv."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

from tertiary.errors import DecisionError

ROLES = ("national", "region", "icb", "provider")


@cache
def transitions() -> dict[tuple[str, str, str], bool]:
    """(state, next state, role) to whether every party must take the step; a new decision starts from a blank state."""
    text = resources.files("tertiary.decisions").joinpath("transitions.csv").read_text(encoding="utf-8")
    return {
        (row["from_state"], row["to_state"], row["role"]): row["needs_all_parties"] == "Y"
        for row in csv.DictReader(text.splitlines())
    }


def states() -> tuple[str, ...]:
    """All states in the order in which a decision may reach them."""
    return tuple(dict.fromkeys(to for _, to, _ in transitions()))


def step(state: str, wanted: str, role: str, subject: str) -> bool:
    """Whether the step needs every party. DecisionError when the role may not take it from here."""
    needs_all = transitions().get((state, wanted, role))
    if needs_all is None:
        ways = sorted({to for start, to, who in transitions() if (start, who) == (state, role)})
        others = sorted({who for start, to, who in transitions() if (start, to) == (state, wanted)})
        hint = f"From there {role} may go to: {', '.join(ways) or 'nothing'}."
        hint += f" To {wanted} may go: {', '.join(others)}." if others else ""
        raise DecisionError(f"{subject} is {state or 'new'}; {role} cannot make it {wanted}. {hint}")
    return needs_all
