"""The fixtures of the assignment cases as a register overlay folder, read by the product's own overlay loader."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tertiary.errors import TertiaryError

REPLACED = ("practices", "postcodes", "provider_hosts", "provider_hub_mapping")
ENGLISH_REGIONS = ("Y56", "Y58", "Y59", "Y60", "Y61", "Y62", "Y63")
ARMED_FORCES = "13Q"
NEEDED = {
    "fixture_postcodes": ("postcode", "country_code", "sub_icb_ods", "icb_ods", "nhs_region_ods", "lad_code",
                          "uk_health_board_ods"),
    "fixture_practices": ("practice_code", "postcode", "national_grouping_ods", "high_level_health_geography",
                          "commissioner_ods"),
    "fixture_providers": ("provider_code", "main_site_postcode", "contract_hub_ods"),
}  # fmt: skip


def write_overlay(source: Path, target: Path, cases: Sequence[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Write the overlay of a vector folder to `target`; give each case its `provider_key`.

    Returns what a submitter would know: `practices` (practice -> sub-ICB) and `postcodes` (postcode -> sub-ICB).
    """
    postcodes = {r["postcode"]: r for r in _read(source, "fixture_postcodes")}
    practices = _read(source, "fixture_practices")
    providers = {r["provider_code"]: r for r in _read(source, "fixture_providers")}
    hosts, mapping = _providers(providers, postcodes, cases)
    _write(target / "postcodes.csv", [_postcode(r) for r in postcodes.values()], "postcode")
    _write(target / "practices.csv", [_practice(r, postcodes) for r in practices], "practice_code")
    _write(target / "provider_hosts.csv", hosts, "provider_code")
    _write(target / "provider_hub_mapping.csv", mapping, "provider_code,valid_from")
    _settings(target, REPLACED)
    for ruleset in sorted({c["ruleset"] for c in cases}):
        _write_ruleset(target / "rulesets" / ruleset, ruleset)
    return {
        "practices": {
            r["practice_code"]: r["commissioner_ods"] for r in practices if r["commissioner_ods"] != ARMED_FORCES
        },
        "postcodes": {code: r["sub_icb_ods"] for code, r in postcodes.items()},
    }


def _read(source: Path, name: str) -> list[dict[str, str]]:
    from tertiary.conform.cam import read_rows

    file = source / f"{name}.csv"
    if not file.is_file():
        raise TertiaryError(f"{file}: not found. The assignment cases need {', '.join(f'{n}.csv' for n in NEEDED)}.")
    return read_rows(file, NEEDED[name])


def _postcode(row: Mapping[str, str]) -> dict[str, str]:
    return {
        "postcode": row["postcode"],
        "country_code": row["country_code"],
        "sub_icb_code": row["sub_icb_ods"],
        "icb_code": row["icb_ods"],
        "region_code": row["nhs_region_ods"],
        "lad_code": row["lad_code"],
        "health_board_code": row["uk_health_board_ods"],
    }


def _practice(row: Mapping[str, str], postcodes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    region = row["national_grouping_ods"] if row["national_grouping_ods"] in ENGLISH_REGIONS else ""
    army = row["commissioner_ods"] == ARMED_FORCES
    return {
        "practice_code": row["practice_code"],
        "postcode": row["postcode"],
        "region_code": region,
        "icb_code": row["high_level_health_geography"],
        "commissioner_code": row["commissioner_ods"],
        "open_date": row.get("open_date", ""),
        "close_date": row.get("close_date", ""),
        "country_code": postcodes.get(row["postcode"], {}).get("country_code", ""),
        "is_armed_forces": "Y" if army else "N",
        "english": "Y" if region else "N",
        "registered_population": "0",
    }


def _providers(
    providers: Mapping[str, Mapping[str, str]], postcodes: Mapping[str, Mapping[str, str]],
    cases: Sequence[dict[str, Any]],
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:  # fmt: skip
    """Host place and hub of each provider. A case that names a host sub-ICB gets a provider of its own there."""
    hosts: dict[str, dict[str, str]] = {}
    mapping: dict[str, str] = {}
    for code, row in providers.items():
        place = postcodes.get(row["main_site_postcode"], {})
        hosts[code] = _host(
            code, row["main_site_postcode"], place.get("sub_icb_ods", ""), place.get("nhs_region_ods", "")
        )
        if row["contract_hub_ods"]:
            mapping[code] = row["contract_hub_ods"]
    for case in cases:
        code, sub_icb = case.get("provider_code", ""), case.get("provider_host_sub_icb", "")
        key = f"{code}@{sub_icb}" if sub_icb else code
        case["provider_key"] = key
        if sub_icb:
            hosts[key] = _host(key, "", sub_icb, "")
            if code in mapping:
                mapping[key] = mapping[code]
    links = [{"provider_code": c, "valid_from": "1900-01-01", "hub_code": h} for c, h in mapping.items()]
    return list(hosts.values()), links


def _host(code: str, postcode: str, sub_icb: str, region: str) -> dict[str, str]:
    return {"provider_code": code, "main_site_postcode": postcode, "sub_icb_code": sub_icb, "region_code": region}


def _write_ruleset(folder: Path, ruleset: str) -> None:
    """A case names its ruleset, whatever its date."""
    rows = [
        {"method": method, "valid_from": "1900-01-01", "ruleset": ruleset, "method_year": "as the case says"}
        for method in ("chart", "tool")
    ]
    folder.mkdir(parents=True)
    _write(folder / "assignment_rulesets.csv", rows, "")
    _settings(folder, ("assignment_rulesets",))


def _settings(folder: Path, replaced: Sequence[str]) -> None:
    settings = {"name": "conform", "label": "fixtures of the test vectors", "replace": list(replaced)}
    (folder / "overlay.json").write_text(json.dumps(settings), encoding="utf-8")


def _write(file: Path, rows: Sequence[Mapping[str, str]], key: str) -> None:
    names = list(rows[0]) if rows else key.split(",")
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
