"""Method and sources: nothing claimed is left out, all can be searched and taken away. Names beside codes."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tertiary.publish.claims import UNSURE, claims, gaps, register_sources
from tertiary.publish.workbook import Column
from tertiary.register import Register
from tertiary.web.names import kinds, name_of, named, names
from tertiary.web.pages import method
from tertiary.web.people import demo_people
from tertiary.web.views import Grid

Be = Callable[[str], TestClient]


def test_every_table_with_a_confidence_is_listed_row_by_row() -> None:
    folder = Path(str(resources.files("tertiary")))
    wanted = {}
    for file in folder.rglob("*.csv"):
        if {"data", "synth"} & set(file.relative_to(folder).parts):
            continue
        rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
        if rows and "confidence" in rows[0]:
            wanted[file.stem, str(file.parent.relative_to(folder))] = len(rows)
    found: dict[tuple[str, str], int] = {}
    for claim in claims():
        key = claim["table"], claim["room"].replace("all rooms", ".")
        found[key] = found.get(key, 0) + 1
    assert found == wanted and ("rules", "challenges") in found and ("everyday_words", "web") in found


def test_a_claim_is_the_row_as_it_stands() -> None:
    claim = next(c for c in claims() if (c["table"], c["what"]) == ("deadlines", "answer") or c["table"] == "deadlines")
    file = resources.files("tertiary.challenges").joinpath("deadlines.csv").read_text(encoding="utf-8")
    row = list(csv.DictReader(file.splitlines()))[int(claim["line"]) - 2]
    assert (claim["what"], claim["source"], claim["confidence"]) == (row["deadline"], row["source"], row["confidence"])
    assert row["meaning"] in claim["says"] and f"days: {row['days']}" in claim["says"]


def test_sources_count_every_row_of_the_register(register: Register) -> None:
    found: dict[str, int] = {}
    for row in register_sources(register):
        found[row["table"]] = found.get(row["table"], 0) + row["rows"]
        assert sum(int(n.replace(",", "")) for n in re.findall(r" ([\d,]+)(?:,|$)", row["confidence"])) == row["rows"]
    assert found == {table: register[table].num_rows for table in register if register[table].num_rows}


def test_what_is_empty_or_a_stand_in_is_in_one_list(register: Register) -> None:
    found = gaps(register)
    assert {g["where"] for g in found if g["kind"] == "empty"} == {
        f"register: {table}" for table in register if not register[table].num_rows
    }
    stand_ins = [g for g in found if g["kind"] == "stand-in"]
    rules = [r for r in register["identification_rules"].to_pylist() if {r["status"], r["confidence"]} & set(UNSURE)]
    assert sum(g["where"] == "identification rules" for g in stand_ins) == len(rules) > 90
    assert sum(g["where"] != "identification rules" for g in stand_ins) == sum(
        c["confidence"] in UNSURE for c in claims()
    )


@pytest.mark.parametrize("account", ["", *demo_people()])
def test_all_may_read_how_figures_are_made(be: Be, account: str) -> None:
    for address in ("/method?part=rules", "/method?part=gaps", "/api/v1/methods?table=checks"):
        assert be(account).get(address).status_code == 200


def test_a_search_keeps_the_rows_that_hold_the_text(be: Be) -> None:
    client = be("")
    rows = client.get("/api/v1/methods?table=constants&limit=10000&find=BANK%20holiday").json()["rows"]
    every = client.get("/api/v1/methods?table=constants&limit=10000").json()["rows"]
    assert rows == [r for r in every if "bank holiday" in " ".join(r.values()).casefold()] and rows
    assert "No row holds that text" in client.get("/method?find=qqqqqq").text
    assert "<script>" not in client.get("/method", params={"find": "<script>", "part": "all"}).text


def test_a_long_part_is_cut_on_the_page_and_whole_as_a_file(be: Be) -> None:
    constants = be("").get("/method?part=constants").text
    assert "These are the first 300 of" in constants and constants.count("<tr") == 301
    rows = list(csv.reader(be("").get("/method?part=constants&format=csv").text.splitlines()))
    assert len(rows) > 1500
    assert be("").get("/method?part=all&format=xlsx").content[:2] == b"PK"


@pytest.mark.parametrize("address", ["/method?part=nothing", "/api/v1/methods?table=nothing"])
def test_a_part_that_is_not_there_is_said(be: Be, address: str) -> None:
    answer = be("").get(address)
    assert answer.status_code == 400 and "Choose from" in answer.text


def test_each_part_has_its_tables_and_they_are_the_sum(register: Register) -> None:
    parts = [grid.name for part in method.PARTS for grid in method.parts_of(register, part, "")]
    assert parts == [grid.name for grid in method.parts_of(register, method.EVERYTHING, "")]
    assert len(parts) == len(set(parts))


def test_names_are_those_of_the_register(register: Register) -> None:
    assert name_of(register, "provider_code", "RRV") == "University College London Hospitals NHS Foundation Trust"
    assert name_of(register, "payer_code", "X24") == "NHS England"
    assert name_of(register, "population_icb", "QMJ") == "NHS North Central London Integrated Care Board"
    assert name_of(register, "pss_line", "15") == "Adult specialist renal services"
    assert name_of(register, "service_line_final", "NCBPS11B").startswith("Adult specialist renal")
    assert name_of(register, "npoc_code", "B") == "Cancer"
    for column, code in (("provider_code", "nobody"), ("provider_code", ""), ("flow", "RRV"), ("provider_code", None)):
        assert name_of(register, column, code) == ""
    assert set(kinds().values()) == set(names(register))


def test_a_table_gets_a_name_behind_each_code(register: Register) -> None:
    columns = [Column("provider_code", "Provider"), Column("flow", "Flow"), Column("pss_line", "Line")]
    grid = Grid("x", "X", columns, [{"provider_code": "RRV", "flow": "op", "pss_line": "?", "other": 1}], links=["?a"])
    made = named(grid, register)
    assert [c.name for c in made.columns] == [
        "provider_code", "provider_code_name", "flow", "flow_name", "pss_line",
    ], "a line that the register does not know needs no blank column"  # fmt: skip
    assert made.rows[0]["provider_code_name"].startswith("University College") and made.rows[0]["flow_name"]
    assert made.rows[0]["other"] == 1 and made.links == ["?a"] and len(grid.columns) == 3
    plain = Grid("y", "Y", [Column("records", "Records", "whole")], [])
    assert named(plain, register) is plain


def test_the_ledger_names_its_codes_on_the_page_and_in_files(be: Be) -> None:
    client = be("national")
    text = client.get("/ledger?by=provider_code&population_icb=QMJ").text
    assert "University College London Hospitals" in text
    assert "QMJ (NHS North Central London Integrated Care Board)" in text
    rows = list(csv.DictReader(client.get("/ledger?by=population_icb&format=csv").text.splitlines()))
    assert {r["population_icb"]: r["population_icb_name"] for r in rows}["QMF"].startswith("NHS North East London")


def test_a_register_is_let_go_with_what_was_worked_out_of_it() -> None:
    import gc
    import weakref

    made = Register(())
    names(made)
    seen = weakref.ref(made)
    del made
    gc.collect()
    assert seen() is None
