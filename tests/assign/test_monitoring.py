"""Contract monitoring flows, plans, drugs, devices and approvals; and NHS England's own check."""

from __future__ import annotations

from datetime import date
from typing import Any

from assign_helpers import Assigned, identified

from tertiary.assign import AssignSettings, assign, commissioner_findings, not_answerable_counts
from tertiary.assign.data import rows
from tertiary.assign.excluded import chosen

PLCM = {"flow": "plcm", "financial_year": "202526", "financial_month": 1, "service_line_final": "NCBPS11B",
        "service_line_submitted": "NCBPS11B", "treatment_function_code": "361", "commissioned_service_category": "25",
        "point_of_delivery": "OPPROC"}  # fmt: skip
TOOL = AssignSettings(contract_monitoring_ruleset="tool")


def test_the_chart_walks_with_what_the_flow_has(decide: Assigned, register: Any) -> None:
    by_practice, by_field, by_home, nobody = decide(
        [
            PLCM | {"gp_practice_code": "M85001", "residence_responsibility": "93C"},
            PLCM | {"gp_practice_responsibility": "15E00"},
            PLCM | {"residence_responsibility": "36L"},
            PLCM,
        ],
        None,
        register,
    )
    assert (by_practice["commissioner_code"], by_practice["lookup_method"]) == ("15E", "practice")
    assert (by_field["commissioner_code"], by_field["population_method"]) == ("15E", "responsibility")
    assert (by_home["commissioner_code"], by_home["lookup_method"]) == ("36L", "residence_responsibility")
    assert (nobody["commissioner_code"], nobody["population_icb"], nobody["population_method"]) == ("93C", "", "none")
    assert {"A", "B", "E", "F", "H", "I"} <= set(by_practice["not_answerable"].split(","))


def test_only_an_icb_known_gives_no_sub_icb_but_the_payer_is_known(engine: Any, register: Any) -> None:
    loaded = engine.load("identified", identified([PLCM | {"gp_practice_responsibility": "QHL"}]))
    out = engine.materialise("out", assign(engine, loaded, register, AssignSettings()))
    found = engine.fetch(out).to_pylist()[0]
    assert (found["commissioner_code"], found["payer_code"], found["population_icb"]) == ("", "QHL", "QHL")
    assert (found["population_sub_icb"], found["options"].split(";")[-1]) == ("", "only_icb_known")
    assert [f["rule_id"] for f in engine.fetch(commissioner_findings(out)).to_pylist()] == ["A03"]
    assert not_answerable_counts(engine, out)["F"] == 1


def test_drugs_and_devices_skip_the_method_and_delegated_budgets(decide: Assigned, register: Any) -> None:
    drug = PLCM | {"flow": "drplcm", "component": "drug", "gp_practice_code": "M85001"}
    cases = [
        (drug, "X24", ""),
        (drug | {"commissioned_service_category": "31"}, "X24", "cancer_drugs_fund"),
        (drug | {"commissioned_service_category": "41"}, "X24", "hepatitis_c"),
        (drug | {"commissioned_service_category": "12"}, "X24", "category_12_on_specialised_line"),
        (drug | {"commissioned_service_category": "12", "service_line_final": ""}, "QHL", ""),
        (drug | {"flow": "deplcm", "component": "device", "supply_route": "01"}, "X24", ""),
        (drug | {"flow": "acm"}, "X24", ""),
    ]
    found = decide([row for row, _, _ in cases], None, register)
    assert [r["payer_code"] for r in found] == [payer for _, payer, _ in cases]
    assert [r["options"] for r in found] == [note for _, _, note in cases]
    assert {(r["assignment_box"], r["assignment_label"], r["box_path"], r["commissioner_code"]) for r in found} == {
        ("not_applicable", "tariff_excluded", "", "")
    }


def test_the_most_specific_row_of_the_payer_table_wins() -> None:
    item = {"component": "drug", "commissioned_service_category": "32", "supply_route": "x", "ln_specialised": True}
    assert chosen(item, date(2022, 5, 31))["note"] == ""
    assert chosen(item, date(2022, 6, 1))["note"] == "innovative_medicines_fund"
    assert chosen(item, date(2010, 1, 1))["payer_kind"] == "none"


def test_approvals_are_kept_for_the_record_only(decide: Assigned, register: Any) -> None:
    found = decide([{"flow": "prior_approval", "component": "drug"}], None, register)[0]
    assert (found["assignment_label"], found["payer_kind"], found["payer_code"]) == ("record_only", "none", "")


def test_a_plan_is_for_the_commissioner_it_was_agreed_with(decide: Assigned, register: Any) -> None:
    plan = PLCM | {"flow": "iap", "commissioner_submitted": "15E"}
    sub_icb, icb = decide([plan, plan | {"commissioner_submitted": "QHL"}], None, register)
    assert (sub_icb["payer_code"], sub_icb["population_method"]) == ("QHL", "commissioner")
    assert (icb["commissioner_code"], icb["payer_code"], icb["population_sub_icb"]) == ("QHL", "QHL", "")


def test_every_reason_of_the_tool_is_one_that_nhs_england_publishes(register: Any) -> None:
    published = set(register["assignment_reason_types"]["reason_code"].to_pylist())
    assert {r["reason_code"] for r in rows("tool_reasons")} == published


def test_ladder_of_the_tool(decide: Assigned, register: Any) -> None:
    old = PLCM | {"financial_year": "202425", "commissioned_service_category": "21"}
    amber = old | {"service_line_submitted": "NCBPS10Z"}
    red = PLCM | {"service_line_submitted": "NCBPS11A"}
    cases = [
        (PLCM | {"gp_practice_responsibility": "15E"}, "15E_C_6_1", "25"),
        (PLCM | {"gp_practice_responsibility": "QHL", "residence_responsibility": "36L"}, "36L_C_6_2", "25"),
        (PLCM, "93C_C_6_3", "25"),
        (PLCM | {"provider_code": "NXX01"}, "C_5_X", "25"),
        (old | {"gp_practice_responsibility": "93C"}, "13R_C_6_4", "21"),
        (old | {"gp_practice_responsibility": "15E"}, "15E_C_6_1", "25"),
        (old | {"residence_responsibility": "36L"}, "13R_C_6_6", "21"),
        (amber | {"gp_practice_responsibility": "QHL"}, "14A_C_0b_2", "21"),
        (amber | {"residence_responsibility": "QHL"}, "14A_C_0b_4", "21"),
        (amber, "13R_C_0b_5", "21"),
        (red | {"gp_practice_responsibility": "15E"}, "13R_C_2_1", "21"),
        (red | {"provider_code": "NXX01"}, "C_2_X", "21"),
        (PLCM | {"service_line_submitted": "", "commissioned_service_category": "21"}, "13R_C_2_1", "21"),
        (PLCM | {"service_line_submitted": "99999999", "treatment_function_code": "140",
                 "gp_practice_responsibility": "QHL"}, "D_X", "55"),
        (PLCM | {"commissioned_service_category": "55", "residence_responsibility": "36L"}, "36L_D_2", "55"),
        (PLCM | {"gp_practice_code": "Y00613"}, "14Q_E_1", "71"),
        (PLCM | {"commissioned_service_category": "71"}, "E_X", "71"),
        (PLCM | {"commissioned_service_category": "81", "residence_responsibility": "QHL"}, "Y60_F_4", "81"),
        (PLCM | {"commissioned_service_category": "61"}, "13Q_J_1", "61"),
        (PLCM | {"service_line_submitted": "", "commissioned_service_category": "12"}, "93C_C_5_1", "12"),
        (PLCM | {"service_line_submitted": "", "commissioned_service_category": "12", "provider_code": "NXX01"},
         "X", "12"),
        (PLCM | {"service_line_submitted": "NCBPS22P"}, "MH_Delegated", "26"),
        (PLCM | {"commissioned_service_category": "31"}, "", ""),
    ]  # fmt: skip
    found = decide([row for row, _, _ in cases], TOOL, register)
    assert [(r["reassignment_code"], r["category_assigned"]) for r in found] == [(c, k) for _, c, k in cases]
    published = set(register["assignment_reasons"]["reassignment_code"].to_pylist())
    types = set(register["assignment_reason_types"]["reason_code"].to_pylist())
    assert {r["reassignment_code"] for r in found} - {""} <= published | types
    assert {r["assignment_label"] for r in found if r["reassignment_code"] in ("X", "D_X", "E_X", "C_2_X")} == {
        "not_assigned"
    }


def test_hospital_flows_keep_the_chart_when_the_tool_is_chosen(decide: Assigned) -> None:
    day = date(2025, 6, 10)
    op = {"flow": "op", "cds_type": "020", "start_date": day, "activity_date": day, "gp_practice_code": "F83003"}
    assert decide([op | {"service_line_final": "NCBPS11B"}], TOOL)[0]["method"] == "chart_2025_26"
