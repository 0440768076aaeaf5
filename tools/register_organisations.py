"""Regions, boards, sub-ICBs, commissioner codes, providers, hosts and sites."""

from __future__ import annotations

from pathlib import Path

from register_io import BuildError, Row, day_after, postcode, read_rows

NEW_FOOTPRINT = "2026-04-01"
ICB_START = "2022-07-01"
CCG_TO_ICB = "ONS lookup of LSOA 2021 to sub-ICB and ICB, April 2024 (GitHub humaniverse/geographr)"
ODS_2026 = (
    "ODS successor records (rcpch/rcpch-nhs-organisations); ONS codes from a list of the April 2026 ICBs (GitHub)"
)
DIRECT = "NHS England delegated commissioner assignment tool v5.3, SubICBtoDirectComm (GitHub eamazon/highspring)"
FRIMLEY = "D4U1Y"
# The Thames Valley part of former Frimley; reported under a code of its own from April 2026.
FRIMLEY_PART = {
    "sub_icb_code": "U2G6B",
    "sub_icb_ons": "",
    "name": "Thames Valley part of former NHS Frimley ICB",
    "icb_code": "S0E4D",
    "region_code": "Y59",
}
WELSH_BOARDS = {
    "7A1": "Betsi Cadwaladr University Health Board",
    "7A2": "Hywel Dda University Health Board",
    "7A3": "Swansea Bay University Health Board",
    "7A4": "Cardiff and Vale University Health Board",
    "7A5": "Cwm Taf Morgannwg University Health Board",
    "7A6": "Aneurin Bevan University Health Board",
    "7A7": "Powys Teaching Health Board",
}
DEVOLVED = {"7A5HC": "Specialised commissioner for Wales", "SD002": "National Services Division, Scotland"}
NEVER_VALID = ("Q99", "X98", "YDD82")


def build(source: Path) -> dict[str, list[Row]]:
    """Every organisation table made from CSV files."""
    icbs = _icbs(source)
    subs = _sub_icbs(source, {r["icb_code"]: r for r in icbs})
    providers = _providers(source)
    return {
        "regions": _regions(source),
        "region_hosts": _region_hosts(source),
        "icbs": icbs,
        "icb_succession": _succession(source),
        "sub_icbs": subs,
        "direct_commissioners": _direct(source, subs),
        "commissioner_codes": _codes(source),
        "providers": providers,
        "sites": _sites(source),
    }


def _regions(source: Path) -> list[Row]:
    return [
        {
            "region_code": r["nhs_region_ods"],
            "region_ons": r["nhs_region_ons"],
            "name": r["nhs_region_name"],
            "specialised_hub": r["specialised_hub_ods"],
            "health_justice_hub": r["health_and_justice_hub_ods"],
            "delegated_first_59": r["delegated_first_59_services"],
            "delegated_70": r["delegated_70_services"],
            "retained_unit": r["retained_unit"],
            "multi_icb_host_2025": r["multi_icb_host_ods_2025"],
            "multi_icb_host_2026": r["multi_icb_host_ods_2026"],
            "host_note": r["host_source"],
            "source": f"{r['delegation_source']}; {r['hub_source']}",
            "confidence": "high",
        }
        for r in read_rows(source / "regions.csv")
    ]


def _region_hosts(source: Path) -> list[Row]:
    """Hosts that are stated, from the first day of delegation to all ICBs; the successor is carried forward."""
    rows = []
    for r in read_rows(source / "regions.csv"):
        for code, start, end, confidence in (
            (r["multi_icb_host_ods_2025"], r["delegated_70_services"], NEW_FOOTPRINT, "high"),
            (r["multi_icb_host_ods_2026"], NEW_FOOTPRINT, "", "medium"),
        ):
            if code:
                rows.append(
                    {
                        "region_code": r["nhs_region_ods"],
                        "valid_from": start,
                        "valid_to": end,
                        "icb_code": code,
                        "source": r["host_source"],
                        "confidence": confidence,
                    }
                )
    return rows


def _icbs(source: Path) -> list[Row]:
    old = {r["icb_ods"]: r for r in read_rows(source / "icbs.csv")}
    new = {r["icb_ods"]: r for r in read_rows(source / "icbs_2026.csv")}
    rows = []
    for code, r in old.items():
        changed = r["status_2026_04"] != "unchanged"
        rows.append(
            {
                "icb_code": code,
                "valid_from": r["valid_from"],
                "valid_to": NEW_FOOTPRINT if changed else "",
                "icb_ons": r["icb_ons_2024"],
                "name": r["icb_name"],
                "short_name": r["short_name"],
                "region_code": r["nhs_region_ods"],
                "predecessor_codes": "",
                "successor_codes": r["successor_ods_2026"] if changed else "",
                "cluster_2025_26": r["cluster_2025_26"],
                "specialised_team_host_for": r["specialised_team_host_for"],
                "host_source": r["host_source"],
                "source": CCG_TO_ICB,
                "confidence": "high",
            }
        )
    for code, r in new.items():
        if code in old and old[code]["status_2026_04"] == "unchanged":
            continue
        rows.append(
            {
                "icb_code": code,
                "valid_from": NEW_FOOTPRINT,
                "valid_to": "",
                "icb_ons": r["icb_ons_2026"],
                "name": r["icb_name"],
                "short_name": _short(r["icb_name"]),
                "region_code": r["nhs_region_ods"],
                "predecessor_codes": r["predecessor_ods"],
                "successor_codes": "",
                "cluster_2025_26": "",
                "specialised_team_host_for": "",
                "host_source": "",
                "source": ODS_2026,
                "confidence": "high",
            }
        )
    if (len(old), len(new), len(rows)) != (42, 36, 49):
        raise BuildError(f"icbs: {len(old)} of 2024, {len(new)} of 2026, {len(rows)} rows; expected 42, 36, 49")
    return rows


def _short(name: str) -> str:
    return name.removeprefix("NHS ").removesuffix(" Integrated Care Board")


def _succession(source: Path) -> list[Row]:
    return [
        {
            "predecessor": r["predecessor_ods"],
            "successor": r["successor_ods"],
            "effective_date": r["effective_date"],
            "succession_type": r["succession_type"],
            "lsoas_transferred": r["lsoas_transferred"],
            "residents_2021_transferred": r["census21_residents_transferred"],
            "share_of_predecessor": r["share_of_predecessor"],
            "share_of_predecessor_registered": r["share_of_predecessor_2025_26_registered"],
            "apportionment": r["apportionment"],
            "source": r["source"],
            "confidence": "medium" if r["predecessor_ods"] == "QNQ" else "high",
        }
        for r in read_rows(source / "icb_succession_2026.csv")
    ]


def _sub_icbs(source: Path, icbs: dict[str, Row]) -> list[Row]:
    rows = []
    for r in read_rows(source / "sub_icbs_2024.csv"):
        one = {
            "sub_icb_code": r["sub_icb_ods"],
            "sub_icb_ons": r["sub_icb_ons"],
            "name": r["sub_icb_name"],
            "region_code": icbs[r["icb_ods_2024"]]["region_code"],
            "valid_from": ICB_START,
            "valid_to": "",
            "icb_code": r["icb_ods_2024"],
            "note": "",
            "source": CCG_TO_ICB,
            "confidence": "high",
        }
        if r["icb_ods_2026"] == r["icb_ods_2024"]:
            rows.append(one)
            continue
        split = r["sub_icb_ods"] == FRIMLEY
        rows.append({**one, "valid_to": NEW_FOOTPRINT})
        rows.append(
            {
                **one,
                "valid_from": NEW_FOOTPRINT,
                "icb_code": "" if split else r["icb_ods_2026"],
                "note": f"split between {r['icb_ods_2026'].replace(';', ', ')}: use practice or LSOA"
                if split
                else "the code is carried forward; whether it stays in use in 2026/27 was not found",
                "source": ODS_2026,
                "confidence": "medium",
            }
        )
    rows.append(
        {
            **FRIMLEY_PART,
            "valid_from": NEW_FOOTPRINT,
            "valid_to": "",
            "source": "GitHub analyst note on the Frimley split",
            "note": "used in the 2026 columns of lsoas only",
            "confidence": "medium",
        }
    )
    return rows


def _direct(source: Path, subs: list[Row]) -> list[Row]:
    later = {s["sub_icb_code"]: s for s in subs if s["valid_from"] == NEW_FOOTPRINT or not s["valid_to"]}
    rows = []
    for r in read_rows(source / "cam" / "sub_icb_to_direct_commissioner.csv"):
        one = {
            "sub_icb_code": r["sub_icb_ods"],
            "icb_code": r["icb_ods"],
            "specialised_hub": r["specialised_hub_ods"],
            "region_code": r["nhs_region_ods"],
            "health_justice_hub": r["health_justice_hub_ods"],
            "delegated": r["delegated"],
            "delegated_from": r["delegated_from"],
            "valid_from": r["effective_from"],
            "valid_to": day_after(r["effective_to"]),
            "basis": "published",
            "source": DIRECT,
            "confidence": "high",
        }
        if r["effective_to"]:
            rows.append(one)
            continue
        rows.append({**one, "valid_to": NEW_FOOTPRINT})
        rows.append(
            {
                **one,
                "valid_from": NEW_FOOTPRINT,
                "icb_code": later[r["sub_icb_ods"]]["icb_code"],
                "basis": "carried_forward",
                "confidence": "medium",
            }
        )
    hubs = next(r for r in rows if r["sub_icb_code"] == FRIMLEY and r["basis"] == "carried_forward")
    rows.append({**hubs, "sub_icb_code": FRIMLEY_PART["sub_icb_code"], "icb_code": FRIMLEY_PART["icb_code"]})
    return rows


def _codes(source: Path) -> list[Row]:
    rows = [
        {
            "code": r["code"],
            "name": r["name"],
            "code_class": r["code_class"],
            "region_code": r["nhs_region_ods"],
            "valid_as_commissioner": "N" if r["code"] in NEVER_VALID else "Y",
            "source": r["source"],
            "confidence": r["confidence"],
        }
        for r in read_rows(source / "commissioner_codes.csv")
    ]
    source_text = "Commissioner Assignment Method 2025/26 guidance (codes); names background"
    for kind, names in (("welsh_health_board", WELSH_BOARDS), ("devolved_specialised", DEVOLVED)):
        rows += [
            {
                "code": c,
                "name": n,
                "code_class": kind,
                "region_code": "",
                "valid_as_commissioner": "Y",
                "source": source_text,
                "confidence": "high",
            }
            for c, n in names.items()
        ]
    return rows


def _providers(source: Path) -> list[Row]:
    return [
        {
            "provider_code": r["ods_code"],
            "name": r["name"],
            "trust_type": r["trust_type_eric"],
            "specialist_focus": r["specialist_focus"],
            "foundation_trust": r["foundation_trust"],
            "opened": r["opened"],
            "closed": r["closed"],
            "successor": r["successor_ods"],
            "region_code": r["nhs_region_ods"],
            "icb_code_2024": r["icb_ods_hq_location_2024"],
            "icb_code_2026": r["icb_ods_2026"],
            "postcode": postcode(r["postcode"]),
            "latitude": r["latitude"],
            "longitude": r["longitude"],
            "lsoa21_code": r["lsoa21_code_hq"],
            "source": f"ODS etr (March 2022), {r['name_source']}"
            + (f"; {r['succession_source']}" if r["succession_source"] else ""),
            "confidence": "medium" if r["succession_source"].startswith("background") else "high",
        }
        for r in read_rows(source / "providers.csv")
    ]


def provider_hosts(providers: list[Row], regions: list[Row], lsoa_sub_icb: dict[str, str]) -> list[Row]:
    """Host sub-ICB and hub of each provider, derived from its head office and its region."""
    hub = {r["region_code"]: r["specialised_hub"] for r in regions}
    return [
        {
            "provider_code": p["provider_code"],
            "sub_icb_code": lsoa_sub_icb[p["lsoa21_code"]],
            "region_code": p["region_code"],
            "hub_code": hub[p["region_code"]],
            "basis": "region of the provider (stand-in for the Provider to Commissioning Hub Mapping)",
            "main_site_postcode": p["postcode"],
            "lsoa21_code": p["lsoa21_code"],
            "source": "derived from providers and lsoas",
            "confidence": "medium",
        }
        for p in providers
    ]


def _sites(source: Path) -> list[Row]:
    rows = []
    for r in read_rows(source / "sites.csv"):
        placed = r["coordinate_check"] == "ok"
        rows.append(
            {
                "site_code": r["site_code"],
                "name": r["site_name"],
                "sector": r["sector"],
                "sub_type": r["sub_type"],
                "provider_code": r["current_trust_ods"],
                "parent_code": r["parent_ods_code"],
                "postcode": postcode(r["postcode"]),
                "latitude": r["latitude"] if placed else "",
                "longitude": r["longitude"] if placed else "",
                "lsoa21_code": r["lsoa21_code"],
                "icb_code_2024": r["icb_ods_2024"],
                "icb_code_2026": r["icb_ods_2026"],
                "vintage": r["vintage"],
                "source": r["source"],
                "confidence": "high" if placed and r["vintage"] >= "2024" else "medium" if placed else "low",
            }
        )
    return rows
