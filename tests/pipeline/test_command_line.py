"""Each verb, asked for what cannot be: one message that says what and what to do, a fixed exit code, no traceback."""

from __future__ import annotations

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tertiary import cli, screen
from tertiary.engine import DuckDBEngine
from tertiary.errors import TertiaryError

# (command line, exit code, words that the message must hold); RUN and INPUTS stand for folders that exist
REFUSED = [
    ("frobnicate", 2, ["frobnicate"]),
    ("synth {new} --area atlantis", 16, ["atlantis", "QMJ"]),
    ("synth {new} --months 2025-06..2025-04", 16, ["2025-06..2025-04", "first"]),
    ("synth {new} --scale 0", 16, ["scale 0", "0.05"]),
    ("synth {new} --scale 0.0000001 --area QMJ --months 2025-04", 16, ["scale 1e-07", "Give more"]),
    ("synth {new} --seed -1", 2, ["--seed"]),
    ("synth {file}", 16, ["is a file", "new folder"]),
    ("synth {inputs}", 16, ["not empty"]),
    ("synth {file}/x --area QMJ --months 2025-04 --scale 0.01", 16, ["cannot be made"]),
    ("check nowhere", 12, ["nowhere", "does not exist", "Give"]),
    ("check {inputs}/acm --format xml", 10, ["'xml'", "table, csv or json"]),
    ("check {inputs}/acm --register nowhere", 11, ["nowhere", "Give a folder"]),
    ("run {inputs}", 2, ["--out"]),
    ("run nowhere --out {new}", 12, ["nowhere", "does not exist"]),
    ("run {inputs} --out {inputs}/run", 13, ["lies inside the input folder", "outside"]),
    ("run {inputs} --out {file}", 13, ["Cannot write", "--out"]),
    ("run {inputs} --out {new} --engine polars", 10, ["'polars'", "duckdb, spark"]),
    ("run {inputs} --out {new} --memory lots", 10, ["memory 'lots'", "4GB"]),
    ("run {inputs} --out {new} --threads 0", 2, ["--threads"]),
    ("run {inputs} --out {new} --as-known 1/4/2025", 2, ["--as-known", "1/4/2025", "2025-06-30"]),
    ("run {inputs} --out {new} --log-format xml", 10, ["'xml'", "text or json"]),
    ("show nowhere", 13, ["nowhere", "tertiary run INPUTS --out FOLDER"]),
    ("show {run} nosuch", 13, ["'nosuch'", "ledger"]),
    ("show {run} ledger --by nosuch", 13, ["nosuch", "not a column", "payer_code"]),
    ("show {run} ledger --by records", 13, ["records", "is a total", "payer_code"]),
    ("show {run} ledger --limit -1", 2, ["--limit"]),
    ("show {run} summary --by flow", 10, ["summary", "ledger"]),
    ("explain", 10, ["Give a run and a record id"]),
    ("explain {run} nosuch", 13, ["'nosuch'", "tertiary show"]),
    ("explain {run} x --record flow=op", 10, ["not both"]),
    ("explain {run} x --as-known 2025-04-01", 10, ["--as-known", "leave"]),
    ("explain --record flow", 10, ["FIELD=VALUE"]),
    ("explain --record colour=red", 10, ["colour", "treatment_function_code"]),
    ("explain --record flow=nosuch", 10, ["nosuch", "apc_episode"]),
    ("explain --record age=old", 10, ["'old'", "whole number"]),
    ("explain --record quantity=much", 10, ["'much'", "number"]),
    ("explain --record activity_date=soon", 10, ["'soon'", "2025-06-30"]),
    ("register nosuch", 11, ["'nosuch'", "icbs"]),
    ("register icbs --on 30/06/2025", 2, ["30/06/2025", "2025-06-30"]),
    ("conform nowhere", 10, ["nowhere", "test vectors"]),
]


def _ask(words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["tertiary", *words.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(("words", "code", "said"), REFUSED, ids=[r[0] for r in REFUSED])
def test_what_cannot_be_is_said_in_one_message(
    words: str, code: int, said: list[str], run: Any, inputs: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "file.txt"
    file.write_text("a file")
    given = words.format(run=run.path, inputs=inputs, new=tmp_path / "new", file=file)
    assert _ask(given, monkeypatch) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    if code >= 10:
        assert len(err.splitlines()) == 1
    for word in said:
        assert word in err


def test_a_key_that_could_be_guessed_is_refused(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERTIARY_PSEUDONYM_KEY", "hunter2")
    assert _ask(f"run {inputs} --out {tmp_path / 'new'}", monkeypatch) == 10
    err = capsys.readouterr().err
    assert "TERTIARY_PSEUDONYM_KEY has 7 characters" in err
    assert "hunter2" not in err
    assert not (tmp_path / "new").exists()


def test_an_empty_answer_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _ask("register unit_prices --on 1950-01-01", monkeypatch) == 0
    out, err = capsys.readouterr()
    assert out.startswith("financial_year")
    assert "(no rows)" in err
    assert "1950-01-01" in err


def test_a_hypothetical_drug_is_paid_as_a_drug() -> None:
    from tertiary.hypothetical import hypothetical

    assert hypothetical({"flow": "drplcm"})["component"].to_pylist() == ["drug"]
    assert hypothetical({"flow": "op"})["component"].to_pylist() == ["activity"]


def _money(*texts: str) -> pa.Table:
    kind = pa.decimal128(26, 8)
    return pa.table({"who": ["a"] * len(texts), "pounds": pa.array([Decimal(t) for t in texts], kind)})


def test_money_is_shown_whole_and_exact() -> None:
    assert screen.as_text(screen.shortened(_money("0", "710667.87"))) == (
        "who      pounds\na          0.00\na    710,667.87"
    )
    assert "0.00000001" in screen.as_text(screen.shortened(_money("0.00000001", "2")))
    assert screen.shortened(_money("1.2345"))["pounds"].to_pylist() == [Decimal("1.2345")]
    assert screen.plain(Decimal("16395.75000000")) == "16395.75"
    assert screen.plain(Decimal("0E-8")) == "0.00"
    assert screen.plain(Decimal("1.000")) == "1.000"
    assert screen.plain(date(2025, 4, 1)) == "2025-04-01"


def test_csv_and_json_hold_plain_numbers(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    rows = _money("0", "3.5").append_column("n", pa.array([Decimal(2), Decimal(3)], pa.decimal128(38, 0)))
    screen.print_rows(rows, "csv")
    assert capfdbinary.readouterr().out.splitlines()[1:] == [b'"a",0.00,2', b'"a",3.50,3']
    screen.print_rows(rows, "json")
    assert json.loads(capfdbinary.readouterr().out)[1] == {"who": "a", "pounds": "3.50", "n": 3}


def test_a_table_too_wide_for_the_terminal_is_shown_a_line_a_value() -> None:
    rows = pa.table({"rule_id": ["X05"], "advice": ["long " * 50]})
    assert len(screen.as_text(rows).splitlines()) == 2
    shown = screen.as_text(rows, width=80)
    assert shown == f"rule_id  X05\nadvice   {'long ' * 50}".rstrip()


def test_an_engine_that_refuses_a_choice_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(TertiaryError, match="threads '0' is not a whole number from 1"):
        DuckDBEngine(threads=0)
    assert not list(tmp_path.iterdir())
