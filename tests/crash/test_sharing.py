"""Writers that meet, readers that read on while runs commit, and working files whose owner is gone."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from crash_children import amounts, commit, hold, hold_workplace, read_until

from tertiary import folders, runs
from tertiary.errors import RunError

COMMITS = 40


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.02)


def test_a_reader_never_sees_a_mixture_while_runs_commit(start: Any, tmp_path: Path) -> None:
    folder, stop, seen = tmp_path / "run", tmp_path / "stop", tmp_path / "seen"
    commit(folder, 1)
    reader = start(read_until, folder, stop, seen)
    wait_for(seen)
    end, amount = time.monotonic() + 120, 1
    while amount <= COMMITS or len(whole_readings(seen)) <= 5:
        assert time.monotonic() < end, f"{amount} runs, too few readings: {seen.read_text()}"
        amount += 1
        commit(folder, amount)
    stop.touch()
    reader.join(60)
    whole = whole_readings(seen)
    assert all(len(set(amounts)) == 1 for amounts in whole), seen.read_text()
    assert len({amounts[0] for amounts in whole}) > 3
    others = {line for line in seen.read_text().splitlines() if not line[0].isdigit()}
    assert others <= {"again"}, "all else a reader may be told is to open the run again"


def whole_readings(seen: Path) -> list[list[str]]:
    """The amounts of each reading that came to its end; a line still being written is left for the next look."""
    lines = seen.read_text().split("\n")[:-1]
    return [line.split() for line in lines if line[0].isdigit()]


def test_the_lock_names_its_owner_and_goes_with_it(start: Any, tmp_path: Path) -> None:
    folder, held = tmp_path / "run", tmp_path / "held"
    commit(folder, 1)
    holder = start(hold, folder, held)
    wait_for(held)
    with pytest.raises(RunError) as refused:
        commit(folder, 2)
    told = str(refused.value)
    assert f"process {holder.pid} on {socket.gethostname()}, user " in told
    assert "since 20" in told
    assert "Wait for it or choose another --out" in told
    assert amounts(runs.open(folder)) == (1, 1, 1), "reading needs no lock"
    holder.kill()
    holder.join(60)
    assert amounts(commit(folder, 2)) == (2, 2, 2)


def test_a_file_system_without_locks_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    def no_locks(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(RunError, match=r"cannot be locked .*two runs could mix.*local disk"):
        commit(tmp_path / "run", 1)


def test_working_files_of_a_killed_process_go_and_others_stay(start: Any, tmp_path: Path) -> None:
    made = {}
    for name in ("killed", "living"):
        held = tmp_path / f"held-{name}"
        process = start(hold_workplace, tmp_path / "home", held)
        wait_for(held)
        made[name] = process
        if name == "killed":
            process.kill()
            process.join(60)
    killed, living = sorted((tmp_path / "home").iterdir(), key=lambda p: p.stat().st_mtime_ns)
    (killed / "spilled").write_bytes(b"x" * 1000)
    strange = tmp_path / "home" / "tertiary-work-of-mine"
    strange.mkdir()
    folders.Workplace(tmp_path / "home").close()
    assert killed.exists(), "it is young: its owner may not have come to lock it yet"
    for place in (killed, living):
        os.utime(place / ".held", (0, 0))
    folders.Workplace(tmp_path / "home").close()
    assert not killed.exists()
    assert living.exists()
    assert strange.exists()
    made["living"].kill()


def test_everything_named_is_on_the_disk_before_the_manifest_names_it(tmp_path: Path, monkeypatch: Any) -> None:
    """What a power cut leaves cannot be tried here; the order of things that it depends on can."""
    events: list[tuple[str, int]] = []
    sync, rename = os.fsync, os.replace

    def watched_sync(handle: int) -> None:
        events.append(("settled", os.fstat(handle).st_ino))
        sync(handle)

    def watched_rename(source: Any, target: Any) -> None:
        rename(source, target)
        events.append(("named", Path(target).stat().st_ino))

    monkeypatch.setattr(os, "fsync", watched_sync)
    monkeypatch.setattr(os, "replace", watched_rename)
    run = commit(tmp_path, 1)
    manifest = (tmp_path / "manifest.json").stat().st_ino
    moment = events.index(("named", manifest))
    before = {inode for what, inode in events[:moment] if what == "settled"}
    named = [tmp_path / f for files in run.manifest["tables"].values() for f in files]
    needed = [*named, *(p.parent for p in named), tmp_path / "tables"]
    assert {p.stat().st_ino for p in needed} | {manifest} <= before
    assert ("settled", tmp_path.stat().st_ino) in events[moment:]
