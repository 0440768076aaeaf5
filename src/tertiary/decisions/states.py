"""Which step may follow which, and who may take it: rows of transitions.csv.

`who`: any organisation in the role, a party, somebody who is no party, or every party before the step is complete.
`kind`: a kind of decision with steps of its own; blank for all others.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from functools import cache
from importlib import resources

from tertiary.errors import DecisionError

ROLES = ("national", "region", "icb", "provider", "crg")
ALL = "all_parties"


@cache
def transitions(kind: str = "") -> dict[tuple[str, str, str], str]:
    """(state, next state, role) to who must take the step; a new decision starts from a blank state."""
    text = resources.files("tertiary.decisions").joinpath("transitions.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    own = kind if any(row["kind"] == kind for row in rows) else ""
    return {(row["from_state"], row["to_state"], row["role"]): row["who"] for row in rows if row["kind"] == own}


def states() -> tuple[str, ...]:
    """All states in the order in which a decision may reach them."""
    return tuple(dict.fromkeys(to for _, to, _ in transitions()))


def allow(
    state: str, wanted: str, role: str, code: str, parties: Collection[str], subject: str, kind: str = ""
) -> bool:
    """Whether the step needs every party. DecisionError when the role or organisation may not take it from here."""
    ways_of = transitions(kind)
    who = ways_of.get((state, wanted, role))
    if who is None:
        ways = sorted({to for start, to, own in ways_of if (start, own) == (state, role)})
        others = sorted({own for start, to, own in ways_of if (start, to) == (state, wanted)})
        hint = f"From there {role} may go to: {', '.join(ways) or 'nothing'}."
        hint += f" To {wanted} may go: {', '.join(others)}." if others else ""
        raise DecisionError(f"{subject} is {state or 'new'}; {role} cannot make it {wanted}. {hint}")
    named = ", ".join(sorted(parties))
    if who in ("party", ALL) and code not in parties:
        raise DecisionError(f"{subject}: {code} is no party to it and cannot make it {wanted}. Parties: {named}.")
    if who == "not_party" and code in parties:
        raise DecisionError(f"{subject}: {code} is a party to it; somebody who is none makes it {wanted}.")
    return who == ALL
