"""Readings of the method where it is silent (docs/reference/assignment.md), one named case each."""

from __future__ import annotations

from datetime import date
from typing import Any

from assign_helpers import Assigned

DAY = date(2025, 6, 10)
PLCM = {"flow": "plcm", "financial_year": "202526", "financial_month": 3, "service_line_final": "NCBPS11B",
        "treatment_function_code": "361", "gp_practice_code": "V81998"}  # fmt: skip
OP = {"flow": "op", "cds_type": "020", "start_date": DAY, "activity_date": DAY, "gp_practice_code": "F83003",
      "postcode": "NW1 2PG", "overseas_visitor_charging_category": "A", "treatment_function_code": "300"}  # fmt: skip
NEXT_YEAR = {"financial_year": "202627"}


def said(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Some columns of every row."""
    return [tuple(row[name] for name in names) for row in rows]


def test_a_board_answers_only_while_it_exists(decide: Assigned, register: Any) -> None:
    """The boards of April 2026 say nothing of June 2025, nor the ones they replaced of June 2026."""
    new, old = PLCM | {"gp_practice_responsibility": "Z9B2Z"}, PLCM | {"residence_responsibility": "QMJ"}
    found = decide([new, new | NEXT_YEAR, old, old | NEXT_YEAR], None, register)
    assert said(found, "lookup_method", "commissioner_code", "payer_code", "population_icb") == [
        ("provider_address", "93C", "QMJ", ""),
        ("icb_only", "", "Z9B2Z", "Z9B2Z"),
        ("icb_only", "", "QMJ", "QMJ"),
        ("provider_address", "93C", "Z9B2Z", ""),
    ]
    assert said(found, "delegation_status") == [("delegated",)] * 4


def test_a_plan_agreed_with_a_board_that_does_not_exist_yet_falls_to_the_host(decide: Assigned, register: Any) -> None:
    plan = {"flow": "iap", "financial_month": 3, "commissioner_submitted": "Z9B2Z00", "service_line_final": "NCBPS11B"}
    early, later = decide([plan | {"financial_year": "202526"}, plan | NEXT_YEAR], None, register)
    assert (early["commissioner_code"], early["population_icb"]) == ("93C", "")
    assert (later["commissioner_code"], later["population_icb"]) == ("Z9B2Z", "Z9B2Z")
    assert early["commissioner_read"] == later["commissioner_read"] == "Z9B2Z"
    assert (early["commissioner_kind"], later["commissioner_kind"]) == ("not_in_force", "icb")


def test_no_look_up_is_named_when_none_answered(decide: Assigned) -> None:
    """Host, responsible sub-ICB, contract mapping and Northern Ireland's specialised body (its code is not stated)."""
    nobody = {"provider_code": "NXX", "gp_practice_code": "V81997", "postcode": ""}
    found = decide(
        [
            OP | nobody | {"overseas_visitor_charging_category": "C"},
            OP | nobody,
            OP | nobody | {"service_line_final": "NCBPS11A"},
            OP | {"postcode": "BT1 1AA", "service_line_final": "NCBPS11A"},
        ]
    )
    assert said(found, "assignment_box", "commissioner_code", "lookup_method", "payer_kind") == [
        ("B-4", "", "", "none"), ("C-5", "", "", "none"), ("C-2", "", "", "none"), ("WB-10", "", "", "none"),
    ]  # fmt: skip


def test_without_a_postcode_the_border_is_asked_of_the_providers_main_site(decide: Assigned) -> None:
    """Gloucestershire is a border area and London is not; so with a Welsh practice the answer of WB-1 differs."""
    welsh = OP | {"gp_practice_code": "W00135", "postcode": ""}
    found = decide(
        [
            welsh | {"provider_code": "RTE"},
            welsh | {"provider_code": "RRV", "postcode": "ZZ99 3VZ"},
            OP | {"postcode": "ZZ99 3CZ", "provider_code": "RTE"},
            PLCM | {"gp_practice_code": "F83003", "residence_responsibility": "11M"},
        ]
    )
    starts = ["A:N>B:Y>WB-1:Y>C:N", "A:N>B:Y>WB-1:N>WB-2:N>WB-3:Y>C-0:N", "A:N>B:Y>WB-1:N>WB-2:Y>C-0:N",
              "A:N>B:Y>WB-1:N>WB-2:Y>C-0:Y"]  # fmt: skip
    assert [row["box_path"][: len(start)] for row, start in zip(found, starts, strict=True)] == starts
    assert (found[0]["commissioner_code"], found[0]["lookup_method"]) == ("7A7", "practice_postcode")


def test_what_stands_for_a_postcode_is_asked_only_where_none_can_be_read(decide: Assigned, register: Any) -> None:
    """With a directory an unknown postcode is nowhere; without one, or left blank, the LSOA answers."""
    row = OP | {"gp_practice_code": "V81997", "lsoa21_code": "E01023149"}
    unknown, blank = decide([row | {"postcode": "AB1 2CD"}, row | {"postcode": ""}])
    unread = decide([row | {"postcode": "AB1 2CD"}], None, register)[0]
    assert said([unknown, blank, unread], "assignment_box", "lookup_method", "commissioner_code") == [
        ("B-4", "provider_address", "93C"), ("C-5", "lsoa", "D4U1Y"), ("C-5", "lsoa", "D4U1Y"),
    ]  # fmt: skip
    assert said([unknown, blank], "population_icb", "population_method") == [("QNQ", "lsoa")] * 2


def test_a_dms_patient_lives_at_the_practice_whatever_postcode_was_sent(decide: Assigned) -> None:
    dental = OP | {"gp_practice_code": "A91020", "treatment_function_code": "140"}
    found = decide([dental | {"postcode": postcode} for postcode in ("NW1 2PG", "CF10 2FE", "ZZ99 3VZ", "AB1 2CD", "")])
    assert set(said(found, "assignment_box", "commissioner_code", "lookup_method", "population_icb")) == {
        ("D", "92G", "practice_postcode", "QOX")
    }


def test_a_dms_practice_that_closed_says_nothing_of_the_address(decide: Assigned, register: Any) -> None:
    practices = register["practices"].to_pylist()
    closed = next(p for p in practices if p["commissioner_code"] == "13Q" and p["close_date"] and p["close_date"] < DAY)
    found = decide([OP | {"gp_practice_code": closed["practice_code"], "treatment_function_code": "140"}])[0]
    assert (found["commissioner_code"], found["lookup_method"]) == ("93C", "postcode")


def test_the_practice_responsibility_stands_only_for_a_practice_that_is_not_found(decide: Assigned) -> None:
    """B-4 for a visitor: blank, default, unknown and closed codes are stood for, a Guernsey practice is not."""
    visitor = PLCM | {"overseas_visitor_charging_category": "C", "gp_practice_responsibility": "15E"}
    found = decide([visitor | {"gp_practice_code": code} for code in ("", "V81998", "ZZ9999", "Y02515", "GUE643")])
    assert said(found, "box_path", "commissioner_code") == [("A:N>B:N>B-1:N>B-3:N>B-4:Y", "15E")] * 4 + [
        ("A:N>B:N>B-1:N>B-3:N>B-4:N", "93C")
    ]
    assert ["B-4" in row["not_answerable"].split(",") for row in found] == [False] * 5
    assert "B-4" in decide([visitor | {"gp_practice_code": "", "gp_practice_responsibility": ""}])[0]["not_answerable"]


def test_a_practice_responsibility_names_an_english_or_a_welsh_practice_at_the_border(decide: Assigned) -> None:
    """Powys and Shropshire as responsibility fields; a Welsh board pays for its practice's patient."""
    home = PLCM | {"residence_responsibility": "M2L0M", "service_line_final": ""}
    english, welsh, special, away = decide(
        [
            home | {"gp_practice_responsibility": "M2L0M"},
            home | {"gp_practice_responsibility": "7A7"},
            home | {"gp_practice_responsibility": "7A7", "service_line_final": "NCBPS11A", "referred_via_ras": "Y"},
            home | {"gp_practice_responsibility": "7A7", "residence_responsibility": "93C"},
        ]
    )
    assert english["box_path"].startswith("A:N>B:Y>WB-1:N>WB-2:Y>C-0:N")
    assert said([welsh, special], "box_path", "commissioner_code", "lookup_method") == [
        ("A:N>B:Y>WB-1:Y>C:N", "7A7", "gp_practice_responsibility"),
        ("A:N>B:Y>WB-1:Y>C:Y>C-1:N>WB-10:Y>C-3:Y", "7A5HC", "gp_practice_responsibility"),
    ]
    assert (away["box_path"].split(">")[2:5], away["commissioner_code"]) == (["WB-1:N", "WB-2:N", "WB-3:Y"], "93C")


def test_regions_in_contract_monitoring_follow_the_ladder_of_the_tool(decide: Assigned, register: Any) -> None:
    """Hub of the practice (amber lines of 2024/25) and public health region: the field before the small area."""
    frimley = {"lsoa21_code": "E01023149"}
    amber = PLCM | {"financial_year": "202425", "service_line_final": "NCBPS10Z", "provider_code": "RBV"}
    rows = [
        (amber | frimley | {"gp_practice_responsibility": "15E"}, ("14A", "gp_practice_responsibility")),
        (amber | frimley | {"gp_practice_responsibility": "QHL"}, ("14A", "gp_practice_responsibility")),
        (amber | frimley | {"gp_practice_responsibility": "7A4"}, ("14G", "lsoa")),
        (amber | {"residence_responsibility": "36L"}, ("13R", "residence_responsibility")),
        (
            amber | {"gp_practice_code": "A91182", "residence_responsibility": "36L"},
            ("13R", "residence_responsibility"),
        ),
        (amber | {"gp_practice_code": "ZZ9999", "residence_responsibility": "36L"}, ("27T", "region_of_provider")),
        (amber, ("27T", "provider_address")),
        (PLCM | frimley | {"gp_practice_responsibility": "QHL", "section_7a_service": "Y"},
         ("Y60", "gp_practice_responsibility")),
        (PLCM | {"residence_responsibility": "QHL", "section_7a_service": "Y"}, ("Y60", "residence_responsibility")),
    ]  # fmt: skip
    found = decide([row for row, _ in rows], None, register)
    assert said(found, "commissioner_code", "lookup_method") == [answer for _, answer in rows]
    assert said(found, "assignment_box") == [("C-0b",)] * 7 + [("F",)] * 2


def test_sub_icb_codes_of_2025_26_are_carried_forward_by_lsoa_as_by_postcode(decide: Assigned) -> None:
    """Slough after the split of Frimley: the board by small area, the code of the year of the method."""
    later = OP | {"gp_practice_code": "V81997", "start_date": date(2026, 5, 1), "lsoa21_code": "E01016444"}
    found = decide([later | {"postcode": ""}, later | {"postcode": "SL1 1AA"}])
    assert (
        said(found, "commissioner_code", "payer_code", "population_icb", "population_sub_icb")
        == [("D4U1Y", "S0E4D", "S0E4D", "D4U1Y")] * 2
    )


def test_a_small_area_outside_a_split_sub_icb_does_not_say_its_board(decide: Assigned, register: Any) -> None:
    """Former Frimley named by a field: Slough lies in it, Portsmouth does not, and no board of Portsmouth is taken."""
    named = PLCM | NEXT_YEAR | {"gp_practice_responsibility": "D4U1Y", "service_line_final": ""}
    areas = ("E01016444", "E01023149", "E01017064", "")
    found = decide([named | {"lsoa21_code": area} for area in areas], None, register)
    assert said(found, "commissioner_code", "payer_code", "population_icb") == [
        ("D4U1Y", "S0E4D", "S0E4D"), ("D4U1Y", "QRL", "QRL"), ("D4U1Y", "", ""), ("D4U1Y", "", ""),
    ]  # fmt: skip
    outside = next(a for a in register["lsoas"].to_pylist() if a["lsoa21_code"] == areas[2])
    assert (outside["sub_icb_code_2024"], outside["icb_code_2026"]) == ("10R", "QRL")


def test_a_sub_icb_says_more_of_the_population_than_a_board(decide: Assigned, register: Any) -> None:
    """In contract monitoring as the ladder goes, and in a hospital record without practice and address."""
    fields = {"gp_practice_responsibility": "QMJ", "residence_responsibility": "14L"}
    found = decide([PLCM | fields, OP | {"gp_practice_code": "V81997", "postcode": ""} | fields], None, register)
    assert said(found, "commissioner_code", "population_icb", "population_sub_icb", "population_method") == [
        ("14L", "QOP", "14L", "responsibility"), ("93C", "QOP", "14L", "responsibility"),
    ]  # fmt: skip


def test_the_commissioner_of_a_practice_is_not_known_before_its_first_day(decide: Assigned) -> None:
    """B82002 has been with 42D since April 2024; A99870 opens with 03R in October 2025 and is proposed in June."""
    row = OP | {"gp_practice_code": "B82002"}
    days = [row | {"start_date": day} for day in (date(2024, 3, 31), date(2024, 4, 1))]
    found = decide([*days, OP | {"gp_practice_code": "A99870"}])
    assert said(found, "commissioner_code", "lookup_method", "population_icb") == [
        ("93C", "postcode", "QMJ"), ("42D", "practice", "QOQ"), ("03R", "practice", "QWO"),
    ]  # fmt: skip


def test_only_prescribed_services_are_delegated_or_retained(decide: Assigned) -> None:
    """Secondary dental care is listed as green and is no specialised service."""
    lines = ("NCBPS11B", "NCBPS11A", "NCBSDXXX", "NCBPH22Z", "")
    found = decide([OP | {"service_line_final": line} for line in lines])
    assert [r["delegation_status"] for r in found] == ["delegated", "retained", "other", "other", "none"]


def test_where_only_a_board_is_known_its_own_delegation_counts(decide: Assigned, register: Any) -> None:
    """In 2024/25 the North West was delegated and London was not."""
    row = PLCM | {"financial_year": "202425"}
    found = decide([row | {"gp_practice_responsibility": code} for code in ("QOP", "QMJ", "")], None, register)
    assert said(found, "assignment_box", "delegation_status", "commissioner_code", "payer_code") == [
        ("C-6", "delegated", "", "QOP"), ("C-6", "retained", "13R", "X24"), ("C-6", "retained", "13R", "X24"),
    ]  # fmt: skip


def test_a_small_area_of_wales_says_the_country_and_a_welsh_practice_the_board(decide: Assigned, register: Any) -> None:
    row = OP | {"postcode": "", "gp_practice_code": "W00135"}
    areas = [row | {"lsoa21_code": area} for area in ("W01001939", "S01006506")]
    found = decide([*areas, areas[0] | {"gp_practice_code": "V81997"}], None, register)
    assert said(found, "assignment_box", "commissioner_code", "lookup_method") == [
        ("C", "7A7", "practice_postcode"), ("C", "", ""), ("C", "", ""),
    ]  # fmt: skip
