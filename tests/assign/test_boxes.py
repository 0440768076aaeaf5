"""Single boxes and look-ups, one small row each."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from assign_helpers import Assigned

from tertiary.assign import AssignSettings
from tertiary.errors import TertiaryError

DAY = date(2025, 6, 10)
OP = {
    "flow": "op", "cds_type": "020", "start_date": DAY, "activity_date": DAY, "gp_practice_code": "F83003",
    "postcode": "NW1 2PG", "overseas_visitor_charging_category": "A", "treatment_function_code": "300",
}  # fmt: skip
APC = OP | {"flow": "apc_spell", "cds_type": "130", "discharge_date": DAY, "source_of_admission": "19"}


def one(decide: Assigned, row: dict[str, Any], settings: AssignSettings | None = None) -> dict[str, Any]:
    return decide([row], settings)[0]


def test_section_7a_and_other_public_health(decide: Assigned) -> None:
    a, b, c = decide(
        [OP | {"section_7a_service": "Y"}, OP | {"other_public_health": "Y"}, OP | {"service_line_final": "NCBPH22Z"}]
    )
    assert (a["commissioner_code"], a["assignment_box"], a["category_assigned"]) == ("Y56", "F", "81")
    assert (b["commissioner_code"], b["payer_kind"], b["assignment_label"]) == (
        "E09000007", "local_authority", "local_authority")  # fmt: skip
    assert (c["assignment_box"], c["delegation_status"]) == ("F", "other")


def test_infertility_codes_in_any_position(decide: Assigned) -> None:
    cases = [
        ("N46", "", True), ("I10,N970", "", True), ("Z312", "", True), ("Z350", "", True), ("Z351", "", False),
        ("N45,XN46", "", False), ("", "Q131", True), ("", "A011,Q383", True), ("", "Q384", False),
        ("", "Y967", False), ("", "N347", False), ("", "N346", True), ("", "Q485", False),
    ]  # fmt: skip
    rows = decide([OP | {"diagnosis_all": d, "procedure_all": p} for d, p, _ in cases])
    assert [("I:Y" in r["box_path"]) for r in rows] == [asked for _, _, asked in cases]
    assert {(r["assignment_box"], r["commissioner_code"]) for r in rows if "I:Y" in r["box_path"]} == {("I-1", "93C")}


def test_armed_forces_fertility(decide: Assigned) -> None:
    found = one(decide, OP | {"diagnosis_all": "N46", "armed_forces_fertility_approved": "Y"})
    assert (found["commissioner_code"], found["category_assigned"], found["payer_code"]) == ("13Q", "61", "X24")


def test_source_of_admission_of_prisoners_is_a_setting(decide: Assigned) -> None:
    row = APC | {"postcode": "B18 4AS", "gp_practice_code": "V81997", "source_of_admission": "40"}
    assert one(decide, row)["assignment_box"] == "C-5"
    other = one(decide, row, AssignSettings(penal_source_of_admission="40"))
    assert (other["assignment_box"], other["commissioner_code"]) == ("E", "14Q")
    assert "penal_source_of_admission=40" in other["options"]


def test_blank_charging_category_is_a_setting(decide: Assigned) -> None:
    row = OP | {"overseas_visitor_charging_category": "", "service_line_final": "NCBPS11A"}
    assumed = one(decide, row)
    assert (assumed["assignment_box"], assumed["options"]) == (
        "C-2", "missing_charging_category=assume_a;region_of_provider")  # fmt: skip
    assert "B" in assumed["not_answerable"].split(",")
    literal = one(decide, row, AssignSettings(missing_charging_category="literal"))
    assert (literal["assignment_box"], literal["commissioner_code"]) == ("B-4", "93C")
    assert "missing_charging_category=literal" in literal["options"]


def test_welsh_resident_of_the_border_at_wb_10_is_a_setting(decide: Assigned) -> None:
    row = OP | {"postcode": "SY16 2DW", "gp_practice_code": "W00135", "provider_code": "RXW",
                "service_line_final": "NCBPS11A"}  # fmt: skip
    assert one(decide, row)["commissioner_code"] == "14A"
    other = one(decide, row, AssignSettings(wb10_welsh_resident="english_residents_only"))
    assert (other["commissioner_code"], other["assignment_box"]) == ("7A5HC", "WB-10")


def test_settings_are_checked() -> None:
    with pytest.raises(TertiaryError, match="missing_charging_category"):
        AssignSettings(missing_charging_category="maybe")


def test_blue_lines_take_the_red_route_and_say_so(decide: Assigned, register: Any) -> None:
    blue = next(r["service_line_code"] for r in register["service_line_status"].to_pylist()
                if r["delegation_status"] == "blue" and r["financial_year"] == "202526")  # fmt: skip
    found = one(decide, OP | {"service_line_final": blue})
    assert (found["assignment_box"], found["delegation_status"]) == ("C-2", "retained")
    assert "blue_local_contract" in found["options"].split(";")


def test_assignment_date(decide: Assigned) -> None:
    cases = [
        (OP | {"start_date": date(2025, 3, 31), "activity_date": date(2025, 4, 2)}, date(2025, 3, 31)),
        (APC | {"start_date": date(2025, 3, 20), "discharge_date": date(2025, 4, 5)}, date(2025, 4, 5)),
        (APC | {"discharge_date": None, "end_date": date(2025, 4, 3)}, date(2025, 4, 3)),
        (APC | {"cds_type": "190", "start_date": date(2025, 3, 20)}, date(2025, 3, 20)),
        (OP | {"flow": "ec", "cds_type": "011", "start_date": date(2025, 4, 30)}, date(2025, 4, 30)),
        ({"flow": "plcm", "financial_year": "202425", "financial_month": 12}, date(2025, 3, 1)),
        ({"flow": "iap", "financial_year": "202526", "financial_month": 13}, date(2026, 3, 1)),
        ({"flow": "cc_adult", "end_date": date(2025, 4, 9)}, date(2025, 4, 9)),
    ]
    found = decide([row for row, _ in cases])
    assert [r["assignment_date"] for r in found] == [day for _, day in cases]


def test_new_rules_begin_on_their_first_day_not_before(decide: Assigned) -> None:
    """Half open: 31 March belongs to the old year, 1 April to the new."""
    days = [
        date(2024, 3, 31),
        date(2024, 4, 1),
        date(2025, 3, 31),
        date(2025, 4, 1),
        date(2026, 3, 31),
        date(2026, 4, 1),
    ]
    rows = [OP | {"start_date": d, "gp_practice_code": "M85001", "service_line_final": "NCBPS10Z"} for d in days]
    found = decide(rows)
    assert [r["method"] for r in found] == ["chart_2024_25"] * 3 + ["chart_2025_26"] * 3
    assert [r["assignment_box"] for r in found] == ["C-0b"] * 3 + ["C-6"] * 3
    assert [r["delegation_status"] for r in found] == ["retained"] * 3 + ["delegated"] * 3
    assert [bool(r["options"]) for r in found] == [True, False, False, False, False, True]
    assert found[0]["options"].startswith("method_year 2024/25 applied to an earlier year")


def test_london_moves_to_its_new_icb_and_host_on_1_april_2026(decide: Assigned) -> None:
    days = [date(2026, 3, 31), date(2026, 4, 1)]
    before, after = decide([OP | {"start_date": d, "service_line_final": "NCBPS11B"} for d in days])
    assert (before["payer_code"], before["population_icb"], before["contracting_host"]) == ("QMJ", "QMJ", "QMJ")
    assert (after["payer_code"], after["population_icb"], after["contracting_host"]) == ("Z9B2Z", "Z9B2Z", "Z9B2Z")
    assert before["accountable_body"] == after["accountable_body"] == "X24"


def test_a_contracting_host_never_pays_for_another_icb(decide: Assigned) -> None:
    found = one(decide, OP | {"gp_practice_code": "M85001", "service_line_final": "NCBPS11B"})
    assert (found["contracting_host"], found["payer_code"]) == ("QMJ", "QHL")


def test_a_practice_that_closed_sends_the_patient_to_the_address(decide: Assigned, register: Any) -> None:
    import pyarrow.compute as pc

    practices = register["practices"]
    closed = practices.filter(pc.and_(pc.equal(practices["english"], "Y"), pc.less(practices["close_date"], DAY)))
    found = one(decide, OP | {"gp_practice_code": closed["practice_code"][0].as_py()})
    assert (found["lookup_method"], found["commissioner_code"]) == ("postcode", "93C")


def test_unknown_postcode_answers_no_and_falls_to_the_host(decide: Assigned) -> None:
    found = one(decide, OP | {"postcode": "AB1 2CD", "gp_practice_code": "V81997"})
    assert (found["box_path"], found["commissioner_code"]) == ("A:N>B:N>B-1:N>B-3:N>B-4:N", "93C")
    assert "postcode_not_in_directory" in found["options"].split(";")


def test_without_a_directory_the_lsoa_answers(decide: Assigned, register: Any) -> None:
    row = OP | {
        "postcode": "",
        "gp_practice_code": "V81997",
        "lsoa21_code": "E01023149",
        "service_line_final": "NCBPS11B",
    }
    found = decide([row], None, register)[0]
    assert (found["commissioner_code"], found["lookup_method"], found["population_method"]) == ("D4U1Y", "lsoa", "lsoa")
    assert "E" in found["not_answerable"].split(",") and "WB-3" not in found["not_answerable"].split(",")
    literal = decide([row], AssignSettings(residence_from_lsoa=False), register)[0]
    assert (literal["commissioner_code"], literal["lookup_method"]) == ("93C", "provider_address")
    assert literal["population_sub_icb"] == "D4U1Y"


def test_welsh_lsoa_is_a_resident_of_wales(decide: Assigned, register: Any) -> None:
    found = decide([OP | {"postcode": "", "lsoa21_code": "W01001939"}], None, register)[0]
    assert (found["assignment_box"], found["payer_kind"]) == ("C", "none")


def test_a_loaded_hub_mapping_is_the_whole_truth(decide: Assigned, tmp_path: Any) -> None:
    from tertiary.register import Register

    (tmp_path / "provider_hub_mapping.csv").write_text(
        "provider_code,valid_from,valid_to,hub_code\nRRV,2025-04-01,,85J\nRBV,2020-04-01,2025-04-01,27T\n"
    )
    row = OP | {"service_line_final": "NCBPS11A"}
    known = Register.load(overlays=[tmp_path])
    mapped, ended = decide([row, row | {"provider_code": "RBV"}], None, known)
    assert (mapped["commissioner_code"], mapped["lookup_method"]) == ("85J", "provider_mapping")
    assert (ended["assignment_label"], ended["payer_kind"], ended["payer_code"]) == ("none", "none", "")


def test_only_known_codes_lose_their_zeros(decide: Assigned) -> None:
    codes = {"93C00": "93C", "D4U1Y00": "D4U1Y", "A3A8R": "A3A8R", "A3A": "A3A", "VPP00": "VPP00", "ZZZ00": "ZZZ00"}
    found = decide([OP | {"commissioner_submitted": written} for written in codes])
    assert [r["commissioner_read"] for r in found] == list(codes.values())


def test_provider_written_with_zeros_is_the_same_provider(decide: Assigned) -> None:
    row = OP | {"service_line_final": "NCBPS11A"}
    a, b = decide([row, row | {"provider_code": "RRV00"}])
    assert a["commissioner_code"] == b["commissioner_code"] == "13R"


def test_overseas_boxes(decide: Assigned) -> None:
    base = OP | {"overseas_visitor_charging_category": "C", "gp_practice_code": "V81997", "postcode": "ZZ99 4HZ"}
    eea, agreed, other = decide(
        [base | {"service_line_final": "NCBPS11A"}, base | {"osv_international_agreement": "Y"}, base]
    )
    assert (eea["assignment_box"], eea["commissioner_code"]) == ("B-2", "13R")
    assert (agreed["assignment_label"], agreed["commissioner_code"]) == ("osv_guidance", "93C")
    assert (other["assignment_box"], other["commissioner_code"]) == ("B-4", "93C")


def test_channel_island_practice_is_not_ordinarily_resident(decide: Assigned) -> None:
    assert one(decide, OP | {"gp_practice_code": "ALD200"})["box_path"].startswith("A:N>B:N")
