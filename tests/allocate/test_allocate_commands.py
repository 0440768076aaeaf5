"""The commands, from files to tables, as a person at the command line uses them."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tertiary.cli import app
from tertiary.errors import TertiaryError
from tertiary.register import Register

REGIONS = ["Y56", "Y58", "Y59", "Y60", "Y61", "Y62", "Y63"]
CORE = ["--service", "core", "--components", "all", "--level", "region"]
FLAT = ["converge", *CORE, "--opening", "OPENING", "--pot-growth", "0"]


def said(*words: str, code: int = 0) -> Any:
    """What a command printed; with `code`, the message it refused with."""
    done = CliRunner().invoke(app, ["allocate", *words])
    if code:
        assert isinstance(done.exception, TertiaryError) and done.exception.exit_code == code, done.output
        return str(done.exception)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done


def table(*words: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(said(*words, "--format", "csv").stdout)))


@pytest.fixture
def opening(tmp_path: Path) -> Path:
    path = tmp_path / "opening.csv"
    lines = [f'{code},"£{150_000_000 + 1_000_000 * n:,}"' for n, code in enumerate(REGIONS)]
    path.write_text("code,opening\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def index_file(path: Path, register: Register, components: tuple[str, ...] = ("activity",), **more: str) -> Path:
    """An index of the regions, by component: 1, but for London."""
    people = table("need", "--level", "region")
    rows = [
        {"stream": f"own {part}", "level": "region", "code": r["code"], "service": "specialised", "components": part,
         "registered_population": r["population"], "need_index": "1.2" if r["code"] == "Y56" else "1", **more}
        for part in components for r in people
    ]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_need_in_every_format() -> None:
    rows = table("need", "--level", "icb_2026")
    assert len(rows) == 36 and sum(Decimal(r["need_share"]) for r in rows) == 1
    assert {r["stream"] for r in rows} == {"core"} and all(r["name"] for r in rows)
    told = json.loads(said("need", "--level", "region", "--digits", "4", "--format", "json").stdout)
    assert sum(Decimal(str(r["need_share"])) for r in told) == 1
    shown = said("need", "--stream", "mental_health", "--stream", "core", "--level", "england")
    assert shown.stdout.count("england") == 2 and "confidence high" in shown.stderr


def test_need_of_places_and_of_board_totals(tmp_path: Path, register: Register) -> None:
    groups = tmp_path / "groups.csv"
    groups.write_text("code,group\nE06000047,Durham\nE06000005,Darlington\n", encoding="utf-8")
    rows = table("need", "--level", "lad", "--groups", str(groups), "--within", "icb_2024:QHM")
    assert [r["code"] for r in rows] == ["Darlington", "Durham", "rest"]
    assert sum(Decimal(r["need_share"]) for r in rows) == 1
    old = table("need", "--year", "202223", "--index-level", "icb_2024", "--level", "region")
    assert len(old) == 7 and old != table("need", "--level", "region")


def test_targets_and_distance(opening: Path) -> None:
    words = ["targets", *CORE, "--pot", "1,000,000,000.05"]
    rows = table(*words)
    assert sum(Decimal(r["target"]) for r in rows) == Decimal("1000000000.05")
    done = said(*words, "--opening", str(opening), "--format", "csv")
    apart = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [r["code"] for r in apart] == REGIONS
    for r, target in zip(apart, rows, strict=True):
        assert Decimal(r["target"]) == Decimal(target["target"])
        assert Decimal(r["gap"]) == Decimal(r["opening"]) - Decimal(r["target"])
        percent = 100 * (Decimal(r["opening"]) / Decimal(r["target"]) - 1)
        assert abs(Decimal(r["distance_percent"]) - percent) <= Decimal("0.00005")
    ends = sorted(Decimal(r["distance_percent"]) for r in apart)
    assert f"{ends[-1] - ends[0]:.2f} percentage points" in done.stderr and "no one's shortfall" in done.stderr


def test_pots_and_indices_by_component(tmp_path: Path, register: Register) -> None:
    index = index_file(tmp_path / "index.csv", register, ("activity", "drugs", "devices"), standard_error="0.03")
    pots = tmp_path / "pots.csv"
    pots.write_text(
        "financial_year,service,components,delegation_status,amount,source,confidence\n"
        "202526,specialised,,delegated,14000000000,paper,derived\n202526,specialised,drugs,retained,5000000000,paper,derived\n",
        encoding="utf-8",
    )
    words = ["targets", "--index", str(index), "--level", "region", "--pots", str(pots)]
    rows = table(*words)
    by_pot = {(r["components"], r["delegation_status"]) for r in rows}
    assert by_pot == {("activity", "delegated"), ("drugs", "retained")} and len(rows) == 14
    assert sum(Decimal(r["target"]) for r in rows) == 19_000_000_000
    assert all(Decimal(r["low"]) < Decimal(r["target"]) < Decimal(r["high"]) for r in rows)
    assert "95 % interval by the delta method" in said(*words).stderr
    from_register = table("targets", "--index", str(index), "--level", "region", "--stream", "own activity",
                          "--service", "specialised")  # fmt: skip
    assert sum(Decimal(r["target"]) for r in from_register) == 14_000_000_000
    forces = tmp_path / "mff.csv"
    forces.write_text("code,market_forces_index\n" + "".join(f"{c},1.{n}\n" for n, c in enumerate(REGIONS)), "utf-8")
    moved = table(*words, "--mff", str(forces))
    assert sum(Decimal(r["target"]) for r in moved) == 19_000_000_000 and moved != rows


def test_a_wider_need_is_a_stated_choice(tmp_path: Path, register: Register) -> None:
    index = index_file(tmp_path / "index.csv", register, ("all",))
    words = ["targets", "--index", str(index), "--level", "region", "--pot", "7", "--service", "specialised",
             "--status", "delegated"]  # fmt: skip
    assert "wider than the pot" in said(*words, code=19)
    assert {r["basis"] for r in table(*words, "--wider")} == {"wider than the pot"}


def test_converge_by_growth_and_by_pots(opening: Path, tmp_path: Path) -> None:
    words = ["converge", *CORE, "--opening", str(opening)]
    rows = table(*words, "--pot-growth", "4.4%", "--years", "2")
    total = sum(150_000_000 + 1_000_000 * n for n in range(7))
    for year, growth in (("202627", Decimal("1.044")), ("202728", Decimal("1.044") ** 2)):
        assert sum(Decimal(r["allocation"]) for r in rows if r["financial_year"] == year) == round(total * growth, 2)
    assert said(*words, "--pot-growth", "0.044").stderr.count("illustrative") == 1
    pots = tmp_path / "pots.csv"
    pots.write_text(
        "financial_year,service,components,amount\n202728,core,all,1150000000\n202627,core,all,1100000000\n",
        encoding="utf-8",
    )
    moved = tmp_path / "moved.csv"
    moved.write_text("financial_year,code,amount\n202728,Y56,1000\n202728,Y56,500\n", encoding="utf-8")
    path = table(*words, "--pots", str(pots), "--transfers", str(moved), "--policy", "uniform")
    assert [r["transfer"] for r in path if r["code"] == "Y56"] in (["0", "1500"], ["0.00", "1500.00"])
    grew = table(*words, "--pot-growth", "0.05", "--years", "2", "--transfers", str(moved), "--policy", "uniform")
    assert {round(Decimal(r["growth_percent"]), 3) for r in grew} == {Decimal(5)}, "a transfer is no growth"
    born, bands = tmp_path / "born.csv", tmp_path / "bands.csv"
    born.write_text("code,growth\n" + "".join(f"{c},0.01\n" for c in REGIONS), encoding="utf-8")
    bands.write_text("above,reduction\n0.01,0.02\n", encoding="utf-8")
    other = table(*words, "--pots", str(pots), "--policy", "convergence_adjustment", "--bands", str(bands),
                  "--set", "floor=none", "--set", "cash_floor=no", "--set", "population=after",
                  "--population-growth", str(born))  # fmt: skip
    assert other != path and sum(Decimal(r["allocation"]) for r in other) == 2_250_000_000
    arrived = table(*words, "--pot-growth", "0.044", "--years", "20", "--arrival")
    assert {r["code"] for r in arrived} == set(REGIONS)
    assert all(r["financial_year"] for r in arrived)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["need", "--stream", "renal"], "supply an index of it"),
        (["need", "--within", "QHM"], "--within 'QHM' is not LEVEL:CODE"),
        (["targets", *CORE, "--pot", "lots"], "amount 'lots'"),
        (["targets", *CORE, "--pot", "1", "--pots", "x.csv"], "either --pots with a file, or --pot"),
        (["targets", "--service", "core"], "no pot of England for service 'core' in 202526"),
        (["targets", "--service", "specialised", "--components", "drugs"], "delegated) of 202526, none of drugs"),
        (["targets", "--service", "specialised"], "never applied to another service"),
        (["targets", *CORE, "--pot", "1", "--opening", "none.csv"], "none.csv cannot be read"),
        (["targets", *CORE, "--pot", "1", "--mff", "register"], "no underlying market forces index of 202526"),
        (["targets", *CORE, "--pot", "1", "--official", "core"], "no core allocations of 202526"),
        (["converge", *CORE, "--pot-growth", "0.04"], "either --opening with a file, or --official"),
        (["converge", *CORE, "--opening", "OPENING"], "either --pots with a pot for each year, or --pot-growth"),
        (["converge", *CORE, "--opening", "OPENING", "--pot-growth", "fast"], "--pot-growth is 'fast'"),
        ([*FLAT, "--policy", "slow"], "Policy 'slow' is none of"),
        ([*FLAT, "--set", "speed=1"], "--set 'speed=1'; expected"),
        ([*FLAT, "--set", "k=x"], "k is 'x'; expected a share"),
        (["converge", "--opening", "OPENING", "--pot-growth", "0", "--service", "core"], "pays for in 202627"),
        ([*FLAT, "--stream", "core", "--stream", "community"],
         "Convergence follows one stream"),
        ([*FLAT, "--year", "25/26"], "no need of practices for 25/26"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_meant(opening: Path, words: list[str], message: str) -> None:
    told = said(*[str(opening) if w == "OPENING" else w for w in words], code=19)
    assert message in told


@pytest.mark.parametrize(
    ("name", "text", "option", "message"),
    [
        ("opening", "code,opening\nY56,1\nY56,2\n", "--opening", "line 3: code 'Y56'; expected each place once"),
        ("opening", "code,opening\nY56,\n", "--opening", "line 2: opening is ''"),
        ("opening", "code,opening\n", "--opening", "holds no rows"),
        ("opening", "code,opening\nY56,-5\n", "--opening", "the opening of Y56 is -5; expected pounds, 0 or more"),
        ("opening", "code,opening\nY56,1\n", "--opening", "Y58, Y59, Y60, Y61, Y62: an opening position or a target"),
        ("groups", "code,group\nY56,\n", "--groups", "line 2: code 'Y56', group ''"),
        ("groups", "code,group\nY99,x\n", "--groups", "Y99 in the groups is no region"),
        ("pots", "financial_year,service,components,amount\n", "--pots", "holds no pots"),
        ("pots", "financial_year,service,components,amount\n202526,core,all,x\n", "--pots", "line 2: amount 'x'"),
        ("index", "code,need_indx\nY56,1\n", "--index", "has column(s) need_indx; expected"),
        ("index", "", "--index", "holds no rows"),
        ("index", "code,need_index\nY56,1\n", "--index", "has no column stream"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, name: str, text: str, option: str, message: str) -> None:
    file = tmp_path / f"{name}.csv"
    file.write_text(text, encoding="utf-8")
    words = ["targets", *CORE, option, str(file), *([] if name == "pots" else ["--pot", "1"])]
    assert message in said(*words, code=19)


def test_pots_and_transfers_of_years_that_do_not_follow(opening: Path, tmp_path: Path) -> None:
    pots, moved = tmp_path / "pots.csv", tmp_path / "moved.csv"
    row = "{},core,all,1100000000\n"
    pots.write_text(
        "financial_year,service,components,amount\n" + row.format(202627) + row.format(202829), encoding="utf-8"
    )
    words = ["converge", *CORE, "--opening", str(opening), "--pots", str(pots)]
    assert "pots of 202627, 202829; expected one for each year" in said(*words, code=19)
    pots.write_text("financial_year,service,components,amount\n" + row.format(202627), encoding="utf-8")
    moved.write_text("financial_year,code,amount\n202526,Y56,1\n", encoding="utf-8")
    assert "line 2: financial_year '202526', code 'Y56'" in said(*words, "--transfers", str(moved), code=19)


def test_synthetic_figures_say_so(tmp_path: Path) -> None:
    (tmp_path / "overlay.json").write_text('{"name": "made up", "synthetic": true}', encoding="utf-8")
    assert said("need", "--level", "england", "--register", str(tmp_path)).stderr.startswith("SYNTHETIC DATA")


def test_a_path_begins_from_the_workbook_position_of_its_year(tmp_path: Path, register: Register) -> None:
    """What a workbook of 2025/26 opens with is 2024/25's money: 2026/27 begins from what it allocates."""
    (tmp_path / "overlay.json").write_text('{"name": "made up", "synthetic": true}', encoding="utf-8")
    codes = [r["code"] for r in table("need", "--level", "icb_2024")]
    rows = [f"202526,core,convergence,{code},,100,110,120\n" for code in codes]
    (tmp_path / "official_allocations.csv").write_text(
        "financial_year,stream,workbook,icb_code,service,opening,target,allocation\n" + "".join(rows), encoding="utf-8"
    )
    pots = tmp_path / "pots.csv"
    words = ["converge", "--service", "core", "--components", "all", "--policy", "uniform", "--official", "core",
             "--register", str(tmp_path)]  # fmt: skip

    def begun(*more: str) -> set[tuple[str, Decimal]]:
        return {(r["financial_year"], Decimal(r["opening"])) for r in table(*words, *more)}

    assert begun("--pot-growth", "0", "--years", "1") == {("202627", Decimal(120))}
    for year, held in (("202526", 100), ("202627", 120)):
        pots.write_text(f"financial_year,service,components,amount\n{year},core,all,5000\n", encoding="utf-8")
        assert begun("--pots", str(pots)) == {(year, Decimal(held))}
    pots.write_text("financial_year,service,components,amount\n202728,core,all,5000\n", encoding="utf-8")
    assert "The first pot is of 202728, the workbook of 202526" in said(*words, "--pots", str(pots), code=19)
