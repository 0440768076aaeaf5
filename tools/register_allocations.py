"""Need by practice and by board, and the sums of money that are published for specialised care."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq

from register_io import BuildError, Row, fiscal, read_rows

ALLOCATION = "NHS England ICB allocation tool 2025/26 (GitHub nhsengland/ICB_Allocation_Tool_update)"
PRACTICE_COLUMNS = {
    "wp_general_acute": "wp_general_acute",
    "wp_community": "wp_community",
    "wp_mental_health": "wp_mental_health",
    "wp_maternity": "wp_maternity",
    "wp_health_inequalities": "wp_health_inequalities",
    "wp_prescribing": "wp_prescribing",
    "wp_core": "wp_overall",
    "wp_primary_medical_need": "wp_primary_medical_need",
    "wp_primary_medical": "wp_primary_medical_final",
}
# the same in the table of boards, without wp_
BOARD_STREAMS = {"core": "final_core", "primary_medical": "final_primary_medical"}
WITH_COSTS = {"core", "primary_medical"}
SERVICE = {"primary_medical_need": "primary_medical"}
# sums in billions by year, level and measure: area (blank: as written), components, delegation, note
POTS = {
    ("2024/25", "england", "delegated_budget_excl_high_cost_drugs_devices"): (
        "Y60;Y61;Y62", "activity", "delegated", 
        "East of England, Midlands and North West only; without high-cost drugs and devices",
    ),
    ("2025/26", "england", "delegated_services_value"): (
        "", "", "delegated", "rounded to a billion; whether drugs and devices are in it is not stated",
    ),
    ("2025/26", "region", "delegated_services_value"): (
        "", "", "delegated", "whether drugs and devices are in it is not stated",
    ),
    ("2022/23", "england", "specialised_total_spend"): ("", "", "", "spend, not an allocation"),
    ("2023/24", "england", "specialised_total_spend"): ("", "", "", "spend, not an allocation; about"),
}  # fmt: skip


def build(source: Path, subs: list[Row], practices: list[Row]) -> dict[str, list[Row]]:
    """Need of practices and boards, and pots."""
    return {
        "practice_need": _practices(source, subs, practices),
        "need_indices": _boards(source),
        "pots": _pots(source),
    }


def _practices(source: Path, subs: list[Row], practices: list[Row]) -> list[Row]:
    areas = pq.read_table(source / "lsoa.parquet", columns=["lsoa21_code", "ltla_code_2024"])
    district = dict(zip(areas["lsoa21_code"].to_pylist(), areas["ltla_code_2024"].to_pylist(), strict=True))
    commissioner = {r["practice_code"]: r["commissioner_code"] for r in practices}
    board = {r["sub_icb_code"]: r["icb_code"] for r in subs if r["valid_from"] < "2026-04-01"}
    rows = []
    for r in read_rows(source / "practices_2025_26.csv"):
        listed, code = r["sub_icb_ods_2024"], r["practice_code"]
        sub = listed or commissioner[code]
        if board.get(sub) != r["icb_ods"]:
            raise BuildError(f"practice {code}: sub-ICB {sub!r} is not one of board {r['icb_ods']}")
        rows.append(
            {
                "financial_year": "202526",
                "practice_code": code,
                "lad_code": district[r["lsoa21_code"]],
                "sub_icb_code": sub,
                "sub_icb_basis": "QOF 2023/24 structures" if listed else "commissioner of the practice",
                "icb_code_2024": r["icb_ods"],
                "icb_code_2026": r["icb_ods_2026"],
                "region_code": r["nhs_region_ods"],
                "registered_population": r["population"],
                **{ours: r[theirs] for ours, theirs in PRACTICE_COLUMNS.items()},
                "source": ALLOCATION,
                "confidence": "high",
            }
        )
    return rows


def _boards(source: Path) -> list[Row]:
    streams = [name.removeprefix("wp_") for name in PRACTICE_COLUMNS]
    return [
        {
            "financial_year": fiscal(r["year"]),
            "level": "icb_2024",
            "code": r["icb_code"],
            "stream": stream,
            "service": SERVICE.get(stream, stream),
            "components": "all",
            "includes_market_forces": "Y" if stream in WITH_COSTS else "N",
            "registered_population": r["registered_population"],
            "weighted_population": r[f"wp_{BOARD_STREAMS.get(stream, stream)}"],
            "need_index": "",
            "standard_error": "",
            "low": "",
            "high": "",
            "source": r["source"],
            "confidence": "medium" if "primary_medical" in stream and r["year"] == "2025/26" else "high",
        }
        for r in read_rows(source / "icb_core_allocations.csv")
        for stream in streams
    ]


def _pots(source: Path) -> list[Row]:
    rows = []
    for r in read_rows(source / "specialised_allocations.csv"):
        known = POTS.get((r["year"], r["level"], r["measure"]))
        if known is None:
            continue
        area, components, status, note = known
        rows.append(
            {
                "financial_year": fiscal(r["year"]),
                "service": "specialised",
                "components": components,
                "delegation_status": status,
                "area": area or r["code"],
                "amount": Decimal(r["value"]).scaleb(9),
                "note": note,
                "source": r["source"],
                "confidence": "medium",
            }
        )
    if len(rows) != len(POTS):
        raise BuildError(f"specialised_allocations.csv: {len(rows)} of the {len(POTS)} published sums found")
    return rows
