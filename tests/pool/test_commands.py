"""From an agreement in the store and a run to a statement, as a person at the command line does it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pool_cases import RUN_TERMS as TERMS
from pool_cases import said

from tertiary.decisions.migrate import newest
from tertiary.errors import TertiaryError
from tertiary.period import last_month
from tertiary.pool import Agreement
from tertiary.pool.calls import calls, hosted, pooled_calls
from tertiary.runs import Run
from tertiary.tables import arrow_schema


def test_calls_are_counted_actual_spend_within_the_scope(run: Run) -> None:
    found = calls(run, Agreement.of(TERMS), "202526", 3)
    assert found == [
        {"QMF": Decimal(200), "QMJ": Decimal("1500.005")}, {"QMF": Decimal(5000), "QMJ": Decimal(900)},
        {"QMF": Decimal(2000), "QMJ": Decimal(0)},
    ]  # fmt: skip
    only = Agreement.of({**TERMS, "services": ["NCBPS13E"], "components": ["activity"]})
    assert [month["QMF"] for month in calls(run, only, "202526", 3)] == [0, 0, 2000]
    with pytest.raises(TertiaryError, match="holds no spend of 202425"):
        calls(run, Agreement.of(TERMS), "202425", 3)


def test_adjustments_after_the_year_belong_to_its_last_month(run: Run, tmp_path: Path) -> None:
    ledger = pq.read_table(run.path / "ledger.parquet").to_pylist()
    records = pq.read_table(run.path / "records.parquet").to_pylist()
    for name, rows in (("ledger", ledger), ("records", records)):
        late = [{**rows[0], "financial_month": m, "price_submitted": Decimal(p)} for m, p in ((12, 30), (13, 12))]
        pq.write_table(pa.Table.from_pylist([*rows, *late], schema=arrow_schema(name)), run.path / f"{name}.parquet")
    agreement = Agreement.of(TERMS)
    assert last_month(run, "202526") == 12
    assert calls(run, agreement, "202526", 12)[11] == {"QMF": 0, "QMJ": 42}
    assert calls(run, agreement, "202526", 11)[10] == {"QMF": 0, "QMJ": 0}
    dear = Agreement.of({**TERMS, "risk": "R6", "threshold": "1000"})
    assert pooled_calls(run, dear, "202526", 12)[11] == {"QMF": 0, "QMJ": 42}
    late_ones = [row for row in hosted(run, "QMJ", "202526", 12) if row["financial_month"] == 12]
    assert [(row["payer"], row["amount"]) for row in late_ones] == [("QMJ", 42)]


def test_high_cost_is_a_patients_year_to_date(run: Run) -> None:
    """p1 passes 1,000 in month 1 and p2 in month 3; 5,000 of nobody's stays with its partner."""
    found = pooled_calls(run, Agreement.of({**TERMS, "risk": "R6", "threshold": "1000"}), "202526", 3)
    assert found == [
        {"QMF": Decimal(0), "QMJ": Decimal("500.005")}, {"QMF": Decimal(0), "QMJ": Decimal(900)},
        {"QMF": Decimal(1200), "QMJ": Decimal(0)},
    ]  # fmt: skip
    listed = {**TERMS, "risk": "R6", "listed": ["NCBPS13E"]}
    assert [m["QMF"] for m in pooled_calls(run, Agreement.of(listed), "202526", 3)] == [0, 0, 2000]
    both = Agreement.of({**listed, "threshold": "1000"})
    assert pooled_calls(run, both, "202526", 3)[0] == {"QMF": 0, "QMJ": Decimal(500) + Decimal("0.005")}


def test_an_agreement_from_draft_to_statement(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERTIARY_DECISIONS", f"sqlite:///{tmp_path}/decisions.sqlite")
    paper = tmp_path / "agreement.json"
    parties = [["QMJ", "host"], ["QMJ", "partner"], ["QMF", "partner"]]
    words = ["pool", "statement", str(run.path), "--agreement", "1", "--partners", str(tmp_path / "partners.csv")]
    paper.write_text(json.dumps({"kind": "agreement", "subject": "Pool", "parties": parties, "valid_from": "2025-04-01",
                                 "terms": TERMS}))  # fmt: skip
    assert "state    draft" in said("decisions", "draft", str(paper), "--by", "icb:QMJ:a7", "--why", "paper 4")
    assert "Decision 1 is no agreement in force on 2025-06-01: of kind agreement, draft" in said(*words, code=17)
    for state, by in (("proposed", "icb:QMJ"), ("sense_checked", "region:Y56"), ("agreed", "icb:QMJ"),
                      ("agreed", "icb:QMF"), ("in_force", "icb:QMJ")):  # fmt: skip
        told = said("decisions", "step", "1", state, "--by", by, "--why", "minutes")
    assert "state    in_force" in told and "icb QMJ a7: paper 4" in told
    head = said("decisions", "verify").split()[-1]
    assert "whole" in said("decisions", "verify", "--head", head)
    assert "Pool" in said("decisions", "list", "--on", "2025-06-01", "--format", "csv")
    assert "(no rows)" not in said("decisions", "list", "--state", "in_force")
    people = tmp_path / "partners.csv"
    people.write_text('partner,contribution\nQMJ,"24,000"\nQMF,12000.00\n')
    words += ["--format", "json"]
    rows = json.loads(said(*words, "--every-month"))
    assert len(rows) == 3 * 4
    last = {r["partner"]: r for r in rows if r["month"] == 3}
    # 9,600.01 spent against 9,000.00 put in: 600.01 more, shared 2 : 1
    money = {name: Decimal(str(last[name]["payment"])) for name in last}
    assert money == {"QMF": Decimal("3200.00"), "QMJ": Decimal("6400.00"), "all partners": Decimal("9600.00"),
                     "from outside": Decimal(0)}  # fmt: skip
    assert Decimal(str(last["QMF"]["transfer"])) == Decimal("-4000.00")
    by_month = [Decimal(str(r["movement"])) for r in rows if r["partner"] == "all partners"]
    assert sum(by_month) == money["all partners"]
    assert "holds no spend of 202627" in said(*words, "--year", "202627", code=13)
    assert "spend of 202526 to month 3, not to month 4" in said(*words, "--month", "4", code=13)
    paper.write_text(json.dumps({"parties": parties, "valid_from": "2025-04-01", "terms": {**TERMS, "risk": "R12"}}))
    assert "one of R0, R1" in said("decisions", "revise", "1", str(paper), "--by", "icb:QMF", "--why", "x", code=17)
    paper.write_text(json.dumps({"parties": parties, "valid_from": "2025-04-01", "terms": {**TERMS, "risk": "R0"}}))
    revised = said("decisions", "revise", "1", str(paper), "--by", "icb:QMF", "--why", "again")
    assert "version 2" in revised and "state    draft" in revised
    assert json.loads(said(*words, "--every-month")) == rows, "a draft changes no statement"
    assert "version 1" in said(
        "decisions", "step", "1", "ended", "--version", "1", "--by", "icb:QMF", "--why", "notice"
    )
    assert "no agreement in force" in said(*words, code=17)
    named = ["organisation", "QMF", "NHS North East London ICB", "icb", "--from", "2022-07-01", "--by", "region:Y56"]
    assert "QMF is NHS North East London ICB" in said("decisions", *named)


def test_a_pool_split_by_the_rule(run: Run, tmp_path: Path) -> None:
    terms, people = tmp_path / "terms.json", tmp_path / "partners.csv"
    terms.write_text(json.dumps({**TERMS, "contribution": "C3", "risk": "R2"}))
    people.write_text("partner,need,population\nQMF,3,100\nQMJ,1,300\n")
    words = ["--terms", str(terms), "--partners", str(people), "--total", "48000", "--month", "3", "--format", "csv"]
    found = said("pool", "statement", str(run.path), *words)
    rows = {line.split(",")[1].strip('"'): line.split(",") for line in found.splitlines()[1:]}
    assert (rows["QMF"][2], rows["QMJ"][2]) == ("3000", "9000") or (rows["QMF"][2], rows["QMJ"][2]) == (
        "3000.00",
        "9000.00",
    )
    # 9,600.00 spent, 2,400.00 less than put in, returned 3 : 1 by need
    assert Decimal(rows["QMF"][6]) == 1200 and Decimal(rows["QMJ"][6]) == 8400


def test_recharges_of_a_host(run: Run, tmp_path: Path) -> None:
    paid = tmp_path / "paid.csv"
    paid.write_text("payer,month,paid\nQMF,0,10.00\nQMF,2,200\n")
    words = ["pool", "recharges", str(run.path), "--host", "QMJ", "--month", "3"]
    rows = json.loads(said(*words, "--paid", str(paid), "--format", "json"))
    balances = [
        [r["payer"], r["month"], *(Decimal(str(r[n])) for n in ("opening", "charged", "paid", "closing"))] for r in rows
    ]
    assert balances == [
        ["QMF", 1, 10, 977, 0, 987], ["QMF", 2, 987, 5000, 200, 5787], ["QMF", 3, 5787, 2000, 0, 7787],
        ["QWO", 1, 0, 88888, 0, 88888], ["QWO", 2, 88888, 0, 0, 88888], ["QWO", 3, 88888, 0, 0, 88888],
    ]  # fmt: skip
    backing = said(*words, "--backing", "--format", "csv").splitlines()
    assert backing[1].replace('"', "").startswith("QMF,1,NCBPS11B,RRV,") and len(backing) == 6
    paid.write_text("payer,month,paid\nQMF,13,1\n")
    assert "line 2: payer 'QMF', month '13'" in said(*words, "--paid", str(paid), code=17)


def test_rules_side_by_side(run: Run, tmp_path: Path) -> None:
    terms, people = tmp_path / "terms.json", tmp_path / "partners.csv"
    terms.write_text(json.dumps({**TERMS, "risk": "R3", "risk_parameters": {"share": "0.9"}, "services": []}))
    people.write_text("partner,need\nQMF,3\nQMJ,1\n")
    words = ["pool", "compare", str(run.path), "--terms", str(terms), "--partners", str(people), "--month", "3"]
    rows = json.loads(said(*words, "--format", "json", "--years", "50"))
    by_rule = {(r["rule"], r["parameters"]): r for r in rows}
    own, full, agreed = by_rule["R0", ""], by_rule["R1", ""], by_rule["R3", "share 0.9"]
    assert [float(own[n]) for n in ("transfer", "volatility_removed", "incentive_kept")] == [0, 0, 1]
    assert (
        float(agreed["volatility_removed"]) > 0 and float(full["incentive_kept"]) < float(agreed["incentive_kept"]) < 1
    )
    assert ("R2", "") in by_rule and not any(rule == "R6" for rule, _ in by_rule)
    assert rows == json.loads(said(*words, "--format", "json", "--years", "50")), "equal seeds give equal years"
    people.write_text("partner,population\nQMF,3\nQMJ,1\n")
    assert '"R2"' not in said(*words, "--format", "json", "--years", "2")
    terms.write_text(json.dumps(TERMS))
    assert "too few patients" in said(*words, code=17)


@pytest.mark.parametrize(
    ("people", "more", "message"),
    [
        ("partner,contribution\nQMJ,1\n", [], "lacks partner QMF"),
        ("partner,contribution\nQMJ,1\nQXX,1\n", [], "line 3: partner 'QXX'"),
        ("partner,contribution\nQMJ,one\nQMF,1\n", [], "line 2: contribution is 'one'"),
        ("partner,contribution\nQMJ,1\nQMF,\n", [], "no contribution for QMF"),
        ("partner,contribution\nQMJ,NaN\nQMF,1\n", [], "contribution is 'NaN'"),
        ("partner,historic\nQMJ,1\nQMF,1\n", [], "no contribution for QMJ, QMF"),
        ("partner,use_2024\nQMJ,1\nQMF,x\n", [], "use_2024 is 'x'"),
        ("partner,contribution\nQMJ,1\nQMF,1\n", ["--agreement", "1"], "either --agreement"),
        ("partner,need\nQMJ,1\nQMF,1\n", ["--total", "lots"], "POUNDS is 'lots'"),
    ],
)
def test_partners_that_do_not_fit(run: Run, tmp_path: Path, people: str, more: list[str], message: str) -> None:
    terms, file = tmp_path / "terms.json", tmp_path / "partners.csv"
    terms.write_text(json.dumps(TERMS))
    file.write_text(people)
    assert message in said(
        "pool", "statement", str(run.path), "--terms", str(terms), "--partners", str(file), *more, code=17
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "holds list"),
        ("{", "cannot be read as JSON"),
        ('{"kind": "c", "subject": "s", "parties": [], "valid_from": "2025-04-01", "terms": []}', "terms are []"),
        ('{"kind": "agreement"}', "parties, subject, terms, valid_from missing"),
        (
            '{"kind": "contract", "subject": "s", "parties": ["QMJ"], "valid_from": "2025-04-01", "terms": {}}',
            "pairs such as",
        ),
        ('{"kind": "contract", "subject": "s", "parties": [], "valid_from": "April", "terms": {}}', "days are written"),
        (
            '{"kind": "c", "subject": "s", "parties": [], "valid_from": "2025-04-01", "terms": {}, "x": 1}',
            "x not known",
        ),
    ],
)
def test_papers_that_say_too_little(tmp_path: Path, text: str, message: str) -> None:
    paper = tmp_path / "paper.json"
    paper.write_text(text)
    store = f"sqlite:///{tmp_path}/d.sqlite"
    words = ["decisions", "draft", str(paper), "--by", "icb:QMJ", "--why", "w", "--store", store]
    assert message in said(*words, code=18)


def test_an_agreement_that_cannot_be_followed_is_not_written_down(tmp_path: Path) -> None:
    paper = tmp_path / "paper.json"
    paper.write_text(json.dumps({"kind": "agreement", "subject": "s", "parties": [["QMJ", "host"]],
                                 "valid_from": "2025-04-01", "terms": {**TERMS, "risk": "R12"}}))  # fmt: skip
    store = f"sqlite:///{tmp_path}/d.sqlite"
    words = ["--by", "icb:QMJ", "--why", "w", "--store", store]
    assert "one of R0, R1" in said("decisions", "draft", str(paper), *words, code=17)
    step = ["decisions", "step", "1", "proposed", "--by", "QMJ", "--why", "w", "--store", store]
    assert "is not ROLE:ORGANISATION" in said(*step, code=18)
    assert "is not ENTRIES:HASH" in said("decisions", "verify", "--head", "x", "--store", store, code=18)
    assert "There is no decision store" in said("decisions", "upgrade", "--store", store, code=18)
    paper.write_text(json.dumps({**json.loads(paper.read_text()), "kind": "note"}))
    said("decisions", "draft", str(paper), *words)
    assert f"of version {newest()}" in said("decisions", "upgrade", "--store", store)


def test_a_file_that_is_not_utf8_and_need_that_lacks(run: Run, tmp_path: Path) -> None:
    terms, file = tmp_path / "terms.json", tmp_path / "partners.csv"
    terms.write_text(json.dumps({**TERMS, "risk": "R2"}))
    words = ["pool", "statement", str(run.path), "--terms", str(terms), "--partners", str(file)]
    file.write_bytes("partner,contribution\nQMJ,\u00a31\nQMF,1\n".encode("cp1252"))
    assert "it is not UTF-8" in said(*words, code=17)
    file.write_text("partner,contribution,need\nQMJ,\u00a31,2\nQMF,1,\n")
    assert "no need for QMF, by which rule R2 shares" in said(*words, code=17)
    terms.write_text(json.dumps({**TERMS, "valid_from": "2025-05-01"}))
    assert "holds from 2025-05-01 to further notice, not for months 1 to 3 of 202526" in said(*words, code=17)
    assert "that QZZ contracts for others" in said("pool", "recharges", str(run.path), "--host", "QZZ", code=17)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parties": [["QMJ", "host"]]}, "QMF stand in the terms but not among the parties"),
        ({"valid_to": "2026-04-01"}, "Write the same days in both"),
    ],
)
def test_terms_and_decision_must_fit(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    paper = tmp_path / "paper.json"
    parties = [["QMJ", "host"], ["QMF", "partner"]]
    whole = {"kind": "agreement", "subject": "s", "parties": parties, "valid_from": "2025-04-01", "terms": TERMS}
    paper.write_text(json.dumps({**whole, **changes}))
    words = ["--by", "icb:QMJ", "--why", "w", "--store", f"sqlite:///{tmp_path}/d.sqlite"]
    assert message in said("decisions", "draft", str(paper), *words, code=18)
