"""The walk: files in, every record explained, a ledger out. One record goes through the house in one direction."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary import __version__
from tertiary.blocks import check_rows, conform, cut
from tertiary.clock import Clock, Progress
from tertiary.errors import ConservationError, RunError, TertiaryError
from tertiary.joins import attach
from tertiary.summary import merged, summary_of
from tertiary.tables import columns

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.assign import AssignSettings, Ground
    from tertiary.engine import DuckDBEngine
    from tertiary.flows import Intake
    from tertiary.identify import Survey
    from tertiary.ledger import Basis
    from tertiary.register import Register
    from tertiary.runs import Run, RunWriter

FINDINGS_ORDER = ("file", "row_number", "rule_id", "field", "finding_id")
# columns of decided records that the tables of a run and its findings on commissioners are made of
KEPT = frozenset(
    {"row_key", "commissioner_kind", "commissioner_read", *(c.name for t in ("records", "reasons") for c in columns(t))}
)
KEY = "TERTIARY_PSEUDONYM_KEY"
SHORTEST_KEY = 32


def run(
    inputs: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    register: Sequence[str | Path] = (),
    as_known: date | None = None,
    engine: str = "duckdb",
    memory: str | None = None,
    threads: int | None = None,
    scratch: str | Path | None = None,
    settings: AssignSettings | None = None,
    progress: Progress | None = None,
) -> Run:
    """Take a folder of monthly commissioning files to a run folder: records, reasons, findings and a ledger.

    `register` names overlay folders; `as_known` defaults to the register version's date and also decides which
    submissions had been received. Working files are in the run folder while it runs, or in `scratch`. Errors:
    FlowError, RegisterError, RunError, EngineError.
    """
    from tertiary.assign import AssignSettings
    from tertiary.flows import IntakeSettings, intake
    from tertiary.register import Register
    from tertiary.runs import WORK, RunWriter, former_stages, locked

    folder = Path(out)
    clock = Clock(progress, former_stages(folder))
    paths = [Path(p) for p in ([inputs] if isinstance(inputs, (str, Path)) else inputs)]
    settings, key = settings or AssignSettings(), _key()
    _apart(paths, folder)
    with locked(folder), _engine(engine, memory, threads, Path(scratch or folder / WORK)) as work:
        with clock.stage("register"):
            known = Register.load(overlays=[Path(p) for p in register], as_known=as_known)
        with clock.stage("intake") as facts:
            chosen = IntakeSettings(pseudonym_key=key)
            arrived = intake(work, paths, known, as_known=known.as_known, settings=chosen, reached=facts.reached)
            facts.update(arrived.counts, rows=arrived.counts["received"], bytes=_bytes_read(arrived.inputs))
        writer = RunWriter(folder, work)
        with clock.stage("whole") as facts:
            facts["rows"] = arrived.counts["accepted"]
            common = whole(work, arrived.activity, known, settings)
        with clock.stage("blocks") as facts:
            summary = _write_blocks(writer, work, arrived, known, settings, common)
            facts.update(rows=writer.rows.get("records", 0), bytes=writer.bytes())
        with clock.stage("totals") as facts:
            _write_totals(writer, work, arrived)
            writer.fill()
            facts["rows"] = writer.rows.get("ledger", 0)
        with clock.stage("settle") as facts:
            _balance(arrived.counts, writer.rows)
            writer.settle()
            facts.update(rows=sum(writer.rows.values()), bytes=writer.bytes())
        return writer.commit(
            {
                "software": {"name": "tertiary", "version": __version__},
                "engine": engine,
                "inputs": arrived.inputs,
                "register": _register_facts(known),
                "synthetic": any(o.synthetic for o in known.overlays) or _looks_synthetic(arrived.inputs),
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
    with _engine("duckdb", None, None) as work:
        found = check_files(work, [Path(p) for p in files], known).findings
        return work.fetch(found.order_by("file", "row_number", "rule_id", "field"))


@dataclass(frozen=True)
class Whole:
    """What only all accepted records of a run together say: spells and links, the assignment's ground, what counts."""

    seen: Survey
    ground: Ground
    basis: Basis


def whole(engine: DuckDBEngine, activity: ir.Table, register: Register, settings: AssignSettings) -> Whole:
    """What `stages` needs to know of all records (`activity`, any fate) before it can work block by block."""
    from tertiary.assign import Ground
    from tertiary.identify import survey
    from tertiary.ledger import spend_basis

    rows = activity.filter(activity.fate == "accepted")
    return Whole(survey(engine, rows, register), Ground.of(engine, rows, register, settings), spend_basis(engine, rows))


def stages(
    engine: DuckDBEngine, activity: ir.Table, register: Register, settings: AssignSettings, known: Whole | None = None
) -> ir.Table:
    """Identify, assign, price and count accepted activity: all columns of `records` and `reasons`, one row a record.

    `activity` is a block of the run's records (row_key: 1 … n) and `known` what all of them say; without it the block
    is taken for the whole run.
    """
    from tertiary.assign import assign
    from tertiary.identify import identify
    from tertiary.ledger import count_once
    from tertiary.price import price

    known = known or whole(engine, activity, register, settings)
    rows = activity.filter(activity.fate == "accepted")
    identified = engine.name("identified", identify(engine, rows, register, known.seen))
    counted = engine.name("counted", count_once(engine, identified, known.basis))
    assigned = assign(engine, counted, register, settings, known.ground, KEPT)
    decided = assigned.mutate(commissioned_service_category=assigned.category_assigned).drop("category_assigned")
    return price(engine, decided, register)


def _write_blocks(
    writer: RunWriter, engine: DuckDBEngine, arrived: Intake, known: Register, settings: AssignSettings, common: Whole
) -> dict[str, Any]:
    """Write activity, and for each block of it records, reasons and findings; returns the summary of the run."""
    from tertiary.assign import commissioner_findings

    sent = arrived.submissions.select("submission_id", "file")
    parts = []
    for block in cut(engine, writer, arrived.activity):
        rows = engine.scan("block", [writer.folder / block.file])
        staged = write_block(writer, engine, rows, known, settings, common)
        check_rows(engine, staged, block, rows)
        told = commissioner_findings(staged)
        told = engine.materialise("block_findings", attach(told.drop("file"), sent, ["submission_id"]))
        if engine.count(told):
            writer.write("findings", conform(told, "findings"), FINDINGS_ORDER)
        parts.append(summary_of(engine, staged))
    return merged(parts)


def write_block(
    writer: RunWriter, engine: DuckDBEngine, rows: ir.Table, known: Register, settings: AssignSettings, common: Whole
) -> ir.Table:
    """Decide the accepted records of a block and write its `records` and `reasons`; returns the decided records."""
    decided = stages(engine, rows, known, settings, common)
    staged = engine.hold("staged", decided.select(*[c for c in decided.columns if c in KEPT]))
    others = rows.filter(rows.fate != "accepted")
    records = conform(staged, "records", ["row_key"])
    if engine.count(others):
        records = records.union(conform(others, "records", ["row_key"]))
    writer.write("records", records, ("row_key",))
    writer.write("reasons", conform(staged, "reasons", ["row_key"]), ("row_key",))
    return staged


def _write_totals(writer: RunWriter, engine: DuckDBEngine, arrived: Intake) -> None:
    """What is not cut into blocks: refused rows, findings of intake, submissions; ledger and patient cells by month."""
    from tertiary.ledger import ledger, patient_cells

    by_row = ("submission_id", "row_number", "record_id")
    if engine.count(arrived.quarantine):
        writer.write("quarantine", conform(arrived.quarantine, "quarantine"), by_row)
        writer.write("records", conform(arrived.quarantine, "records", fate="quarantined"), by_row)
    if engine.count(arrived.findings):
        writer.write("findings", conform(arrived.findings, "findings"), FINDINGS_ORDER)
    writer.write("submissions", conform(arrived.submissions, "submissions"), ("submission_id",))
    records = engine.scan("records", [writer.folder / file for file in writer.tables.get("records", [])])
    for name, table in (("ledger", ledger(records)), ("patient_cells", patient_cells(records))):
        writer.write(name, table, [c.name for c in columns(name) if c.is_key])


def _balance(counts: Mapping[str, int], rows: Mapping[str, int]) -> None:
    """Received rows must all be found again; anything else is a fault and nothing is committed."""
    if counts["received"] != counts["accepted"] + counts["quarantined"] + counts["superseded"]:
        raise ConservationError(f"Received rows do not add up: {counts}.")
    if counts["received"] != rows.get("records", 0) or counts["accepted"] != rows.get("reasons", 0):
        raise ConservationError(f"{counts} rows arrived but the run holds {dict(rows)}.")


def _register_facts(known: Register) -> dict[str, Any]:
    return {
        "version": known.version,
        "version_date": str(known.version_date),
        "as_known": str(known.as_known),
        "overlays": [
            {"name": o.name, "label": o.label, "sha256": o.sha256, "synthetic": o.synthetic} for o in known.overlays
        ],
    }


def _looks_synthetic(inputs: Sequence[Mapping[str, Any]]) -> bool:
    return any(Path(str(i["file"])).name.startswith("synthetic_") for i in inputs)


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


def _engine(name: str, memory: str | None, threads: int | None, work: Path | None = None) -> DuckDBEngine:
    from tertiary.engine import DuckDBEngine

    if name != "duckdb":
        raise TertiaryError(f"Engine {name!r} is not known. This version has: duckdb.")
    return DuckDBEngine(memory=memory, threads=threads, work=work)
