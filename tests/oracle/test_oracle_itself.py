"""The oracle is tried on cases worked by hand before anything is compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oracle.answers import COMPARED, answers
from oracle.assigning import Assigner
from oracle.cases import read, record, with_rows
from oracle.identifying import identify_all
from oracle.pricing import counted, price
from oracle.reference import Reference

VECTORS = Path(__file__).parent.parent / "vectors" / "cam"
CHART_CASES = [c for c in read(VECTORS / "cases.csv") if c["ruleset"] == "chart_2025_26"]
FLOW_OF_CDS = {"011": "ec", "020": "op"}


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def fixture_tables(register: Any) -> Mapping[str, Any]:
    """The register with the look-ups of the worked cases."""
    postcodes = read(VECTORS / "fixture_postcodes.csv")
    sub_icb = {p["postcode"]: p["sub_icb_ods"] for p in postcodes}
    region = {p["postcode"]: p["nhs_region_ods"] for p in postcodes}
    providers = read(VECTORS / "fixture_providers.csv")
    return with_rows(
        register,
        postcodes=[
            {
                "postcode": p["postcode"],
                "country_code": p["country_code"],
                "sub_icb_code": p["sub_icb_ods"],
                "icb_code": p["icb_ods"],
                "region_code": p["nhs_region_ods"],
                "lad_code": p["lad_code"],
                "health_board_code": p["uk_health_board_ods"],
            }
            for p in postcodes
        ],
        provider_hub_mapping=[
            {"provider_code": p["provider_code"], "hub_code": p["contract_hub_ods"]} for p in providers
        ],
        provider_hosts=[
            {
                "provider_code": p["provider_code"],
                "main_site_postcode": p["main_site_postcode"],
                "sub_icb_code": sub_icb[p["main_site_postcode"]],
                "region_code": region[p["main_site_postcode"]],
            }
            for p in providers
        ],
    )


@pytest.fixture(scope="module")
def fixtures(register: Any) -> Assigner:
    return Assigner(Reference(fixture_tables(register)))


@pytest.fixture(scope="module")
def ref(register: Any) -> Reference:
    return Reference(register)


@pytest.mark.parametrize("case", CHART_CASES, ids=lambda c: str(c["case_id"]))
def test_worked_cases_of_the_chart(case: dict[str, str], fixtures: Assigner) -> None:
    admitted = case["cds_type"] not in FLOW_OF_CDS
    given = record(
        flow=FLOW_OF_CDS.get(case["cds_type"], "apc_spell"),
        start_date=day(case["start_date"]) or day(case["event_date"]),
        discharge_date=day(case["event_date"]) if admitted else None,
        activity_date=day(case["event_date"]),
        postcode=case["postcode_usual_address"],
        diagnosis_all=case["diagnosis_icd10"].replace(".", ""),
        procedure_all=case["procedure_opcs4"].replace(".", ""),
        **{
            name: case[name]
            for name in (
                *("cds_type", "overseas_visitor_charging_category", "administrative_category", "gp_practice_code"),
                *("provider_code", "treatment_function_code", "source_of_admission", "referred_via_ras"),
                *("appendix_c_service", "section_7a_service", "other_public_health"),
                *("armed_forces_fertility_approved", "osv_international_agreement"),
            )
        },
    )
    line = "" if case["service_code"] == "99999999" else case["service_code"]
    got = fixtures.assign(given, line)
    assert (got.commissioner, got.label, got.method, got.category, got.path) == (
        case["expected_commissioner"],
        case["expected_outcome"],
        case["expected_lookup_method"],
        case["expected_service_category"],
        case["expected_box_path"],
    )


# Acceptance cases of the assignment page: postcodes that the public register does not hold are given here.

PLACES = [
    ("CF10 3NP", "W92000004", "", "", "", "W06000015", "7A4"),
    ("LD3 7EB", "W92000004", "", "", "", "W06000023", "7A7"),
    ("SY1 1AA", "E92000001", "M2L0M", "QOC", "Y60", "E06000051", ""),
    ("EH1 1AA", "S92000003", "", "", "", "S12000036", "SS9"),
    ("M60 9AH", "E92000001", "14L", "QOP", "Y62", "E08000003", ""),
    ("SP4 8QY", "E92000001", "92G", "QOX", "Y58", "E06000054", ""),
    ("SL1 1AA", "E92000001", "D4U1Y", "QNQ", "Y59", "E06000039", ""),
]
GREEN, AMBER, RED = "NCBPS01C", "NCBPS10Z", "NCBPS11A"
LONDON, BIRMINGHAM, MANCHESTER, FORCES = "E83005", "M85001", "P84005", "A91020"
PRISON = "M60 9AH"
SPELL = {"flow": "apc_spell", "cds_type": "130", "source_of_admission": "19", "overseas_visitor_charging_category": "A"}


def stay(end: str, start: str = "", **values: Any) -> dict[str, Any]:
    last = date.fromisoformat(end)
    first = date.fromisoformat(start) if start else last
    return {**SPELL, "start_date": first, "discharge_date": last, "activity_date": last, **values}


J10 = "2025-06-10"
SEEN = {"flow": "op", "cds_type": "020", "start_date": date(2025, 6, 10)}
ARRIVED = {"flow": "ec", "cds_type": "011", "start_date": date(2025, 6, 10)}
ACCEPTANCE: list[tuple[str, dict[str, Any], str, dict[str, str]]] = [
    ("green", stay(J10, gp_practice_code=LONDON, postcode="SY1 1AA"), GREEN, {"commissioner": "93C", "category": "25"}),
    (
        "green 2024",
        stay("2024-06-10", gp_practice_code=LONDON, postcode="SY1 1AA"),
        GREEN,
        {"commissioner": "13R", "category": "21", "box": "C-6", "method": "practice"},
    ),
    (
        "green 2024 in a delegated region",
        stay("2024-06-10", gp_practice_code=BIRMINGHAM, postcode="SY1 1AA"),
        GREEN,
        {"commissioner": "15E", "category": "25"},
    ),
    (
        "amber 2024",
        stay("2024-06-10", gp_practice_code=BIRMINGHAM, postcode="SY1 1AA"),
        AMBER,
        {"commissioner": "14A", "box": "C-0b", "method": "practice"},
    ),
    (
        "amber then green",
        stay("2025-04-05", "2025-03-20", gp_practice_code=BIRMINGHAM, postcode="SY1 1AA"),
        AMBER,
        {"commissioner": "15E", "category": "25"},
    ),
    ("red", stay(J10, gp_practice_code=LONDON, postcode="SY1 1AA", provider_code="RBV"), RED, {"commissioner": "27T"}),
    (
        "red, prisoner",
        stay(J10, gp_practice_code=LONDON, postcode=PRISON, source_of_admission="39"),
        RED,
        {"commissioner": "13R", "box": "C-2"},
    ),
    ("red, forces", stay(J10, gp_practice_code=FORCES), RED, {"commissioner": "13R", "box": "C-2"}),
    (
        "green, prisoner",
        stay(J10, postcode=PRISON, source_of_admission="39"),
        GREEN,
        {"commissioner": "32T", "box": "E"},
    ),
    ("green, forces", stay(J10, gp_practice_code=FORCES), GREEN, {"commissioner": "13Q", "box": "J"}),
    (
        "dental, prisoner",
        stay(J10, gp_practice_code=LONDON, postcode=PRISON, treatment_function_code="140"),
        "",
        {"commissioner": "14L", "category": "55"},
    ),
    (
        "dental, forces",
        stay(J10, gp_practice_code=FORCES, treatment_function_code="140"),
        "",
        {"commissioner": "92G", "category": "55"},
    ),
    (
        "red, no contract",
        stay(J10, gp_practice_code=LONDON, provider_code="NXX"),
        RED,
        {"commissioner": "", "label": "none", "payer_kind": "none"},
    ),
    (
        "Cardiff, English practice",
        stay(J10, gp_practice_code=MANCHESTER, postcode="CF10 3NP"),
        "",
        {"commissioner": "7A4"},
    ),
    (
        "Powys, English border practice",
        stay(J10, gp_practice_code="M82002", postcode="LD3 7EB", provider_code="RRK"),
        RED,
        {"commissioner": "14A", "box": "C-2"},
    ),
    (
        "Shropshire, Welsh practice",
        stay(J10, gp_practice_code="W00012", postcode="SY1 1AA", provider_code="RRK"),
        RED,
        {"commissioner": "14A", "box": "C-3"},
    ),
    (
        "the same through RAS",
        stay(J10, gp_practice_code="W00012", postcode="SY1 1AA", referred_via_ras="Y"),
        RED,
        {"commissioner": "7A5HC", "box": "C-3"},
    ),
    (
        "surcharge payer",
        stay(J10, gp_practice_code=MANCHESTER, overseas_visitor_charging_category="B"),
        RED,
        {"commissioner": "14L"},
    ),
    (
        "private",
        {**SEEN, "gp_practice_code": LONDON, "administrative_category": "02"},
        "",
        {"commissioner": "VPP00", "payer_kind": "private"},
    ),
    (
        "nowhere to live",
        stay(J10, gp_practice_code="V81997", postcode="ZZ99 3VZ"),
        "",
        {"commissioner": "93C", "method": "provider_address", "population_icb": ""},
    ),
    (
        "Scot at the front door",
        {**ARRIVED, "gp_practice_code": MANCHESTER, "postcode": "EH1 1AA"},
        "",
        {"commissioner": "93C", "label": "host_sub_icb"},
    ),
    (
        "Slough after 1 April 2026",
        stay("2026-05-01", postcode="", lsoa21_code="E01016444"),
        "",
        {"population_icb": "S0E4D"},
    ),
    (
        "Rushmoor practice after 1 April 2026",
        stay("2026-05-01", gp_practice_code="J82015"),
        "",
        {"population_icb": "QRL", "payer_code": "QRL"},
    ),
    (
        "London before",
        stay("2026-03-31", gp_practice_code=LONDON),
        GREEN,
        {"payer_code": "QMJ", "population_icb": "QMJ"},
    ),
    (
        "London after",
        stay("2026-04-01", gp_practice_code=LONDON),
        GREEN,
        {"payer_code": "Z9B2Z", "delegation": "delegated"},
    ),
]


@pytest.fixture(scope="module")
def real(register: Any) -> Assigner:
    names = ("postcode", "country_code", "sub_icb_code", "icb_code", "region_code", "lad_code", "health_board_code")
    return Assigner(Reference(with_rows(register, postcodes=[dict(zip(names, p, strict=True)) for p in PLACES])))


@pytest.mark.parametrize(("name", "values", "line", "expected"), ACCEPTANCE, ids=[a[0] for a in ACCEPTANCE])
def test_acceptance_cases(
    name: str, values: dict[str, Any], line: str, expected: dict[str, str], real: Assigner
) -> None:
    got = real.assign(record(**values), line)
    assert {k: getattr(got, k) for k in expected} == expected, got


def test_codes_are_read_whole(real: Assigner) -> None:
    places = real.places
    assert places.organisation("Z9B2Z00") == places.organisation("Z9B2Z") == "Z9B2Z"
    assert places.organisation("VPP00") == "VPP00"
    assert places.organisation("93C00") == "93C"


# Identification


def identified(ref: Reference, *rows: dict[str, Any]) -> list[Any]:
    records = [record(i, **row) for i, row in enumerate(rows)]
    found = identify_all(records, ref)
    return [found[r["record_id"]] for r in records]


def test_one_specialised_episode_makes_the_spell(ref: Reference) -> None:
    spell = {"spell_id": "RRV:1"}
    cystic = {**spell, "flow": "apc_episode", "diagnosis_all": "J180,E840"}
    plain = {**spell, "flow": "apc_episode", "diagnosis_all": "J180", "unbundled_hrg_all": "SB12Z"}
    row = {**spell, "flow": "apc_spell", "diagnosis_all": "M01"}
    other, first, total = identified(ref, plain, cystic, row)
    assert [x.derived for x in (other, first, total)] == ["NCBPS10Z"] * 3
    assert [x.spell_rule_record_id for x in (other, first, total)] == ["r00000001", "", "r00000001"]
    # chemotherapy on the episode loses: the spell is specialised for something else
    assert other.matched == []
    assert total.matched == []


def test_unbundled_chemotherapy_stays_on_its_episode(ref: Reference) -> None:
    spell = {"spell_id": "RRV:1"}
    given = {**spell, "flow": "apc_episode", "unbundled_hrg_all": "SB12Z"}
    chemo, plain, row = identified(ref, given, {**spell, "flow": "apc_episode"}, {**spell, "flow": "apc_spell"})
    assert (chemo.derived, plain.derived, row.derived) == ("NCBPS01C", "", "")


def test_adult_critical_care_needs_a_specialised_core(ref: Reference) -> None:
    care = {"flow": "cc_adult", "unbundled_hrg_all": "XC01Z", "spell_id": "RRV:1"}
    core = {"flow": "apc_spell", "spell_id": "RRV:1", "diagnosis_all": "E840"}
    assert identified(ref, care)[0].derived == ""
    assert identified(ref, care, core)[0].derived == "NCBPSACC"
    assert identified(ref, {**care, "spell_id": ""}, {**core, "spell_id": ""})[0].derived == ""


def test_excluded_neurosurgery_outranks_the_rest(ref: Reference) -> None:
    spell = {"spell_id": "RRV:1", "flow": "apc_episode"}
    out, dragged, contract = identified(
        ref,
        {**spell, "service_line_sus": "CCGPS08S_EXC"},
        {**spell, "diagnosis_all": "E840", "service_line_sus": "NCBPS10Z"},
        {"flow": "plcm", "spell_id": "RRV:1", "service_line_submitted": "NCBPS08S"},
    )
    assert [(x.basis, x.final) for x in (out, dragged, contract)] == [("excluded", "")] * 3


@pytest.mark.parametrize(("age", "line"), [(18, "NCBPS35Z"), (19, ""), (999, ""), (None, ""), (0, "NCBPS35Z")])
def test_age_limits(ref: Reference, age: int | None, line: str) -> None:
    assert identified(ref, {"flow": "apc_spell", "hrg": "FF10Z", "age": age})[0].derived == line


def test_a_required_provider_list_keeps_the_rule_silent(register: Any, ref: Reference) -> None:
    row = {"flow": "op", "treatment_function_code": "310", "diagnosis_all": "I270", "age": 5}
    rule = next(
        r
        for r in ref.rules.values()
        if r["setting"] == "OP"
        and r["provider_required"] == "Y"
        and any(c["dimension"] == "treatment_function_code" for c in ref.criteria[r["rule_id"]])
    )
    needs = {c["dimension"]: c["pattern"] for c in ref.criteria[rule["rule_id"]] if c["clause"] == 1}
    row = {"flow": "op", "treatment_function_code": needs.get("treatment_function_code", "310")}
    row["age"] = int(needs.get("age_min", needs.get("age_max", "40")))
    row["sex"] = needs.get("sex", "1")
    row["diagnosis_all"] = needs.get("diagnosis_any", needs.get("diagnosis_primary", ""))
    row["procedure_all"] = needs.get("procedure_any", "")
    silent = identified(ref, row)[0]
    assert rule["rule_id"] in silent.would and rule["rule_id"] not in silent.matched
    member = [{"list_name": rule["provider_list"], "provider_code": "RRV"}]
    loaded = Reference(with_rows(register, provider_lists=member))
    assert rule["rule_id"] in identified(loaded, row)[0].matched
    assert rule["rule_id"] not in identified(loaded, {**row, "provider_code": "RBV"})[0].matched


def test_contract_rows_take_the_line_of_their_care(ref: Reference) -> None:
    seen = {"flow": "op", "treatment_function_code": "264", "cds_unique_id": "X1", "attendance_id": "RRV:9"}
    mine = {"flow": "plcm", "service_line_submitted": "NCBPS13Z"}
    _, by_cds, by_visit, elsewhere, alone = identified(
        ref,
        seen,
        {**mine, "cds_unique_id": "X1"},
        {**mine, "attendance_id": "RRV:9"},
        {**mine, "cds_unique_id": "X1", "provider_code": "RBV"},
        mine,
    )
    assert [(x.final, x.basis) for x in (by_cds, by_visit)] == [("NCBPS10Z", "linked")] * 2
    assert [(x.final, x.basis) for x in (elsewhere, alone)] == [("NCBPS13Z", "submitted")] * 2
    assert alone.rule_id == "PSS-ACM-ANY-01"


# Prices and counting


def test_prices(register: Any) -> None:
    priced = with_rows(
        register,
        unit_prices=[
            {
                "financial_year": "202526",
                "price_group": "elective",
                "currency_code": "AA22C",
                "unit_price": Decimal("100.01"),
            }
        ],
        market_forces=[{"provider_code": "RRV", "financial_year": "202526", "factor": Decimal("1.150000")}],
        top_ups=[
            {
                "financial_year": "202526",
                "service_line_code": "NCBPS08S",
                "provider_code": "RRV",
                "rate": rate,
                "rank": rank,
            }
            | {"valid_from": date(2025, 4, 1)}
            for rate, rank in ((Decimal("0.30"), 2), (Decimal("0.25"), 1))
        ],
    )
    ref = Reference(priced)
    spell = {"flow": "apc_spell", "point_of_delivery": "EL", "hrg": "AA22C", "price_submitted": Decimal("7.005")}
    # 100.01 x 1.25 x 1.15 = 143.764375
    assert price(record(**spell), "NCBPS08S", ref) == (Decimal("143.76"), "national")
    # 100.01 x 1.15 = 115.0115, times -1
    assert price(record(**spell, quantity=Decimal(-1)), "", ref) == (Decimal("-115.01"), "national")
    assert price(record(**{**spell, "hrg": "AA22D"}), "", ref) == (Decimal("7.01"), "submitted")
    assert price(record(**{**spell, "point_of_delivery": "BLOCK"}), "", ref) == (Decimal("7.01"), "as_agreed")
    assert price(record(**{**spell, "component": "drug"}), "", ref) == (Decimal("7.01"), "pass_through")
    assert price(record(**{**spell, "flow": "apc_episode"}), "", ref) == (None, "none")
    assert price(record(**{**spell, "hrg": "", "price_submitted": None}), "", ref) == (None, "none")


def test_what_counts(ref: Reference) -> None:
    def counts(*rows: dict[str, Any]) -> list[bool]:
        records = [record(i, **row) for i, row in enumerate(rows)]
        found = counted(records, ref)
        return [found[r["record_id"]] for r in records]

    spell = {"flow": "apc_spell", "spell_id": "RRV:1"}
    first = {"flow": "apc_episode", "spell_id": "RRV:1", "end_date": date(2025, 6, 1)}
    last = {**first, "end_date": date(2025, 6, 3)}
    assert counts({"flow": "plcm"}, spell, {"flow": "acm"}, {"flow": "iap"}) == [True, False, False, False]
    assert counts(spell, first, last, {"flow": "ec"}, {"flow": "acm"}) == [True, False, False, True, False]
    assert counts(first, last, {**last, "spell_id": "RRV:2"}) == [False, True, True]
    assert counts({"flow": "plcm", "fate": "superseded"}, spell) == [False, True]
    assert counts({"flow": "plcm", "provider_code": "RBV"}, spell) == [True, True]
    assert counts({"flow": "plcm", "financial_month": 4}, spell) == [True, True]
    assert counts({"flow": "drplcm", "component": "drug"}, {"flow": "plcm", "component": "drug"}) == [True, False]


def test_every_compared_column_is_answered(ref: Reference) -> None:
    row = record(flow="apc_spell", diagnosis_all="E840", gp_practice_code=MANCHESTER, spell_id="RRV:1")
    got = answers([row], ref)[row["record_id"]]
    assert set(got) == set(COMPARED)
    assert got["service_line_final"] == "NCBPS10Z"
