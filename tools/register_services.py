"""Services, service line codes and their delegation status by year."""

from __future__ import annotations

from pathlib import Path

from register_io import BuildError, Row, day_after, read_rows, year_end, year_start

# First public trace of each year's list: the board paper on services for delegation (28 March 2024), the
# 2025/26 guidance that points to the list (24 March 2025), and the May 2026 list whose 2026/27 column is unchanged.
STATUS_KNOWN = {"202425": "2024-03-28", "202526": "2025-03-24", "202627": "2026-05-18"}
CARRIED_SOURCE = (
    "carried forward from 2025/26: the service code list of May 2026 shows no code changed for 2026/27 "
    "(NHS England London, GitHub DQ_checks: reference_tables/Delegationservices_v38.csv)"
)
FLAGS = (
    "specialised_flag",
    "specialised_mental_health_flag",
    "cancer_drugs_fund_flag",
    "hepatitis_c_flag",
    "innovative_medicines_fund_flag",
    "secondary_dental_flag",
    "armed_forces_flag",
    "public_health_flag",
    "health_justice_flag",
)
COUNTS = {
    "202425": {"green": 139, "amber": 53, "red": 119, "blue": 98, "not_applicable": 94},
    "202526": {"green": 166, "red": 151, "blue": 101, "not_applicable": 68},
}


def build(source: Path) -> dict[str, list[Row]]:
    """services, service_lines and service_line_status."""
    lines = read_rows(source / "service_line_codes.csv")
    return {
        "services": [_service(r) for r in read_rows(source / "services.csv")],
        "service_lines": [_line(r) for r in lines],
        "service_line_status": status_rows(source, [r["service_line_code"] for r in lines]),
    }


def _service(r: Row) -> Row:
    keep = (
        "pss_line",
        "service_name",
        "npoc_code",
        "npoc",
        "crg_name",
        "highly_specialised",
        "counted_in_154",
        "delegated_2024_04",
        "delegated_2025_04",
        "split_line",
        "notes",
        "source",
        "confidence",
    )
    return {**{k: r[k] for k in keep}, "crg_code": r["crg"], "delegation_2023_04": r["delegation_status_2023_04"]}


def _line(r: Row) -> Row:
    keep = (
        "service_line_code",
        "name",
        "code_kind",
        "pss_line",
        "pss_line_confidence",
        "crg_code",
        "crg_name",
        "npoc_code",
        "npoc",
        "highly_specialised",
        "ps_tool_apc",
        "ps_tool_nac",
        "has_top_up",
        "change_kind",
        "change_year",
        "related_codes",
        "source",
        "confidence",
    )
    return {k: r[k] for k in keep}


def status_rows(source: Path, codes: list[str]) -> list[Row]:
    """One row a code and financial year: as published, absent from that year's list, or carried forward."""
    published = {
        (r["service_code"], r["financial_year"]): r for r in read_rows(source / "cam" / "service_codes_by_year.csv")
    }
    for year, counts in COUNTS.items():
        seen = {
            s: sum(1 for (_, y), r in published.items() if y == year and r["delegation_status"] == s) for s in counts
        }
        if seen != counts:
            raise BuildError(f"service_codes_by_year.csv: {year} counts {seen}, expected {counts}")
    rows = []
    for code in codes:
        for year in ("202425", "202526"):
            rows.append(_status(code, year, published.get((code, year))))
        rows.append(
            {
                **rows[-1],
                **_interval("202627"),
                "confidence": "medium",
                "source": CARRIED_SOURCE,
                "basis": "carried_forward",
            }
        )
    return rows


def _interval(year: str) -> Row:
    return {
        "financial_year": year,
        "valid_from": year_start(year),
        "valid_to": year_end(year),
        "known_from": STATUS_KNOWN[year],
        "known_to": "",
    }


def _status(code: str, year: str, found: Row | None) -> Row:
    source = "NHS England service codes by year (copy in GitHub eamazon/highspring: CAM_Ref ServiceCodes)"
    common = {"service_line_code": code, **_interval(year), "source": source, "confidence": "high"}
    if found is None:
        return {
            **common,
            "delegation_status": "not_listed",
            "grouping": "not_applicable",
            "highly_specialised": "",
            **dict.fromkeys(FLAGS, 0),
            "code_valid_from": "",
            "code_valid_to": "",
            "basis": "absent_from_list",
        }
    return {
        **common,
        "delegation_status": found["delegation_status"],
        "grouping": found["grouping"],
        "highly_specialised": found["highly_specialised"],
        **{f: found[f] for f in FLAGS},
        "code_valid_from": found["effective_from"],
        "code_valid_to": day_after(found["effective_to"]),
        "basis": "published",
    }
