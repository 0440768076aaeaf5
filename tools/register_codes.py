"""Code lists, assignment reasons and published facts."""

from __future__ import annotations

from pathlib import Path

from register_io import Row, read_rows

CAM_TOOL = "NHS England delegated commissioner assignment tool v5.3, {} (GitHub eamazon/highspring)"
RULE_FLOWS = {
    "APC": (
        ("apc_episode", "an episode is tested, its spell rolls up"),
        ("apc_spell", "the spell row carries the roll-up"),
    ),
    "OP": (("op", "attendance"),),
    "CC": (
        ("cc_adult", "critical care period"),
        ("cc_paediatric", "critical care period"),
        ("cc_neonatal", "critical care period"),
    ),
    "NRD": (
        ("plcm", "the national renal data set reaches commissioners as contract monitoring rows"),
        ("acm", "as plcm"),
    ),
    "MHSDS": (
        ("plcm", "mental health category codes reach commissioners as contract monitoring rows"),
        ("acm", "as plcm"),
    ),
    "ACM": (("acm", "submitted code"), ("plcm", "submitted code")),
    "DRUG": (("drplcm", "drug row"),),
    "DEVICE": (("deplcm", "device row"),),
}


def build(source: Path) -> dict[str, list[Row]]:
    """National codes, points of delivery, categories, devices, reasons, calendar and facts."""
    cam, schemas = source / "cam", source / "schemas"
    return {
        "national_codes": [{**r, "confidence": "high"} for r in read_rows(schemas / "codes_national.csv")],
        "points_of_delivery": [_pod(r) for r in read_rows(schemas / "codes_point_of_delivery.csv")],
        "service_categories": _categories(source),
        "device_categories": [_device(r) for r in read_rows(schemas / "codes_device_high_level.csv")],
        "assignment_reasons": [_reason(r) for r in read_rows(cam / "assignment_reasons.csv")],
        "assignment_reason_types": [
            {**r, "source": CAM_TOOL.format("CommissionerAssignmentReason"), "confidence": "high"}
            for r in read_rows(cam / "assignment_reason_types.csv")
        ],
        "year_months": [
            {**r, "source": CAM_TOOL.format("YearMonthBridge"), "confidence": "high"}
            for r in read_rows(cam / "year_month.csv")
        ],
        "setting_flows": [
            {
                "setting": s,
                "flow": f,
                "valid_from": "2013-04-01",
                "valid_to": "",
                "note": n,
                "source": "reading of the rule pack's settings against the national flows",
                "confidence": "medium",
            }
            for s, flows in RULE_FLOWS.items()
            for f, n in flows
        ],
        **_facts(source),
    }


def _pod(r: Row) -> Row:
    return {
        "point_of_delivery": r["pod_code"],
        "level_1": r["level_1"],
        "level_2": r["level_2"],
        "level_3": r["level_3"],
        "meaning": r["plain_meaning"],
        "derivation_rule": r["derivation_rule"],
        "unit": r["unit"],
        "is_non_activity": r["is_non_activity"],
        "sent_in": r["sent_in"],
        "source": r["source"],
        "confidence": "high",
    }


def _categories(source: Path) -> list[Row]:
    flags = {r["commissioned_service_category"]: r for r in read_rows(source / "cam" / "service_flags.csv")}
    names = ("armed_forces_flag", "public_health_flag", "health_justice_flag")
    return [
        {
            "category": r["code"],
            "description": r["description"],
            "is_specialised": r["is_specialised"],
            "who_pays": r["who_pays"],
            "twin": r["delegated_or_direct_twin"],
            "note": r["note"],
            **{n: flags.get(r["code"], {}).get(n, "0") for n in names},
            "source": r["source"],
            "confidence": "medium",
        }
        for r in read_rows(source / "schemas" / "codes_commissioned_service_category.csv")
    ]


def _device(r: Row) -> Row:
    return {
        "device_code": r["code"],
        "description": r["description"],
        "national_supply_route": r["in_2016_hcted_supply_route"],
        "note": r["note"],
        "source": r["source"],
        "confidence": "medium",
    }


def _reason(r: Row) -> Row:
    kept = {k: v for k, v in r.items() if k != "commissioner_ods"}
    return {
        **kept,
        "commissioner_code": r["commissioner_ods"],
        "confidence": "high",
        "source": CAM_TOOL.format("CommissionerAssignmentReason"),
    }


def _facts(source: Path) -> dict[str, list[Row]]:
    trust = [
        {
            "row_id": n,
            "provider_code": r["org_code"],
            "name": r["org_name"],
            **{k: r[k] for k in ("year", "value", "unit", "what", "source", "confidence")},
        }
        for n, r in enumerate(read_rows(source / "trust_income.csv"), start=1)
    ]
    return {
        "trust_income": trust,
        "spend_facts": [{"row_id": n, **r} for n, r in enumerate(read_rows(source / "spend_facts.csv"), start=1)],
        "specialised_allocations": [
            {"row_id": n, **r} for n, r in enumerate(read_rows(source / "specialised_allocations.csv"), start=1)
        ],
    }
