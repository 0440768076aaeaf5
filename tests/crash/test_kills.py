"""Killed at any moment, a run leaves the old run or the new one, and the next run needs no cleaning by hand."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from crash_checks import assert_clean, finish
from crash_children import CARRIERS, DieAtStep, Task, commit, commit_and_exit, whole_run
from pyarrow.parquet import read_table as read_parquet

import tertiary
from tertiary import runs
from tertiary.errors import RunError

KILLS = int(os.environ.get("TERTIARY_TEST_KILLS", "20"))
# A whole run follows this many kills; in between one killed run comes upon what others left.
IN_A_ROW = 5


@dataclass(frozen=True)
class Seen:
    """All a reader can see of a run."""

    tables: str
    rows: str
    inputs: str
    totals: str


def seen(folder: Path) -> Seen:
    """What a reader sees now; every named file must hold what its name says."""
    run = tertiary.open(folder)
    for file in (file for files in run.manifest["tables"].values() for file in files):
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() in file
    return Seen(
        tables=json.dumps(run.manifest["tables"]),
        rows=json.dumps(run.manifest["table_rows"]),
        inputs=json.dumps(run.manifest["inputs"]),
        totals=str(run.ledger.by("flow").to_arrow().to_pylist()),
    )


@pytest.mark.slow
def test_runs_killed_at_random_moments(start: Any, inputs: tuple[Path, Path], tmp_path: Path, temp: Path) -> None:
    """Every other kill is by the clock, anywhere in a run; the others come before a random step from writing on."""
    dice, out, count = random.Random(20), tmp_path / "run", tmp_path / "count"
    known: list[Seen] = []
    seconds = steps = 0.0
    for folder in inputs:
        counted = Task(folder, out, temp, ("begin", "blocks"), DieAtStep(0, count))
        process = start(whole_run, counted)
        seconds = finish(process)
        assert process.exitcode == 0, counted.told.read_text()
        known.append(seen(out))
        steps = int(count.read_text())
    assert known[0] != known[1]
    assert steps > 20
    ends: Counter[str] = Counter()
    for number in range(KILLS):
        current = known.index(seen(out))
        other = inputs[1 - current]
        if number % 2:
            process = start(
                whole_run, Task(other, out, temp, ("begin", "blocks"), DieAtStep(dice.randint(1, int(steps)), count))
            )
        else:
            process = start(whole_run, Task(other, out, temp))
            time.sleep(dice.uniform(0, seconds))
            process.kill()
        finish(process)
        told = (tmp_path / "told.txt").read_text()
        assert process.exitcode in (0, -signal.SIGKILL), f"kill {number}: exit code {process.exitcode}: {told}"
        after = seen(out)
        assert after in known, f"kill {number}: a reader sees neither the old run nor the new one"
        is_new = after == known[1 - current]
        ends["new run" if is_new else "old run", "killed" if process.exitcode else "ended first"] += 1
        if number % IN_A_ROW == IN_A_ROW - 1 or number == KILLS - 1:
            chosen = inputs.index(other) if not is_new else current
            task = Task(inputs[chosen], out, temp)
            process = start(whole_run, task)
            # the quickest so far: later ones compile less, and a kill should find the run alive
            seconds = min(seconds, finish(process))
            assert process.exitcode == 0, task.told.read_text()
            assert seen(out) == known[chosen]
            assert_clean(out)
    assert list(temp.iterdir()) == []
    print(f"{KILLS} kills, {steps:.0f} steps from writing on, {seconds:.1f} s a run: {dict(ends)}")
    assert sum(n for (_, how), n in ends.items() if how == "killed") > KILLS / 2
    assert ends["old run", "killed"]


@pytest.mark.parametrize("former", [0, 3])
def test_killed_before_every_single_step(start: Any, tmp_path: Path, former: int) -> None:
    """Of a commit into an empty folder, and into one that holds a run and the run before it."""
    template, whole, count = tmp_path / "template", tmp_path / "whole", tmp_path / "count"
    template.mkdir()
    for amount in range(1, former + 1):
        commit(template, amount)
    shutil.copytree(template, whole)
    process = start(commit_and_exit, whole, 9, DieAtStep(0, count))
    process.join(60)
    steps = int(count.read_text())
    assert steps > 20
    results: Counter[int] = Counter()
    for step in range(1, steps + 1):
        folder = tmp_path / f"run{step}"
        shutil.copytree(template, folder)
        process = start(commit_and_exit, folder, 9, DieAtStep(step, count))
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        results[amount_of(folder)] += 1
        commit(folder, 8)
        assert amount_of(folder) == 8
        assert_clean(folder)
        shutil.rmtree(folder)
    assert set(results) == {former, 9}


def amount_of(folder: Path) -> int:
    """What a reader sees: one amount throughout; 0 when no run was finished."""
    try:
        run = runs.open(folder)
    except RunError as error:
        assert "no run was finished there" in str(error)
        return 0
    held = [read_parquet(list(run.table(name).paths)).column(carrier)[0].as_py() for name, carrier in CARRIERS.items()]
    (found,) = {run.manifest["counts"]["received"], *held}
    return int(found)
