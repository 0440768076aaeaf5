"""The responsibility timeline by function, built from dated events on two time axes."""

from __future__ import annotations

from pathlib import Path

from register_io import BuildError, Row

FUNCTIONS = ("decide", "hold_budget", "contract", "pay", "host_staff", "set_standard", "be_accountable")
REGIONS = ("Y56", "Y58", "Y59", "Y60", "Y61", "Y62", "Y63")
FIRST_THREE = ("Y60", "Y61", "Y62")
SOUTH = ("Y56", "Y58", "Y59")
START = "2013-04-01"

S3B = "NHS Act 2006 s.3B and the regulations made under it"
JOINT = "joint working agreement, statutory joint committees (NHS Act 2006 s.65Z5)"
DELEGATION = "delegation agreement (NHS Act 2006 s.65Z5)"
BOARD_2023 = "NHS England board decision of 2 February 2023 (North West clinical senate news, 13 February 2023)"
BOARD_DEC_2023 = "NHS England board, 7 December 2023, Specialised commissioning 2024/25 next steps"
BOARD_DEC_2024 = "NHS England board, December 2024, delegation of specialised services to ICBs 2025/26"
UPDATE_2025 = "NHS England letter PRN02352, Direct commissioning update"
LIST_2026 = (
    "service code list of May 2026 (no code changed for 2026/27); NHS England letter PRN02352: ICBs lead in 2026/27"
)
BILL = "Health Bill introduced 14 May 2026, and its committee debate of 25 June 2026"

SETS = {
    "delegated_59": (
        "Codes green for 2024/25: the lines first decided jointly (April 2023), then delegated in three "
        "regions (April 2024) and in all (April 2025)"
    ),
    "added_2025": "Codes that became green for 2025/26: eleven more lines and seven codes of lines already delegated",
    "retained": "Codes of prescribed services that stay with NHS England (red for 2025/26, or retired before)",
    "network_and_top_up": (
        "Blue codes: network or hosted funding and top-up identifiers, not services; the official "
        "method sends them where it sends retained ones"
    ),
}

# body rule, role in words, confidence
Holder = tuple[str, str, str]
NHSE: Holder = ("nhs_england", "NHS England", "high")
REGION_TEAM: Holder = ("nhs_england", "NHS England, regional commissioning team", "medium")
HUB: Holder = (
    "region_hub",
    "hub of the region of the provider is the commissioner code; shown here for a provider "
    "in the population's own region",
    "high",
)
ICB: Holder = ("icb_of_population", "ICB of the person's practice, else of residence", "high")
ICB_CONTRACT: Holder = (
    "icb_of_population",
    "ICB of the population; which ICB signs for the others of the region is not sourced",
    "medium",
)
BOTH: Holder = ("icbs_and_nhs_england_joint", "joint committee of the region's ICBs and NHS England", "high")
HOST: Holder = ("multi_icb_host_of_region", "host ICB for the five London ICBs", "medium")
UNKNOWN: Holder = ("not_sourced", "who employs the team of this region was not found", "low")


class Timeline:
    """Segments of one (set, region, function): later knowledge closes what it contradicts and keeps the rest."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def event(self, known: str, start: str, values: Row) -> None:
        """From `known` on, the function is held as `values` from day `start`, until another event says otherwise."""
        kept: list[Row] = []
        for row in self.rows:
            if row["known_to"] or (row["valid_to"] and row["valid_to"] <= start):
                kept.append(row)
                continue
            if row["known_from"] < known:
                kept.append({**row, "known_to": known})
            if row["valid_from"] < start:
                kept.append({**row, "valid_to": start, "known_from": known})
        self.rows = [*kept, {**values, "valid_from": start, "valid_to": "", "known_from": known, "known_to": ""}]


def _values(holder: Holder, legal: str, source: str, *, carried: bool = False, by_law: bool = False) -> Row:
    rule, role, confidence = holder
    status = "enacted" if by_law else "agreed"
    if carried and confidence == "high":
        confidence = "medium"
    return {
        "body_rule": rule,
        "role": role + ("; carried forward to 2026/27" if carried else ""),
        "legal_basis": legal,
        "status": status,
        "source": source,
        "confidence": confidence,
    }


def direct(function: str) -> Holder:
    """Who performs a function of a service NHS England commissions itself."""
    if function == "contract":
        return HUB
    return REGION_TEAM if function == "host_staff" else NHSE


def jointly(function: str) -> Holder:
    """Who performs it under joint committees: they decide, NHS England does the rest."""
    return BOTH if function == "decide" else direct(function)


def delegated(function: str, region: str) -> Holder:
    """Who performs it once delegated: ICBs, except standards and accountability."""
    if function in ("set_standard", "be_accountable"):
        return NHSE
    if function == "host_staff":
        return REGION_TEAM
    if function == "contract":
        return HOST if region == "Y56" else ICB_CONTRACT
    return ICB


def retained(function: str, region: str) -> Holder:
    """Who performs it for retained services from April 2025: the national retained team hosts the staff."""
    if function == "host_staff":
        known = region in SOUTH
        return (
            "retained_unit",
            "national retained team, South unit"
            if known
            else "national retained team; which of its units covers the region was not found",
            "high" if known else "low",
        )
    return direct(function)


def timeline(service_set: str, region: str, function: str) -> list[Row]:
    """Every dated fact about one function, in the order it became known."""
    line = Timeline()
    line.event(START, START, _values(direct(function), S3B, "background", by_law=True))
    if service_set == "delegated_59":
        line.event("2023-02-02", "2023-04-01", _values(jointly(function), JOINT, BOARD_2023))
        if region in FIRST_THREE:
            line.event("2023-12-07", "2024-04-01", _values(delegated(function, region), DELEGATION, BOARD_DEC_2023))
    if service_set in ("delegated_59", "added_2025"):
        if not (service_set == "delegated_59" and region in FIRST_THREE):
            line.event("2024-12-05", "2025-04-01", _values(delegated(function, region), DELEGATION, BOARD_DEC_2024))
        if function == "host_staff":
            _staff(line, region)
    elif function == "host_staff":
        line.event(
            "2024-12-05",
            "2025-04-01",
            _values(retained(function, region), S3B, "NCL ICB specialised commissioning web page", by_law=True),
        )
    _carry_forward(line)
    return line.rows


def _staff(line: Timeline, region: str) -> None:
    source = "NCL ICB specialised commissioning web page" if region == "Y56" else "not sourced"
    holder = HOST if region == "Y56" else UNKNOWN
    if region == "Y60":
        holder = (
            UNKNOWN[0],
            "Birmingham and Solihull ICB hosts the Office of the West Midlands for six ICBs, date "
            "not sourced; the rest of the region was not found",
            "low",
        )
        source = "shropshiretelfordandwrekin.nhs.uk, Office of the West Midlands"
    line.event("2025-07-01", "2025-07-01", _values(holder, "staff transfer (TUPE)", source))


def _carry_forward(line: Timeline) -> None:
    """From the May 2026 list on, 2026/27 is stated as carried forward."""
    current = next(r for r in line.rows if not r["known_to"] and not r["valid_to"])
    values = {k: current[k] for k in ("body_rule", "role", "legal_basis", "status", "source", "confidence")}
    line.event(
        "2026-05-18",
        "2026-04-01",
        {
            **values,
            "role": f"{values['role']}; carried forward to 2026/27",
            "source": f"{LIST_2026}; {values['source']}",
            "confidence": "medium" if values["confidence"] == "high" else values["confidence"],
        },
    )


def drafts(service_set: str, region: str, function: str) -> list[Row]:
    """What is proposed from April 2027; never part of an actual statement."""
    common = {"valid_from": "2027-04-01", "valid_to": "", "known_to": "", "status": "draft", "confidence": "low"}
    if service_set in ("delegated_59", "added_2025"):
        office = function in ("contract", "host_staff")
        return [
            {
                **common,
                "known_from": "2026-05-14",
                "legal_basis": "proposed legislation",
                "source": f"{BILL}; {UPDATE_2025}",
                "body_rule": "opic" if office else "icb_of_population",
                "role": "office for pan-ICB commissioning of the region" if office else "ICB in its own right",
            }
        ]
    return [
        {
            **common,
            "known_from": "2026-05-14",
            "legal_basis": "proposed regulations under a new s.3B",
            "source": BILL,
            "body_rule": "secretary_of_state",
            "role": "if the line stays in the small national set; that list was not found",
        }
    ]


def responsibility() -> list[Row]:
    """All rows of the responsibility table."""
    rows = []
    for service_set in SETS:
        for region in REGIONS:
            for function in FUNCTIONS:
                key = {"service_set": service_set, "region_code": region, "function": function}
                found = timeline(service_set, region, function) + drafts(service_set, region, function)
                rows += [{**key, **r} for r in sorted(found, key=lambda r: (r["valid_from"], r["known_from"]))]
    return rows


def members(lines: list[Row], status: list[Row]) -> list[Row]:
    """Which code is in which set, from the published status of 2024/25 and 2025/26."""
    by_year = {(r["service_line_code"], r["financial_year"]): r for r in status}
    rows = []
    for line in lines:
        code = line["service_line_code"]
        first, second = by_year[code, "202425"], by_year[code, "202526"]
        service_set, why = _set_of(line, first["delegation_status"], second["delegation_status"])
        if service_set:
            rows.append(
                {
                    "service_set": service_set,
                    "service_line_code": code,
                    "pss_line": line["pss_line"],
                    "valid_from": _first_day(first, second),
                    "valid_to": _last_day(first, second),
                    "status_basis": why,
                    "source": first["source"],
                    "confidence": "high",
                }
            )
    counts = {s: len({r["pss_line"] for r in rows if r["service_set"] == s}) for s in SETS}
    if counts["delegated_59"] != 59:
        raise BuildError(f"delegated_59 holds {counts['delegated_59']} lines")
    return rows


def _set_of(line: Row, first: str, second: str) -> tuple[str, str]:
    kind = line["code_kind"]
    if kind in ("top_up_identifier", "network_or_hosted_funding"):
        return "network_and_top_up", f"{second} 2025/26"
    if kind == "service" and first == "green":
        return "delegated_59", f"green 2024/25, {second} 2025/26"
    if kind == "service" and second == "green":
        return "added_2025", f"{first} 2024/25, green 2025/26"
    if kind == "service" or (kind == "retired" and line["pss_line"]):
        return "retained", f"{first} 2024/25, {second} 2025/26"
    return "", ""


def _first_day(first: Row, second: Row) -> str:
    if first["code_valid_from"]:
        return START if first["code_valid_from"] == "2024-04-01" else first["code_valid_from"]
    return second["code_valid_from"]


def _last_day(first: Row, second: Row) -> str:
    if second["code_valid_from"]:
        return second["code_valid_to"]
    return first["code_valid_to"]


def bodies(icbs: list[Row], regions: list[Row], codes: list[Row]) -> list[Row]:
    """Organisations that can hold a function."""
    rows = [_icb(i, icbs) for i in {r["icb_code"]: r for r in icbs}.values()]
    rows += [
        _body(c["code"], c["name"], "nhs_england_region_hub", c["region_code"], c["source"])
        for c in codes
        if c["code_class"] == "nhse_specialised_hub"
    ]
    rows.append(_body("X24", "NHS England", "nhs_england", "", "background (ODS)", "2013-04-01"))
    rows.append(
        _body(
            "RETAINED_SOUTH",
            "NHS England national retained team, South unit (London, South East, South West)",
            "retained_unit",
            "",
            "NCL ICB specialised commissioning web page",
            "2025-04-01",
        )
    )
    rows.append(
        _body(
            "RETAINED_UNIT",
            "NHS England national retained team, unit not sourced",
            "retained_unit",
            "",
            "not sourced",
            "2025-04-01",
            "low",
        )
    )
    rows.append(_body("DHSC", "Secretary of State for Health and Social Care", "dhsc", "", BILL, "", "low"))
    rows.append(_body("NOT_SOURCED", "not known: no source was found", "not_sourced", "", "not sourced", "", "low"))
    for region in regions:
        code, name = region["region_code"], region["name"]
        rows.append(
            _body(
                f"JOINT_{code}",
                f"Statutory joint committees of NHS England and ICBs, {name}",
                "joint_committee",
                code,
                BOARD_2023,
                "2023-04-01",
                "medium",
            )
        )
        rows.append(
            _body(
                f"OPIC_{code}",
                f"Office for pan-ICB commissioning, {name} (draft; host not sourced)",
                "opic",
                code,
                UPDATE_2025,
                "2027-04-01",
                "low",
            )
        )
    return rows


def _icb(icb: Row, icbs: list[Row]) -> Row:
    forms = [r for r in icbs if r["icb_code"] == icb["icb_code"]]
    return {
        "body_code": icb["icb_code"],
        "name": icb["name"],
        "kind": "icb",
        "region_code": icb["region_code"],
        "valid_from": min(f["valid_from"] for f in forms),
        "valid_to": forms[-1]["valid_to"],
        "successor": forms[-1]["successor_codes"] if forms[-1]["valid_to"] else "",
        "source": icb["source"],
        "confidence": icb["confidence"],
    }


def _body(code: str, name: str, kind: str, region: str, source: str, start: str = "", confidence: str = "high") -> Row:
    return {
        "body_code": code,
        "name": name,
        "kind": kind,
        "region_code": region,
        "valid_from": start,
        "valid_to": "",
        "successor": "",
        "source": source,
        "confidence": confidence,
    }


def build(tables: dict[str, list[Row]], source: Path) -> dict[str, list[Row]]:
    """service_sets, service_set_members, responsibility and bodies."""
    list_source = "NHS England service codes by year 2024/25 and 2025/26"
    sets = [{"service_set": k, "description": v, "source": list_source, "confidence": "high"} for k, v in SETS.items()]
    return {
        "service_sets": sets,
        "service_set_members": members(tables["service_lines"], tables["service_line_status"]),
        "responsibility": responsibility(),
        "bodies": bodies(tables["icbs"], tables["regions"], tables["commissioner_codes"]),
    }
