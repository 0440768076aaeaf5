"""Who decides about each prescribed service on a day, in words, from the register's own statements."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from tertiary.register import services, valid_on

if TYPE_CHECKING:
    from tertiary.register import Register

# statuses of `tertiary.register.services` as seen from one region
WORDS = {"delegated": "ICBs", "joint": "ICBs and NHS England jointly", "nhs_england": "NHS England"}
BASES = {
    "published": "From the list of that year.",
    "stated": "From board papers and legislation: there is no list by code of that year.",
    "carried_forward": "The list published last is carried forward to this day; drafts of what follows are left out.",
}


def deciders(register: Register, day: date) -> tuple[list[dict[str, str]], str]:
    """Services of the manual with `who` decides, and what that rests on; no row where nothing is known of the day.

    Grain and key: pss_line. Where regions differ, each is named.
    """
    if not valid_on(register, "responsibility", day).num_rows:
        return [], "The register does not know who commissioned on this day."
    regions = {r["region_code"]: r["name"] for r in register["regions"].to_pylist()}
    seen = [(name, services(register, day, region=code).to_pylist()) for code, name in sorted(regions.items())]
    rows = []
    for place, row in enumerate(services(register, day).to_pylist()):
        where: dict[str, list[str]] = {}
        for name, lines in seen:
            where.setdefault(_who(lines[place]), []).append(name)
        parts = [f"{who} in {', '.join(names)}" for who, names in where.items()] if len(where) > 1 else [*where]
        shown = {name: row[name] for name in ("pss_line", "service_name", "npoc", "basis", "confidence")}
        rows.append({**shown, "who": "; ".join(parts)})
    return rows, BASES[rows[0]["basis"]]


def _who(line: dict[str, Any]) -> str:
    kept = line["codes_retained"] if line["status"] == "delegated" else 0
    return WORDS[line["status"]] + (f" ({kept} of its codes: NHS England)" if kept else "")
