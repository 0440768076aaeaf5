"""A run folder: one commit point, files named by their content, one writer at a time."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tertiary import parquet, runs
from tertiary.errors import ConservationError, EngineError, RunError
from tertiary.tables import arrow_schema

FACTS = {"counts": {"received": 1, "accepted": 1}, "synthetic": True}


def ledger_rows(*amounts: int) -> pa.Table:
    schema = arrow_schema("ledger")
    blank: dict[str, Any] = {f.name: "" if pa.types.is_string(f.type) else None for f in schema}
    rows = [
        {**blank, "measure": "actual", "counted": n % 2 == 0, "payer_code": f"P{n}", "records": 1, "price_expected": a}
        for n, a in enumerate(amounts)
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def write(engine: Any, folder: Path, table: pa.Table) -> runs.Run:
    with runs.locked(folder):
        writer = runs.RunWriter(folder, engine)
        writer.write("ledger", engine.load("ledger_rows", table), ["payer_code"])
        return writer.commit(FACTS)


def test_same_rows_in_another_order_give_the_same_file(engine: Any, tmp_path: Path) -> None:
    one = write(engine, tmp_path / "a", ledger_rows(1, 2, 3))
    two = write(engine, tmp_path / "b", ledger_rows(1, 2, 3).take([2, 0, 1]))
    assert one.manifest["tables"] == two.manifest["tables"]


def amounts(run: runs.Run) -> list[int]:
    return list(run.ledger.to_arrow().column("price_expected").to_pylist())


def table_files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in (folder / "tables").rglob("*") if p.is_file()}


def test_a_new_commit_keeps_the_run_before_and_sweeps_what_nobody_names(engine: Any, tmp_path: Path) -> None:
    first = write(engine, tmp_path, ledger_rows(1))
    for stray in (".partial-a", "tmp_.partial-b", ".partial-c/part-0", f"{'0' * 64}.parquet"):
        left = tmp_path / "tables" / "ledger" / stray
        left.parent.mkdir(exist_ok=True)
        left.write_text("left by a killed process")
    second = write(engine, tmp_path, ledger_rows(5))
    assert table_files(tmp_path) == {*first.manifest["tables"]["ledger"], *second.manifest["tables"]["ledger"]}
    assert amounts(runs.open(tmp_path)) == [5]
    assert amounts(first) == [1], "whoever opened the run before can read on"
    third = write(engine, tmp_path, ledger_rows(7))
    assert table_files(tmp_path) == {*second.manifest["tables"]["ledger"], *third.manifest["tables"]["ledger"]}


def test_a_reader_two_commits_late_is_told_to_open_the_run_again(engine: Any, tmp_path: Path) -> None:
    first = write(engine, tmp_path, ledger_rows(1))
    write(engine, tmp_path, ledger_rows(5))
    write(engine, tmp_path, ledger_rows(7))
    with pytest.raises(RunError, match="Open the run again"):
        first.ledger.to_arrow()
    assert amounts(runs.open(first.path)) == [7]


def test_the_same_inputs_again_remove_the_run_before(engine: Any, tmp_path: Path) -> None:
    """How to be rid at once of rows that must not be kept."""
    write(engine, tmp_path, ledger_rows(1))
    write(engine, tmp_path, ledger_rows(5))
    again = write(engine, tmp_path, ledger_rows(5))
    assert table_files(tmp_path) == set(again.manifest["tables"]["ledger"])


def test_files_of_somebody_else_stay(engine: Any, tmp_path: Path) -> None:
    notes = tmp_path / "tables" / "ledger" / "notes.txt"
    notes.parent.mkdir(parents=True)
    notes.write_text("mine")
    write(engine, tmp_path, ledger_rows(1))
    assert notes.read_text() == "mine"


def test_a_manifest_that_cannot_be_read_is_replaced_by_the_next_run(engine: Any, tmp_path: Path) -> None:
    write(engine, tmp_path, ledger_rows(1))
    (tmp_path / "manifest.json").write_text("{half")
    run = write(engine, tmp_path, ledger_rows(5))
    assert table_files(tmp_path) == set(run.manifest["tables"]["ledger"])


def test_without_a_manifest_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no manifest\.json"):
        runs.open(tmp_path)
    (tmp_path / "manifest.json").write_text("{half")
    with pytest.raises(RunError, match="cannot be read"):
        runs.open(tmp_path)


def test_failure_while_writing_leaves_the_old_run(engine: Any, tmp_path: Path, monkeypatch: Any) -> None:
    write(engine, tmp_path, ledger_rows(1))
    before = json.loads((tmp_path / "manifest.json").read_text())

    def full_disk(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(engine, "writing", full_disk)
    with pytest.raises(EngineError, match=r"No room left in .*No space left on device.* are free"):
        write(engine, tmp_path, ledger_rows(2))
    assert runs.open(tmp_path).manifest == before
    assert runs.open(tmp_path).ledger.to_arrow().num_rows == 1


def test_a_file_written_aside_is_waited_for_and_is_the_same(engine: Any, tmp_path: Path) -> None:
    alone = write(engine, tmp_path / "a", ledger_rows(1, 2, 3))
    folder = tmp_path / "b"
    with runs.locked(folder), runs.RunWriter(folder, engine) as writer:
        held = engine.hold("held", engine.load("ledger_rows", ledger_rows(1, 2, 3).take([2, 0, 1])), "payer_code")
        writer.write_aside("ledger", held, ["payer_code"])
        writer.write("ledger", engine.load("other", ledger_rows(9)), ["payer_code"])
        assert writer.rows == {"ledger": 4}
        run = writer.commit(FACTS)
    assert run.manifest["tables"]["ledger"][:1] == alone.manifest["tables"]["ledger"]
    assert sorted(amounts(run)) == [1, 2, 3, 9]


def test_a_file_that_failed_aside_stops_the_commit(engine: Any, tmp_path: Path, monkeypatch: Any) -> None:
    write(engine, tmp_path, ledger_rows(1))
    before = json.loads((tmp_path / "manifest.json").read_text())

    def full_disk(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with runs.locked(tmp_path), runs.RunWriter(tmp_path, engine) as writer:
        held = engine.hold("held", engine.load("ledger_rows", ledger_rows(2)), "payer_code")
        monkeypatch.setattr(parquet, "write", full_disk)
        writer.write_aside("ledger", held, ["payer_code"])
        with pytest.raises(EngineError, match="No room left"):
            writer.commit(FACTS)
    assert runs.open(tmp_path).manifest == before
    assert table_files(tmp_path) == set(before["tables"]["ledger"])


@pytest.mark.parametrize("cuts", [[5], [1, 4], [3, 3, 3, 1]])
def test_equal_rows_give_equal_bytes_however_they_came(tmp_path: Path, monkeypatch: Any, cuts: list[int]) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 4)
    table = pa.table({"a": [str(n % 3) for n in range(10)], "b": pa.array(range(10), pa.decimal128(13, 3))})
    lengths = [*cuts, 10 - sum(cuts)]
    batches = [table.slice(sum(lengths[:n]), length).to_batches() for n, length in enumerate(lengths)]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert parquet.write(whole, table.schema, parquet.slices(table)) == 10
    assert parquet.write(parts, table.schema, parquet.regrouped(b for some in batches for b in some)) == 10
    assert whole.read_bytes() == parts.read_bytes()
    kept = pq.ParquetFile(parts)
    assert kept.read().equals(table)
    assert [kept.metadata.row_group(n).num_rows for n in range(kept.metadata.num_row_groups)] == [4, 4, 2]


def test_columns_are_put_beside_the_same_rows_only(engine: Any) -> None:
    decided = engine.load("decided", pa.table({"row_key": [3, 1, 2], "line": ["c", "a", "b"]}))
    given = engine.load("given", pa.table({"row_key": [1, 2, 3], "record_id": ["x", "y", "z"]}))
    both = engine.hold("both", decided, "row_key", given)
    assert engine.fetch(both).to_pylist() == [
        {"row_key": 1, "line": "a", "record_id": "x"},
        {"row_key": 2, "line": "b", "record_id": "y"},
        {"row_key": 3, "line": "c", "record_id": "z"},
    ]
    for wrong in (decided.filter(decided.row_key > 1), decided.union(decided.filter(decided.row_key == 1))):
        with pytest.raises(ConservationError, match=r"3 rows were to be decided, but [24] came back"):
            engine.hold("both", wrong, "row_key", given)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with runs.locked(tmp_path), pytest.raises(RunError, match=f"process {os.getpid()} "), runs.locked(tmp_path):
        pass
    with runs.locked(tmp_path):
        pass


def test_totals_leave_out_what_does_not_count_unless_asked(engine: Any, tmp_path: Path) -> None:
    ledger = write(engine, tmp_path, ledger_rows(1, 2, 4)).ledger
    assert ledger.by().to_arrow().column("price_expected").to_pylist() == [5]
    assert ledger.by(counted_only=False).to_arrow().column("price_expected").to_pylist() == [7]
    with pytest.raises(RunError, match="by colour: it is not a column"):
        ledger.by("colour")


def test_sql_of_a_table_for_other_engines(engine: Any, tmp_path: Path) -> None:
    ledger = write(engine, tmp_path, ledger_rows(1)).ledger.by("payer_code")
    for dialect in ("duckdb", "databricks", "snowflake", "mssql"):
        assert "payer_code" in ledger.sql(dialect)
