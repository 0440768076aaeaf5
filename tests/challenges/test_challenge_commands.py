"""Challenges at the command line, and the worklists."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from builders import run_folder
from charges import with_lists
from month_helpers import LEDGER
from month_helpers import register as register_of_contracts
from tertiary.challenges import read_cash, read_handovers, worklist
from tertiary.cli import app
from tertiary.errors import ContractError, TertiaryError
from tertiary.month_end import read_adjustments
from tertiary.register import Register
from tertiary.runs import Run

Make = Callable[..., Run]
X04 = {"rule_id": "X04", "level": "cross_field"}


def said(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    if code == 0 and done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    if code:
        assert isinstance(done.exception, TertiaryError) and done.exception.exit_code == code
        return str(done.exception)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERTIARY_DECISIONS", "sqlite:///decisions.sqlite")
    return tmp_path


def rows(*words: str) -> list[dict[str, Any]]:
    return list(json.loads(said(*words, "--format", "json")))


def test_a_query_from_run_to_settlement(made: Make, in_folder: Path) -> None:
    run = str(made([{}, {"contracting_host": "QMF"}], [{**X04, "record_id": f"r{n}"} for n in (0, 1)]).path)
    (in_folder / "contracts.csv").write_text(
        "provider_code,payer_code,component,point_of_delivery,financial_year,element,marginal_rate\n"
        "RRV,QMJ,activity,,202526,variable,0.5\n"
    )
    found = rows("challenges", "find", run)
    assert [(r["rule"], r["value"], r["cash_effect"]) for r in found if r["challenges"]] == [
        ("CH02", "2000.00", None), ("all", "2000.00", None),
    ]  # fmt: skip
    told = said("challenges", "raise", run, "--by", "icb:QMJ", "--contracts", "contracts.csv")
    assert told == "1 new\n0 as before\n"
    assert said("challenges", "raise", run, "--by", "icb:QMJ", "--contracts", "contracts.csv") == "1 as before\n"
    (mine,) = rows("challenges", "list", "--for", "RRV")
    assert (mine["value"], mine["cash_effect"], mine["state"], mine["late"]) == ("1000.00", "500.00", "raised", True)
    code = mine["challenge"]
    assert "RRV" in said(
        "challenges", "step", code, "accept", "--by", "provider:RRV", "--why", "right", "--amount", "700"
    )
    assert "credited £700.00, corrected £0.00, rejected £300.00" in said(
        "challenges", "step", code, "settle", "--by", "icb:QMJ", "--why", "credit note"
    )
    (total,) = (r for r in rows("challenges", "balance", "--for", "QMJ") if r["rule"] == "all")
    assert (total["raised"], total["credited"], total["rejected"], total["open"]) == (
        "1000.00",
        "700.00",
        "300.00",
        "0.00",
    )
    assert "settle    icb QMJ: £700.00 credit note" in said("challenges", "show", code, "--for", "RRV")
    records = rows("challenges", "records", run, "--for", "RRV", "--challenge", code)
    assert [(r["record_id"], r["source_id"]) for r in records] == [("r0", "s0")]
    assert said("decisions", "verify").startswith("The chain is whole")

    (in_folder / "register.csv").write_text(register_of_contracts())
    words = ("challenges", "adjustments", "--for", "QMJ", "--contracts", "register.csv", "--out", "adjustments.csv")
    assert said(*words) == "adjustments.csv: 1 credited in 202526, £-700.00.\n"
    (one,) = read_adjustments(in_folder / "adjustments.csv")
    assert (one.contract, one.payer_code, one.financial_month, one.amount, one.reference) == (
        "C1", "QMJ", 1, Decimal("-700.00"), code,
    )  # fmt: skip
    assert "adjustments.csv is there already" in said(*words, code=20)
    assert "no contract of 202627; it has 202526" in said(*words, "--year", "202627", code=20)
    position = ("month", "position", str(run_folder(in_folder / "month", ledger=LEDGER, records=[]).path),
                "--contracts", "register.csv", "--by", "financial_month", "--month", "2")  # fmt: skip
    plain, moved = rows(*position), rows(*position, "--adjustments", "adjustments.csv")
    assert [Decimal(a["payment"]) - Decimal(b["payment"]) for a, b in zip(plain, moved, strict=True)] == [700, 0]


def test_what_commands_refuse(made: Make, in_folder: Path) -> None:
    run = str(made([{}], [{**X04, "record_id": "r0"}]).path)
    assert "--set 'CH09' is not RULE.NAME=VALUE" in said("challenges", "find", run, "--set", "CH09", code=20)
    assert "no rule" in said("challenges", "find", run, "--rule", "CH99", code=20)
    assert "questions nothing of RJ1" in said("challenges", "records", run, "--for", "RJ1", code=20)
    assert "provider; the host raises" in said("challenges", "raise", run, "--by", "provider:RRV", code=20)
    assert "is not ROLE:ORGANISATION" in said("challenges", "raise", run, "--by", "QMJ", code=18)
    said("challenges", "raise", run, "--by", "icb:QMJ")
    assert "QMJ has no challenge 'x'" in said("challenges", "show", "x", "--for", "QMJ", code=20)
    assert "no worklist 'spare'" in said("challenges", "worklist", run, "spare", code=20)


def test_the_register_must_be_the_runs_own(made: Make, in_folder: Path) -> None:
    run = made([{}])
    overlay = in_folder / "mine"
    overlay.mkdir()
    (overlay / "overlay.json").write_text(json.dumps({"name": "mine", "label": "mine"}))
    assert "overlays none), or it was changed" in said(
        "challenges", "find", str(run.path), "--register", "mine", code=10
    )
    manifest = json.loads((run.path / "manifest.json").read_text())
    manifest["register"]["overlays"] = [{"name": "theirs", "path": "gone", "sha256": "0"}]
    (run.path / "manifest.json").write_text(json.dumps(manifest))
    assert "overlay gone, which is not there" in said("challenges", "find", str(run.path), code=10)


def test_files_that_cannot_be_read(in_folder: Path) -> None:
    file = in_folder / "f.csv"
    for read in (read_cash, read_handovers):
        with pytest.raises(ContractError, match="cannot be read"):
            read(in_folder / "none.csv")
        file.write_text("provider_code,payer_code\nRRV,QMJ\n")
        with pytest.raises(ContractError, match="lacks the column"):
            read(file)
    file.write_text(
        "provider_code,payer_code,component,point_of_delivery,financial_year,element\n\nRRV,QMJ,,,202526,block\n"
    )
    with pytest.raises(ContractError, match=r"line 3: element is 'block'"):
        read_cash(file)
    head = "provider_code,device_code,handover_date,exception\n"
    for line, words in (
        (",DEV01,2019-04-01,Y\n,DEV01,,", "line 3: device_code .* once"),
        ("RRV,DEV01,1/4/2019,", "handover_date is '1/4/2019'"),
        ("RRV,,2019-04-01,", "device_code is ''"), ("RRV,DEV01,,yes", "exception is 'yes'"),
    ):  # fmt: skip
        file.write_text(f"{head}{line}\n")
        with pytest.raises(ContractError, match=words):
            read_handovers(file)
    file.write_text(f"{head}RRV,DEV01,2019-04-01,\n")
    assert read_handovers(file).num_rows == 1


def listed(run: Run, kind: str, register: Any, contracted: Any = None) -> list[tuple[Any, ...]]:
    found = worklist(run, kind, register, contracted).to_pylist()
    assert all(row["next_step"] for row in found)
    return [(r["host_code"], r["provider_code"], r["payer_code"], r["records"], r["price_submitted"]) for r in found]


def test_spend_without_a_contract(made: Make, register: Register) -> None:
    other = {"payer_code": "QMF", "contracting_host": ""}
    run = made([{}, {"provider_code": "NX001"}, {"provider_code": "NX001", "counted": False}, other, other])
    assert listed(run, "uncontracted", register) == [("QMJ", "NX001", "QMJ", 1, 1000)]
    assert listed(run, "uncontracted", register, [("RRV", "QMJ")]) == [
        ("QMF", "RRV", "QMF", 2, 2000), ("QMJ", "NX001", "QMJ", 1, 1000),
    ]  # fmt: skip
    assert len(listed(run, "uncontracted", register, [])) == 3, "a list of no contracts is a list"


def test_a_contract_of_some_services_is_a_contract(made: Make, in_folder: Path) -> None:
    run = made([{}, {"payer_code": "QMF", "contracting_host": ""}, {"payer_code": "QKK", "contracting_host": ""},
                {"payer_code": "7A5HC", "payer_kind": "devolved", "contracting_host": ""}])  # fmt: skip
    (in_folder / "contracts.csv").write_text(register_of_contracts())
    found = rows("challenges", "worklist", str(run.path), "uncontracted", "--contracts", "contracts.csv")
    assert [row["payer_code"] for row in found] == ["QKK"], "QMF has an element of one service; Wales a list of its own"


def test_other_countries_and_visitors(made: Make, register: Register) -> None:
    wales = {"payer_kind": "devolved", "payer_code": "7A5HC", "contracting_host": ""}
    nobody = {"payer_kind": "private", "payer_code": "VPP00", "contracting_host": "", "counted": False, "flow": "op"}
    run = made(
        [{}, wales, {**nobody, "overseas_visitor_charging_category": "D"}, {**nobody, "administrative_category": "02"},
         {"overseas_visitor_charging_category": "A"}, {"overseas_visitor_charging_category": "B"},
         {**wales, "fate": "superseded"}]
    )  # fmt: skip
    homes = with_lists(register, provider_hosts=[{"provider_code": "RRV", "sub_icb_code": "93C"}])
    assert listed(run, "devolved", homes) == [("QMJ", "RRV", "7A5HC", 1, 1000)], "the provider's own ICB"
    found = worklist(run, "overseas", homes).to_pylist()
    assert {(r["charging_category"], r["administrative_category"], r["counted"]) for r in found} == {
        ("D", "", False), ("", "02", False), ("B", "", True),
    }  # fmt: skip
    assert {r["price_submitted"] for r in found} == {Decimal(1000)} and "patient_id" not in found[0]
