"""Who does what for each prescribed service on a day and over time, in words, from the register's own statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from tertiary.errors import TertiaryError
from tertiary.register import responsible, services, valid_on
from tertiary.sheets import shipped

if TYPE_CHECKING:
    from tertiary.register import Register

# statuses of `tertiary.register.services` as seen from one region
WORDS = {"delegated": "ICBs", "joint": "ICBs and NHS England jointly", "nhs_england": "NHS England"}
BASES = {
    "published": "From the list of that year.",
    "stated": "From board papers and legislation: there is no list by code of that year.",
    "carried_forward": "The list published last is carried forward to this day; drafts of what follows are left out.",
}
# codes that carry money of a network or a top-up, and no service of their own
BESIDE = "network_and_top_up"
SHOWN = ("pss_line", "service_name", "npoc", "status", "basis", "confidence")


@cache
def words(kind: str) -> Mapping[str, str]:
    """Words for the codes of a kind: function, body_rule, status or service_set, in the order they are shown in."""
    return {x.text("code"): x.text("words") for x in _lines(kind)}


@cache
def headings() -> Mapping[str, str]:
    """What the column of each function is called."""
    return {x.text("code"): x.text("heading") for x in _lines("function")}


def _lines(kind: str) -> list[Any]:
    found = shipped("tertiary.web", "responsibility_words.csv", TertiaryError)
    return [line for line in found if line.text("kind") == kind]


def regions(register: Register) -> dict[str, str]:
    """Names of the regions by code."""
    return {r["region_code"]: r["name"] for r in sorted(register["regions"].to_pylist(), key=lambda r: r["name"])}


def deciders(register: Register, day: date, region: str = "") -> tuple[list[dict[str, str]], str]:
    """Services of the manual with `who` decides, and what that rests on; no row where nothing is known of the day.

    Grain and key: pss_line. Where regions differ, each is named; with a region, as seen from it.
    """
    if not valid_on(register, "responsibility", day).num_rows:
        return [], "The register does not know who commissioned on this day."
    asked = {region: ""} if region else regions(register)
    seen = [(name, services(register, day, region=code).to_pylist()) for code, name in sorted(asked.items())]
    rows = []
    for place, row in enumerate(services(register, day, region=region or None).to_pylist()):
        where: dict[str, list[str]] = {}
        for name, found in seen:
            where.setdefault(_who(found[place]), []).append(name)
        told = [f"{who} in {', '.join(names)}" for who, names in where.items()] if len(where) > 1 else [*where]
        rows.append({**{name: row[name] for name in SHOWN}, "who": "; ".join(told)})
    return rows, BASES[rows[0]["basis"]]


def _who(line: dict[str, Any]) -> str:
    kept = line["codes_retained"] if line["status"] == "delegated" else 0
    return WORDS[line["status"]] + (f" ({kept} of its codes: NHS England)" if kept else "")


def statements(register: Register, day: date) -> list[dict[str, Any]]:
    """What the register says of each set of codes, region and function on a day, drafts left out."""
    rows: list[dict[str, Any]] = responsible(register, day, grain="region").to_pylist()
    return rows


def holders(said: Sequence[Mapping[str, Any]], region: str = "") -> dict[str, dict[str, str]]:
    """Who performs each function by set of codes and function, of `statements`; with a region, its bodies by name."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    rules = words("body_rule")
    for row in said:
        if region and row["region_code"] != region:
            continue
        own = region and row["body_code"] not in ("", "NOT_SOURCED")
        who = row["body_name"] if own else rules[row["body_rule"]]
        found.setdefault((row["service_set"], row["function"]), {}).setdefault(who, []).append(row["region_name"])
    made: dict[str, dict[str, str]] = {}
    for (part, function), where in found.items():
        made.setdefault(part, {})[function] = _by_region(where)
    return made


def _by_region(where: Mapping[str, Sequence[str]]) -> str:
    """Who, where regions differ: the few by name, the most as elsewhere."""
    if len(where) == 1:
        return next(iter(where))
    most = max(where, key=lambda who: len(where[who]))
    few = [f"{who} in {', '.join(sorted(places))}" for who, places in where.items() if who != most]
    return "; ".join([*sorted(few), f"elsewhere {most}"])


def parts(register: Register, day: date) -> dict[str, dict[str, list[str]]]:
    """Codes on a day by service and by the set that shares one responsibility; networks only where it has no other."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in valid_on(register, "service_set_members", day).to_pylist():
        of_line = found.setdefault(row["pss_line"], {})
        of_line.setdefault(row["service_set"], []).append(row["service_line_code"])
    return {line: {k: v for k, v in sets.items() if k != BESIDE} or sets for line, sets in found.items()}


def functions_of(codes: Mapping[str, Sequence[str]], held: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Who performs each function of a service with these codes by part; parts that differ say how many codes."""
    made = {}
    for function in words("function"):
        who: dict[str, int] = {}
        for part, of_part in codes.items():
            if told := held.get(part, {}).get(function):
                who[told] = who.get(told, 0) + len(of_part)
        several = len(who) > 1
        made[function] = "; ".join(f"{told} ({n} codes)" if several else told for told, n in sorted(who.items()))
    return made
