"""Small areas of a run: sums of what counts, expected spend by age, and a planted need found through the command."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from tertiary.allocate.small_areas import SmallAreas, small_areas
from tertiary.commands.allocate import allocate
from tertiary.commands.need_model import fit
from tertiary.errors import AllocationError
from tertiary.register import Register
from tertiary.runs import Run
from tertiary.tables import arrow_schema

LONDON = ("QMF", "QMJ", "QKK", "QWE", "QRV")
# four LSOAs of the City and of Barking, QMF; two of Liverpool, QYG
CITY, BARKING, LIVERPOOL = "E01000001", "E01000027", "E01006512"
BANDS = [0, 1, *range(5, 91, 5)]


@pytest.fixture(scope="module")
def register() -> Register:
    return Register.load()


def make_run(folder: Path, rows: Iterable[Mapping[str, Any]]) -> Run:
    """A run folder with records, blank but for what `rows` say."""
    blank = {pa.string(): "", pa.bool_(): True}
    usual = {
        "service_line_final": "NCBPS11B", "component": "activity", "npoc_code": "A", "provider_code": "RRV",
        "financial_year": "202526", "age": 40, "lsoa21_code": CITY, "price_submitted": Decimal(100),
    }  # fmt: skip
    schema = arrow_schema("records")
    columns: dict[str, list[Any]] = {f.name: [] for f in schema}
    for row in rows:
        for field in schema:
            value = row.get(field.name, usual.get(field.name, blank.get(field.type)))
            columns[field.name].append(value)
    folder.mkdir()
    pq.write_table(pa.table(columns, schema=schema), folder / "records.parquet")
    manifest = {
        "tables": {"records": ["records.parquet"]}, "synthetic": True,
        "register": {"version": "2026.11", "as_known": "2026-11-24", "overlays": []},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Run(folder, manifest)


def outcome(found: SmallAreas, name: str = "all") -> dict[str, dict[str, Any]]:
    return {r["code"]: r for r in found.outcomes.to_pylist() if r["outcome"] == name}


def people_by_age(register: Register, areas: Iterable[str]) -> dict[str, dict[int, float]]:
    """People of each area by the first year of their age band, read in plain Python."""
    wanted, found = set(areas), defaultdict(dict)
    rows = register["lsoa_populations"]
    rows = rows.filter(pc.is_in(rows["lsoa21_code"], pa.array(sorted(wanted))))
    for row in rows.to_pylist():
        found[row["lsoa21_code"]][int(row["age_band"].rstrip("+").split("-")[0])] = row["population"]
    return found


def test_only_what_counts_of_specialised_care_is_added_up(tmp_path: Path) -> None:
    run = make_run(
        tmp_path / "run",
        [
            {"price_submitted": Decimal("10.5")}, {"component": "drug", "price_submitted": Decimal("0.25")},
            {"counted": False, "price_submitted": Decimal(1000)},
            {"service_line_final": "", "price_submitted": Decimal(1000)},
            {"lsoa21_code": BARKING, "npoc_code": "B", "price_submitted": Decimal(7)},
            {"lsoa21_code": LIVERPOOL, "price_submitted": Decimal(5)},
            {"lsoa21_code": "", "price_submitted": Decimal(3)},
        ],
    )  # fmt: skip
    found = small_areas(run, by=("npoc_code", "component", "component"), icbs=("QMF",))
    assert set(found.areas["icb_code"].to_pylist()) == {"QMF"}
    every = outcome(found)
    assert len(every) == found.areas.num_rows
    assert (every[CITY]["spend"], every[CITY]["events"], every[CITY]["components"]) == (10.75, 2, "activity;drug")
    assert every[BARKING]["spend"] == 7 and sum(r["spend"] for r in every.values()) == 17.75
    assert set(found.outcomes["outcome"].to_pylist()) == {
        "all", "npoc_code=A", "npoc_code=B", "component=activity", "component=drug",
    }  # fmt: skip
    assert outcome(found, "component=drug")[CITY]["spend"] == 0.25
    assert outcome(found, "component=drug")[CITY]["components"] == "drug"
    assert outcome(found, "npoc_code=B")[CITY]["spend"] == 0
    assert (found.facts["spend"], found.facts["spend_in_areas"]) == (Decimal("25.75"), 17.75)
    assert any(told.startswith("31.1% of the run's spend has no area, or one") for told in found.remarks)
    drugs = small_areas(run, only={"component": ["drug"]}, icbs=("QMF",))
    assert outcome(drugs)[CITY]["spend"] == 0.25 and outcome(drugs)[BARKING]["spend"] == 0


def test_expected_spend_is_people_by_age_times_the_rate_of_their_age(tmp_path: Path, register: Register) -> None:
    ages = [0, 1, 4, 5, 9, 44, 89, 90, 104, 999, None]
    run = make_run(
        tmp_path / "run",
        [{"age": age, "price_submitted": Decimal(10 + i), "lsoa21_code": BARKING} for i, age in enumerate(ages)],
    )
    found = small_areas(run, icbs=("QMF",))
    people = people_by_age(register, found.areas["code"].to_pylist())
    spent: dict[int, float] = defaultdict(float)
    for i, age in enumerate(ages):
        if age is not None and age < 200:
            spent[max(b for b in BANDS if b <= age)] += 10 + i
    assert dict(spent) == {0: 10, 1: 23, 5: 27, 40: 15, 85: 16, 90: 35}
    total = {b: sum(p[b] for p in people.values()) for b in BANDS}
    each = outcome(found)
    for code, own in people.items():
        expected = sum(own[b] * spent[b] / total[b] for b in BANDS)
        assert each[code]["expected"] == pytest.approx(expected, rel=1e-9)
    population = dict(zip(found.areas["code"].to_pylist(), found.areas["population"].to_pylist(), strict=True))
    assert population[CITY] == pytest.approx(sum(people[CITY].values()))


def test_variables_are_those_of_the_register(tmp_path: Path, register: Register) -> None:
    run = make_run(
        tmp_path / "run",
        [{"provider_code": "RRV"}, {"provider_code": "RBS"}, {"provider_code": "RJ1", "price_submitted": Decimal(1)}],
    )
    area = next(r for r in small_areas(run).areas.to_pylist() if r["code"] == CITY)
    known = next(r for r in register["lsoas"].slice(0, 5).to_pylist() if r["lsoa21_code"] == CITY)
    assert area["imd2025_score"] == known["imd2025_score"] and area["lad_code"] == known["lad_code"]
    assert area["black_share"] == known["residents_black"] / known["residents_2021"]
    places = {r["provider_code"]: r for r in register["providers"].to_pylist()}
    # the nearest of the two with a hundredth of the spend; the third is nearer or not, and too small
    distance = min(_kilometres(known, places[code]) for code in ("RRV", "RBS"))
    assert area["distance_km"] == pytest.approx(distance, rel=1e-3)


def _kilometres(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """By the cosine rule on a sphere, another way than the code's."""
    north, south = math.radians(a["latitude"]), math.radians(b["latitude"])
    east = math.radians(a["longitude"] - b["longitude"])
    return 6371.0 * math.acos(math.sin(north) * math.sin(south) + math.cos(north) * math.cos(south) * math.cos(east))


def test_boards_are_those_of_the_runs_last_year(tmp_path: Path, register: Register) -> None:
    moved = next(r for r in register["lsoas"].to_pylist() if r["icb_code_2024"] != r["icb_code_2026"])
    for year, column in (("202526", "icb_code_2024"), ("202627", "icb_code_2026")):
        run = make_run(tmp_path / year, [{"financial_year": year}, {"financial_year": "202425"}])
        areas = small_areas(run).areas
        own = areas.filter(pc.equal(areas["code"], moved["lsoa21_code"]))
        assert own["icb_code"].to_pylist() == [moved[column]]


def test_practices_have_their_list_and_the_variables_of_their_place(tmp_path: Path, register: Register) -> None:
    run = make_run(tmp_path / "run", [{"gp_practice_code": "A81001"}])
    found = small_areas(run, "practice")
    own = next(r for r in found.areas.to_pylist() if r["code"] == "A81001")
    practice = next(r for r in register["practices"].slice(0, 5).to_pylist() if r["practice_code"] == "A81001")
    assert own["population"] == float(practice["registered_population"]) and own["icb_code"] == practice["icb_code"]
    assert outcome(found)["A81001"]["spend"] == 100 and "expected" not in found.outcomes.column_names
    assert any("boards have less than 10% of the spend a head" in told for told in found.remarks)


def test_what_cannot_be_told_by_area_is_said(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [{"lsoa21_code": "", "gp_practice_code": "A81001"}])
    with pytest.raises(AllocationError, match=r"has a lsoa21_code, .* Try --level practice"):
        small_areas(run)
    with pytest.raises(AllocationError, match="holds no such spend that counts"):
        small_areas(run, "practice", only={"component": ["device"]})
    with pytest.raises(AllocationError, match="No area belongs to QXX"):
        small_areas(run, "practice", icbs=("QHM", "QXX"))
    with pytest.raises(AllocationError, match="colour not known"):
        small_areas(run, "practice", by=("colour",))
    with pytest.raises(AllocationError, match="Level 'ward' is not known"):
        small_areas(run, "ward")
    with pytest.raises(AllocationError, match="urban_rural is a column of the areas already"):
        small_areas(run, "practice", more=pa.table({"code": ["A81001"], "urban_rural": ["x"]}))


@pytest.fixture(scope="module")
def planted_run(tmp_path_factory: pytest.TempPathFactory, register: Register) -> Run:
    """A record an LSOA of London and age band: spend by age, a quarter more for each deviation of deprivation."""
    lsoas = register["lsoas"]
    lsoas = lsoas.filter(pc.is_in(lsoas["icb_code_2024"], pa.array(LONDON)))
    people = people_by_age(register, lsoas["lsoa21_code"].to_pylist())
    score = lsoas["imd2025_score"].to_numpy()
    weight = np.array([sum(people[c].values()) for c in lsoas["lsoa21_code"].to_pylist()])
    mean = np.average(score, weights=weight)
    deprived = (score - mean) / np.sqrt(np.average((score - mean) ** 2, weights=weight))
    rng = np.random.default_rng(50)
    rows = []
    for code, deprivation in zip(lsoas["lsoa21_code"].to_pylist(), deprived, strict=True):
        luck = rng.gamma(4, 0.25)
        for age, rate in ((2, 50), (30, 100), (70, 500)):
            band = max(b for b in BANDS if b <= age)
            pounds = people[code][band] * rate * (1 + 0.25 * deprivation) * luck
            rows.append({"lsoa21_code": code, "age": age, "price_submitted": Decimal(f"{pounds:.2f}")})
    return make_run(tmp_path_factory.mktemp("planted") / "run", rows)


SPECIFICATION = (
    "variable,role,transform,sign\nexpected,expected,,\nimd2025_score,need,standard,+\n"
    "distance_km,supply,log1p,\nlad_code,cluster,,\n"
)


def said(*words: str) -> Any:
    app = typer.Typer()
    app.command()(fit)
    done = CliRunner().invoke(app, list(words))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_need_planted_in_records_is_found_by_the_command(planted_run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "spec.csv"
    spec.write_text(SPECIFICATION)
    boards = [word for code in LONDON for word in ("--icb", code)]
    out = tmp_path / "out"
    done = said(str(planted_run.path), "--spec", str(spec), *boards, "--out", str(out), "--format", "json")
    shown = json.loads(done.stdout)
    assert {r["code"] for r in shown} == set(LONDON) and {r["level"] for r in shown} == {"icb"}
    assert "SYNTHETIC DATA" in done.stderr and "Written to" in done.stderr
    terms = {r["term"]: r for r in pyarrow.csv.read_csv(out / "coefficients.csv").to_pylist()}
    assert terms["imd2025_score"]["low"] <= 0.25 <= terms["imd2025_score"]["high"]
    assert terms["imd2025_score"]["high"] - terms["imd2025_score"]["low"] < 0.1
    supplied = pyarrow.csv.read_csv(out / "supplied.csv")
    assert all(text.startswith("SYNTHETIC DATA, spend of 202526") for text in supplied["source"].to_pylist())
    by_board = {r["code"]: r for r in shown}
    app = CliRunner().invoke(allocate, [
        "targets", "--index", str(out / "supplied.csv"), "--level", "icb_2024", "--part", "--pot", "1000000",
        "--service", "specialised", "--components", "activity", "--format", "json",
    ])  # fmt: skip
    assert not app.exception, app.exception
    targets = {r["code"]: {n: float(r[n]) for n in ("share", "low", "target", "high")} for r in json.loads(app.stdout)}
    assert set(targets) == set(LONDON) and sum(r["target"] for r in targets.values()) == pytest.approx(1e6, abs=0.005)
    # the need a head of residents goes to the people registered now, who are others than the residents of mid-2020
    people: dict[str, Decimal] = defaultdict(Decimal)
    for practice in Register.load()["practice_need"].to_pylist():
        people[practice["icb_code_2024"]] += practice["registered_population"]
    rows = {r["code"]: r for r in supplied.to_pylist() if r["level"] in ("region", "icb_2024")}
    assert rows["QRV"]["registered_population"] == float(people["QRV"])
    assert rows["Y56"]["registered_population"] == pytest.approx(sum(float(people[c]) for c in LONDON)), "of its part"
    weighted = {c: float(people[c]) * float(by_board[c]["need_index"]) for c in LONDON}
    assert float(people["QRV"]) > 1.15 * float(by_board["QRV"]["population"])
    for code, row in targets.items():
        assert row["share"] == pytest.approx(weighted[code] / sum(weighted.values()), abs=5e-5)
        assert row["low"] < row["target"] < row["high"]
    method = json.loads((out / "method.json").read_text())
    assert method["spend"]["register"]["version"] and method["spend"]["register"]["overlays"] == []
    assert method["spend"]["boards"] == list(LONDON) and method["models"][0]["outcome"] == "all"
    assert {p.name for p in out.iterdir()} == {
        "index.csv", "coefficients.csv", "diagnostics.csv", "validation.csv", "refused.csv", "supplied.csv",
        "method.json",
    }  # fmt: skip


def test_further_variables_come_from_a_file_and_options_are_checked(planted_run: Run, tmp_path: Path) -> None:
    spec, more = tmp_path / "spec.csv", tmp_path / "more.csv"
    spec.write_text(SPECIFICATION + "beds,supply,,\n")
    codes = small_areas(planted_run, icbs=LONDON).areas["code"].to_pylist()
    more.write_text("code,beds\n" + "".join(f"{c},{i % 7}\n" for i, c in enumerate(codes)))
    words = [str(planted_run.path), "--spec", str(spec), *(w for c in LONDON for w in ("--icb", c))]
    done = said(*words, "--areas", str(more), "--table", "coefficients", "--format", "json")
    assert "beds" in {r["term"] for r in json.loads(done.stdout)}
    with pytest.raises(AllocationError, match="have no column beds"):
        said(*words)
    with pytest.raises(AllocationError, match="--only 'drug' is not COLUMN=VALUE"):
        said(*words, "--only", "drug")
    with pytest.raises(AllocationError, match="Table 'map' is not known"):
        said(*words, "--table", "map")
    (tmp_path / "odd.csv").write_text("area,beds\nE1,2\n")
    with pytest.raises(AllocationError, match="has no column code; it has: area, beds"):
        said(*words, "--areas", str(tmp_path / "odd.csv"))


def test_each_model_is_supplied_as_a_stream_for_the_pot_it_is_of(planted_run: Run, tmp_path: Path) -> None:
    spec, out = tmp_path / "spec.csv", tmp_path / "out"
    spec.write_text(SPECIFICATION)
    words = [str(planted_run.path), "--spec", str(spec), *(w for c in LONDON for w in ("--icb", c))]
    said(*words, "--by", "npoc_code", "--by", "service_line_final", "--only", "component=activity", "--out", str(out))
    rows = pyarrow.csv.read_csv(out / "supplied.csv").to_pylist()
    assert {(r["stream"], r["service"], r["components"]) for r in rows} == {
        ("all", "specialised", "activity"), ("npoc_code=A", "npoc_code=A", "activity"),
        ("service_line_final=NCBPS11B", "NCBPS11B", "activity"),
    }  # fmt: skip
    assert all("component activity" in r["source"] for r in rows)
    said(*words, "--only", "npoc_code=A", "--only", "delegation_status=", "--out", str(out))
    rows = pyarrow.csv.read_csv(out / "supplied.csv").to_pylist()
    assert {(r["stream"], r["service"]) for r in rows} == {("all", "npoc_code=A")}


def test_files_without_residence_are_fitted_by_practice_with_the_shipped_specification(
    tmp_path: Path, register: Register
) -> None:
    practices = register["practices"]
    codes = practices.filter(pc.greater(practices["registered_population"], 0))["practice_code"].to_pylist()
    rng = np.random.default_rng(3)
    run = make_run(
        tmp_path / "run",
        [{"gp_practice_code": c, "price_submitted": Decimal(int(rng.gamma(2, 500)))} for c in codes],
    )
    done = said(str(run.path), "--level", "practice", "--format", "json")
    assert "SYNTHETIC DATA" in done.stderr.splitlines()[0]
    assert "Expected spend is the same a head everywhere: people by age are not known by practice." in done.stderr
    assert len(json.loads(done.stdout)) == 42


def test_people_of_an_overlay_are_those_of_the_model(planted_run: Run, tmp_path: Path) -> None:
    overlay, out, spec = tmp_path / "later", tmp_path / "out", tmp_path / "spec.csv"
    overlay.mkdir()
    (overlay / "overlay.json").write_text('{"name": "later", "label": "people of a later year"}')
    (overlay / "lsoa_populations.csv").write_text(f"lsoa21_code,age_band,population\n{CITY},30-34,100000\n")
    spec.write_text(SPECIFICATION)
    words = [str(planted_run.path), "--spec", str(spec), *(w for c in LONDON for w in ("--icb", c))]
    said(*words, "--register", str(overlay), "--out", str(out))
    people = {r["code"]: r["population"] for r in pyarrow.csv.read_csv(out / "index.csv").to_pylist()}
    assert people[CITY] > 100_000 > people[BARKING]
    told = json.loads((out / "method.json").read_text())["spend"]["register"]
    assert [o["name"] for o in told["overlays"]] == ["later"]
