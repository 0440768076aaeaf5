"""Comparisons between flows: one finding a provider and month, none where only one side arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import layouts
import pytest

Take = Callable[..., Any]
SOUND: dict[str, list[tuple[str, Mapping[str, str]]]] = {
    "C01": [("acm", {}), ("plcm", {})],
    "C02": [("acm", {"POINT OF DELIVERY CODE": "DRUG", "CONTRACT MONITORING ACTUAL PRICE": "100.00"}), ("drplcm", {})],
    "C03": [
        ("acm", {"POINT OF DELIVERY CODE": "DEVICE", "CONTRACT MONITORING ACTUAL PRICE": "100.00"}),
        ("deplcm", {}),
    ],
    "C05": [
        ("acm", {"POINT OF DELIVERY CODE": "EL", "TARIFF CODE": "LA07H", "CONTRACT MONITORING ACTUAL ACTIVITY": "1"}),
        ("apc_spell", {}),
    ],
    "C06": [
        ("plcm", {"CDS UNIQUE IDENTIFIER": "U1", "NON CDS UNIQUE IDENTIFIER": ""}),
        ("apc_episode", {"Unique_CDS_Identifier": "U1"}),
    ],
    "C07": [("acm", {}), ("iap", {})],
    "C08": [("acm", {}), ("plcm", {})],
    "C09": [("drplcm", {"HOSPITAL PROVIDER SPELL NUMBER": "H1", "ATTENDANCE IDENTIFIER": ""}), ("apc_spell", {})],
}  # fmt: skip
BROKEN: dict[str, tuple[int, Mapping[str, str], str]] = {
    "C01": (1, {"TOTAL COST": "190.00", "ACTIVITY UNIT PRICE": "95"}, "201.00 (gap 11.00, coverage 0.945)"),
    "C02": (1, {"TOTAL COST": "90.00"}, "100.00 (gap 10.00, coverage 0.900)"),
    "C03": (1, {"TOTAL COST": "90.00"}, "100.00 (gap 10.00, coverage 0.900)"),
    "C05": (
        0,
        {"CONTRACT MONITORING ACTUAL ACTIVITY": "3"},
        "3.000 (1 of 1 points of delivery and resource groups differ)",
    ),
    "C06": (0, {"CDS UNIQUE IDENTIFIER": "U2"}, "1 of 1 not found in SUS"),
    "C07": (1, {"CONTRACT MONITORING PLANNED PRICE": "150.00"}, "200.00 (gap 50.00)"),
    "C08": (1, {"TOTAL COST": "100.50", "ACTIVITY COUNT (POINT OF DELIVERY)": "1"}, "NCBPS11B: coverage 0.500"),
    "C09": (0, {"HOSPITAL PROVIDER SPELL NUMBER": "H2"}, "1 of 1 not found in SUS"),
}  # fmt: skip


def _write(folder: Path, sides: list[tuple[str, Mapping[str, str]]]) -> None:
    for flow, changes in sides:
        layouts.write(folder / f"{flow}.csv", [{**layouts.row(flow), **changes}])


@pytest.mark.parametrize("rule", sorted(SOUND))
def test_equal_sides_are_quiet(take: Take, tmp_path: Path, rule: str) -> None:
    _write(tmp_path, SOUND[rule])
    assert rule not in take().rules()


@pytest.mark.parametrize("rule", sorted(BROKEN))
def test_a_gap_is_told_once(take: Take, tmp_path: Path, rule: str) -> None:
    place, changes, value = BROKEN[rule]
    sides = list(SOUND[rule])
    sides[place] = (sides[place][0], {**sides[place][1], **changes})
    _write(tmp_path, sides)
    taken = take()
    told = [f for f in taken.rows("findings") if f["rule_id"] == rule]
    assert [f["value"] for f in told] == [value]
    assert told[0]["row_number"] == 0 and told[0]["file"] and told[0]["submission_id"] and told[0]["advice"]


@pytest.mark.parametrize("rule", sorted(BROKEN))
def test_one_side_alone_is_quiet(take: Take, tmp_path: Path, rule: str) -> None:
    place, changes, _ = BROKEN[rule]
    flow, own = SOUND[rule][place]
    _write(tmp_path, [(flow, {**own, **changes})])
    assert rule not in take().rules()
