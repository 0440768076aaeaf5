"""A disk that fills up, rights that are taken away: one plain message, its exit code, and the old run as it was."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from crash_checks import assert_clean, files, finish
from crash_children import (
    Task,
    amounts,
    bind_rights,
    commit,
    fill_disk,
    read_without_rights,
    small_files_only,
    take_rights,
    take_rights_of_top,
    whole_run,
)

from tertiary import runs
from tertiary.engine import DuckDBEngine
from tertiary.errors import EngineError

FULL, REFUSED = EngineError.exit_code, 13


def refused(start: Any, task: Task) -> tuple[int, str]:
    """Exit code and message of a run that must fail, with the old run whole and nothing half done beside it."""
    commit(task.out, 5)
    before = files(task.out)
    process = start(whole_run, task)
    finish(process)
    for folder in (task.out, *task.out.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o755)
    assert amounts(runs.open(task.out)) == (5, 5, 5)
    assert {f for f in files(task.out) if ".partial" not in f} >= before
    message = task.told.read_text()
    assert message.startswith("tertiary: ")
    assert "Traceback" not in message
    assert message.count("\n") == 1
    return process.exitcode, message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("event", "stage"), [("begin", "intake"), ("begin", "whole"), ("begin", "blocks"), ("end", "settle")]
)
def test_a_disk_that_is_full_from_a_stage_on(
    start: Any, inputs: tuple[Path, Path], small_disk: Path, temp: Path, event: str, stage: str
) -> None:
    out = small_disk / "run"
    code, message = refused(start, Task(inputs[0], out, temp, (event, stage), fill_disk))
    assert code == FULL
    assert str(out) in message
    assert "0.0 MB of 33.6 MB are free" in message
    assert "--scratch" in message
    assert_clean(out)
    (small_disk / "filler").unlink()
    if stage == "blocks":
        again = Task(inputs[0], out, temp)
        assert finish(process := start(whole_run, again)) and process.exitcode == 0, again.told.read_text()
        assert_clean(out)


def test_spilling_onto_a_full_disk(small_disk: Path) -> None:
    with (
        DuckDBEngine(memory="60MB", threads=1, work=small_disk) as engine,
        pytest.raises(EngineError, match="No room left in"),
    ):
        engine.execute("CREATE TEMP TABLE t AS SELECT range i, md5(range::VARCHAR) m FROM range(4000000)")
    assert list(small_disk.iterdir()) == []


def test_an_archive_unpacked_onto_a_full_disk_is_no_bad_file(small_disk: Path, tmp_path: Path, register: Any) -> None:
    """A finding would let the run go on without its rows."""
    import gzip

    from tertiary.flows import IntakeSettings, intake

    packed = tmp_path / "big.csv.gz"
    with gzip.open(packed, "wb", compresslevel=1) as handle:
        handle.write(b"FINANCIAL YEAR,FINANCIAL MONTH\n" + b"202526,1\n" * 4_000_000)
    with DuckDBEngine(threads=1, work=small_disk) as engine, pytest.raises(EngineError, match="No room left in"):
        intake(engine, [packed], register, as_known=register.as_known, settings=IntakeSettings())


@pytest.mark.slow
def test_a_quota_that_is_used_up(start: Any, inputs: tuple[Path, Path], tmp_path: Path, temp: Path) -> None:
    task = Task(inputs[0], tmp_path / "run", temp, ("begin", "blocks"), small_files_only)
    code, message = refused(start, task)
    assert code == FULL
    assert str(task.out) in message
    assert_clean(task.out)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("event", "stage", "take"), [("begin", "blocks", take_rights), ("end", "settle", take_rights_of_top)]
)
def test_rights_taken_away_during_a_run(
    start: Any, inputs: tuple[Path, Path], tmp_path: Path, temp: Path, event: str, stage: str, take: Any
) -> None:
    task = Task(inputs[0], tmp_path / "run", temp, (event, stage), take)
    code, message = refused(start, task)
    assert code == REFUSED
    assert f"Cannot write to {task.out}: Permission denied" in message
    commit(task.out, 6)
    assert_clean(task.out)


def test_rights_missing_from_the_beginning(start: Any, inputs: tuple[Path, Path], tmp_path: Path, temp: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    task = Task(inputs[0], closed / "run", temp)
    process = start(run_without_rights, task)
    finish(process)
    assert process.exitcode == REFUSED
    assert f"Cannot write to {task.out}: Permission denied" in task.told.read_text()
    assert "--out" in task.told.read_text()


def test_a_folder_of_inputs_that_cannot_be_read_is_not_passed_over(
    start: Any, inputs: tuple[Path, Path], tmp_path: Path, temp: Path
) -> None:
    given = tmp_path / "given"
    shutil.copytree(inputs[0], given)
    (given / "in" / "closed").mkdir(mode=0o000)
    task = Task(given, tmp_path / "run", temp)
    process = start(run_without_rights, task)
    finish(process)
    (given / "in" / "closed").chmod(0o755)
    assert process.exitcode == 12
    assert f"{given / 'in' / 'closed'} cannot be read: Permission denied" in task.told.read_text()


def test_a_reader_needs_no_right_to_write(start: Any, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    commit(folder, 5)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    process = start(read_without_rights, folder)
    finish(process)
    assert process.exitcode == 0


def run_without_rights(task: Task) -> None:
    bind_rights()
    whole_run(task)
