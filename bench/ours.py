"""Our own way, as `tertiary run` takes it: identify, assign, price, then records, reasons and ledger as Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path

THREADS, MEMORY = 2, "4GB"


@contextmanager
def _engine() -> Iterator:
    from tertiary.engine import DuckDBEngine

    with DuckDBEngine(threads=THREADS, memory=MEMORY) as engine:
        yield engine


@contextmanager
def _spark() -> Iterator:
    from tertiary.spark import SparkEngine

    with SparkEngine(threads=THREADS, memory=MEMORY) as engine:
        yield engine


def everything(files: Sequence[Path], overlays: Sequence[Path], out: Path, *, on_spark: bool = False) -> dict[str, int]:
    """Decide all records of `files`, block by block, and roll up the ledger; returns rows written by table."""
    import pyarrow.parquet as pq

    from tertiary.assign import AssignSettings
    from tertiary.blocks import decide, write_decided
    from tertiary.ledger import ledger
    from tertiary.register import Register
    from tertiary.runs import RunWriter
    from tertiary.stages import whole
    from tertiary.tables import columns

    settings = AssignSettings()
    with _spark() if on_spark else _engine() as engine, RunWriter(out, engine) as writer:
        known = Register.load(overlays=list(overlays))
        common = whole(engine, engine.scan("activity", files), known, settings)
        blocks = [(file, pq.read_metadata(file).num_rows) for file in files]
        while blocks:
            count = max(1, sum(total <= engine.block_rows for total in accumulate(rows for _, rows in blocks)))
            group, blocks = blocks[:count], blocks[count:]
            with engine.block():
                decided = decide(engine, group, known, settings, common)
                writer.wait()
                for rows, staged in decided:
                    write_decided(writer, engine, rows, staged)
        records = engine.scan("records", [out / file for file in writer.tables["records"]])
        writer.write("ledger", ledger(records), [c.name for c in columns("ledger") if c.is_key])
        return dict(writer.rows)


def identification(files: Sequence[Path], overlays: Sequence[Path], out: Path) -> dict[str, int]:
    """Identification alone, with spells and links; writes the rule and line of each record."""
    from tertiary.identify import identify, survey
    from tertiary.register import Register

    rows = 0
    out.mkdir(parents=True, exist_ok=True)
    with _engine() as engine:
        known = Register.load(overlays=list(overlays))
        accepted = engine.scan("activity", files)
        seen = survey(engine, accepted.filter(accepted.fate == "accepted"), known)
        for file in files:
            block = engine.scan("block", [file])
            found = identify(engine, block.filter(block.fate == "accepted"), known, seen)
            kept = found.select("record_id", "flow", "candidates", "rule_id", "service_line_final")
            rows += engine.write(kept, out / f"{file.stem}.parquet")
    return {"identified": rows}


def reading(inputs: Path, overlays: Sequence[Path], out: Path) -> dict[str, int]:
    """CSV files read, every cell and row checked, canonical activity written month by month as Parquet."""
    from tertiary.blocks import cut
    from tertiary.flows import IntakeSettings, intake
    from tertiary.register import Register
    from tertiary.runs import RunWriter

    with _engine() as engine:
        known = Register.load(overlays=list(overlays))
        arrived = intake(engine, [inputs], known, as_known=known.as_known, settings=IntakeSettings())
        writer = RunWriter(out, engine)
        for _ in cut(engine, writer, arrived.activity):
            pass
        return {**arrived.counts, "findings": engine.count(arrived.findings)}
