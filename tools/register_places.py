"""Practices, armed forces and justice places, LSOAs and populations."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from register_io import BuildError, Row, postcode, read_rows, table_schema

ODS_PRACTICES = "ODS GP practice file epraccur, early 2026 (GitHub eamazon/highspring)"
ALLOCATION = "NHS England ICB allocation tool 2025/26 (GitHub nhsengland/ICB_Allocation_Tool_update)"
CAM_TOOL = "NHS England delegated commissioner assignment tool v5.3, {} (GitHub eamazon/highspring)"
ENGLAND, WALES = "E92000001", "W92000004"
LSOA_SOURCE = "ONS lookups (humaniverse/geographr), Census 2021, IMD 2025 (MHCLG), ONS centroids"
POPULATION_SOURCE = "ONS mid-2020 small area estimates (humaniverse/demographr), 2011 areas moved to 2021 areas"
LSOA_COLUMNS = {
    "lad_code": "ltla_code_2024",
    "sub_icb_code_2024": "sub_icb_ods_2024",
    "sub_icb_code_2026": "sub_icb_ods_2026",
    "icb_code_2024": "icb_ods_2024",
    "icb_code_2026": "icb_ods_2026",
    "region_code": "nhs_region_ods",
    "residents_2021": "census21_residents",
    "residents_0_15": "census21_age_0_15",
    "residents_16_24": "census21_age_16_24",
    "residents_25_34": "census21_age_25_34",
    "residents_35_49": "census21_age_35_49",
    "residents_50_64": "census21_age_50_64",
    "residents_65_plus": "census21_age_65_plus",
    "residents_asian": "census21_eth_asian",
    "residents_black": "census21_eth_black",
    "residents_mixed": "census21_eth_mixed",
    "residents_white": "census21_eth_white",
    "residents_other": "census21_eth_other",
}


def build(source: Path, subs: list[Row]) -> dict[str, list[Row]]:
    """Practice and special place tables."""
    armed = _armed_forces(source)
    return {
        "practices": _practices(source, armed, subs),
        "armed_forces_practices": armed,
        "health_justice_sites": _justice(source),
        "pseudo_postcodes": _pseudo(source),
        "welsh_border_areas": _border(source),
        "european_standard_population_2013": _standard(source),
    }


def _practices(source: Path, armed: list[Row], subs: list[Row]) -> list[Row]:
    listed = {r["practice_code"]: r for r in read_rows(source / "cam" / "practice_commissioner_2026.csv")}
    placed = {r["practice_code"]: r for r in read_rows(source / "practices_2025_26.csv")}
    forces = {r["practice_code"]: r for r in armed}
    icb_later = {s["sub_icb_code"]: s["icb_code"] for s in subs if not s["valid_to"]}
    if set(placed) - set(listed):
        raise BuildError("practices_2025_26.csv has practices the ODS file lacks")
    rows = [_practice(r, placed.get(c), c in forces, icb_later) for c, r in listed.items()]
    return rows + [_closed_forces(r) for c, r in forces.items() if c not in listed]


def _practice(r: Row, place: Row | None, armed: bool, icb_later: dict[str, str]) -> Row:
    region = r["national_grouping_ods"]
    country = ENGLAND if region or armed else WALES if r["commissioner_ods"].startswith("7A") else ""
    icb_2026 = place["icb_ods_2026"] if place else icb_later.get(r["commissioner_ods"], "")
    basis = place["icb_2026_basis"] if place else "sub-ICB of the commissioner" if icb_2026 else ""
    return {
        "practice_code": r["practice_code"],
        "postcode": postcode(r["postcode"]),
        "region_code": region,
        "icb_code": r["icb_ods"],
        "commissioner_code": r["commissioner_ods"],
        "commissioner_from": r["commissioner_from"],
        "commissioner_to": r["commissioner_to"],
        "open_date": r["open_date"],
        "close_date": r["close_date"],
        "status": r["status"],
        "role_codes": r["role_codes"],
        "lsoa21_code": place["lsoa21_code"] if place else "",
        "latitude": place["latitude"] if place else "",
        "longitude": place["longitude"] if place else "",
        "registered_population": place["population"] if place else "",
        "icb_code_2026": icb_2026,
        "icb_2026_basis": basis,
        "country_code": country,
        "is_armed_forces": "Y" if armed else "N",
        "english": "Y" if region else "N",
        "source": f"{ODS_PRACTICES}; {ALLOCATION}" if place else ODS_PRACTICES,
        "confidence": "high",
    }


def _closed_forces(r: Row) -> Row:
    """A Defence Medical Services practice closed before the ODS file of 2026: region not known."""
    return {
        "practice_code": r["practice_code"],
        "postcode": r["postcode"],
        "region_code": "",
        "icb_code": "",
        "commissioner_code": r["parent_commissioner"],
        "commissioner_from": r["open_date"],
        "commissioner_to": r["close_date"],
        "open_date": r["open_date"],
        "close_date": r["close_date"],
        "status": "inactive",
        "role_codes": "",
        "lsoa21_code": "",
        "latitude": "",
        "longitude": "",
        "registered_population": "",
        "icb_code_2026": "",
        "icb_2026_basis": "",
        "country_code": r["country_code"],
        "is_armed_forces": "Y",
        "english": "Y",
        "source": r["source"],
        "confidence": "medium",
    }


def _armed_forces(source: Path) -> list[Row]:
    return [
        {
            "practice_code": r["practice_code"],
            "postcode": postcode(r["postcode"]),
            "country_code": r["country_code"],
            "open_date": r["open_date"],
            "close_date": r["close_date"] or r["epraccur_2026_close_date"],
            "is_current_2025_04": r["is_current_2025_04"],
            "english_dms_practice": r["english_dms_practice"],
            "parent_commissioner": r["parent_commissioner_ods"],
            "source": CAM_TOOL.format("ArmedForcesGP"),
            "confidence": "high",
        }
        for r in read_rows(source / "cam" / "armed_forces_practices.csv")
    ]


def _justice(source: Path) -> list[Row]:
    return [
        {
            "row_id": r["row_id"],
            "site_code_eprison": r["site_code_eprison"],
            "site_code_ejustice": r["site_code_ejustice"],
            "site_name": r["site_name"],
            "postcode": postcode(r["site_postcode"]),
            "hub_code": r["health_justice_hub_ods"],
            "prescribing_practice_code": r["prescribing_practice_code"],
            "hub_agreement": r["hub_agreement"],
            "note": r["note"],
            "source": CAM_TOOL.format("Ref_HandJ_CommissionerCode"),
            "confidence": "medium" if r["hub_agreement"] == "differs" else "high",
        }
        for r in read_rows(source / "cam" / "health_justice_commissioners.csv")
    ]


def _pseudo(source: Path) -> list[Row]:
    return [
        {
            **r,
            "pseudo_postcode": postcode(r["pseudo_postcode"]),
            "confidence": "high",
            "source": "Commissioner Assignment Method guidance 2025/26, Appendix H and page 7",
        }
        for r in read_rows(source / "cam" / "pseudo_postcodes.csv")
    ]


def _border(source: Path) -> list[Row]:
    return [
        {**r, "source": "Commissioner Assignment Method guidance 2025/26, box WB-1, page 36", "confidence": "high"}
        for r in read_rows(source / "cam" / "welsh_border_areas.csv")
    ]


def _standard(source: Path) -> list[Row]:
    return [
        {
            "age_band": r["age_band_esp"],
            "weight": r["esp_weight"],
            "proportion": r["esp_proportion"],
            "source": "Eurostat 2013 (copy in wnl-icb-analytics/dbt-analytics)",
            "confidence": "high",
        }
        for r in read_rows(source / "esp_2013.csv")
    ]


def lsoas(source: Path) -> pa.Table:
    """LSOAs as an Arrow table, sorted by code; age, sex and ethnic counts are Census 2021 people."""
    data = pq.read_table(source / "lsoa.parquet").sort_by("lsoa21_code")
    schema, _ = table_schema("lsoas")
    columns = []
    for field in schema:
        if field.name == "source":
            columns.append(pa.array([LSOA_SOURCE] * data.num_rows))
        elif field.name == "confidence":
            frimley = pc.equal(data["sub_icb_ods_2024"], "D4U1Y")
            columns.append(pc.if_else(frimley, "medium", "high"))
        elif field.name in ("latitude", "longitude"):
            columns.append(pc.round(data[field.name], 4))
        else:
            columns.append(data[LSOA_COLUMNS.get(field.name, field.name)])
    table = pa.table(
        [c.cast(f.type) if c.type != f.type else c for c, f in zip(columns, schema, strict=True)], names=schema.names
    )
    if table.num_rows != 33755 or pc.sum(table["residents_2021"]).as_py() != 56490108:
        raise BuildError("lsoa.parquet: 33,755 areas with 56,490,108 residents expected")
    return table


def lsoa_populations(source: Path) -> pa.Table:
    """People of each LSOA by age band, long, sorted by area and age."""
    data = pq.read_table(source / "lsoa_age_mid2020.parquet").sort_by("lsoa21_code")
    bands = [c for c in data.column_names if c.startswith("age_")]
    exact = pc.equal(
        data["lsoa11_to_lsoa21_change"]
        if "lsoa11_to_lsoa21_change" in data.column_names
        else data["lsoa11_to_21_change"],
        "U",
    )
    parts = [
        pa.table(
            {
                "lsoa21_code": data["lsoa21_code"].cast(pa.string()),
                "age_band": pa.array([_band(b)] * data.num_rows),
                "order": pa.array([i] * data.num_rows, pa.int8()),
                "population": pc.round(data[b], 2),
                "source": pa.array([POPULATION_SOURCE] * data.num_rows),
                "confidence": pc.if_else(exact, "high", "medium"),
            }
        )
        for i, b in enumerate(bands)
    ]
    return pa.concat_tables(parts).sort_by([("lsoa21_code", "ascending"), ("order", "ascending")]).drop_columns("order")


def _band(column: str) -> str:
    return column.removeprefix("age_").replace("_plus", "+").replace("_", "-")
