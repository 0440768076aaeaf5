"""The whole walk on a small synthetic month: conservation, equality to the penny, equal files, readable words."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import tertiary
from tertiary.engine import DuckDBEngine
from tertiary.show import examples, label, summary, totals


def ask(run: Any, sql: str) -> list[dict[str, Any]]:
    with DuckDBEngine() as engine:
        for name in run.manifest["tables"]:
            engine.scan(name, run.table(name).paths)
        return list(engine.query(sql).to_pylist())


def test_received_is_accepted_plus_quarantined_plus_superseded(run: Any) -> None:
    counts = run.manifest["counts"]
    assert counts["received"] == counts["accepted"] + counts["quarantined"] + counts["superseded"]
    assert min(counts.values()) > 0
    found = {r["fate"]: r["n"] for r in ask(run, "SELECT fate, count(*) n FROM records GROUP BY fate")}
    assert found == {fate: counts[fate] for fate in ("accepted", "quarantined", "superseded")}
    slices = ask(run, "SELECT sum(received) r, sum(accepted) a, sum(quarantined) q, sum(superseded) s FROM submissions")
    assert slices == [{"r": counts["received"], "a": counts["accepted"], "q": counts["quarantined"],
                       "s": counts["superseded"]}]  # fmt: skip


def test_thread_count_does_not_change_a_byte(run: Any, inputs: Path, tmp_path: Path) -> None:
    again = tertiary.run(inputs, out=tmp_path / "again", register=[inputs / "register"], threads=1)
    assert again.manifest["tables"] == run.manifest["tables"]


def test_ledger_and_records_agree_to_the_penny(run: Any) -> None:
    """For each flow, and for what counts; amounts are decimals on both sides."""
    for where in ("TRUE", "counted"):
        of_records = ask(
            run,
            f"SELECT flow, count(*) n, sum(quantity) q, sum(price_submitted) s, sum(price_expected) e FROM records "
            f"WHERE fate = 'accepted' AND flow <> 'iap' AND {where} GROUP BY flow ORDER BY flow",
        )
        of_ledger = ask(
            run,
            f"SELECT flow, sum(records)::BIGINT n, sum(quantity) q, sum(price_submitted) s, sum(price_expected) e "
            f"FROM ledger WHERE measure = 'actual' AND {where} GROUP BY flow ORDER BY flow",
        )
        zero = Decimal(0)
        plain = [{k: zero if v is None else v for k, v in row.items()} for row in of_records]
        assert plain == of_ledger


def test_the_same_care_counts_once(run: Any) -> None:
    """Within a provider, month and component every counted record comes from one group of flows."""
    mixed = ask(
        run,
        "SELECT provider_code, financial_month, component FROM records WHERE counted GROUP BY ALL "
        "HAVING count(DISTINCT CASE WHEN flow IN ('plcm','acm','drplcm','deplcm') THEN flow ELSE 'sus' END) > 1",
    )
    assert mixed == []


def test_patients_are_recounted_not_summed(run: Any) -> None:
    cells = totals(run, "ledger", ["payer_kind"]).to_pylist()
    whole = totals(run, "ledger", ["financial_year"]).to_pylist()
    people = ask(run, "SELECT count(DISTINCT patient_id) n FROM records WHERE counted AND patient_id <> ''")[0]["n"]
    assert sum(c["patients"] for c in whole) == people
    assert sum(c["patients"] for c in cells) >= people


def test_every_accepted_record_has_its_reasons(run: Any) -> None:
    missing = ask(run, "SELECT count(*) n FROM records r ANTI JOIN reasons USING (record_id) WHERE fate = 'accepted'")
    assert missing == [{"n": 0}]


def test_drugs_and_devices_never_reach_a_delegated_budget_unless_ordinary(run: Any) -> None:
    wrong = ask(run, "SELECT count(*) n FROM records WHERE component <> 'activity' AND payer_kind = 'icb' "
                     "AND service_line_final LIKE 'NCBPS%'")  # fmt: skip
    assert wrong == [{"n": 0}]


def test_a_host_never_bears_another_icbs_cost(run: Any) -> None:
    wrong = ask(run, "SELECT count(*) n FROM records WHERE contracting_host <> '' AND payer_code = contracting_host "
                     "AND population_icb <> '' AND population_icb <> payer_code")  # fmt: skip
    assert wrong == [{"n": 0}]


def test_summary_and_label_say_synthetic(run: Any) -> None:
    assert label(run).startswith("SYNTHETIC")
    assert "SYNTHETIC" in summary(run)


def test_explanations_are_words_and_json(run: Any) -> None:
    for record_id in examples(run):
        told = run.explain(record_id)
        assert json.loads(told.to_json())["record_id"] == record_id
        for heading in ("What arrived", "Which service it is", "Who is responsible", "What it should cost"):
            assert heading in told.to_text()


def test_quarantined_and_superseded_records_can_be_explained(run: Any) -> None:
    for fate in ("quarantined", "superseded"):
        found = ask(run, f"SELECT record_id FROM records WHERE fate = '{fate}' ORDER BY record_id LIMIT 1")
        assert run.explain(found[0]["record_id"]).to_text()


def test_manifest_names_what_it_took(run: Any) -> None:
    manifest = run.manifest
    assert manifest["synthetic"] is True
    assert manifest["register"]["as_known"]
    assert manifest["register"]["overlays"][0]["synthetic"] is True
    assert all(i["sha256"] for i in manifest["inputs"] if i.get("rows"))
