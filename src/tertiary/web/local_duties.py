"""Who is responsible for a service where somebody lives: on a day, since when, who was before, and what is drafted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from tertiary.register import responsible
from tertiary.web.delegation import parts, words

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.web.places import Place

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
    rows = [r for r in register["responsibility"].to_pylist() if r["service_set"] in wanted]
    days = sorted({r["valid_from"] for r in rows if r["status"] != "draft"} | set(BOARDS_CHANGE))
    ahead = sorted({r["valid_from"] for r in rows if r["status"] == "draft"})
    made: dict[Key, list[Duty]] = {}
    for at in days:
        for key, (who, row) in _on(register, place, at, wanted).items():
            _follow(made.setdefault(key, []), Duty(*key, who, row["body_rule"], at, None, False, *_trust(row)))
    for at in ahead:
        for key, (who, row) in _on(register, place, at, wanted, include_draft=True).items():
            if row["status"] == "draft":
                made.setdefault(key, []).append(Duty(*key, who, row["body_rule"], at, None, True, *_trust(row)))
    order = list(words("function"))
    return [duty for key in sorted(made, key=lambda k: (k[0], order.index(k[1]))) for duty in made[key]]


def _trust(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["confidence"], row["source"]


def _follow(known: list[Duty], new: Duty) -> None:
    """Put a duty behind those known: the same body goes on, another ends the one before."""
    if known and (known[-1].who, known[-1].rule) == (new.who, new.rule):
        known[-1] = replace(known[-1], confidence=new.confidence, source=new.source)
        return
    if known:
        known[-1] = replace(known[-1], until=new.since)
    known.append(new)


def _on(
    register: Register, place: Place, day: date, wanted: set[str], include_draft: bool = False
) -> dict[Key, tuple[str, Mapping[str, Any]]]:
    """Who performs each function on a day, and what says so; several bodies where an area had several boards."""
    found: dict[Key, dict[str, Mapping[str, Any]]] = {}
    for row in responsible(register, day, grain="sub_icb", include_draft=include_draft).to_pylist():
        if row["sub_icb_code"] in place.sub_icbs(day) and row["service_set"] in wanted:
            own = row["body_code"] not in ("", "NOT_SOURCED")
            who = row["body_name"] if own else words("body_rule")[row["body_rule"]]
            found.setdefault((row["service_set"], row["function"]), {})[who] = row
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
