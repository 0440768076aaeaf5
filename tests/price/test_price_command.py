"""`tertiary prices` on a small run, as a person at the command line sees it."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from oracle.cases import activity, record
from tertiary.blocks import conform
from tertiary.cli import app
from tertiary.engine import DuckDBEngine
from tertiary.errors import TertiaryError
from tertiary.price import price

# AA22C costs £8,285 in 2018/19 and £8,207 in 2017/18, both as published
SUBMITTED = ("8285", "16570", "8207", "8207", "1234.56", "8285.40")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, register: Any) -> Path:
    """A run folder: six spells of two providers, one of which only reconciles."""
    folder = tmp_path_factory.mktemp("run")
    rows = [
        record(n, flow="plcm", point_of_delivery="EL", hrg="AA22C", activity_date=date(2018, 6, 1),
               financial_year="201819", price_submitted=Decimal(amount), provider_code="RRV" if n < 3 else "RHM")
        for n, amount in enumerate(SUBMITTED)
    ]  # fmt: skip
    table = activity(rows)
    for column in ("service_line_final", "service_line_derived", "payer_code"):
        table = table.append_column(column, pa.array([""] * len(rows), pa.string()))
    table = table.append_column("counted", pa.array([n != 4 for n in range(len(rows))]))
    with DuckDBEngine(threads=1) as engine:
        arrived = engine.load("arrived", table)
        priced = engine.materialise("priced", price(engine, arrived, register))
        made = {name: conform(priced, name) for name in ("records", "reasons")} | {"activity": arrived}
        for name, expr in made.items():
            pq.write_table(engine.fetch(expr), folder / f"{name}.parquet")
    facts = {"tables": {n: [f"{n}.parquet"] for n in made}, "synthetic": True, "register": register.record()}
    (folder / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


def said(*words: str) -> list[dict[str, str]]:
    done = CliRunner().invoke(app, ["prices", *words, "--format", "csv"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert "SYNTHETIC DATA" in done.stderr
    return list(csv.DictReader(done.stdout.splitlines()))


def test_totals_by_cause(run: Path) -> None:
    found = {r["cause"]: (int(r["records"]), Decimal(r["delta"])) for r in said(str(run))}
    assert found == {"quantity": (1, Decimal(8285)), "year": (2, Decimal(-156))}


def test_by_other_columns_with_what_only_reconciles(run: Path) -> None:
    found = said(str(run), "--by", "provider_code", "--uncounted", "--pounds", "0")
    assert {r["provider_code"]: int(r["records"]) for r in found} == {"RRV": 2, "RHM": 3}


def test_a_column_named_twice_is_one(run: Path) -> None:
    assert said(str(run), "--by", "cause,cause") == said(str(run), "--by", "cause")


def test_it_is_said_when_no_factor_of_a_year_is_loaded(run: Path, tmp_path: Path) -> None:
    warning = "No market forces factors are loaded for 201819"
    done = CliRunner().invoke(app, ["prices", str(run), "--pounds", "500"])
    assert warning in done.stderr
    done = CliRunner().invoke(app, ["prices", str(run), "--pounds", "500000"])
    assert warning not in done.stderr, "nothing is shown of that year"


def test_rows_largest_first_with_proof(run: Path) -> None:
    found = said(str(run), "--rows", "--limit", "2")
    assert [Decimal(r["delta"]) for r in found] == [Decimal(8285), Decimal(-78)]
    assert found[0]["proof"].startswith("£8285.00 x (1 + 0.000000) x 1.000000 x 2.000 = £16570.00")


def test_limits_that_are_no_numbers_and_columns_that_are_none(run: Path) -> None:
    for words, expected in (
        (("--pounds", "much"), "--pounds 'much' is not a number"),
        (("--percent", "-1"), "--percent '-1' is not a number"),
        (("--pounds", "1e20"), "--pounds '1e20' is not a number from 0 to 999,999,999"),
        (("--pounds", "0.005"), "with at most 2 decimals"),
        (("--percent", "1000000"), "--percent '1000000' is not a number"),
        (("--by", "colour"), "Nothing can be totalled by colour. Choose from:"),
    ):
        with pytest.raises(TertiaryError, match=expected):
            said(str(run), *words)


def test_another_register_than_that_of_the_run_is_refused(run: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "lists"
    overlay.mkdir()
    (overlay / "overlay.json").write_text('{"name": "lists"}', encoding="utf-8")
    with pytest.raises(TertiaryError, match="was made with another register"):
        said(str(run), "--register", str(overlay))
    with pytest.raises(TertiaryError, match="is not there"):
        said(str(run), "--register", str(tmp_path / "gone"))
