"""A run over a folder in which one month is new or resubmitted: what has not changed is kept, and files are equal."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import tertiary
from tertiary import blocks
from tertiary.engine import DuckDBEngine, Engine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tertiary.synth import write

    folder = tmp_path_factory.mktemp("year")
    write(folder, area="QMJ", months="2025-04..2025-06", scale=0.005, seed=3, defects=0)
    return folder


def months_decided(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The months of the blocks that are decided anew from here on."""
    seen: list[int] = []
    check = blocks.check_rows

    def told(engine: Engine, staged: Any, block: blocks.Block, rows: Any) -> None:
        seen.append(block.financial_month or 0)
        check(engine, staged, block, rows)

    monkeypatch.setattr(blocks, "check_rows", told)
    return seen


def part_of(year: Path, folder: Path, without: str) -> Path:
    """The year's files but those whose name holds `without`."""
    for path in year.rglob("*.csv"):
        if without not in path.name and not {"register", "_truth"} & set(path.relative_to(year).parts):
            target = folder / path.relative_to(year)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    return folder


def test_only_what_changed_is_decided_again(year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overlay = [year / "register"]
    given = part_of(year, tmp_path / "in", "202506")
    out = tmp_path / "out"
    tertiary.run(given, out=out, register=overlay)
    part_of(year, given, "no such file")
    seen = months_decided(monkeypatch)
    added = tertiary.run(given, out=out, register=overlay)
    assert set(seen) == {3}, "a new month leaves the others alone"
    fresh = tertiary.run(given, out=tmp_path / "fresh", register=overlay)
    assert added.manifest["tables"] == fresh.manifest["tables"]
    assert added.manifest["summary"] == fresh.manifest["summary"]
    seen.clear()
    again = tertiary.run(given, out=out, register=overlay)
    assert seen == []
    assert again.manifest["tables"] == fresh.manifest["tables"]


def test_what_other_months_say_is_part_of_a_block(year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hospital records of April its contract rows name nothing any more, in whatever month they lie."""
    overlay = [year / "register"]
    given = part_of(year, tmp_path / "in", "no such file")
    out = tmp_path / "out"
    tertiary.run(given, out=out, register=overlay)
    for path in (given / "apc_episode").glob("*202505*"):
        path.unlink()
    seen = months_decided(monkeypatch)
    changed = tertiary.run(given, out=out, register=overlay)
    assert 2 in seen
    fresh = tertiary.run(given, out=tmp_path / "fresh", register=overlay)
    assert changed.manifest["tables"] == fresh.manifest["tables"]


def test_another_register_decides_everything_again(year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = part_of(year, tmp_path / "in", "202506")
    tertiary.run(given, out=tmp_path / "out", register=[year / "register"])
    seen = months_decided(monkeypatch)
    other = tertiary.run(given, out=tmp_path / "out")
    assert {1, 2} <= set(seen)
    assert other.manifest["tables"] == tertiary.run(given, out=tmp_path / "fresh").manifest["tables"]


def test_small_months_are_decided_together_and_large_ones_alone(
    year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the blocks that are decided by one pass of the stages, the files are the same."""
    groups: list[int] = []
    decide = blocks.decide

    def told(engine: Engine, given: Any, *others: Any) -> Any:
        groups.append(len(given))
        return decide(engine, given, *others)

    monkeypatch.setattr(blocks, "decide", told)
    given = part_of(year, tmp_path / "in", "no such file")
    one = tertiary.run(given, out=tmp_path / "one", register=[year / "register"])
    assert groups == [len(one.activity.paths)] and groups[0] >= 3
    groups.clear()
    rows = [pq.read_metadata(path).num_rows for path in one.activity.paths]
    monkeypatch.setattr(DuckDBEngine, "block_rows", max(rows))
    apart = tertiary.run(given, out=tmp_path / "apart", register=[year / "register"])
    assert sum(groups) == len(rows) and len(groups) > 1
    assert apart.manifest["tables"] == one.manifest["tables"]
