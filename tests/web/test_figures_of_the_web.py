"""What pages say is so: who decides, which run, all of the rows or that there are more."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from builders import row, run_folder
from tertiary.register import Register
from tertiary.web.app import create_app
from tertiary.web.delegation import deciders
from tertiary.web.pages import ledger
from tertiary.web.pages import register as register_page
from tertiary.web.settings import Settings
from web_helpers import token

Be = Callable[[str], TestClient]


def _who(register: Register, day: date, line: str) -> str:
    rows, _ = deciders(register, day)
    return next(r["who"] for r in rows if r["pss_line"] == line)


@pytest.mark.parametrize(
    ("day", "who"),
    [
        # NHS England, board paper on delegation: jointly from April 2023; to ICBs of three regions from April 2024 and
        # of the other four from April 2025
        (date(2013, 4, 1), "NHS England"), (date(2023, 3, 31), "NHS England"),
        (date(2023, 4, 1), "ICBs and NHS England jointly"), (date(2024, 3, 31), "ICBs and NHS England jointly"),
        (date(2025, 4, 1), "ICBs"),
    ],
)  # fmt: skip
def test_who_decided_about_congenital_heart_disease(register: Register, day: date, who: str) -> None:
    assert _who(register, day, "2") == who


@pytest.mark.parametrize("day", [date(2024, 4, 1), date(2025, 3, 31)])
def test_in_the_year_of_two_ways_each_region_is_named(register: Register, day: date) -> None:
    parts = dict(part.split(" in ") for part in _who(register, day, "2").split("; "))
    assert set(parts["ICBs"].split(", ")) == {"Midlands", "East of England", "North West"}
    assert "London" in parts["ICBs and NHS England jointly"] and len(parts) == 2


def test_who_decides_is_what_the_register_states(register: Register) -> None:
    """By another way: each code's rule for each region, without the register's own summary."""
    day = date(2024, 6, 1)

    def held(table: str) -> list[dict[str, object]]:
        return [
            r for r in register[table].to_pylist()
            if (r["valid_from"] is None or r["valid_from"] <= day) and (r["valid_to"] is None or day < r["valid_to"])
        ]  # fmt: skip

    rules = {
        (r["service_set"], r["region_code"]): r["body_rule"] for r in held("responsibility")
        if r["function"] == "decide" and r["status"] != "draft"
    }  # fmt: skip
    names = {r["region_code"]: r["name"] for r in register["regions"].to_pylist()}
    ours: dict[str, set[object]] = {}
    for member in held("service_set_members"):
        for region, name in names.items():
            if rules.get((member["service_set"], region)) == "icb_of_population":
                ours.setdefault(str(member["pss_line"]), set()).add(name)
    rows, _ = deciders(register, day)
    assert len(ours) > 50
    for one in rows:
        parts = [p.split(" in ") for p in one["who"].split("; ")]
        said = {
            n for w, *at in parts if w.split(" (")[0] == "ICBs" for n in (at[0].split(", ") if at else names.values())
        }
        assert said == ours.get(one["pss_line"], set()), one


def test_before_and_after_what_is_known(register: Register) -> None:
    assert deciders(register, date(2013, 3, 31))[0] == []
    assert "does not know" in deciders(register, date(2013, 3, 31))[1]
    assert "carried forward" in deciders(register, date(2028, 4, 1))[1]


@pytest.fixture
def two(tmp_path: Path, register: Register) -> Iterator[TestClient]:
    """A synthetic run of RRV and a real one of RXN."""
    made = {}
    for name, synthetic, lines in (("first", True, ("", "NCBPS11B")), ("second", False, ("NCBPS01C",))):
        ledger = [
            row("ledger", flow="op", measure="actual", counted=True, financial_year="202526", financial_month=n,
                provider_code=provider, service_line_final=line, records=1, quantity=Decimal(1),
                price_submitted=Decimal(n), price_expected=Decimal(n))
            for line in lines for n, provider in enumerate(("RRV", "RXN", "RJ1"), 1)
        ]  # fmt: skip
        run = run_folder(tmp_path / name, ledger=ledger, submissions=[row("submissions")])
        run.manifest["counts"].update(received=1, accepted=1, quarantined=0, superseded=0)  # type: ignore[attr-defined]
        run.manifest["synthetic"] = synthetic  # type: ignore[index]
        made[name] = (run, register)
    with TestClient(create_app(made, Settings()), base_url="http://localhost") as client:
        assert client.post("/sign-in", data={"account": "national", **token(client)}).status_code == 200
        yield client


@pytest.mark.parametrize("address", ["/", "/ledger", "/services", "/register", "/method"])
def test_a_page_says_which_run_it_shows_and_stays_with_it(two: TestClient, address: str) -> None:
    first, second = two.get(address).text, two.get(f"{address}?run=second").text
    assert "SYNTHETIC DATA" in first and "Run first." in first
    assert "SYNTHETIC DATA" not in second and "Run second." in second
    inward = [a for a in re.findall(r'href="(/[^"]*)"', second) if not a.startswith(("/static/", "/sign-in"))]
    assert inward and all("run=second" in a or "run=first" in a for a in inward)
    assert second.count('name="run" value="second"') == second.count('<form class="app-form"')


def test_figures_of_one_run_never_wear_the_label_of_another(two: TestClient) -> None:
    for query in ("run=first&run=second", "run=second&run=first"):
        for address in ("/ledger", "/api/v1/ledger"):
            text = two.get(f"{address}?{query}&by=service_line_final").text
            assert ("NCBPS11B" in text) == ("SYNTHETIC DATA" in text) != ("NCBPS01C" in text)


def test_a_row_of_a_blank_leads_to_its_own_part(two: TestClient) -> None:
    text = two.get("/ledger?by=provider_code&by=service_line_final").text
    assert "not specialised" in text
    found = re.findall(r'<a href="(\?[^"]+)">RRV</a></th><td[^>]*>not specialised<', text)
    assert len(found) == 1
    deeper = two.get("/ledger" + found[0].replace("&amp;", "&")).text
    assert "1 records, £1 submitted" in deeper and "Service line not specialised" in deeper


def test_what_is_cut_off_is_said(two: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "PAGE_ROWS", 2)
    text = two.get("/ledger?by=provider_code").text
    assert text.count('<th scope="row"') == 2 and "rows 1 to 2;" in text and "£12 submitted" in text
    assert len(list(csv.reader(two.get("/ledger?by=provider_code&format=csv").text.splitlines()))) == 4
    assert two.get("/api/v1/ledger?by=provider_code&limit=2").json()["more"] is True
    assert two.get("/api/v1/ledger?by=provider_code&limit=3").json()["more"] is False
    monkeypatch.setattr(ledger, "FILE_ROWS", 2)
    answer = two.get("/ledger?by=provider_code&format=csv")
    assert answer.status_code == 400 and "fewer columns" in answer.text


def test_a_column_twice_is_one_and_two_values_are_refused(two: TestClient) -> None:
    assert two.get("/api/v1/ledger?by=flow&by=flow").json()["rows"][0]["records"] == 6
    assert "£12" in two.get("/ledger?by=flow&by=flow").text
    for address in ("/api/v1/ledger?only=flow:op&only=flow:plcm", "/ledger?flow=op&flow=plcm"):
        answer = two.get(address)
        assert answer.status_code == 400 and "at once" in answer.text


def test_nothing_is_no_records_rather_than_an_unknown_number(two: TestClient) -> None:
    rows = two.get("/api/v1/ledger?only=financial_month:13").json()["rows"]
    assert [r["records"] for r in rows] == [0]


def test_a_form_may_leave_the_day_open(be: Be) -> None:
    assert be("").get("/register?table=icbs&on=&find=").status_code == 200
    assert be("").get("/services?on=&find=").status_code == 200


def test_the_register_is_searched_to_its_last_row(be: Be, register: Register) -> None:
    table = register["lsoa_populations"]
    code = table.column(0)[-1].as_py()
    assert code not in table.column(0).slice(0, 50_000).to_pylist()
    text = be("").get("/register", params={"table": "lsoa_populations", "find": code.lower()}).text
    assert f">{code}<" in text and "No row is like that" not in text


def test_drafts_do_not_hold_on_a_day(be: Be) -> None:
    assert ">draft<" not in be("").get("/register?table=responsibility&on=2027-06-01&find=draft").text


@pytest.mark.parametrize(
    ("table", "text"), [("icbs", "london"), ("regions", "Y5"), ("providers", "nhs"), ("icbs", "(")]
)
def test_a_search_finds_what_holds_the_text(
    register: Register, monkeypatch: pytest.MonkeyPatch, table: str, text: str
) -> None:
    monkeypatch.setattr(register_page, "SLICE", 7)
    rows = register[table].to_pylist()
    wanted = [r for r in rows if any(text.casefold() in str(v).casefold() for v in r.values() if v is not None)]
    assert register_page._with_text(register[table], text).to_pylist() == wanted
