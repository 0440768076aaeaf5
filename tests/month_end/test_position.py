"""The position against a slow reading of the same ledger and contracts, worked cases, and plans that do not tie."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from builders import run_folder
from month_helpers import LEDGER, LINES, cell, plan, register
from tertiary.cli import app
from tertiary.errors import ContractError
from tertiary.month_end import Adjustment, Contract, draft_contracts, position, read_adjustments, read_contracts
from tertiary.month_end.cells import cells
from tertiary.runs import Run


def test_the_small_world(run: Run, contracts: tuple[Contract, ...]) -> None:
    found = position(run, contracts, "202526", 2)
    rows = {(r["contract"], r["payer_code"], r["element"]): r for r in found.by("contract", "payer_code", "element")}
    said = {key: tuple(str(row[n]) for n in ("plan", "activity_value", "accrued", "cash_effect", "payment"))
            for key, row in rows.items()}  # fmt: skip
    assert said == {
        # 90.005 + 40 + 110 against 200: paid in full
        ("C1", "QMJ", "Elective"): ("200.00", "240.00", "0.00", "40.00", "240.00"),
        ("C1", "QMJ", "Everything else"): ("400.00", "600.50", "0.00", "0.00", "400.00"),
        # drugs of month 2 did not arrive: 50 x 75.25 / 50
        ("C1", "QMJ", "Drugs"): ("100.00", "150.50", "75.25", "50.50", "150.50"),
        # 2,100 against 2,000: 5 % of plan is 100, so all of it lies within the tolerance
        ("C1", "QMF", "Dialysis"): ("2000.00", "2100.00", "0.00", "100.00", "2100.00"),
        # month 2 arrived with nothing from RJ1 at all: valued by what came, moves no cash
        ("C2", "QKK", "Block"): ("166.67", "160.00", "80.00", "0.00", "166.67"),
        ("", "QMF", "Outside the elements"): ("0.00", "33.00", "0.00", "33.00", "33.00"),
        ("", "QWE", "No contract"): ("0.00", "777.77", "0.00", "777.77", "777.77"),
        ("", "", "No contract"): ("0.00", "50.00", "0.00", "0.00", "0.00"),
    }  # fmt: skip
    assert found.total("payment") == sum((r["payment"] for r in rows.values()), Decimal(0))


def slow(ledger: list[dict], contracts: tuple[Contract, ...], last: int) -> dict[tuple[str, str, str, int], Decimal]:
    """Actual pounds by contract, payer, element and month, one ledger row at a time."""
    found: dict[tuple[str, str, str, int], Decimal] = defaultdict(Decimal)
    for row in ledger:
        if not row["counted"] or row["measure"] != "actual" or row["financial_month"] > last:
            continue
        owner = ("", row["payer_code"], "")
        for contract in contracts:
            for own in contract.elements:
                fits = (
                    owner[0] == ""
                    and contract.provider_code == row["provider_code"]
                    and own.payer_code == row["payer_code"]
                    and row["financial_month"] in contract.months(contracts)
                    and (not own.components or row["component"] in own.components)
                    and (not own.points_of_delivery or row["point_of_delivery"] in own.points_of_delivery)
                    and (not own.services or row["service_line_final"] in own.services)
                )
                if fits:
                    owner = (contract.contract, own.payer_code, own.element)
        found[(*owner, row["financial_month"])] += row["price_submitted"]
    return found


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["RRV", "RJ1", "RP4"]), st.sampled_from(["QMJ", "QMF", "QKK", "QWE"]), st.integers(1, 5),
            st.sampled_from(["EL", "DC", "NEL", "BLOCK"]), st.decimals(-100, 100_000, places=3),
            st.sampled_from(["", "NCBPS11B", "NCBPS13E"]), st.sampled_from(["activity", "drug"]), st.booleans(),
        ), min_size=1, max_size=40,
    )
)  # fmt: skip
def test_every_row_that_counts_stands_under_one_element(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    ledger = [
        cell(provider, payer, month, pod, str(price), service_line_final=line, component=part, counted=counts)
        for provider, payer, month, pod, price, line, part, counts in rows
    ] + [cell("RRV", "QMJ", 1, "EL", "1")]
    folder = tmp_path_factory.mktemp("any")
    second = (
        "C2",
        2,
        *LINES[4][2:5],
        "2025-06-01",
        *LINES[4][6:9],
        "1400.00",
        *LINES[4][10:12],
        "EL BLOCK",
        *LINES[4][13:],
    )
    (folder / "c.csv").write_text(register((*LINES, second)))
    contracts = read_contracts(folder / "c.csv")
    found = cells(run_folder(folder / "run", ledger=ledger), contracts, "202526", 4)
    expected = slow(ledger, contracts, 4)
    ours: dict[tuple[str, str, str, int], Decimal] = defaultdict(Decimal)
    for one in found.covered:
        name = one.element.element if one.contract.contract else ""
        for (_, month), amount in one.actual.items():
            ours[(one.contract.contract, one.element.payer_code, name, month)] += amount
    assert {k: v for k, v in ours.items() if v} == {k: v for k, v in expected.items() if v}


def test_plans_that_tie_and_plans_that_do_not(run: Run, contracts: tuple[Contract, ...]) -> None:
    ties = {(t.payer_code, t.element): t for t in position(run, contracts, "202526", 2).ties}
    elective, other = ties["QMJ", "Elective"], ties["QMJ", "Everything else"]
    assert (elective.state, elective.months, elective.phased, elective.loaded) == (
        "ties",
        2,
        Decimal(200),
        Decimal(200),
    )
    assert (other.state, other.difference) == ("differs", Decimal("60.00"))
    # a plan of the provider was loaded, and drugs are not in it
    assert (ties["QMJ", "Drugs"].state, ties["QMJ", "Drugs"].difference) == ("differs", Decimal("-100.00"))
    assert ties["QKK", "Block"].state == "no plan loaded"


def test_adjustments_are_paid_as_agreed(run: Run, contracts: tuple[Contract, ...], tmp_path: Path) -> None:
    file = tmp_path / "adjustments.csv"
    file.write_text(
        "contract,payer_code,financial_month,amount,reason,reference\n"
        'C1,QMJ,1,"-1,000.50",challenge settled,CH-7\nC1,QMJ,3,5.00,later,\n'
    )
    given_ = read_adjustments(file)
    plain = position(run, contracts, "202526", 2).total("payment")
    found = position(run, contracts, "202526", 2, adjustments=given_)
    assert found.total("payment") == plain - Decimal("1000.50")
    (one,) = [e for e in found.entries if e.kind == "adjustment"]
    assert (one.element, one.basis, one.activity_value) == ("Adjustment: challenge settled", "CH-7", 0)
    file.write_text("contract,payer_code,financial_month,amount,reason\nC9,QMJ,1,1.00,wrong\n")
    with pytest.raises(ContractError, match=r"names contract 'C9', which the register does not have .* C1, C2"):
        position(run, contracts, "202526", 2, adjustments=read_adjustments(file))


def test_expected_prices_can_be_the_value(tmp_path: Path, contracts: tuple[Contract, ...]) -> None:
    rows = [{**r, "price_expected": Decimal(7)} for r in LEDGER]
    other = run_folder(tmp_path / "other", ledger=rows)
    found = position(other, contracts, "202526", 2, measure="price_expected")
    by = {r["element"]: r["activity_value"] for r in found.by("element")}
    assert by["Elective"] == Decimal(21)
    with pytest.raises(ContractError, match="Measure 'guess' is not known"):
        position(other, contracts, "202526", 2, measure="guess")


def test_a_year_without_contracts_or_spend_is_told(run: Run, contracts: tuple[Contract, ...]) -> None:
    with pytest.raises(ContractError, match="No contract is of 202627; the register has contracts of 202526"):
        position(run, contracts, "202627", 2)


def test_contracts_of_the_store_are_used_when_in_force(run: Run, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'd.sqlite'}"
    terms = {
        "contract": "C9", "provider_code": "RRV", "host_code": "QMJ", "financial_year": "202526",
        "signed_value": "120.00",
        "elements": [{"payer_code": "QMJ", "element": "All", "kind": "fixed", "annual_value": "120.00",
                      "profile": "twelfths"}],
    }  # fmt: skip
    paper = tmp_path / "contract.json"
    about = {"kind": "contract", "subject": "C9", "parties": [["QMJ", "host"], ["RRV", "provider"]],
             "valid_from": "2025-04-01"}  # fmt: skip

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, [*words, "--store", store])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout

    paper.write_text(json.dumps({**about, "terms": {**terms, "signed_value": "121.00"}}))
    draft = ["decisions", "draft", str(paper), "--by", "icb:QMJ", "--why", "signed"]
    refused = CliRunner().invoke(app, [*draft, "--store", store])
    assert "sum of its elements" in str(refused.exception)
    paper.write_text(json.dumps({**about, "terms": terms}))
    said(*draft)
    early = CliRunner().invoke(app, ["month", "position", str(run.path), "--store", store])
    assert "No contract is in force" in str(early.exception)
    for state, by in (("proposed", "icb:QMJ"), ("sense_checked", "region:Y56"), ("agreed", "icb:QMJ"),
                      ("agreed", "provider:RRV"), ("in_force", "icb:QMJ")):  # fmt: skip
        said("decisions", "step", "1", state, "--by", by, "--why", "so agreed")
    words = ["month", "position", str(run.path), "--month", "2", "--by", "contract,kind", "--format", "csv"]
    # 90.005 + 40 + 500 + 110 + 100.5 + 75.25, and 75.25 for drugs of month 2; two twelfths of 120 are paid all the same
    assert '"C9","fixed",20.00,991.00,75.25,971.00,0.00,20.00' in said(*words)
    # ended at the end of its year, it still was what was agreed in it
    said("decisions", "step", "1", "ended", "--by", "icb:QMJ", "--why", "the year is over")
    assert '"C9","fixed",20.00' in said(*words)


def test_a_component_that_is_missing_is_missing_also_where_all_are_covered(tmp_path: Path) -> None:
    """Drugs of month 2 came, its activity did not: an element of everything is valued by plan and what came before."""
    line = (
        "C1",
        1,
        "RRV",
        "QMJ",
        "QMJ",
        "2025-04-01",
        "",
        "All",
        "variable",
        "1200.00",
        "twelfths",
        "",
        "",
        "",
        "",
        "",
        "",
    )
    (tmp_path / "c.csv").write_text(register((line,)))
    rows = [cell("RRV", "QMJ", 1, "EL", "95"), cell("RRV", "QMJ", 1, "DRUG", "5", component="drug", flow="drplcm"),
            cell("RRV", "QMJ", 2, "DRUG", "5", component="drug", flow="drplcm")]  # fmt: skip
    found = position(run_folder(tmp_path / "r", ledger=rows), read_contracts(tmp_path / "c.csv"), "202526", 2)
    said = [(e.activity_value, e.accrued, e.estimated) for e in found.entries]
    assert said == [(Decimal(100), 0, 0), (Decimal(100), Decimal(95), Decimal(95))]


def test_what_the_aggregate_says_was_none_is_not_awaited(tmp_path: Path) -> None:
    line = ("C1", 1, "RRV", "QMJ", "QMJ", "2025-04-01", "", "Devices", "pass_through", "1200.00", "twelfths", "device",
            "", "", "", "", "")  # fmt: skip
    (tmp_path / "c.csv").write_text(register((line,)))
    contracts = read_contracts(tmp_path / "c.csv")
    rows = [cell("RRV", "QMJ", 1, "DEVICE", "80", component="device", flow="deplcm"),
            cell("RRV", "QMJ", 2, "EL", "5", flow="acm", counted=False)]  # fmt: skip
    none = position(run_folder(tmp_path / "r", ledger=rows), contracts, "202526", 2)
    assert [e.payment for e in none.entries if e.kind == "pass_through"] == [Decimal(80), Decimal("0.00")]
    told = cell("RRV", "QMJ", 2, "DEVICE", "7", flow="acm", counted=False, component="device")
    some = position(run_folder(tmp_path / "s", ledger=[*rows, told]), contracts, "202526", 2)
    assert [e.estimated for e in some.entries if e.kind == "pass_through"] == [0, Decimal(80)]


def test_an_adjustment_belongs_to_the_version_of_its_month_and_to_a_payer_of_the_contract(
    run: Run, tmp_path: Path
) -> None:
    old = LINES[4]
    second = ("C2", 2, *old[2:5], "2025-05-01", *old[6:9], "1400.00", *old[10:])
    (tmp_path / "c.csv").write_text(register((*LINES, second)))
    contracts = read_contracts(tmp_path / "c.csv")
    given_ = [Adjustment("C2", "QKK", month, Decimal(-5), "x", "") for month in (1, 2)]
    found = position(run, contracts, "202526", 2, adjustments=given_)
    assert [(e.version, e.financial_month) for e in found.entries if e.element == "Adjustment: x"] == [(1, 1), (2, 2)]
    assert sum(o.payment_to_date for o in found.outturns) == found.total("payment")
    with pytest.raises(ContractError, match="names payer 'QXX'; contract C2 has QKK"):
        position(run, contracts, "202526", 2, adjustments=[Adjustment("C2", "QXX", 1, Decimal(1), "x", "")])


def test_a_draft_goes_by_the_months_of_each_provider(tmp_path: Path) -> None:
    rows = [plan("RRV", "QMJ", m, "NEL", "100") for m in range(1, 13)]
    rows += [plan("RJ1", "QKK", m, "BLOCK", "100") for m in (1, 2, 3, 13)] + [cell("RRV", "QMJ", 1, "NEL", "1")]
    made = draft_contracts(run_folder(tmp_path / "r", ledger=rows), "202526")
    assert {(c.provider_code, c.signed_value) for c in made} == {("RRV", Decimal(1200)), ("RJ1", Decimal(1200))}


def test_a_draft_is_not_written_over_a_register(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "contracts.csv"
    words = ["contracts", "draft", str(run.path), "--out", str(out)]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert "is there already" in str(CliRunner().invoke(app, words).exception)
    unsigned = read_contracts(out)
    assert all(c.signed_on is None for c in unsigned)
