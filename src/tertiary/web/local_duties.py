"""Who is responsible for a service where somebody lives: on a day, since when, who was before, and what is drafted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from tertiary.register import responsible
from tertiary.web.cached import once_a_register
from tertiary.web.delegation import parts, words

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.web.homes import Place

# boards changed on these days without a statement of their own in the register's table of responsibility
BOARDS_CHANGE = (date(2022, 7, 1), date(2026, 4, 1))
Key = tuple[str, str]


@dataclass(frozen=True)
class Duty:
    """Who performs a function of some codes of a service from a day on (until another), as people say it."""

    part: str
    function: str
    who: str
    rule: str
    since: date
    until: date | None
    draft: bool
    confidence: str
    source: str


def duties(register: Register, pss_line: str, place: Place, day: date) -> list[Duty]:
    """All duties for a service over time where somebody lives, by part, function and day; drafts last.

    A duty begins anew when the body does: a merged board is another than those it came from.
    """
    wanted = set(parts(register, day).get(pss_line, {}))
    made: dict[Key, list[Duty]] = {}
    for at, draft, said in _snapshots(register):
        for key, (who, row) in _at(said, place.sub_icbs(at), wanted).items():
            known = made.setdefault(key, [])
            new = Duty(*key, who, row.rule, at, None, draft, row.confidence, row.source)
            known.append(new) if draft else _follow(known, new)
    order = list(words("function"))
    return [duty for key in sorted(made, key=lambda k: (k[0], order.index(k[1]))) for duty in made[key]]


def _follow(known: list[Duty], new: Duty) -> None:
    """Put a duty behind those known: the same body goes on, another ends the one before."""
    if known and (known[-1].who, known[-1].rule) == (new.who, new.rule):
        known[-1] = replace(known[-1], confidence=new.confidence, source=new.source)
        return
    if known:
        known[-1] = replace(known[-1], until=new.since)
    known.append(new)


class Said(NamedTuple):
    """What the register says of a sub-ICB, part and function on a day."""

    who: str
    rule: str
    confidence: str
    source: str


Snapshot = Mapping[tuple[str, str, str], Said]


@once_a_register
def _snapshots(register: Register) -> list[tuple[date, bool, Snapshot]]:
    """Who did what for each sub-ICB on each day on which something changed; then what drafts say. In order of days."""
    rows = register["responsibility"].to_pylist()
    days = {r["valid_from"] for r in rows if r["status"] != "draft"} | set(BOARDS_CHANGE)
    ahead = {r["valid_from"] for r in rows if r["status"] == "draft"}
    return [(day, draft, _snapshot(register, day, draft)) for draft, some in ((False, days), (True, ahead))
            for day in sorted(some)]  # fmt: skip


def _snapshot(register: Register, day: date, draft: bool) -> Snapshot:
    found = {}
    for row in responsible(register, day, grain="sub_icb", include_draft=draft).to_pylist():
        if (row["status"] == "draft") == draft:
            own = row["body_code"] not in ("", "NOT_SOURCED")
            who = row["body_name"] if own else words("body_rule")[row["body_rule"]]
            said = Said(who, row["body_rule"], row["confidence"], row["source"])
            found[row["sub_icb_code"], row["service_set"], row["function"]] = said
    return found


def _at(said: Snapshot, sub_icbs: frozenset[str], wanted: set[str]) -> dict[Key, tuple[str, Said]]:
    """Who performs each function where somebody lives; several bodies where the area had several boards."""
    found: dict[Key, dict[str, Said]] = {}
    for sub_icb in sorted(sub_icbs):
        for part, function in product(wanted, words("function")):
            if row := said.get((sub_icb, part, function)):
                found.setdefault((part, function), {})[row.who] = row
    return {key: (" or ".join(sorted(who)), next(iter(who.values()))) for key, who in found.items()}


def in_force(known: Sequence[Duty], day: date) -> list[Duty]:
    """The duties of a day."""
    return [d for d in known if not d.draft and d.since <= day and (d.until is None or day < d.until)]


def said_of(known: Sequence[Duty], day: date) -> str:
    """Whether who decides changed on a day, in a sentence."""
    when = f"{day.day} {day:%B %Y}"
    for duty in known:
        if duty.function == "decide" and not duty.draft and duty.since == day:
            former = [d.who for d in known if (d.function, d.part, d.until) == ("decide", duty.part, day)]
            before = former[0] if former else ""
            return f"On {when} this passed from {before} to {duty.who}." if before else f"{duty.who} began on {when}."
    return f"On {when} nothing changed."
