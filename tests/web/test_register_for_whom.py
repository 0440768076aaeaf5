"""The register in a browser: who reads what overlays brought, as known on a day, page by page, and whole as a file."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import date
from importlib import resources
from pathlib import Path

import pyarrow.compute as pc
import pytest
from fastapi.testclient import TestClient

from builders import run_folder
from tertiary.errors import RegisterError
from tertiary.register import Register
from tertiary.register.overlays import Overlay
from tertiary.web import hypotheses
from tertiary.web.app import create_app
from tertiary.web.pages import register as register_page
from tertiary.web.pages import targets as targets_page
from tertiary.web.people import PUBLIC, demo_people
from tertiary.web.scope import NAMED, OPEN, opened, overlay_readers, owned, readable
from tertiary.web.targets import Asked, Targeted

Be = Callable[[str], TestClient]
# what stands only in rows that a body agreed for itself
SECRETS = {
    "unit_prices": "SECRET1", "market_forces": "1.987654", "low_volume_agreements": "7654321",
    "official_allocations": "8765432",
}  # fmt: skip


@pytest.mark.parametrize("account", ["", "public"])
@pytest.mark.parametrize("table", SECRETS)
@pytest.mark.parametrize(
    "address",
    ["/register?table={}", "/register?table={}&format=csv", "/api/v1/register/{}?limit=10000",
     "/register?table={}&known=2026-11-30"],
)  # fmt: skip
def test_what_a_body_agreed_is_never_public(local_be: Be, account: str, table: str, address: str) -> None:
    search = "&find=our own" if table == "unit_prices" else ""
    answer = local_be(account).get(address.format(table) + search)
    assert answer.status_code == 200
    assert SECRETS[table] not in answer.text and "our own agreement" not in answer.text.replace("that hold our own", "")


@pytest.mark.parametrize("account", ["", "public"])
@pytest.mark.parametrize(
    "address",
    ["/services/114", "/api/v1/services/114", "/find?service=114&area=QMF", "/method?part=sources", "/method?part=gaps",
     "/api/v1/methods?table=sources"],
)  # fmt: skip
def test_no_page_of_the_public_shows_it_elsewhere(local_be: Be, account: str, address: str) -> None:
    answer = local_be(account).get(address)
    assert answer.status_code == 200
    assert not any(secret in answer.text for secret in SECRETS.values())


def plain(text: str) -> str:
    return text.replace(",", "")


@pytest.mark.parametrize("account", ["", "public", "ncl"])
@pytest.mark.parametrize(
    "address", ["/map?show=allocation", "/map?show=allocation&format=csv", "/api/v1/map?show=allocation"]
)
def test_a_map_shows_allocations_that_are_not_open_to_who_signed_on(local_be: Be, account: str, address: str) -> None:
    answer = local_be(account).get(address)
    assert answer.status_code == 200 and (SECRETS["official_allocations"] in plain(answer.text)) == (account == "ncl")


@pytest.mark.parametrize("account", ["", "public", "ncl"])
@pytest.mark.parametrize("address", ["/explain", "/api/v1/explain"])
def test_a_record_that_nobody_has_tells_nothing_that_is_not_open(local_be: Be, account: str, address: str) -> None:
    """Else the prices and agreements of an overlay could be asked for, one record at a time."""
    dialysis = next(one["question"] for one in hypotheses.examples() if one["name"] == "Dialysis")
    answer = local_be(account).get(f"{address}?{dialysis}")
    assert answer.status_code == 200 and ("basis as_agreed" in answer.text) == (account == "ncl")


@pytest.mark.parametrize("account", ["", "public"])
def test_targets_of_the_public_rest_on_what_is_open(
    local_be: Be, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Register] = []
    real = targets_page.targeted

    def noted(register: Register, question: Asked) -> Targeted:
        asked.append(register)
        return real(register, question)

    monkeypatch.setattr(targets_page, "targeted", noted)
    client = local_be(account)
    assert client.get("/api/v1/targets").status_code == 200
    assert asked[0]["official_allocations"].num_rows == 0
    assert local_be("ncl").get("/api/v1/targets").status_code == 200
    assert asked[1]["official_allocations"].num_rows == 1


def test_an_overlay_that_does_not_fit_stops_the_server(tmp_path: Path) -> None:
    """Its error names a folder of the server: nobody on a page may be the first to read it."""
    (tmp_path / "official_allocations.csv").write_text("icb_code\nQMJ\n")
    run = run_folder(tmp_path / "run", ledger=[])
    with pytest.raises(RegisterError, match=r"official_allocations\.csv does not fit"):
        create_app({"run": (run, Register.load([tmp_path]))})


def test_the_public_is_told_that_something_is_kept_back(local_be: Be) -> None:
    assert "for people who signed on" in local_be("").get("/register?table=unit_prices").text
    assert "for people who signed on" not in local_be("").get("/register?table=provider_lists").text
    assert "for people who signed on" not in local_be("national").get("/register?table=unit_prices").text


@pytest.mark.parametrize("account", [a for a, p in demo_people().items() if p.role != "public"])
def test_who_signed_on_reads_prices_of_overlays(local_be: Be, account: str) -> None:
    rows = local_be(account).get("/api/v1/register/unit_prices?find=SECRET1").json()["rows"]
    assert [(r["unit_price"], r["source"]) for r in rows] == [("4321.00", "our own agreement")]


@pytest.mark.parametrize(
    ("account", "payers"),
    [("national", {"QMJ", "QE1"}), ("ncl", {"QMJ"}), ("uclh", {"QMJ"}), ("office", {"QMJ"}), ("london", {"QMJ"})],
)
def test_an_agreement_is_read_by_those_whom_it_names(local_be: Be, account: str, payers: set[str]) -> None:
    client = local_be(account)
    rows = client.get("/api/v1/register/low_volume_agreements").json()["rows"]
    assert {r["payer_code"] for r in rows} == payers
    page = client.get("/register?table=low_volume_agreements").text
    assert ("1234567" in page) == ("QE1" in payers)
    assert f"{len(payers)} rows in all" in page


def test_open_tables_of_an_overlay_are_open(local_be: Be, local_register: Register) -> None:
    for table in ("postcodes", "provider_lists"):
        rows = local_be("").get(f"/api/v1/register/{table}").json()["rows"]
        assert len(rows) == local_register[table].num_rows == 3


def test_the_public_register_is_the_shipped_one_but_for_what_is_open(
    local_register: Register, register: Register
) -> None:
    known = opened(local_register)
    for table in local_register:
        if table not in ("postcodes", "provider_lists"):
            assert readable(table, PUBLIC, known).equals(register[table]), table


def test_tables_for_those_whom_a_row_names_ship_empty_and_say_where_names_stand(register: Register) -> None:
    """Shipped rows are for all; the filter by name would hide them."""
    for table, readers in overlay_readers().items():
        assert table in register
        if readers == NAMED:
            assert register[table].num_rows == 0 and owned()[table]
            assert {c for columns in owned()[table].values() for c in columns} <= set(register[table].column_names)
        else:
            assert readers == OPEN


def test_a_file_that_also_brings_a_closed_table_is_not_opened(local_register: Register) -> None:
    from tertiary.register.loaders import TABLES
    from tertiary.register.overlays import OfficialFile

    kind = next(name for name, tables in TABLES.items() if len(tables) > 1)
    base: Overlay = local_register.overlays[0]
    both = Overlay(base.name, base.path, base.label, False, frozenset(), "", {}, (OfficialFile(base.path, kind, {}),))
    some, every = set(TABLES[kind][:1]), set(TABLES[kind])
    assert both.only(some.__contains__).official == () and both.only(every.__contains__).official == both.official


@pytest.mark.parametrize("known", ["2023-01-01", "2025-06-01", "2026-06-01"])
def test_a_table_is_shown_as_it_was_known(be: Be, known: str) -> None:
    """Worked out again from the shipped file: rows known by that day and not yet replaced."""
    key = ("service_set", "region_code", "function", "valid_from", "status", "known_from")
    text = resources.files("tertiary.register").joinpath("data/responsibility.csv").read_text(encoding="utf-8")
    rows = [
        r for r in csv.DictReader(text.splitlines())
        if r["known_from"] <= known and (not r["known_to"] or r["known_to"] > known)
    ]  # fmt: skip
    shown = be("").get("/api/v1/register/responsibility", params={"known": known, "limit": 10_000}).json()["rows"]
    assert sorted(tuple(r[c] for c in key) for r in shown) == sorted(tuple(r[c] for c in key) for r in rows)


def test_a_table_that_does_not_keep_knowledge_says_so(be: Be) -> None:
    assert "does not keep when its rows were known" in be("").get("/register?table=icbs&known=2023-01-01").text
    assert "does not keep" not in be("").get("/register?table=responsibility&known=2023-01-01").text


def test_pages_hold_every_row_once(be: Be, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_page, "PAGE_ROWS", 20)
    seen: list[str] = []
    address = "/register?table=icbs&sort=icb_code"
    while address:
        text = be("").get(address).text
        table = text.split("<caption")[1]
        seen += re.findall(r'<th scope="row"[^>]*>([^<]+)</th>', table)
        onward = re.search(r'pagination__link--next" href="([^"]+)"', text)
        address = "/register" + onward[1].replace("&amp;", "&") if onward else ""
    assert seen == sorted(register["icbs"]["icb_code"].to_pylist())


def test_a_file_holds_all_rows_and_the_chosen_columns(be: Be, register: Register) -> None:
    text = be("").get("/register?table=sites&column=name&column=site_code&sort=site_code&down=true&format=csv").text
    rows = list(csv.reader(text.splitlines()))
    assert rows[0] == ["site_code", "name", "label"] and len(rows) - 1 == register["sites"].num_rows
    assert [r[0] for r in rows[1:]] == sorted(register["sites"]["site_code"].to_pylist(), reverse=True)


def test_a_file_that_would_be_too_large_is_refused_with_what_to_do(be: Be) -> None:
    answer = be("").get("/register?table=lsoa_populations&format=csv")
    assert answer.status_code == 400 and "Search for a part" in answer.text
    assert "as CSV" not in be("").get("/register?table=lsoa_populations").text.split("What the columns hold")[0]


def test_the_api_goes_on_from_where_it_stopped(be: Be, register: Register) -> None:
    client, seen, more = be(""), [], True
    while more:
        found = client.get("/api/v1/register/icbs", params={"offset": len(seen), "limit": 20}).json()
        seen, more = seen + found["rows"], found["more"]
    assert [r["icb_code"] for r in seen] == register["icbs"]["icb_code"].to_pylist()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("table=icbs&sort=nothing", "no column"),
        ("table=icbs&column=nothing", "no column"),
        ("table=../icbs", "no table"),
    ],
)
def test_what_is_not_there_is_said(be: Be, query: str, words: str) -> None:
    for address in (f"/register?{query}", f"/api/v1/register/{query[6:].replace('&', '?', 1)}"):
        answer = be("").get(address)
        assert answer.status_code in (400, 404) and "Traceback" not in answer.text
        if answer.status_code == 400:
            assert words in answer.text


def test_a_source_leads_to_the_list_of_sources(be: Be, register: Register) -> None:
    text = be("").get("/register?table=regions").text
    link = re.search(r'href="(/method\?part=sources&amp;find=[^"]+)"', text)
    assert link is not None
    found = be("").get(link[1].replace("&amp;", "&")).text
    assert ">regions<" in found and "No row holds that text" not in found


def test_a_day_filters_what_holds(be: Be, register: Register) -> None:
    day = date(2026, 4, 1)
    rows = be("").get(f"/api/v1/register/icbs?on={day}&limit=100").json()["rows"]
    table = register["icbs"]
    holds = pc.and_(pc.less_equal(table["valid_from"], day), pc.fill_null(pc.greater(table["valid_to"], day), True))
    assert {r["icb_code"] for r in rows} == set(table.filter(holds)["icb_code"].to_pylist()) and len(rows) == 36
