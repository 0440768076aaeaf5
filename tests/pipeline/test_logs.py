"""Logs name stages, counts and seconds; never a value from a row."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tertiary
from tertiary.progress import reporter


@pytest.fixture(scope="module")
def logged(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, object]], Path]:
    out = tmp_path_factory.mktemp("logged")
    command = [sys.executable, "-m", "tertiary.cli", "run", str(inputs), "--out", str(out), "--log-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stderr.splitlines()], out


def test_json_log_has_one_object_an_event_and_known_facts_only(logged: tuple[list[dict[str, object]], Path]) -> None:
    events, _ = logged
    assert {"begin", "end"} <= {e["event"] for e in events} <= {"begin", "progress", "end"}
    measures = {"seconds", "cpu_seconds", "seconds_left", "rows", "bytes", "bytes_total", "peak_memory_bytes"}
    allowed = {"event", "stage", *measures, "received", "accepted", "quarantined", "superseded", "kept"}
    assert all(set(e) <= allowed for e in events)
    assert all(isinstance(v, (int, float)) for e in events for k, v in e.items() if k not in ("event", "stage"))


def test_no_row_value_is_logged(logged: tuple[list[dict[str, object]], Path]) -> None:
    events, out = logged
    text = json.dumps(events)
    rows = tertiary.open(out).records.derive(
        lambda t: t.filter(t.patient_id != "").select("record_id", "patient_id", "source_id").limit(5000)
    )
    for row in rows.to_arrow().to_pylist():
        assert not any(value and value in text for value in row.values())


def test_a_pipe_is_quiet() -> None:
    assert reporter("text") is None
