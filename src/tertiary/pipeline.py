"""The walk: files in, every record explained, a ledger out. One record goes through the house in one direction."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary import __version__
from tertiary.blocks import write_blocks, write_rest
from tertiary.clock import Clock, Progress
from tertiary.errors import ConservationError, RunError, TertiaryError
from tertiary.stages import whole

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.assign import AssignSettings
    from tertiary.engine import DuckDBEngine, Engine
    from tertiary.flows import Intake
    from tertiary.runs import Run

KEY = "TERTIARY_PSEUDONYM_KEY"
SHORTEST_KEY = 32


def run(
    inputs: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    register: Sequence[str | Path] = (),
    as_known: date | None = None,
    engine: str = "duckdb",
    spark_master: str | None = None,
    spark: Any = None,
    memory: str | None = None,
    threads: int | None = None,
    scratch: str | Path | None = None,
    settings: AssignSettings | None = None,
    progress: Progress | None = None,
) -> Run:
    """Take a folder of monthly commissioning files to a run folder: records, reasons, findings and a ledger.

    `register` names overlay folders; `as_known` defaults to the register version's date and also decides which
    submissions had been received. Working files are in the run folder while it runs, or in `scratch`. With engine
    "spark" the stages run in the session `spark`, else in the active one, else in a new one on `spark_master` (local
    unless told); files are read on this machine all the same. Errors: FlowError, RegisterError, RunError, EngineError.
    """
    from tertiary.assign import AssignSettings
    from tertiary.flows import IntakeSettings, intake
    from tertiary.flows.files import looks_synthetic
    from tertiary.register import Register
    from tertiary.runs import WORK, RunWriter, former_stages, locked

    folder = Path(out)
    clock = Clock(progress, former_stages(folder))
    paths = [Path(p) for p in ([inputs] if isinstance(inputs, (str, Path)) else inputs)]
    settings, key = settings or AssignSettings(), _key()
    _apart(paths, folder)
    scratch = Path(scratch or folder / WORK)
    with locked(folder), _engines(engine, memory, threads, spark_master, spark, scratch) as (local, work):
        with clock.stage("register"):
            known = Register.load(overlays=[Path(p) for p in register], as_known=as_known)
        with clock.stage("intake") as facts:
            chosen = IntakeSettings(pseudonym_key=key)
            arrived = intake(local, paths, known, as_known=known.as_known, settings=chosen, reached=facts.reached)
            arrived = _handed_over(arrived, local, work)
            facts.update(arrived.counts, rows=arrived.counts["received"], bytes=_bytes_read(arrived.inputs))
        with clock.stage("whole") as facts:
            facts["rows"] = arrived.counts["accepted"]
            common = whole(work, arrived.activity, known, settings)
        with RunWriter(folder, work) as writer:
            with clock.stage("blocks") as facts:
                summary, kept = write_blocks(writer, work, arrived, known, settings, common)
                facts.update(rows=writer.rows.get("records", 0), bytes=writer.bytes(), kept=kept)
            with clock.stage("rest"):
                write_rest(writer, work, arrived)
                writer.fill()
            with clock.stage("settle") as facts:
                _balance(arrived.counts, writer.rows)
                writer.settle()
                facts.update(rows=sum(writer.rows.values()), bytes=writer.bytes())
            return writer.commit(
                {
                    "software": {"name": "tertiary", "version": __version__},
                    "engine": engine,
                    "inputs": arrived.inputs,
                    "register": known.record(),
                    "synthetic": any(o.synthetic for o in known.overlays)
                    or any(looks_synthetic(str(i["file"])) for i in arrived.inputs),
                    "settings": {**asdict(settings), "pseudonym_key": "set" if key else "not set"},
                    "counts": arrived.counts,
                    "summary": summary,
                    "seconds": clock.seconds,
                    "profile": {"started_at": clock.started_at, "engine": work.facts(), "stages": clock.stages},
                }
            )


def check(files: Sequence[str | Path], *, register: Sequence[str | Path] = ()) -> pa.Table:
    """Findings for files before anyone submits them (schema: `findings`), in file and row order."""
    from tertiary.flows import check as check_files
    from tertiary.register import Register

    known = Register.load(overlays=[Path(p) for p in register])
    with _local() as work:
        found = check_files(work, [Path(p) for p in files], known).findings
        return work.fetch(found.order_by("file", "row_number", "rule_id", "field"))


def _balance(counts: Mapping[str, int], rows: Mapping[str, int]) -> None:
    """Received rows must all be found again; anything else is a fault and nothing is committed."""
    if counts["received"] != counts["accepted"] + counts["quarantined"] + counts["superseded"]:
        raise ConservationError(f"Received rows do not add up: {counts}.")
    if counts["received"] != rows.get("records", 0) or counts["accepted"] != rows.get("reasons", 0):
        raise ConservationError(f"{counts} rows arrived but the run holds {dict(rows)}.")


def _key() -> str:
    """The key for pseudonyms, blank when none is set. TertiaryError when it could be guessed."""
    key = os.environ.get(KEY, "")
    if 0 < len(key) < SHORTEST_KEY:
        raise TertiaryError(
            f"{KEY} has {len(key)} characters, so few that pseudonyms could be undone by trying. Set at least "
            f"{SHORTEST_KEY} random ones, or unset it: NHS numbers are then refused."
        )
    return key


def _apart(inputs: Sequence[Path], out: Path) -> None:
    """RunError when the run would lie among its inputs: its tables would be read as data next time."""
    for given in inputs:
        if given.is_dir() and out.resolve().is_relative_to(given.resolve()):
            raise RunError(
                f"--out {out} lies inside the input folder {given}: its tables would be read as data next time. Choose "
                "a folder outside."
            )


def _bytes_read(inputs: Sequence[Mapping[str, Any]]) -> int:
    """Bytes of the files as they lie there; an archive counts once, whatever it holds."""
    return sum({str(i["file"]).partition("!")[0]: int(i["bytes"]) for i in inputs}.values())


def _local(memory: str | None = None, threads: int | None = None, work: Path | None = None) -> DuckDBEngine:
    from tertiary.engine import DuckDBEngine

    return DuckDBEngine(memory=memory, threads=threads, work=work)


@contextmanager
def _engines(
    name: str, memory: str | None, threads: int | None, master: str | None, session: Any, work: Path
) -> Iterator[tuple[DuckDBEngine, Engine]]:
    """The engine of intake, always DuckDB, and that of the stages, which may be the same one."""
    if name not in ("duckdb", "spark"):
        raise TertiaryError(f"Engine {name!r} is not known. This version has: duckdb, spark.")
    if name == "duckdb":
        if master or session is not None:
            raise TertiaryError("A Spark master or session was given, but the engine is duckdb. Add engine spark.")
        with _local(memory, threads, work) as one:
            yield one, one
        return
    from tertiary.spark import SparkEngine

    with SparkEngine(master, session, work, memory, threads) as far, _local(memory, threads, work) as near:
        yield near, far


def _handed_over(arrived: Intake, local: DuckDBEngine, work: Engine) -> Intake:
    from tertiary.engine import hand_over

    tables = {n: getattr(arrived, n) for n in ("activity", "findings", "quarantine", "submissions")}
    return replace(arrived, **{n: hand_over(table, f"arrived_{n}", local, work) for n, table in tables.items()})
