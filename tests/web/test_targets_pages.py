"""Targets on pages: figures of the register as the command gives them, open to everybody."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from builders import row, run_folder
from tertiary.cli import app
from tertiary.register import Register
from tertiary.web.app import create_app
from tertiary.web.people import demo_people
from tertiary.web.scope import acts_for

Be = Callable[[str], TestClient]


def rows(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text[:3000]
    found = list(csv.DictReader(io.StringIO(answer.text)))
    return [{name: value for name, value in line.items() if name != "label"} for line in found]


def said(*words: str) -> list[dict[str, str]]:
    done = CliRunner().invoke(app, ["allocate", *words, "--format", "csv"])
    assert done.exit_code == 0, (done.output, done.exception)
    return list(csv.DictReader(io.StringIO(done.stdout)))


def without_names(found: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows in order of code; the page has short names of ICBs, the command their full ones."""
    plain = [{name: value for name, value in sorted(line.items()) if name != "name"} for line in found]
    return sorted(plain, key=lambda line: (line.get("stream", ""), line.get("financial_year", ""), line["code"]))


def openings(tmp_path: Path, apart: list[dict[str, str]]) -> str:
    file = tmp_path / "opening.csv"
    file.write_text("code,opening\n" + "".join(f"{r['code']},{r['opening']}\n" for r in apart), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("", []), ("stream=prescribing&level=region", ["--stream", "prescribing", "--level", "region"]),
        ("level=icb_2026&stream=maternity", ["--level", "icb_2026", "--stream", "maternity"]),
        ("level=lad&within=icb_2024:QMJ", ["--level", "lad", "--within", "icb_2024:QMJ"]),
        ("year=202425", ["--year", "202425", "--index-level", "icb_2024"]),
    ],
)  # fmt: skip
def test_need_and_distance_are_those_of_the_command(be: Be, tmp_path: Path, asked: str, words: list[str]) -> None:
    client = be("")
    need = rows(client.get(f"/money/targets?{asked}&format=csv&of=need"))
    assert need and without_names(need) == without_names(said("need", *words))
    apart = rows(client.get(f"/money/targets?{asked}&pot=2300000000&format=csv&of=distance"))
    service = next(w for w in (*[b for a, b in pairwise(words) if a == "--stream"], "core"))
    command = said(
        "targets", *words, "--pot", "2300000000", "--service", service, "--components", "all", "--opening",
        openings(tmp_path, apart),
    )  # fmt: skip
    assert without_names(apart) == without_names(command)
    api = client.get(f"/api/v1/targets?{asked}&pot=2300000000").json()["rows"]
    assert [{n: "" if v is None else str(v) for n, v in line.items()} for line in api] == apart


def test_distance_by_hand_from_the_practices(be: Be, register: Register) -> None:
    """With the same for each person a place's distance is its share of people over its share of need, less 1."""
    people: dict[str, Decimal] = defaultdict(Decimal)
    weighted: dict[str, Decimal] = defaultdict(Decimal)
    for practice in register["practice_need"].to_pylist():
        people[practice["icb_code_2024"]] += practice["registered_population"]
        weighted[practice["icb_code_2024"]] += practice["wp_core"]
    found = rows(be("").get("/money/targets?format=csv&of=distance"))
    assert len(found) == 42
    distances = [Decimal(line["distance_percent"]) for line in found]
    assert distances == sorted(distances, reverse=True)
    for line in found:
        code = line["code"]
        share = people[code] / sum(people.values()) / (weighted[code] / sum(weighted.values())) - 1
        assert abs(Decimal(line["distance_percent"]) / 100 - share) < Decimal("0.00001")
        assert Decimal(line["opening"]) - Decimal(line["target"]) == Decimal(line["gap"])
    for name in ("opening", "target"):
        assert sum(Decimal(line[name]) for line in found) == 1_000_000_000


def test_the_path_is_that_of_the_command_and_adds_up(be: Be, tmp_path: Path) -> None:
    asked = "level=region&policy=convergence_adjustment&growth=4%25&years=4"
    path = rows(be("").get(f"/money/targets/path?{asked}&format=csv&of=path"))
    apart = rows(be("").get("/money/targets?level=region&format=csv&of=distance"))
    words = ["converge", "--level", "region", "--service", "core", "--components", "all", "--pot-growth", "0.04"]
    words += ["--years", "4", "--policy", "convergence_adjustment", "--opening", openings(tmp_path, apart)]
    assert without_names(path) == without_names(said(*words))
    assert without_names(rows(be("").get(f"/money/targets/path?{asked}&format=csv&of=arrivals"))) == without_names(
        said(*words, "--arrival")
    )
    pot = Decimal(1_000_000_000)
    for year in sorted({line["financial_year"] for line in path}):
        pot *= Decimal("1.04")
        paid = [Decimal(line["allocation"]) for line in path if line["financial_year"] == year]
        assert len(paid) == 7 and abs(sum(paid) - pot) < Decimal("0.03")
    by_year = {line["code"]: line for line in rows(be("").get(f"/money/targets/path?{asked}&format=csv"))}
    for line in path:
        assert by_year[line["code"]][line["financial_year"]] == line["distance_percent"]
    api = be("").get(f"/api/v1/targets?of=path&{asked}").json()["rows"]
    assert [line["allocation"] for line in api] == [line["allocation"] for line in path]


@pytest.mark.parametrize("account", ["", *demo_people()])
def test_published_figures_are_open_to_everybody_and_the_same_for_all(be: Be, account: str) -> None:
    for kind in ("format=csv", "format=csv&of=need", "format=vega", "format=xlsx"):
        assert be(account).get(f"/money/targets?level=region&{kind}").status_code == 200
    figures = rows(be(account).get("/money/targets?level=region&format=csv"))
    assert figures == rows(be("").get("/money/targets?level=region&format=csv"))
    assert be(account).get("/money/targets/path?level=region").status_code == 200
    assert be(account).get("/api/v1/targets?level=region").status_code == 200


def test_ones_own_places_are_marked_also_those_that_came_after(be: Be, register: Register) -> None:
    assert acts_for(demo_people()["ncl"], register) == {"QMJ", "Z9B2Z"}
    assert {"Y56", "QMJ", "QRV"} <= acts_for(demo_people()["london"], register)
    assert not acts_for(demo_people()["national"], register)

    def marked(account: str, asked: str) -> list[str]:
        spec = be(account).get(f"/money/targets?{asked}&format=vega").json()
        return [bar["name"] for bar in spec["vconcat"][0]["data"]["values"] if bar["own"]]

    assert marked("ncl", "") == ["▶ North Central London"] and len(marked("ncl", "level=icb_2026")) == 1
    assert marked("london", "level=region") == ["▶ London"] and marked("", "") == []
    assert "Yours: North Central London (QMJ)" in be("ncl").get("/money/targets").text


def test_charts_hold_only_what_the_tables_beside_them_hold(be: Be) -> None:
    spec = be("").get("/money/targets?format=vega").json()
    bars = {bar["name"]: bar["distance"] for bar in spec["vconcat"][0]["data"]["values"]}
    held = {line["name"]: line for line in rows(be("").get("/money/targets?format=csv"))}
    assert len(bars) == 42
    for name, distance in bars.items():
        (line,) = [h for full, h in held.items() if full == name or full.startswith(name.removesuffix("…"))]
        assert Decimal(str(distance)) == Decimal(line["distance_percent"])
    spec = be("").get("/money/targets/path?level=region&format=vega").json()
    dots = spec["vconcat"][0]["layer"][0]["data"]["values"]
    held = {line["name"]: line for line in rows(be("").get("/money/targets/path?level=region&format=csv"))}
    assert {dot["name"] for dot in dots} == set(held) and len(dots) == 7 * 4
    for dot in dots:
        year = "before" if dot["year"] == " before" else dot["year"].replace("/", "")
        assert Decimal(str(dot["value"])) == Decimal(held[dot["name"]][year])


def test_many_places_are_cut_on_the_page_and_whole_in_the_file(be: Be) -> None:
    text = be("").get("/money/targets?level=practice").text
    assert "the download has all" in text and "are not drawn" in text and text.count('<th scope="row"') < 1100
    assert len(rows(be("").get("/money/targets?level=practice&format=csv&of=need"))) > 6000
    assert be("").get("/money/targets?level=practice&format=vega").status_code == 400


def test_every_stream_side_by_side(be: Be) -> None:
    found = rows(be("").get("/money/targets?stream=all&level=region&format=csv&of=need"))
    assert len(found) == 9 * 7
    for stream in {line["stream"] for line in found}:
        assert sum(Decimal(line["need_share"]) for line in found if line["stream"] == stream) == 1


def test_the_former_years_need_as_the_opening(be: Be) -> None:
    found = rows(be("").get("/money/targets?year=202425&opening=former&format=csv"))
    before = {r["code"]: r for r in rows(be("").get("/money/targets?year=202324&format=csv&of=need"))}
    for line in found:
        share = Decimal(line["opening"]) / 1_000_000_000
        assert abs(share - Decimal(before[line["code"]]["need_share"])) < Decimal("0.00000002")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server whose register has a workbook's openings, made up, loaded by an overlay."""
    folder = tmp_path_factory.mktemp("overlay")
    (folder / "overlay.json").write_text(
        '{"name": "made up", "synthetic": true, "public": ["official_allocations"]}', encoding="utf-8"
    )
    codes = [r["code"] for r in said("need")]
    lines = [f"202526,core,convergence,{code},,{1000 + n},110,{2000 + n}\n" for n, code in enumerate(codes)]
    (folder / "official_allocations.csv").write_text(
        "financial_year,stream,workbook,icb_code,service,opening,target,allocation\n" + "".join(lines), encoding="utf-8"
    )
    run = run_folder(tmp_path_factory.mktemp("run") / "run", ledger=[row("ledger")])
    with TestClient(create_app({"run": (run, Register.load([folder]))}), base_url="http://localhost") as client:
        yield client


def test_openings_of_the_workbook_are_taken_where_they_are_loaded(loaded: TestClient) -> None:
    found = rows(loaded.get("/money/targets?format=csv"))
    assert sorted(Decimal(line["opening"]) for line in found) == [Decimal(1000 + n) for n in range(42)]
    total = sum(1000 + n for n in range(42))
    assert sum(Decimal(line["target"]) for line in found) == total
    path = rows(loaded.get("/money/targets/path?policy=uniform&growth=0.1&years=1&format=csv&of=path"))
    assert sorted(Decimal(line["opening"]) for line in path) == [Decimal(2000 + n) for n in range(42)]
    assert sum(Decimal(line["allocation"]) for line in path) == sum(2000 + n for n in range(42)) * Decimal("1.1")
    assert "official" not in loaded.get("/money/targets?opening=people&format=csv&of=basis").text


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/money/targets?stream=specialised", 400, "holds no need of specialised in 202526"),
        ("/money/targets?year=199900", 400, "holds no need of core in 199900"),
        ("/money/targets?year=202425&level=lad", 400, "held by ICB of 2024 only"),
        ("/money/targets?level=moon", 400, "none of icb_2024"), ("/money/targets?pot=much", 400, "is no sum of pounds"),
        ("/money/targets?pot=-5", 400, "is no sum of pounds"), ("/money/targets?pot=NaN", 400, "is no sum of pounds"),
        ("/money/targets?opening=official", 400, "Load the workbook"), ("/money/targets?opening=luck", 400, "none of"),
        ("/money/targets?within=QMJ", 400, "Write LEVEL:CODE"),
        ("/money/targets?within=lad:E999", 400, "lies in lad E999"),
        ("/money/targets?opening=former&level=icb_2026", 400, "does not lie in one icb_2026"),
        ("/money/targets/path?level=practice", 400, "too long to read"), ("/money/targets/path?years=99", 422, "years"),
        ("/money/targets/path?policy=luck", 400, "none of uniform"),
        ("/money/targets/path?growth=much", 400, "expected a share"),
        ("/money/targets/path?stream=all", 400, "Choose one"), ("/money/targets/path?growth=-50%25", 400, "floors"),
        ("/api/v1/targets?of=secrets", 422, "cannot be used: of"),
        ("/api/v1/targets?pot=much", 400, "is no sum of pounds"),
        ("/money/targets?within=%3Cscript%3E", 400, "no place to look inside"),
    ],
)  # fmt: skip
def test_mistakes_are_told(be: Be, address: str, status: int, words: str) -> None:
    answer = be("").get(address)
    assert answer.status_code == status and words in answer.text and "<script>" not in answer.text


def test_pages_are_whole_without_script_and_say_what_they_rest_on(be: Be) -> None:
    for address in ("/money/targets", "/money/targets/path?level=region"):
        text = be("").get(address).text
        assert text.count("<h1") == 1 and " style=" not in text and "<script>" not in text
        assert text.count("<table") == text.count("<caption") and "data-chart=" in text
        assert "illustrative" in text and "What each figure rests on" in text
    assert "Targets" in be("").get("/").text
