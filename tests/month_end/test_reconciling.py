"""Flows against each other: every gap is the sum of its rows, states and coverage as by hand."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from math import inf
from pathlib import Path

import pytest

from builders import row, run_folder
from month_helpers import cell, plan
from tertiary.allocate.cells import MEASURES, Scope, coverages
from tertiary.errors import ContractError
from tertiary.month_end import Invoice, coverage, hospital_gaps, invoice_gaps, read_invoices, reconcile
from tertiary.runs import Run


def acm(*given: object, **more: object) -> dict:
    return cell(*given, flow="acm", counted=False, **more)  # type: ignore[arg-type]


ROWS = [
    acm("RRV", "QMJ", 1, "EL", "100"), cell("RRV", "QMJ", 1, "EL", "60"), cell("RRV", "QMJ", 1, "DC", "40"),
    acm("RRV", "QMJ", 2, "EL", "100"), cell("RRV", "QMJ", 2, "EL", "84"),
    acm("RRV", "QMF", 1, "EL", "100"), cell("RRV", "QMF", 1, "EL", "199"),
    acm("RRV", "QKK", 1, "EL", "70"), cell("RP4", "QKK", 1, "EL", "30"),
    acm("RRV", "QMJ", 1, "DRUG", "500", component="drug"),
    cell("RRV", "QMJ", 1, "DRUG", "495", component="drug", flow="drplcm"),
    # a drug line inside the activity flow is not what the drug flow is compared with
    cell("RRV", "QMJ", 1, "DRUG", "9999", component="drug", flow="plcm"),
    cell("RRV", "QMJ", 1, "EL", "55", flow="apc_spell", counted=False),
    plan("RRV", "QMJ", 1, "EL", "120"), acm("RRV", "QMJ", 1, "EL", "110", measure="plan"),
    acm("RRV", "QMJ", 3, "EL", "100000"),
]  # fmt: skip


@pytest.fixture
def flows(tmp_path: Path) -> Run:
    records = [
        row("records", record_id=f"r{n}", fate="accepted", flow=flow, provider_code="RRV", financial_year="202526",
            financial_month=1, component="activity", point_of_delivery=pod, hrg=hrg, quantity=Decimal(quantity))
        for n, (flow, pod, hrg, quantity) in enumerate([
            ("acm", "EL", "AA22C", 3), ("apc_spell", "EL", "AA22C", 1), ("apc_spell", "EL", "AA22C", 1),
            ("acm", "EL", "AA22D", 2), ("apc_spell", "EL", "AA22D", 2), ("acm", "ARD", "LD01A", 9),
        ])
    ]  # fmt: skip
    return run_folder(tmp_path / "flows", ledger=ROWS, records=records)


def test_each_pair_of_flows(flows: Run) -> None:
    found = reconcile(flows, "202526", 2, ("provider_code", "payer_code", "financial_month", "component")).to_pylist()
    by = {(r["provider_code"], r["payer_code"], r["financial_month"], r["component"]): r for r in found}
    said = {k: (str(r["gap"]), r["state"]) for k, r in by.items()}
    assert said == {
        ("RRV", "QMJ", 1, "activity"): ("0.00", "agrees"),
        ("RRV", "QMJ", 2, "activity"): ("16.00", "short"),
        ("RRV", "QMF", 1, "activity"): ("-99.00", "over"),
        ("RRV", "QKK", 1, "activity"): ("70.00", "only acm"),
        ("RP4", "QKK", 1, "activity"): ("-30.00", "only patient level"),
        ("RRV", "QMJ", 1, "drug"): ("5.00", "small gap"),
    }
    one = by["RRV", "QMJ", 1, "activity"]
    assert (one["coverage"], one["plan_gap"], one["iap"]) == (1.0, Decimal("10.00"), Decimal("120.00"))
    assert (one["acm_activity"], one["hospital_activity"]) == (1, 1)
    assert by["RP4", "QKK", 1, "activity"]["coverage"] is None
    gaps = [abs(r["gap"]) for r in found]
    assert gaps == sorted(gaps, reverse=True)


def test_gaps_add_up_however_they_are_cut(flows: Run) -> None:
    whole: dict[str, Decimal] = defaultdict(Decimal)
    for name in ("payer_code", "provider_code", "financial_month", "population_icb"):
        whole[name] = sum((r["gap"] for r in reconcile(flows, "202526", 2, [name]).to_pylist()), Decimal(0))
    assert set(whole.values()) == {Decimal("-38.00")}
    with pytest.raises(ContractError, match="cannot be reconciled by colour"):
        reconcile(flows, "202526", 2, ["colour"])


def test_coverage_blocks_figures_per_patient_with_a_reason(flows: Run) -> None:
    found = {r["payer_code"]: r for r in coverage(flows, "202526", 1, ["payer_code"]).to_pylist()}
    assert (found["QMJ"]["usable"], found["QMJ"]["reason"]) == (True, "")
    assert found["QMF"]["reason"] == "patient level holds more than 1.25 of the aggregate"
    assert found["QKK"]["reason"] == "patient level holds less than 0.9 of the aggregate"
    alone = {r["provider_code"]: r for r in coverage(flows, "202526", 1, ["provider_code"]).to_pylist()}
    assert (alone["RP4"]["usable"], alone["RP4"]["reason"]) == (False, "no aggregate to compare with")


@pytest.mark.parametrize("by", [("provider_code",), ("service_line_final", "component"), ("npoc_code",)])
def test_coverage_is_the_same_as_beside_figures_per_patient(tmp_path: Path, by: tuple[str, ...]) -> None:
    """Hospital data that count, drugs inside the activity flow and expected prices change neither of the two."""
    about: dict = {"service_line_final": "NCBPS11B", "population_icb": "QMJ", "npoc_code": "A"}
    odd = cell("RRV", "QMJ", 1, "EL", "9999", flow="apc_spell", price_expected=Decimal(7))
    run = run_folder(tmp_path / "same", ledger=[{**r, **about} for r in [*ROWS, odd]])
    ours = {tuple(r[d] for d in by): r["coverage"] for r in reconcile(run, "202526", 2, by).to_pylist()}
    for measure in MEASURES:
        found = coverages(run, Scope("202526", 2, measure), by, {})
        assert {k[1:]: None if v.to_aggregate == inf else v.to_aggregate for k, v in found.items()} == ours


def test_hospital_data_are_compared_where_they_could_be_there(flows: Run) -> None:
    found = hospital_gaps(flows, "202526", 2).to_pylist()
    assert [(r["hrg"], int(r["gap"])) for r in found] == [("AA22C", 1)]


def test_invoices(flows: Run, tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text(
        "provider_code,payer_code,financial_year,financial_month,amount,reference\n"
        "RRV,QMJ,202526,2,90.00,I-1\nRRV,QMJ,202526,2,10.00,I-2\nRRV,,202526,1,770.00,I-3\nRYJ,QMJ,202526,1,5.00,\n"
        "RRV,QMJ,202425,2,1.00,old\n"
    )
    given = read_invoices(file)
    assert given[2] == Invoice("RRV", "", "202526", 1, Decimal("770.00"), "I-3")
    found = {
        (r["provider_code"], r["financial_month"], r["payer_code"]): r for r in invoice_gaps(flows, given, "202526", 2)
    }
    assert {k: (str(r["acm"]), str(r["gap"]), r["reference"]) for k, r in found.items()} == {
        # one invoice for all payers of month 1: 100 + 500 + 100 + 70
        ("RRV", 1, ""): ("770.00", "0.00", "I-3"),
        ("RRV", 2, "QMJ"): ("100.00", "0.00", "I-1 I-2"),
        ("RYJ", 1, "QMJ"): ("0", "-5.00", ""),
    }


def test_one_invoice_to_the_host_is_for_all_it_pays_for(flows: Run) -> None:
    one = [Invoice("RRV", "QMJ", "202526", 1, Decimal("770.00"), "I-9")]
    hosts = {("RRV", payer): "QMJ" for payer in ("QMJ", "QMF", "QKK")}
    found = {(r["financial_month"], r["payer_code"]): r["gap"] for r in invoice_gaps(flows, one, "202526", 1, hosts)}
    assert found == {(1, "QMJ"): 0}


def test_a_plan_alone_does_not_agree_with_anything(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "p", ledger=[plan("RRV", "QMJ", 1, "EL", "5000")])
    assert reconcile(run, "202526", 1, ["provider_code"]).to_pylist()[0]["state"] == "nothing sent"
