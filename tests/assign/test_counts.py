"""Delegated and retained codes by day and region, through the stage itself."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from assign_helpers import Assigned

# a practice of each region (sub-ICB of the practice decides)
FIRST_WAVE, SECOND_WAVE = {"Y60", "Y61", "Y62"}, {"Y56", "Y58", "Y59", "Y63"}


def practices(register: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    subs = set(register["sub_icbs"]["sub_icb_code"].to_pylist())
    for row in register["practices"].to_pylist():
        if row["region_code"] and row["close_date"] is None and row["commissioner_code"] in subs:
            found.setdefault(row["region_code"], row["practice_code"])
    return found


def test_delegated_and_retained_codes_on_each_side_of_each_first_of_april(decide: Assigned, register: Any) -> None:
    kinds = {"service", "retired"}
    lines = [r["service_line_code"] for r in register["service_lines"].to_pylist() if r["code_kind"] in kinds]
    days = [
        date(2024, 3, 31),
        date(2024, 4, 1),
        date(2025, 3, 31),
        date(2025, 4, 1),
        date(2026, 3, 31),
        date(2026, 4, 1),
    ]
    keys = [(day, region, code, line) for day in days for region, code in practices(register).items() for line in lines]
    rows = [
        {"flow": "op", "cds_type": "020", "start_date": day, "gp_practice_code": code, "service_line_final": line}
        for day, _, code, line in keys
    ]
    found = decide(rows, None, register)
    counts = Counter(
        (day, region, row["delegation_status"]) for (day, region, _, _), row in zip(keys, found, strict=True)
    )

    def counted(day: date, region: str) -> tuple[int, int]:
        return counts[day, region, "delegated"], counts[day, region, "retained"]

    for region in FIRST_WAVE | SECOND_WAVE:
        year_2024 = (138, 53 + 119) if region in FIRST_WAVE else (0, 138 + 53 + 119)
        assert counted(days[0], region) == (0, 310), region
        assert counted(days[1], region) == counted(days[2], region) == year_2024, region
        for day in days[3:]:
            assert counted(day, region) == (165, 151), (region, day)
    payers = Counter((day, row["payer_kind"]) for (day, _, _, line), row in zip(keys, found, strict=True)
                     if row["delegation_status"] == "delegated")  # fmt: skip
    assert {kind for _, kind in payers} == {"icb"}
