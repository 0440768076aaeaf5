"""Which providers are known to give a service: those on a provider list that an identification rule of it names.

Nothing else is used: who treated whom in a run is not public, and hiding small numbers would still tell who treats few.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING, Any

from tertiary.register import valid_on

if TYPE_CHECKING:
    from tertiary.register import Register

EARTH_MILES = 3958.8


def lists_of(register: Register, pss_line: str, day: date) -> dict[str, set[str]]:
    """Provider lists that the rules of a service name on a day, with the codes of the service that each is for."""
    found: dict[str, set[str]] = {}
    for rule in valid_on(register, "identification_rules", day).to_pylist():
        if rule["pss_line"] == pss_line and rule["provider_list"]:
            found.setdefault(rule["provider_list"], set()).add(rule["service_line_code"])
    return found


def providers_of(register: Register, pss_line: str, day: date) -> list[dict[str, Any]]:
    """Providers on the lists of a service on a day. Grain and key: provider_code, site_code.

    latitude and longitude are those of the site, or of the provider's main address where the list names no site.
    """
    lists = lists_of(register, pss_line, day)
    if not lists:
        return []
    names = {r["service_line_code"]: r["name"] for r in register["service_lines"].to_pylist()}
    trusts = {r["provider_code"]: r for r in register["providers"].to_pylist()}
    sites = {r["site_code"]: r for r in register["sites"].to_pylist()}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in valid_on(register, "provider_lists", day).to_pylist():
        codes = lists.get(row["list_name"], set())
        if row["service_line_code"]:
            codes = codes & {row["service_line_code"]}
        if not codes:
            continue
        at = found.setdefault((row["provider_code"], row["site_code"]), {"part": set(), "source": set(), "sure": set()})
        at["part"] |= codes
        at["source"].add(row["source"])
        at["sure"].add(row["confidence"])
    return [
        _told(provider, site, facts, trusts.get(provider, {}), sites.get(site, {}), names)
        for (provider, site), facts in sorted(found.items())
    ]


def _told(
    provider: str, site: str, facts: Mapping[str, Any], trust: Mapping[str, Any], place: Mapping[str, Any],
    names: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    where = place or trust
    return {
        "provider_code": provider, "site_code": site,
        "name": ", ".join(n for n in (place.get("name"), trust.get("name")) if n),
        "postcode": where.get("postcode", ""), "latitude": where.get("latitude"), "longitude": where.get("longitude"),
        "part": "; ".join(sorted(names.get(code, code) for code in facts["part"])),
        "source": " | ".join(sorted(facts["source"])), "confidence": ", ".join(sorted(facts["sure"])),
    }  # fmt: skip


def miles(one: tuple[float, float], two: tuple[float, float]) -> float:
    """Straight-line distance in miles between two places, each latitude and longitude in degrees (haversine)."""
    lat1, lon1, lat2, lon2 = (radians(x) for x in (*one, *two))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_MILES * asin(sqrt(half))
