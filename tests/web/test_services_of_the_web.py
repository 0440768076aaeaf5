"""Services in a browser: who performs each function on any day and over time, against the register's own statements."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from fastapi.testclient import TestClient

from tertiary.register import Register, responsible, services
from tertiary.web.delegation import BESIDE, functions_of, holders, parts, regions, statements, words
from tertiary.web.timeline import ENDS, EVERYWHERE, timeline, timeline_chart

Be = Callable[[str], TestClient]
DAYS = (date(2013, 4, 1), date(2023, 4, 1), date(2024, 6, 30), date(2025, 4, 1), date(2025, 7, 1), date(2026, 4, 1))


@pytest.mark.parametrize("day", DAYS)
def test_who_performs_each_function_is_what_the_register_says(register: Register, day: date) -> None:
    """Of every set of codes, region and function, told by region and told together."""
    named, rules = regions(register), words("body_rule")
    said = {
        (r["service_set"], r["function"], r["region_code"]): r
        for r in responsible(register, day, grain="region").to_pylist()
    }
    together = holders(statements(register, day))
    for code, name in named.items():
        own = holders(statements(register, day), code)
        for (part, function, region), row in said.items():
            if region != code:
                continue
            unnamed = row["body_code"] in ("", "NOT_SOURCED")
            assert own[part][function] == (rules[row["body_rule"]] if unnamed else row["body_name"])
            told = together[part][function]
            here = [p for p in told.split("; ") if name in p.split(" in ")[-1].split(", ") and " in " in p]
            meant = here[0].split(" in ")[0] if here else told.split("; ")[-1].removeprefix("elsewhere ")
            assert meant == rules[row["body_rule"]], (told, name)


@pytest.mark.parametrize("day", [*DAYS, date(2026, 11, 26)])
@pytest.mark.parametrize("pss_line", ["15", "105", "1", "ACC", "114", "nk-44"])
def test_a_timeline_says_of_each_day_what_the_register_says(register: Register, day: date, pss_line: str) -> None:
    rows = timeline(register, pss_line)
    named, rules = regions(register), words("body_rule")
    said = {
        (r["service_set"], r["function"], named[r["region_code"]]): rules[r["body_rule"]]
        for r in responsible(register, day, grain="region").to_pylist()
    }
    held: dict[tuple[str, str, str], str] = {}
    for row in rows:
        if row["status"] == "draft" or not row["valid_from"] <= day or (row["valid_to"] and row["valid_to"] <= day):
            continue
        for name in named.values() if row["where"] == EVERYWHERE else row["where"].split(", "):
            assert held.setdefault((row["part"], row["function"], name), row["who"]) == row["who"]
    assert held
    assert all(said[key] == who for key, who in held.items())
    present = parts(register, day)[pss_line]
    assert {part for part, *_ in held} >= set(present)
    assert len(held) >= len(present) * len(named) * len(words("function"))


def test_drafts_are_told_apart_and_never_in_force(register: Register) -> None:
    rows = timeline(register, "15")
    drafts = [r for r in rows if r["status"] == "draft"]
    assert drafts and {r["valid_from"] for r in drafts} == {date(2027, 4, 1)}
    assert all(r["valid_from"] < date(2027, 4, 1) for r in rows if r["status"] == "in force")
    chart = timeline_chart(rows, "x", ("label",))
    bars = chart.spec["vconcat"][0]["data"]["values"]
    assert len(bars) == len(rows) and sum(b["draft"] for b in bars) == len(drafts)
    assert all(b["from"] < b["to"] <= ENDS.isoformat() for b in bars)
    assert {b["to"] for b in bars if not b["draft"] and b["from"] < "2027"} >= {"2027-04-01"}
    assert chart.grid == "timeline"


@pytest.mark.parametrize("day", ["2024-06-30", "2026-11-26"])
def test_counts_are_those_of_the_register(be: Be, register: Register, day: str) -> None:
    wanted: dict[str, int] = {}
    for row in services(register, date.fromisoformat(day)).to_pylist():
        wanted[words("status")[row["status"]]] = wanted.get(words("status")[row["status"]], 0) + 1
    text = be("").get(f"/services?on={day}&format=csv&of=counts").text
    assert {line.split(",")[0]: int(line.split(",")[1]) for line in text.splitlines()[1:]} == wanted


def test_filters_keep_what_they_name(be: Be) -> None:
    client = be("")
    everything = client.get("/api/v1/services?on=2026-11-26").json()["rows"]
    assert len(everything) == 175
    for query, kept in (
        ("programme=Cancer", lambda r: r["npoc"] == "Cancer"),
        ("status=nhs_england", lambda r: r["who"] == "NHS England"),
        ("find=RENAL", lambda r: "renal" in r["service_name"].casefold()),
        ("find=15", lambda r: r["pss_line"] == "15"),
    ):
        rows = client.get(f"/api/v1/services?on=2026-11-26&{query}").json()["rows"]
        assert rows and [r["pss_line"] for r in rows] == [r["pss_line"] for r in everything if kept(r)]


def test_a_region_names_its_bodies(be: Be) -> None:
    rows = be("").get("/api/v1/services?on=2026-11-26&region=Y56&find=15").json()["rows"]
    assert rows[0]["contract"] == "NHS West and North London Integrated Care Board"
    before = be("").get("/api/v1/services?on=2025-11-26&region=Y56&find=15").json()["rows"]
    assert before[0]["contract"] == "NHS North Central London Integrated Care Board"
    assert be("").get("/services?region=Y99").status_code == 400
    assert be("").get("/api/v1/services?status=guess").status_code == 422


def test_parts_that_differ_are_told_apart_by_codes(register: Register) -> None:
    held = {"one": {"decide": "ICBs"}, "two": {"decide": "NHS England"}}
    assert functions_of({"one": ["a", "b"], "two": ["c"]}, held)["decide"] == "ICBs (2 codes); NHS England (1 codes)"
    assert functions_of({"one": ["a"], "two": []}, {"one": held["one"]})["decide"] == "ICBs"
    assert functions_of({}, held)["decide"] == ""


@pytest.mark.parametrize("pss_line", ["15", "105", "114", "1", "ACC", "nk-05V", "139AA"])
@pytest.mark.parametrize("account", ["", "national", "uclh"])
def test_each_service_has_a_page_for_all(be: Be, account: str, pss_line: str) -> None:
    answer = be(account).get(f"/services/{pss_line}")
    assert answer.status_code == 200 and answer.text.count("<h1") == 1
    assert ("/ledger?" in answer.text) == (account != "")
    assert f"/find?service={pss_line}" in answer.text


def test_every_service_can_be_told(register: Register) -> None:
    """No service of the manual breaks its page, and each shows all of its codes."""
    from tertiary.web.service_facts import facts_of

    known = {r["service_line_code"] for r in register["service_lines"].to_pylist() if r["pss_line"]}
    seen: set[str] = set()
    for row in register["services"].to_pylist()[::22]:
        found = facts_of(register, row["pss_line"], date(2026, 11, 26), "label")
        assert found is not None
        seen |= {r["service_line_code"] for g in found.grids if g.name == "codes" for r in g.rows}
        assert all({c.name for c in g.columns} <= set(r) for g in found.grids for r in g.rows)
    assert len(seen & known) > 10


def test_a_service_that_is_not_there(be: Be) -> None:
    for address in ("/services/999", "/api/v1/services/999", "/services/%3Cscript%3E"):
        answer = be("").get(address)
        assert answer.status_code == 404 and "<script>" not in answer.text
    assert "error" in be("").get("/api/v1/services/999").json()


def test_a_service_before_anything_is_known(be: Be) -> None:
    answer = be("").get("/services/15?on=2012-01-01")
    assert answer.status_code == 200 and "Nothing is known of this day" in answer.text
    assert be("").get("/api/v1/services?on=2012-01-01").json()["rows"] == []


def test_the_chart_is_served_as_a_picture_and_its_table_as_a_file(be: Be) -> None:
    spec = be("").get("/services/15?format=vega&of=timeline").json()
    assert "SYNTHETIC DATA" in str(spec)
    text = be("").get("/services/15?format=csv&of=timeline").text
    assert len(text.splitlines()) > 20 and "draft" in text
    image = re.search(r'<img [^>]*alt="([^"]+)"', be("").get("/services/15").text)
    assert image is None or "the table says the same" in image[1]


def test_networks_are_shown_only_where_there_is_nothing_else(register: Register) -> None:
    found = parts(register, date(2026, 11, 26))
    assert all(set(sets) == {BESIDE} or BESIDE not in sets for sets in found.values())


def test_providers_and_prices_are_those_that_its_rules_name(local_be: Be) -> None:
    tables = local_be("").get("/api/v1/services/114").json()["tables"]
    assert {r["provider_code"] for r in tables["providers"]} == {"RXN", "RRV", "R0A"}
    assert "sickle cell" in tables["providers"][0]["part"]
    none = local_be("").get("/services/16").text
    assert "HIV_PROVIDERS" in none and "not loaded, or not open to you" in none
