"""Each rule with a case that it is about and one that is nearly so; pounds once; cash by contract; stable ids."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from charges import Given, with_lists
from tertiary.challenges import Raised, Settings, cash_of, raise_challenges, rules
from tertiary.challenges.files import handover_table
from tertiary.errors import ContractError
from tertiary.register import Register
from tertiary.runs import Run

Make = Callable[..., Run]
SAME = {"patient_id": "one"}
DRUG = {"component": "drug", "flow": "drplcm", "hrg": "", "point_of_delivery": "DRUG", "drug_code": "900000000001001"}
DEVICE = {"component": "device", "flow": "deplcm", "hrg": "", "point_of_delivery": "DEVICE", "device_code": "DEV01",
          "supply_route": "10"}  # fmt: skip
HOSPITAL = {
    "flow": "apc_spell",
    "counted": False,
    "cds_unique_id": "c1",
    "setting": "APC",
    "service_basis": "submitted",
}
NAMES_IT = {"service_basis": "submitted", "cds_unique_id": "c1", "service_line_derived": ""}


def day(number: int) -> dict[str, Any]:
    return {"activity_date": date(2025, 4, number)}


def finding(record: str, rule: str, **more: str) -> Given:
    return {"record_id": record, "rule_id": rule, "level": "cross_field", "expected": "what should be", **more}


# rule, charges, findings, and what is questioned: record to pounds
CASES: list[tuple[str, list[Given], list[Given], dict[str, str]]] = [
    ("CH01", [{"commissioner_submitted": "A3A8R"}] * 3,
     [finding("r0", "A01", level="commissioner"), finding("r1", "R03", level="reference")], {"r0": "1000"}),
    ("CH01", [{"counted": False}, {"price_submitted": Decimal(-5)}, {"price_submitted": None}],
     [finding(r, "A01", level="commissioner") for r in ("r0", "r1", "r2")], {}),
    ("CH02", [{}, {}, {}], [finding("r0", "X04"), finding("r1", "X05"), finding("r2", "X06")],
     {"r0": "1000", "r1": "1000"}),
    ("CH03", [{}, {"fate": "superseded", "counted": False}], [finding("r0", "D07"), finding("r1", "D07")],
     {"r0": "1000"}),
    ("CH04", [SAME, {**SAME, "price_submitted": Decimal(800)}, {**SAME, **day(11)}, {**SAME, "hrg": "AA22D"},
              {**SAME, "point_of_delivery": "DC"}, {**SAME, "treatment_function_code": "400"},
              {**SAME, "provider_code": "RJ1"}, {**SAME, "flow": "op"}], [], {"r1": "800"}),
    ("CH04", [{"patient_id": ""}, {"patient_id": ""}, {**SAME, "hrg": ""}, {**SAME, "hrg": ""}], [], {}),
    ("CH04", [SAME, SAME, SAME], [finding("r2", "D07")], {"r1": "1000"}),
    # taken back and charged anew is one charge; what comes on top of that is not
    ("CH04", [SAME, {**SAME, "price_submitted": Decimal(-1000)}, {**SAME, "price_submitted": Decimal(900)}], [], {}),
    ("CH04", [SAME, {**SAME, "price_submitted": Decimal(-1000)}, SAME, {**SAME, "price_submitted": Decimal(700)}], [],
     {"r3": "700"}),
    # named hospital record tested without a line; tested with a line; not tested; a rule only lacks its list
    ("CH05", [NAMES_IT, HOSPITAL], [], {"r0": "1000"}),
    ("CH05", [NAMES_IT, {**HOSPITAL, "service_line_derived": "NCBPS08S"}], [], {}),
    ("CH05", [NAMES_IT, {**HOSPITAL, "setting": ""}], [], {}),
    ("CH05", [NAMES_IT, {**HOSPITAL, "would_match": "PSS-APC-X"}], [], {}),
    ("CH05", [NAMES_IT, {**HOSPITAL, "provider_code": "RJ1"}], [], {}),
    ("CH05", [{**NAMES_IT, "hrg": "XC01Z"}, HOSPITAL], [], {}),
    ("CH05", [{**NAMES_IT, "service_line_submitted": "NCBPS99X"}, HOSPITAL], [], {}),
    ("CH05", [{"service_basis": "excluded"}, {"service_basis": "none", "service_line_submitted": "NCBPS99X"},
              {"service_basis": "none", "service_line_submitted": "99999999"}, {"service_basis": "derived"},
              {"service_basis": "none", "service_line_submitted": "CCGPS08S_EXC"}], [], {"r0": "1000", "r1": "1000"}),
    ("CH06", [{"service_line_final": "NCBPS08P"}, {"service_line_final": "NCBPS08P", "service_basis": "linked"},
              {}, {"service_line_submitted": "99999999"}, {"service_line_final": "NCBPS08P", "service_basis": "sus"}],
     [], {"r0": "1000", "r1": "1000"}),
    ("CH08", [{"payer_kind": "none", "payer_code": "", "assignment_box": "C-2"}, {"assignment_box": "C-2"},
              {"payer_kind": "none", "payer_code": "", "assignment_box": "J"}], [], {"r0": "1000"}),
    # more than 100 pounds and more than 5% above
    ("CH09", [{"price_submitted": Decimal("3000.01"), "price_expected": Decimal(2500)}], [], {"r0": "500.01"}),
    ("CH09", [{"price_submitted": Decimal(p), "price_expected": Decimal(e)}
              for p, e in ((1100, 1000), (10500, 10000), (900, 1500))], [], {}),
    ("CH09", [{"price_submitted": Decimal(p), "price_expected": Decimal(e)}
              for p, e in (("1100.01", 1000), ("10500.01", 10000))], [], {"r0": "100.01", "r1": "500.01"}),
    ("CH09", [{"price_submitted": Decimal(3000), "price_basis": "submitted"}], [], {}),
    ("CH10", [DRUG, DRUG], [finding("r1", "C10")], {"r1": "1000"}),
    ("CH11", [DEVICE, {**DEVICE, "supply_route": "20"}, {**DEVICE, "device_code": "DEV03"},
              {**DEVICE, "price_submitted": Decimal(0)}, {**DEVICE, "activity_date": date(2016, 3, 31)}],
     [], {"r0": "1000"}),
    ("CH12", [{"quantity": Decimal(2), "unit_price_submitted": Decimal(450)},
              {"quantity": Decimal(2), "unit_price_submitted": Decimal(600)}, {"unit_price_submitted": Decimal(1)}],
     [finding("r0", "X07"), finding("r1", "X07")], {"r0": "100"}),
    ("CH13", [{**DRUG, **SAME, **day(1)}, {**DRUG, **SAME, **day(28)}], [], {"r1": "1000"}),
    ("CH13", [{**DRUG, **SAME, **day(1)}, {**DRUG, **SAME, **day(29)}], [], {}),
    ("CH13", [{**DRUG, **SAME}, {**DRUG, **SAME, "quantity": Decimal(2)}, {**DRUG, **SAME, "drug_code": "9"},
              {**DRUG}, {**DRUG, **SAME, "provider_code": "RJ1"}], [], {}),
]  # fmt: skip


def questioned(found: Raised, column: str = "value") -> dict[tuple[str, str], Decimal]:
    return {(r["rule_id"], r["record_id"]): r[column] for r in found.records.to_pylist()}


@pytest.mark.parametrize(("rule", "charges", "findings", "wanted"), CASES)
def test_a_rule_fires_where_it_should_and_nowhere_else(
    made: Make, register: Register, rule: str, charges: list[Given], findings: list[Given], wanted: dict[str, str]
) -> None:
    only = Settings((rule, *rules()[rule].codes("unless")))
    found = questioned(raise_challenges(made(charges, findings), register, only))
    assert {record: pounds for (code, record), pounds in found.items() if code == rule} == {
        record: Decimal(pounds) for record, pounds in wanted.items()
    }


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, _, _, wanted in CASES if wanted} | {"CH07"} == set(rules())
    assert {rule for rule, charges, _, wanted in CASES if len(wanted) < len(charges)} | {"CH07"} == set(rules())


def test_a_provider_that_is_on_no_list_of_the_service(made: Make, register: Register) -> None:
    """Lists that are not loaded for a line say nothing; a listing has its days."""
    listed: Given = {"list_name": "BURN_CARE_PROVIDERS", "provider_code": "RRV", "valid_from": date(2025, 4, 5),
                     "valid_to": date(2025, 4, 20), "service_line_code": "NCBPS09A", "site_code": "", "source": "test",
                     "confidence": "high"}  # fmt: skip
    burns = {"service_line_submitted": "NCBPS09A", "service_line_final": "NCBPS09A"}
    other = {"service_line_submitted": "NCBPS09C", "service_line_final": "NCBPS09C"}
    charges: list[Given] = [
        burns,
        {**burns, **day(4)},
        {**burns, **day(20)},
        {**burns, "provider_code": "RJ1"},
        other,
        {},
    ]
    run = made(charges)
    assert not [k for k in questioned(raise_challenges(run, register)) if k[0] == "CH07"]
    loaded = with_lists(register, provider_lists=[listed])
    found = questioned(raise_challenges(run, loaded))
    assert {record for rule, record in found if rule == "CH07"} == {"r1", "r2", "r3"}


def test_market_forces_in_a_total_are_not_questioned(made: Make, register: Register) -> None:
    """1,150 of 2 x 450 at a factor of 1.2 is 70 too much, not 250."""
    charge = {"quantity": Decimal(2), "unit_price_submitted": Decimal(450), "price_submitted": Decimal(1150)}
    forces = with_lists(register, market_forces=[{"provider_code": "RRV", "financial_year": "202526",
                                                  "factor": Decimal("1.2")}])  # fmt: skip
    found = questioned(raise_challenges(made([charge], [finding("r0", "X07")]), forces))
    assert found["CH12", "r0"] == Decimal(70)


def test_handovers_and_exceptions_of_devices(made: Make, register: Register) -> None:
    run = made([DEVICE, {**DEVICE, "provider_code": "RJ1"}, {**DEVICE, "device_code": "DEV02"}])
    told = [
        {"provider_code": "RRV", "device_code": "DEV01", "handover_date": date(2025, 4, 11), "exception": ""},
        {"provider_code": "", "device_code": "DEV02", "handover_date": None, "exception": "Y"},
    ]
    found = raise_challenges(run, register, handovers=handover_table(told))
    assert set(questioned(found)) == {("CH11", "r1")}, "before the handover; after the national day; excepted"


def test_who_questions_a_charge_and_for_whose_budget(made: Make, register: Register) -> None:
    wrong = [
        {"commissioner_submitted": "13R"},
        {"commissioner_submitted": "13R", "contracting_host": ""},
        {"commissioner_submitted": "A3A8R"},
        {"commissioner_submitted": "A3A8R", "contracting_host": ""},
        {"commissioner_submitted": "Q99"},
    ]
    run = made(wrong, [finding(f"r{i}", "A01", level="commissioner") for i in range(5)])
    found = {
        r["record_id"]: (r["host_code"], r["payer_code"]) for r in raise_challenges(run, register).records.to_pylist()
    }
    assert found == {
        "r0": ("X24", "X24"), "r1": ("X24", "X24"), "r2": ("QMJ", "QMF"), "r3": ("QMF", "QMF"), "r4": ("QMJ", "QMJ"),
    }  # fmt: skip
    drug = made(
        [{**DRUG, "contracting_host": "", "payer_code": "X24", "payer_kind": "nhs_england"}], [finding("r0", "C10")]
    )
    (row,) = raise_challenges(drug, register).challenges.to_pylist()
    assert (row["host_code"], row["payer_code"]) == ("X24", "X24")


def test_another_code_of_the_same_payer_is_no_pounds_at_stake(made: Make, register: Register) -> None:
    """00L and 00P are sub-ICBs of one ICB, 13R is a hub of NHS England: whoever is charged, the same budget pays."""
    same = {"commissioner_submitted": "00P", "commissioner_code": "00L", "payer_code": "QHM", "contracting_host": "QHM"}
    hubs = {"commissioner_submitted": "13R", "payer_code": "X24", "payer_kind": "nhs_england", "contracting_host": ""}
    run = made([same, hubs, {**same, "commissioner_submitted": "93C"}],
               [finding(f"r{i}", "A01", level="commissioner") for i in range(3)])  # fmt: skip
    assert {record for _, record in questioned(raise_challenges(run, register, Settings(("CH01",))))} == {"r2"}


def test_no_text_of_a_provider_becomes_a_service_line(made: Make, register: Register) -> None:
    """Columns that slipped would carry a patient into the shared log, and text that is too long would stop it."""
    sent = ("943 476 5919", "NCBPS08S and some words about it that are long", "NCBPS08S", "99999999", "")
    run = made([{"service_line_submitted": line} for line in sent], [finding(f"r{i}", "X04") for i in range(5)])
    found = raise_challenges(run, register, Settings(("CH02",)))
    assert {r["record_id"]: r["service_line"] for r in found.records.to_pylist()} == {
        "r0": "unknown", "r1": "unknown", "r2": "NCBPS08S", "r3": "99999999", "r4": "NCBPS08S",
    }  # fmt: skip


def test_a_record_that_several_rules_question_counts_once(made: Make, register: Register) -> None:
    """The row sent twice comes first and claims all; a price that differs by 400 alone claims 400."""
    dear = {"price_expected": Decimal(600)}
    run = made([dear, dear, dear], [finding("r0", "D07"), finding("r0", "X04"), finding("r1", "X04")])
    found = raise_challenges(run, register)
    once = questioned(found, "first_claim")
    assert once == {
        ("CH03", "r0"): 1000, ("CH02", "r0"): 0, ("CH09", "r0"): 0, ("CH02", "r1"): 1000, ("CH09", "r1"): 0,
        ("CH09", "r2"): 400,
    }  # fmt: skip
    total = sum((row["first_claim"] for row in found.challenges.to_pylist()), Decimal(0))
    assert total == 2400 < sum(questioned(found).values())


def test_a_later_rule_claims_only_what_it_questions_more(made: Make, register: Register) -> None:
    """Total above quantity first (100), then price above expected (400): 100 and 300 of a 400 that is at stake."""
    charge = {"unit_price_submitted": Decimal(900), "price_expected": Decimal(600)}
    found = questioned(raise_challenges(made([charge], [finding("r0", "X07")]), register), "first_claim")
    assert found == {("CH12", "r0"): 100, ("CH09", "r0"): 300}


def test_challenges_are_found_again(made: Make, register: Register) -> None:
    """Ids are hashes of facts that no run changes: not of records, pounds, or other challenges."""
    one = raise_challenges(made([{}], [finding("r0", "X04")]), register).challenges.to_pylist()
    two = raise_challenges(
        made([{"record_id": "z", "price_submitted": Decimal(7)}, {"provider_code": "RJ1"}, {}],
             [finding("z", "X04"), finding("r1", "X05"), finding("r2", "X05")]), register,
    ).challenges.to_pylist()  # fmt: skip
    assert one[0]["challenge_id"] in {row["challenge_id"] for row in two} and len(two) == 2
    assert [row["records"] for row in two if row["provider_code"] == "RRV"] == [2]
    facts = b"CH02|RRV|QMJ|QMJ|202526|1|NCBPS08S|activity"
    assert one[0]["challenge_id"] == hashlib.sha256(facts).hexdigest()[:16], "a log of years depends on it"


def test_groups_add_up_to_their_records(made: Make, register: Register) -> None:
    charges = [{"price_submitted": Decimal("10.12345678"), "financial_month": m} for m in (1, 1, 1, 2)]
    found = raise_challenges(made(charges, [finding(f"r{i}", "X04") for i in range(4)]), register)
    assert sorted(row["value"] for row in found.challenges.to_pylist()) == [Decimal("10.12"), Decimal("30.37")]
    assert found.covered == {("RRV", "202526", 1, "activity"), ("RRV", "202526", 2, "activity")}


def test_a_run_covers_what_counts_in_it_whatever_its_price(made: Make, register: Register) -> None:
    """A device at no price is the correction that was asked for; rows that do not count tell nothing."""
    free = {**DEVICE, "price_submitted": Decimal(0)}
    found = raise_challenges(made([DRUG, free, {"counted": False}, {"fate": "superseded"}]), register)
    assert found.covered == {("RRV", "202526", 1, "drug"), ("RRV", "202526", 1, "device")}


def test_a_challenge_is_of_one_component(made: Make, register: Register) -> None:
    """Files of drugs come and go apart from those of other care, and contracts pay them by other elements."""
    found = raise_challenges(made([{}, DRUG], [finding("r0", "X04"), finding("r1", "X04")]), register)
    assert [row["component"] for row in found.challenges.to_pylist()] == ["activity", "drug"]


CONTRACT = {"provider_code": "RRV", "payer_code": "QMJ", "financial_year": "202526", "marginal_rate": "0.7"}


def test_cash_follows_the_contract(made: Make, register: Register) -> None:
    lines = [
        {**CONTRACT, "component": "", "point_of_delivery": "", "element": "fixed"},
        {**CONTRACT, "component": "activity", "point_of_delivery": "DC", "element": "variable"},
        {**CONTRACT, "component": "drug", "point_of_delivery": "", "element": "pass_through"},
    ]
    charges = [{}, {"point_of_delivery": "DC"}, DRUG, {"financial_year": "202627"}]
    run = made(charges, [finding(f"r{i}", "X04") for i in range(4)])
    found = raise_challenges(run, register, cash=cash_of(lines, "contracts"))
    assert questioned(found, "cash_effect") == {
        ("CH02", "r0"): 0, ("CH02", "r1"): 700, ("CH02", "r2"): 1000, ("CH02", "r3"): None,
    }  # fmt: skip
    told = {
        (r["financial_year"], r["component"]): (r["cash_effect"], r["cash_reason"])
        for r in found.challenges.to_pylist()
    }
    assert told["202526", "activity"] == (Decimal("700.00"), "")
    assert told["202526", "drug"] == (Decimal("1000.00"), "")
    assert told["202627", "activity"] == (None, "no line in the contracts loaded for 1 of 1 records")
    without = raise_challenges(run, register)
    assert {(r["cash_effect"], r["cash_reason"]) for r in without.challenges.to_pylist()} == {
        (None, "no contract loaded")
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"element": "block"}, "contracts line 2: element is 'block'; expected fixed, variable, pass_through"),
        ({"marginal_rate": ""}, "a variable element needs one from 0 to 1"),
        ({"marginal_rate": "70%"}, "marginal_rate is '70%'"),
        ({"marginal_rate": "1.5"}, "needs one from 0 to 1"),
        ({"marginal_rate": "0.3333333"}, "at most six decimals"),
        ({"payer_code": ""}, "payer_code is blank"),
    ],
)
def test_contract_lines_that_cannot_be_used(change: Mapping[str, str], said: str) -> None:
    line = {**CONTRACT, "component": "", "point_of_delivery": "", "element": "variable", **change}
    with pytest.raises(ContractError, match=said):
        cash_of([line], "contracts")
    with pytest.raises(ContractError, match=r"line 3: .* is fixed here and variable before"):
        good = {**line, **{k: CONTRACT.get(k, "variable") for k in change}}
        cash_of([good, {**good, "element": "fixed"}], "contracts")


def test_causes_of_a_price_stand_beside_the_record(made: Make, register: Register) -> None:
    charge = {"price_expected": Decimal(500)}
    causes = pa.table({"record_id": ["r1"], "cause": ["market forces"]})
    found = raise_challenges(made([charge, charge]), register, causes=causes)
    assert {r["record_id"]: r["cause"] for r in found.records.to_pylist()} == {"r0": "", "r1": "market forces"}


def test_what_is_given_beside_a_run_counts_no_record_twice(made: Make, register: Register) -> None:
    run = made([{"price_expected": Decimal(500)}, DEVICE])
    causes = pa.table({"record_id": ["r0", "r0"], "cause": ["market forces", "count"]})
    with pytest.raises(ContractError, match=r"causes names r0 twice"):
        raise_challenges(run, register, causes=causes)
    line = {"provider_code": "RRV", "device_code": "DEV01", "handover_date": None, "exception": ""}
    with pytest.raises(ContractError, match=r"handovers names RRV DEV01 twice"):
        raise_challenges(run, register, handovers=handover_table([line, line]))


def test_settings_are_data_that_can_be_changed(made: Make, register: Register) -> None:
    run = made([{"price_expected": Decimal(940)}], [finding("r0", "X04")])
    changed = Settings(("CH09",), {"CH09": {"pounds": "50"}})
    found = raise_challenges(run, register, changed)
    assert set(questioned(found)) == {("CH09", "r0")} and found.rules == ("CH09",)
    for wrong, said in (
        (Settings(("CH99",)), "CH99 is no rule"),
        (Settings(parameters={"CH09": {"euros": "1"}}), "euros is no parameter of CH09. Known: bases, pounds, share"),
        (Settings(parameters={"CH09": {"pounds": "much"}}), "CH09: pounds is 'much'"),
        (Settings(parameters={"CH11": {"from": "2016"}}), "CH11: from is '2016'"),
    ):
        with pytest.raises(ContractError, match=said):
            raise_challenges(run, register, wrong)


def test_no_patient_is_in_what_is_found(made: Make, register: Register) -> None:
    found = raise_challenges(made([{**SAME, "patient_id": "PSEUDO"}] * 2, [finding("r0", "X04")]), register)
    assert found.records.num_rows and "patient_id" not in found.records.column_names
    assert "PSEUDO" not in str(found.records.to_pylist()) + str(found.challenges.to_pylist())


def test_ranks_and_sources_are_whole() -> None:
    ranks = [rule.rank for rule in rules().values()]
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
    for rule in rules().values():
        assert rule.source and rule.confidence in ("official", "derived", "illustrative"), rule.rule_id
        assert rule.party in ("payer", "charged") and rule.value in ("price", "delta", "excess"), rule.rule_id
        assert all(rules()[other].rank < rule.rank for other in rule.codes("unless")), rule.rule_id
