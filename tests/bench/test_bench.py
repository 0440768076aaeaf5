"""The bench does not rot: it runs at a tiny size, its ways agree, and its sums are right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bench.tasks import TASKS

from bench import chart, report

REPO = Path(__file__).parents[2]
TINY = {"area": "london", "months": "2025-04", "scale": 0.004, "seed": 7}
RUNS = ("floor", "ours", "identify", "pandas", "spark", "case", "csv_copy", "intake", "help")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Results of one round over some 20,000 records."""
    home, results = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("results")
    (home / "request.json").write_text(json.dumps(TINY))
    command = [sys.executable, "-m", "bench.run", "--sizes", "0.02", "--repeats", "1", "--tasks", ",".join(RUNS)]
    command += ["--data", str(home), "--results", str(results), "--name", "tiny"]
    environment = {**os.environ, "PYTHONPATH": str(REPO / "src")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPO, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((results / "tiny.json").read_text())
    found["page"], found["chart"] = ((results / f"tiny.{kind}").read_text() for kind in ("md", "svg"))
    assert not (home / "work").exists()
    return found


@pytest.mark.slow
def test_every_task_runs_or_says_what_it_lacks(measured: dict[str, Any]) -> None:
    assert {r["task"] for r in measured["medians"]} == set(RUNS)
    for row in measured["medians"]:
        missing = TASKS[row["task"]].missing()
        assert row["status"] == ("not installed" if missing else "ok"), row
        if missing:
            assert row["why"] == ", ".join(missing)
            assert f"not installed: {row['why']}" in measured["page"]
        else:
            assert row["wall_s"] > 0
            for measure, least in (("cpu_s", 0), ("peak_mib", 10)):
                known = row[measure]
                assert (known is None) if TASKS[row["task"]].elsewhere else known > least
    assert 15_000 < measured["rows"]["0.02"] < 25_000


@pytest.mark.slow
def test_ratios_are_to_the_yardstick_of_the_same_run(measured: dict[str, Any]) -> None:
    by_task = {r["task"]: r for r in measured["medians"]}
    for task, yardstick in (("ours", "floor"), ("intake", "csv_copy")):
        assert by_task[task]["ratio_cpu"] == pytest.approx(by_task[task]["cpu_s"] / by_task[yardstick]["cpu_s"])
    assert by_task["ours"]["counts"]["records"] == measured["rows"]["0.02"]
    received, copied = by_task["intake"]["counts"]["received"], by_task["csv_copy"]["counts"]["rows"]
    assert copied == pytest.approx(received, rel=0.01)  # a bare copy leaves broken-off lines out
    assert received > 1000


@pytest.mark.slow
def test_other_ways_give_the_same_answers(measured: dict[str, Any]) -> None:
    agreed = {row["task"]: row for row in measured["agreement"]}
    ran = {r["task"] for r in measured["medians"] if r["status"] == "ok"}
    assert set(agreed) == ran & {"pandas", "case", "spark"}
    assert "case" in agreed
    for row in agreed.values():
        assert row["only_ours"] == row["only_theirs"] == 0
        assert min(row["per_cent"].values()) > 99.5, row


@pytest.mark.skipif(not (REPO / "bench/results/latest.md").exists(), reason="no measurement is committed yet")
def test_the_page_shows_the_latest_results_and_the_floor(tmp_path: Path) -> None:
    page = REPO / "docs" / "explanation" / "performance.md"
    again = tmp_path / "page.md"
    again.write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
    report.renew(again, REPO / "bench" / "results", "latest")
    assert again.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    assert "sum(a.price_submitted)" in again.read_text(encoding="utf-8")


def test_the_exponent_is_the_slope_between_sizes() -> None:
    rows = [{"task": "ours", "size": s, "wall_s": 3 * s**1.2} for s in (1.0, 5.0, 50.0)]
    assert report.exponent(rows, "ours", "wall_s") == pytest.approx(1.2)
    assert report.exponent(rows[:1], "ours", "wall_s") is None


def test_a_target_that_was_not_measured_is_not_met() -> None:
    def row(task: str, cpu: float) -> dict[str, Any]:
        return {"task": task, "size": 50.0, "status": "ok", "cpu_s": cpu, "wall_s": cpu, "peak_mib": 5000.0}

    met = {t["target"]: t["met"] for t in report.targets([row("floor", 10.0), row("ours", 39.0)])}
    assert met["ours / floor, CPU, 50 million"] == "yes"
    assert met["peak memory of ours, GiB, 50 million"] == "no"
    assert met["intake / bare CSV copy, CPU"] == "not measured"


def test_the_chart_names_what_it_shows_and_survives_nothing() -> None:
    rows = [{"task": t, "size": 1.0, "status": "ok", "cpu_s": c} for t, c in (("floor", 1.0), ("pandas", 50.0))]
    drawn = chart.svg(rows, {"1": 1_000_000})
    assert "pandas" in drawn
    assert "50.00" in drawn
    assert 'role="img"' in drawn
    assert "Nothing to show" in chart.svg([], {})
