"""Which step may follow which state, and who may take it: rows of steps.csv.

`who`: the host, the provider, either of them, or data, when a later run tells something new. `amount`: part, an amount
of what is open; agreed, what was accepted unless a smaller one is named; whole, all that is open; blank, none.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from tertiary.challenges.rules import rows
from tertiary.errors import ContractError

CLOSED = ("rejected", "withdrawn", "settled", "corrected", "lapsed")
DATA = "data"


@dataclass(frozen=True)
class Step:
    """A row of steps.csv. Key: from_state and step."""

    from_state: str
    step: str
    to_state: str
    who: str
    amount: str
    meaning: str
    source: str
    confidence: str


@cache
def steps() -> dict[tuple[str, str], Step]:
    """Steps by state and verb; a new challenge starts from a blank state."""
    return {(row["from_state"], row["step"]): Step(**row) for row in rows("steps")}


@cache
def states() -> tuple[str, ...]:
    """All states, in the order of the table."""
    return tuple(dict.fromkeys(step.to_state for step in steps().values()))


def verbs() -> tuple[str, ...]:
    """Steps that people take."""
    return tuple(dict.fromkeys(s.step for s in steps().values() if s.who != DATA and s.from_state))


def ways(state: str, part: str) -> list[Step]:
    """The steps that the host or the provider may take from a state."""
    return [step for (start, _), step in steps().items() if start == state and step.who in (part, "either")]


@cache
def words() -> dict[str, tuple[str, str]]:
    """Of each state a short name and what it means, from states.csv."""
    return {row["state"]: (row["words"], row["meaning"]) for row in rows("states")}


def allowed(state: str, verb: str, part: str, subject: str) -> Step:
    """The step from a state by the host or the provider. ContractError says what each of them may do."""
    found = steps().get((state, verb))
    if found is not None and found.who in (part, "either"):
        return found
    mine, theirs = ", ".join(way.step for way in ways(state, part)) or "nothing", _who(state, verb)
    hint = f" {theirs[0].upper()}{theirs[1:]} may do that." if theirs else ""
    raise ContractError(f"{subject} is {state}; the {part} cannot {verb} it. The {part} may: {mine}.{hint}")


def amount_of(step: Step, text: str | None, open_now: Decimal, accepted: Decimal, subject: str) -> Decimal | None:
    """The pounds of a step. ContractError when they lack, cannot be read, or are more than may be."""
    if step.amount in ("", "whole"):
        if text is not None:
            raise ContractError(f"{subject}: {step.step} takes no amount. Leave it out.")
        return open_now if step.amount else None
    most = open_now if step.amount == "part" else min(accepted, open_now)
    if text is None:
        if step.amount == "part":
            raise ContractError(f"{subject}: {step.step} needs an amount of at most {most}.")
        return most
    try:
        found = Decimal(text.replace(",", "").replace("£", "").strip())
        is_amount = found == found.quantize(Decimal("0.01"))
    except InvalidOperation:
        is_amount = False
    if not is_amount:
        raise ContractError(f"{subject}: {text!r} is no amount. Write pounds and pence such as 1250.00.")
    if not 0 < found <= most:
        told = "is open" if step.amount == "part" else "was accepted"
        raise ContractError(f"{subject}: {found} is not between 0.01 and {most}, which {told}.")
    return found.quantize(Decimal("0.01"))


def _who(state: str, verb: str) -> str:
    found = steps().get((state, verb))
    return "" if found is None or found.who == DATA else f"the {found.who}"
