"""The responsibility timeline: one body a function, line, place and day; counts on published days."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from datetime import date

import pytest

from tertiary.errors import RegisterError
from tertiary.register import Register, counts, lines, responsible, services, valid_on

FUNCTIONS = {"decide", "hold_budget", "contract", "pay", "host_staff", "set_standard", "be_accountable"}
FIRST = {"Y60", "Y61", "Y62"}
REGIONS = {"Y56", "Y58", "Y59", *FIRST, "Y63"}
SETS = {"delegated_59", "added_2025", "retained", "network_and_top_up"}
DAYS = [date(2013, 4, 1), date(2023, 3, 31), date(2023, 4, 1), date(2024, 3, 31), date(2024, 4, 1),
        date(2025, 3, 31), date(2025, 4, 1), date(2025, 7, 1), date(2026, 3, 31), date(2026, 4, 1),
        date(2027, 4, 1), date(2035, 1, 1)]  # fmt: skip
KNOWN = [date(2013, 4, 1), date(2023, 2, 1), date(2023, 2, 2), date(2023, 12, 7), date(2024, 12, 4),
         date(2024, 12, 5), date(2025, 7, 1), date(2026, 5, 17), date(2026, 5, 18), date(2026, 11, 24)]  # fmt: skip


@pytest.mark.parametrize("known", KNOWN)
def test_no_gap_and_no_overlap_from_2013_to_the_open_future(known: date) -> None:
    spans: dict[tuple[str, str, str], list[tuple[date, date]]] = defaultdict(list)
    for row in Register.load(as_known=known)["responsibility"].to_pylist():
        if row["status"] != "draft":
            key = (row["service_set"], row["region_code"], row["function"])
            spans[key].append((row["valid_from"], row["valid_to"] or date.max))
    assert set(spans) == {(s, r, f) for s in SETS for r in REGIONS for f in FUNCTIONS}
    for key, found in spans.items():
        found.sort()
        assert found[0][0] == date(2013, 4, 1) and found[-1][1] == date.max, key
        assert all(a[1] == b[0] for a, b in itertools.pairwise(found)), key


@pytest.mark.parametrize("on", DAYS)
def test_one_body_for_every_set_place_and_function(register: Register, on: date) -> None:
    table = responsible(register, on, grain="sub_icb")
    rows = table.to_pylist()
    keys = Counter((r["service_set"], r["sub_icb_code"], r["function"]) for r in rows)
    assert max(keys.values()) == 1
    places = 107 if on >= date(2026, 4, 1) else 106
    assert len(keys) == len(SETS) * places * len(FUNCTIONS)
    bodies = {b["body_code"]: b for b in register["bodies"].to_pylist()}
    for row in rows:
        assert row["status"] != "draft" and row["body_name"]
        if row["body_code"] == "":
            assert row["sub_icb_code"] == "D4U1Y" and on >= date(2026, 4, 1)
            continue
        body = bodies[row["body_code"]]
        if body["kind"] == "icb" and on >= date(2022, 7, 1):
            assert body["valid_from"] <= on < (body["valid_to"] or date.max), row


def test_every_code_of_a_service_is_in_one_set_on_any_day(register: Register) -> None:
    for on in DAYS:
        found = Counter(r["service_line_code"] for r in valid_on(register, "service_set_members", on).to_pylist())
        assert max(found.values()) == 1
    kinds = {r["service_line_code"]: r["code_kind"] for r in register["service_lines"].to_pylist()}
    held = {r["service_line_code"] for r in valid_on(register, "service_set_members", date(2025, 4, 1)).to_pylist()}
    assert {c for c, k in kinds.items() if k == "service"} <= held


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2023, 3, 31), {"nhs_england": 150}),
        (date(2023, 4, 1), {"joint": 59, "nhs_england": 91}),
        (date(2024, 3, 31), {"joint": 59, "nhs_england": 91}),
        (date(2024, 4, 1), {"delegated_in_some_regions": 59, "nhs_england": 91}),
        (date(2025, 3, 31), {"delegated_in_some_regions": 59, "nhs_england": 91}),
        (date(2025, 4, 1), {"delegated": 70, "nhs_england": 80}),
        (date(2026, 4, 1), {"delegated": 70, "nhs_england": 80}),
    ],
)
def test_lines_on_published_days(register: Register, on: date, expected: dict[str, int]) -> None:
    assert counts(register, on)["lines"] == {**expected, "probable": 2, "unresolved": 2}


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_lines_by_region_around_april_2024(register: Register, region: str) -> None:
    def seen(on: date) -> dict[str, int]:
        found = counts(register, on, region=region)["lines"]
        return {k: v for k, v in found.items() if k not in ("probable", "unresolved")}

    joint, delegated = {"joint": 59, "nhs_england": 91}, {"delegated": 59, "nhs_england": 91}
    assert seen(date(2024, 3, 31)) == joint
    assert seen(date(2024, 4, 1)) == (delegated if region in FIRST else joint)
    assert seen(date(2025, 3, 31)) == (delegated if region in FIRST else joint)
    assert seen(date(2025, 4, 1)) == {"delegated": 70, "nhs_england": 80}
    assert seen(date(2026, 4, 1)) == {"delegated": 70, "nhs_england": 80}


def test_regions_that_took_over_first(register: Register) -> None:
    found = {r["regions_delegated"] for r in services(register, date(2024, 4, 1)).to_pylist()}
    assert found == {"", "Y60;Y61;Y62"}


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2024, 4, 1), {"green": 139, "amber": 53, "red": 119, "blue": 98, "not_applicable": 94}),
        (date(2025, 4, 1), {"green": 166, "red": 151, "blue": 101, "not_applicable": 68}),
        (date(2026, 4, 1), {"green": 166, "red": 151, "blue": 101, "not_applicable": 68}),
    ],
)
def test_codes_on_published_days(register: Register, on: date, expected: dict[str, int]) -> None:
    found = counts(register, on)["codes"]
    assert {k: v for k, v in found.items() if k != "not_listed"} == expected
    assert sum(found.values()) == 513


def test_amber_codes_became_green_red_or_a_split(register: Register) -> None:
    status = {(r["service_line_code"], r["financial_year"]): r["delegation_status"]
              for r in register["service_line_status"].to_pylist()}  # fmt: skip
    later = Counter(status[c, "202526"] for (c, y), s in status.items() if y == "202425" and s == "amber")
    assert later == {"green": 23, "red": 29, "not_listed": 1}


def test_2026_is_carried_forward_and_says_so(register: Register) -> None:
    rows = valid_on(register, "service_line_status", date(2026, 6, 1)).to_pylist()
    assert {(r["basis"], r["confidence"]) for r in rows} == {("carried_forward", "medium")}
    assert set(services(register, date(2026, 6, 1))["basis"].to_pylist()) == {"carried_forward"}
    assert set(services(register, date(2025, 6, 1))["basis"].to_pylist()) == {"published"}
    assert set(services(register, date(2023, 6, 1))["basis"].to_pylist()) == {"stated"}


def test_split_lines_are_decided_by_code(register: Register) -> None:
    found = {r["pss_line"]: r for r in services(register, date(2025, 6, 1)).to_pylist()}
    assert found["127"]["status"] == "delegated"
    assert (found["127"]["codes_delegated"], found["127"]["codes_retained"]) == (1, 2)
    assert sum(r["codes_delegated"] > 0 and r["codes_retained"] > 0 for r in found.values()) == 16
    assert _decider(register, "NCBPS23S", "93C", date(2025, 6, 1)) == "QMJ"
    assert _decider(register, "NCBPS73D", "93C", date(2025, 6, 1)) == "X24"


def _decider(register: Register, line: str, sub_icb: str, on: date) -> str:
    rows = responsible(register, on, service_line=line, sub_icb=sub_icb).to_pylist()
    (body,) = [r["body_code"] for r in rows if r["function"] == "decide"]
    return str(body)


@pytest.mark.parametrize(
    ("line", "sub_icb", "on", "body"),
    [
        ("NCBPS11B", "93C", date(2013, 4, 1), "X24"),
        ("NCBPS11B", "93C", date(2024, 6, 10), "JOINT_Y56"),
        ("NCBPS11B", "15E", date(2024, 6, 10), "QHL"),
        ("NCBPS11B", "93C", date(2025, 6, 10), "QMJ"),
        ("NCBPS11B", "93C", date(2026, 6, 10), "Z9B2Z"),
        ("NCBPS11B", "D4U1Y", date(2026, 3, 31), "QNQ"),
        ("NCBPS11B", "D4U1Y", date(2026, 4, 1), ""),
        ("NCBPS10Z", "15E", date(2024, 6, 10), "X24"),
        ("NCBPS10Z", "15E", date(2025, 4, 5), "QHL"),
    ],
)
def test_who_decides(register: Register, line: str, sub_icb: str, on: date, body: str) -> None:
    assert _decider(register, line, sub_icb, on) == body


def test_functions_of_one_line_have_different_bodies_on_one_day(register: Register) -> None:
    rows = responsible(register, date(2025, 8, 1), service_line="NCBPS11B", sub_icb="36L").to_pylist()
    held = {r["function"]: r["body_code"] for r in rows}
    assert held == {
        "decide": "QWE", "hold_budget": "QWE", "pay": "QWE", "contract": "QMJ", "host_staff": "QMJ",
        "set_standard": "X24", "be_accountable": "X24",
    }  # fmt: skip


def test_what_is_not_known_is_shown(register: Register) -> None:
    rows = responsible(register, date(2025, 8, 1), service_line="NCBPS11B", sub_icb="15E").to_pylist()
    (staff,) = [r for r in rows if r["function"] == "host_staff"]
    assert (staff["body_code"], staff["confidence"]) == ("NOT_SOURCED", "low")
    rows = responsible(register, date(2025, 8, 1), service_line="NCBPS73D", sub_icb="15E").to_pylist()
    (staff,) = [r for r in rows if r["function"] == "host_staff"]
    assert staff["body_code"] == "RETAINED_UNIT"


def test_a_statement_of_an_earlier_day_is_reproduced(register: Register) -> None:
    before = responsible(register, date(2025, 6, 10), date(2024, 12, 4), service_line="NCBPS11B", sub_icb="93C")
    held = {r["function"]: r["body_code"] for r in before.to_pylist()}
    assert held["decide"] == "JOINT_Y56" and held["pay"] == "X24"
    known = counts(register, date(2025, 6, 10), date(2024, 12, 4))["lines"]
    assert known["delegated_in_some_regions"] == 59


def test_drafts_only_when_asked_for(register: Register) -> None:
    on = date(2027, 6, 1)
    assert _decider(register, "NCBPS11B", "93C", on) == "Z9B2Z"
    rows = responsible(register, on, service_line="NCBPS11B", sub_icb="93C", include_draft=True).to_pylist()
    held = {r["function"]: (r["body_code"], r["status"]) for r in rows}
    assert len(rows) == 7 and held["contract"] == ("OPIC_Y56", "draft")
    assert "draft" not in valid_on(register, "responsibility", on)["status"].to_pylist()


def test_lines_lists_every_code_with_its_status_and_set(register: Register) -> None:
    data = lines(register, date(2025, 6, 1))
    assert data.num_rows == 513
    row = next(r for r in data.to_pylist() if r["service_line_code"] == "NCBPS23S")
    assert (row["delegation_status"], row["service_set"], row["pss_line"]) == ("green", "delegated_59", "127")


def test_statuses_agree_with_who_decides(register: Register) -> None:
    for on in (date(2024, 6, 1), date(2025, 6, 1), date(2026, 6, 1)):
        decide = [r for r in responsible(register, on).to_pylist() if r["function"] == "decide"]
        deciders = {(r["service_set"], r["region_code"]): r["body_rule"] for r in decide}
        for row in lines(register, on).to_pylist():
            if row["code_kind"] != "service" or row["delegation_status"] == "not_listed":
                continue
            green = row["delegation_status"] == "green"
            assert (deciders[row["service_set"], "Y60"] == "icb_of_population") is green, row


def test_direct_commissioner_rows_agree_with_the_timeline(register: Register) -> None:
    for on in (date(2024, 4, 1), date(2025, 3, 31), date(2025, 4, 1), date(2026, 4, 1)):
        deciders = {r["sub_icb_code"]: r["body_rule"] for r in responsible(register, on, grain="sub_icb").to_pylist()
                    if r["function"] == "decide" and r["service_set"] == "delegated_59"}  # fmt: skip
        for row in valid_on(register, "direct_commissioners", on).to_pylist():
            delegated = deciders[row["sub_icb_code"]] == "icb_of_population"
            assert (row["delegated"] == "Y") is delegated, (row, on)


def test_region_grain_is_the_default_and_short(register: Register) -> None:
    rows = responsible(register, date(2025, 8, 1)).to_pylist()
    assert len(rows) == len(SETS) * len(REGIONS) * len(FUNCTIONS)
    (row,) = [r for r in rows if (r["service_set"], r["region_code"], r["function"]) == ("added_2025", "Y63", "pay")]
    assert (row["body_code"], row["body_name"]) == ("", "each ICB of the region, for its own people")
    assert row["region_name"] == "North East and Yorkshire"


@pytest.mark.parametrize("asked", [{"service_line": "NCBPH04Z"}, {"sub_icb": "ZZZ"}, {"grain": "practice"}])
def test_unknown_lines_places_and_grains_are_refused(register: Register, asked: dict[str, str]) -> None:
    with pytest.raises(RegisterError, match=r"not known|no prescribed"):
        responsible(register, date(2025, 8, 1), **asked)  # type: ignore[arg-type]
