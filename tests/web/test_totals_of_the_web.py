"""Totals from cubes are those of the rows, whoever asks and in whatever order; files leave under disclosure control."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import row, run_folder
from tertiary.errors import PublishError
from tertiary.publish.disclosure import HIDDEN, rule_named
from tertiary.publish.releases import read_releases, release_run
from tertiary.register import Register
from tertiary.web import totals
from tertiary.web.answers import Answers
from tertiary.web.app import create_app
from tertiary.web.people import demo_people
from tertiary.web.settings import Settings
from tertiary.web.totals import DIMENSIONS

Be = Callable[[str], TestClient]
Many = tuple[Answers, list[dict[str, Any]]]
# who may see a row, said again in plain code; London's bodies among those of the rows
LONDON = {"population_icb": {"QMJ", "QMF"}, "payer_code": {"QMJ", "QMF"}, "provider_code": {"RRV"}}
MINE: dict[str, Callable[[dict[str, Any]], bool]] = {
    "national": lambda r: True,
    "ncl": lambda r: "QMJ" in (r["population_icb"], r["payer_code"]),
    "uclh": lambda r: r["provider_code"] == "RRV",
    "london": lambda r: any(r[name] in codes for name, codes in LONDON.items()),
}


def _rows(seed: int, size: int = 400) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    made = []
    for _ in range(size):
        pounds = Decimal(chance.randrange(-5_000, 90_000)) / 100
        made.append(
            row("ledger", flow=chance.choice(("plcm", "op")), measure=chance.choice(("actual", "actual", "plan")),
                counted=chance.random() < 0.8, financial_year="202526", financial_month=chance.randrange(1, 4),
                population_icb=chance.choice(("QMJ", "QMF", "QE1", "")),
                payer_code=chance.choice(("QMJ", "QE1", "X24")),
                payer_kind="icb", service_line_final=chance.choice(("NCBPS11B", "NCBPS01C", "")),
                npoc_code=chance.choice(("A", "B")), provider_code=chance.choice(("RRV", "RXN")),
                point_of_delivery=chance.choice(("EL", "DC", "OPFA")), component="activity",
                records=chance.randrange(3),
                quantity=Decimal(chance.randrange(50)), price_submitted=pounds, price_expected=pounds)
        )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, register: Register) -> Iterator[Many]:
    rows = _rows(1)
    run = run_folder(tmp_path_factory.mktemp("totals") / "run", ledger=rows, submissions=[row("submissions")])
    answers = Answers(run, register)
    yield answers, rows
    answers.close()


def _by_hand(rows: list[dict[str, Any]], account: str, by: list[str], only: dict[str, str], measure: str) -> Any:
    found: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for r in rows:
        if r["measure"] != measure or not (r["counted"] or measure == "plan") or not MINE[account](r):
            continue
        if all(str(r[name]) == value for name, value in only.items()):
            sums = found[tuple(r[name] for name in by)]
            sums[0] += r["records"]
            sums[1] += r["quantity"]
            sums[2] += r["price_submitted"]
    return {key: tuple(sums) for key, sums in found.items()}


@settings(max_examples=80, deadline=None)
@given(
    account=st.sampled_from(sorted(MINE)), by=st.lists(st.sampled_from(DIMENSIONS), max_size=3, unique=True),
    only=st.dictionaries(st.sampled_from(DIMENSIONS), st.just(0), max_size=2), at=st.integers(0, 399),
    measure=st.sampled_from(("actual", "plan")), few=st.sampled_from((0, 20_000)),
)  # fmt: skip
def test_totals_are_those_of_the_rows(
    many: Many, account: str, by: list[str], only: dict[str, int], at: int,
    measure: str, few: int,
) -> None:  # fmt: skip
    """Against a loop over the rows; with every cube made, and with the few that pay."""
    answers, rows = many
    kept = {name: str(rows[at][name]) for name in only}
    before, totals.FEW_CELLS = totals.FEW_CELLS, few
    try:
        found = answers.ledger(demo_people()[account], by, kept, measure)
    finally:
        totals.FEW_CELLS = before
    wanted = _by_hand(rows, account, by, kept, measure)
    if not by and not wanted:
        assert found.rows.column("records").to_pylist() == [0]
        return
    seen = {
        tuple(r[name] for name in by): (r["records"], r["quantity"], r["price_submitted"])
        for r in found.rows.to_pylist()
    }
    assert seen == wanted
    pounds = found.rows.column("price_submitted").to_pylist()
    assert pounds == sorted(pounds, reverse=True)


def test_pages_of_rows_are_all_of_them_once(many: Many) -> None:
    answers, _ = many
    person, by = demo_people()["national"], ("provider_code", "point_of_delivery", "financial_month")
    whole = answers.ledger(person, by, {}).rows.to_pylist()
    parts = [answers.ledger(person, by, {}, limit=5, offset=5 * n) for n in range(4)]
    assert [r for part in parts for r in part.rows.to_pylist()] == whole and len(whole) == 18
    assert [part.more for part in parts] == [True, True, True, False]


def test_many_first_questions_at_once_make_each_cube_once(tmp_path: Path, register: Register) -> None:
    rows = _rows(2)
    answers = Answers(run_folder(tmp_path / "run", ledger=rows, submissions=[row("submissions")]), register)
    asked = [(account, [name]) for account in MINE for name in DIMENSIONS] * 3
    random.Random(3).shuffle(asked)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda q: answers.ledger(demo_people()[q[0]], q[1], {}).rows.to_pylist(), asked))
    for (account, by), got in zip(asked, found, strict=True):
        seen = {(r[by[0]],): (r["records"], r["quantity"], r["price_submitted"]) for r in got}
        assert seen == _by_hand(rows, account, by, {}, "actual")
    answers.close()


def test_cubes_stay_within_their_room(tmp_path: Path, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "FEW_CELLS", 0)
    monkeypatch.setattr(totals, "MOST_CELLS", 10)
    rows = _rows(4)
    answers = Answers(run_folder(tmp_path / "run", ledger=rows, submissions=[row("submissions")]), register)
    for name in DIMENSIONS:
        got = answers.ledger(demo_people()["national"], [name], {}).rows.to_pylist()
        assert {(r[name],): r["records"] for r in got} == {
            k: v[0] for k, v in _by_hand(rows, "national", [name], {}, "actual").items()
        }
    assert answers._totals._cells() <= 10
    answers.close()


def test_a_file_hides_small_counts_and_the_money_beside_them(be: Be) -> None:
    client = be("national")
    safe = list(csv.DictReader(io.StringIO(client.get("/ledger?by=provider_code&format=csv").text)))
    exact = list(csv.DictReader(io.StringIO(client.get("/ledger?by=provider_code&format=csv&exact=yes").text)))
    # 4 and 2 records: both from 1 to 7
    assert [r["records"] for r in exact] == ["4", "2"] and [r["records"] for r in safe] == ["", ""]
    assert [r["price_submitted"] for r in safe] == ["", ""] and "600000" not in str(safe)
    assert all("hes_2018" in r["label"] and r[HIDDEN] for r in safe)
    assert all("EXACT FIGURES" in r["label"] and HIDDEN not in r for r in exact)


def test_a_workbook_hides_what_the_csv_hides(be: Be, tmp_path: Path) -> None:
    book = tmp_path / "l.xlsx"
    for address, is_seen in (("format=xlsx", False), ("format=xlsx&exact=yes", True)):
        book.write_bytes(be("national").get(f"/ledger?by=provider_code&{address}").content)
        with ZipFile(book) as files:
            text = " ".join(files.read(n).decode() for n in files.namelist() if n.endswith(".xml"))
        assert ("603120" in text) == is_seen and ("EXACT FIGURES" in text) == is_seen


def test_another_rule_may_be_set_and_an_unknown_one_is_refused(tmp_path: Path, register: Register) -> None:
    run = run_folder(tmp_path / "run", ledger=_rows(5), submissions=[row("submissions")])
    with pytest.raises(PublishError, match="no_such_rule"):
        create_app({"run": (run, register)}, Settings(disclosure="no_such_rule"))


@pytest.fixture
def released(tmp_path: Path, register: Register) -> tuple[Path, list[dict[str, Any]]]:
    rows = [{**r, "price_submitted": abs(r["price_submitted"]), "price_expected": abs(r["price_expected"])}
            for r in _rows(6, 300)]  # fmt: skip
    run = run_folder(tmp_path / "run", ledger=rows, patient_cells=[row("patient_cells")],
                     submissions=[row("submissions")])  # fmt: skip
    run.manifest["counts"].update(received=1, accepted=1, quarantined=0, superseded=0)  # type: ignore[attr-defined]
    release_run(run, [["provider_code"], ["npoc_code", "point_of_delivery"]], tmp_path / "out" / "first",
                by="national:england", why="Board paper 1")  # fmt: skip
    return tmp_path, rows


def test_a_release_is_read_back_as_it_was_made(released: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, rows = released
    (found,) = read_releases(folder / "out")
    assert (found.by, found.why, found.rule) == ("national:england", "Board paper 1", "hes_2018_strict")
    providers, parts = found.tables
    rule = rule_named(found.rule)
    for table in (providers, parts):
        true = _by_hand(rows, "national", list(table.dimensions), {}, "actual")
        assert {tuple(r[d] for d in table.dimensions) for r in table.rows} == set(true)
        for r in table.rows:
            count = true[tuple(r[d] for d in table.dimensions)][0]
            assert r["records"] in (None, rule.rounded(count))
    assert any(r["records"] is not None for r in providers.rows)


def test_a_release_is_not_overwritten_and_not_believed_once_changed(
    released: tuple[Path, list[dict[str, Any]]], register: Register
) -> None:
    folder, rows = released
    run = run_folder(folder / "again", ledger=rows, patient_cells=[row("patient_cells")])
    with pytest.raises(PublishError, match="is there already"):
        release_run(run, [["provider_code"]], folder / "out" / "first", by="national:england", why="x")
    with pytest.raises(PublishError, match="who decided"):
        release_run(run, [["provider_code"]], folder / "out" / "second", by=" ", why="x")
    with pytest.raises(PublishError, match="patient"):
        release_run(run, [["patient_id"]], folder / "out" / "second", by="a:b", why="x")
    assert sorted(p.name for p in (folder / "out").iterdir()) == ["first"]
    table = folder / "out" / "first" / "ledger_by_provider_code.csv"
    table.write_text(table.read_text().replace("RRV", "RXX"))
    with pytest.raises(PublishError, match="changed since"):
        read_releases(folder / "out")


def test_the_public_sees_what_was_released_and_nothing_else(
    released: tuple[Path, list[dict[str, Any]]], register: Register
) -> None:
    folder, _ = released
    facts = json.loads((folder / "out" / "first" / "release.json").read_text())
    run = run_folder(folder / "served", ledger=_rows(7), submissions=[row("submissions")])
    run.manifest["counts"].update(received=1, accepted=1, quarantined=0, superseded=0)  # type: ignore[attr-defined]
    app = create_app({"run": (run, register)}, Settings(released=folder / "out"))
    with TestClient(app, base_url="http://localhost") as client:
        page = client.get("/published")
        assert page.status_code == 200 and "Board paper 1" in page.text and facts["tables"][0]["note"][:40] in page.text
        text = client.get("/published?format=csv&of=ledger_by_provider_code").text
        assert next(csv.DictReader(io.StringIO(text)))["provider_code"] in ("RRV", "RXN")
        got = client.get("/api/v1/published?table=ledger_by_npoc_code_and_point_of_delivery").json()
        assert len(got["rows"]) == 6 and "hes_2018_strict" in got["label"]
        assert client.get("/published?name=second").status_code == 400
        assert client.get("/ledger").status_code == 403


def test_where_nothing_was_released_the_page_says_so(be: Be) -> None:
    assert "Nothing has been published" in be("").get("/published").text
    assert be("").get("/api/v1/published").status_code == 400
