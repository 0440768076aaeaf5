"""Where the time of a run went: measured, kept in the manifest, and told in words, in JSON and as time left."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tertiary.clock import Clock, MemoryPeak
from tertiary.profile import profile
from tertiary.progress import _ended, _under_way
from tertiary.runs import Run


def by_stage(run: Any) -> dict[str, Any]:
    return {s["stage"]: s for s in run.profile().stages}


def test_rows_and_bytes_are_those_of_the_run(run: Any, inputs: Path) -> None:
    stages, manifest = by_stage(run), run.manifest
    assert set(stages) == set(manifest["seconds"])
    assert stages["intake"]["rows"] == manifest["counts"]["received"]
    assert stages["settle"]["rows"] == sum(manifest["table_rows"].values())
    files = [path for name in manifest["tables"] for path in run.table(name).paths]
    assert stages["settle"]["bytes"] == sum(path.stat().st_size for path in files)
    read = {inputs / str(i["file"]) for i in manifest["inputs"]}
    assert stages["intake"]["bytes"] == sum(path.stat().st_size for path in read)


def test_every_stage_is_measured(run: Any) -> None:
    told = run.profile()
    assert sum(s["share"] for s in told.stages) == pytest.approx(1, abs=0.01)
    for stage in told.stages:
        assert stage["seconds"] >= 0
        assert stage["cpu_seconds"] >= 0
        assert stage["peak_memory_bytes"] > 10_000_000
    assert told.engine["name"] == "duckdb"
    assert told.engine["threads"] == 2
    assert told.engine["memory_limit"]


def test_words_and_json_say_the_same(run: Any) -> None:
    told = run.profile()
    whole = json.loads(told.to_json())
    assert whole["stages"] == list(told.stages)
    lines = told.to_text().splitlines()
    for stage in told.stages:
        (line,) = [line for line in lines if line.startswith(f"{stage['stage']} ")]
        assert f"{stage['seconds']:,.1f}" in line
        assert f"{stage.get('rows', 0):,}" in line


def test_a_run_from_before_profiles_tells_its_seconds(tmp_path: Path) -> None:
    told = profile(Run(tmp_path, {"seconds": {"intake": 3.0, "write": 1.0}}))
    assert told.seconds == 4
    assert "75%" in told.to_text()


def test_peak_memory_falls_again() -> None:
    """The system's high-water mark would not: this is why it is sampled."""
    size = 300_000_000
    with MemoryPeak() as large:
        held = bytearray(size)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(0.3)
        del held
    with MemoryPeak() as small:
        pass
    assert large.bytes - small.bytes > size / 2


def test_time_left_comes_from_the_bytes_read_and_from_the_earlier_run(monkeypatch: Any) -> None:
    events: list[tuple[str, dict[str, Any]]] = []
    now = iter(range(100))
    monkeypatch.setattr("tertiary.clock.time.perf_counter", lambda: float(next(now)))
    former = [{"stage": "intake", "seconds": 10, "bytes": 100}, {"stage": "write", "seconds": 6}]
    clock = Clock(lambda event, facts: events.append((event, dict(facts))), former)
    with clock.stage("intake") as facts:
        facts.reached(0, 200)
        facts.reached(50, 200)
        facts.update(rows=7, bytes=200)
    with clock.stage("write"), clock.stage("new"):
        pass
    begun = {f["stage"]: f.get("seconds_left") for e, f in events if e == "begin"}
    assert begun == {"intake": 16, "write": 12, "new": None}
    (reached,) = [f for e, f in events if e == "progress"]
    # two ticks for a quarter of the bytes: six for the rest
    assert reached == {"stage": "intake", "bytes": 50, "bytes_total": 200, "seconds_left": 6}


def test_a_first_run_does_not_guess() -> None:
    events: list[dict[str, Any]] = []
    clock = Clock(lambda _, facts: events.append(dict(facts)))
    with clock.stage("intake"):
        pass
    assert events[0] == {"stage": "intake"}


def test_lines_on_a_terminal() -> None:
    reading = {"stage": "intake", "bytes": 50, "bytes_total": 200, "seconds_left": 6}
    assert _under_way(reading) == "  intake … 25%  about 6 s left"
    assert _under_way({"stage": "write", "seconds_left": 600}) == "  write …  about 10 min left"
    assert _under_way({"stage": "write"}) == "  write …"
    ended = {"stage": "write", "seconds": 2.0, "rows": 3000}
    assert _ended(ended) == "  write            2.0 s  3,000 rows, 1,500 a second"
