"""The walk: files in, every record explained, a ledger out. One record goes through the house in one direction."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary import __version__
from tertiary.errors import ConservationError, TertiaryError
from tertiary.joins import attach
from tertiary.tables import columns, ibis_schema

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.assign import AssignSettings
    from tertiary.engine import DuckDBEngine, Engine
    from tertiary.flows import Intake
    from tertiary.register import Register
    from tertiary.runs import Run

Progress = Callable[[str, Mapping[str, Any]], None]


@dataclass
class Clock:
    """Seconds and rows by stage, for the manifest and for whoever watches."""

    progress: Progress | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[dict[str, Any]]:
        """Time a stage; what it puts into the yielded dictionary is reported with it. Never row values."""
        facts: dict[str, Any] = {}
        self._say("begin", {"stage": name})
        begin = time.perf_counter()
        yield facts
        self.seconds[name] = round(time.perf_counter() - begin, 3)
        self._say("end", {"stage": name, "seconds": self.seconds[name], **facts})

    def _say(self, event: str, facts: Mapping[str, Any]) -> None:
        if self.progress:
            self.progress(event, facts)


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
    settings: AssignSettings | None = None,
    progress: Progress | None = None,
) -> Run:
    """Take a folder of monthly commissioning files to a run folder: records, reasons, findings and a ledger.

    `register` names overlay folders; `as_known` defaults to the register version's date and also decides which
    submissions had been received. With engine "spark" the stages run in the session `spark`, else in the active
    one, else in a new one on `spark_master` (local unless told); files are read on this machine all the same. Errors:
    FlowError, RegisterError, RunError, EngineError.
    """
    from tertiary.assign import AssignSettings
    from tertiary.flows import IntakeSettings, intake
    from tertiary.register import Register
    from tertiary.runs import RunWriter, locked

    folder, clock = Path(out), Clock(progress)
    paths = [Path(p) for p in ([inputs] if isinstance(inputs, (str, Path)) else inputs)]
    settings = settings or AssignSettings()
    with locked(folder), _engines(engine, memory, threads, spark_master, spark, folder) as (local, work):
        with clock.stage("register"):
            known = Register.load(overlays=[Path(p) for p in register], as_known=as_known)
        with clock.stage("intake") as facts:
            key = os.environ.get("TERTIARY_PSEUDONYM_KEY")
            arrived = intake(local, paths, known, as_known=known.as_known, settings=IntakeSettings(pseudonym_key=key))
            arrived = _handed_over(arrived, local, work)
            facts.update(arrived.counts)
        with clock.stage("stages"):
            staged = work.materialise("staged", stages(work, arrived.activity, known, settings))
        with clock.stage("write") as facts:
            writer = RunWriter(folder, work)
            _write_tables(writer, work, arrived, staged)
            facts["rows"] = sum(writer.rows.values())
        with clock.stage("balance"):
            _balance(work, arrived, staged)
            summary = _summary(work, staged)
        return writer.commit(
            {
                "software": {"name": "tertiary", "version": __version__},
                "engine": engine,
                "engine_version": work.facts()["version"],
                "inputs": arrived.inputs,
                "register": _register_facts(known),
                "synthetic": any(o.synthetic for o in known.overlays) or _looks_synthetic(arrived.inputs),
                "settings": {**asdict(settings), "pseudonym_key": "set" if key else "not set"},
                "counts": arrived.counts,
                "summary": summary,
                "seconds": clock.seconds,
            }
        )


def check(files: Sequence[str | Path], *, register: Sequence[str | Path] = ()) -> pa.Table:
    """Findings for files before anyone submits them (schema: `findings`), in file and row order."""
    from tertiary.flows import check as check_files
    from tertiary.register import Register

    known = Register.load(overlays=[Path(p) for p in register])
    with _engine() as work:
        found = check_files(work, [Path(p) for p in files], known).findings
        return work.fetch(found.order_by("file", "row_number", "rule_id", "field"))


def stages(engine: Engine, activity: ir.Table, register: Register, settings: AssignSettings) -> ir.Table:
    """Identify, assign, price and count accepted activity: all columns of `records` and `reasons`, one row a record."""
    from tertiary.assign import assign
    from tertiary.identify import identify
    from tertiary.ledger import count_once
    from tertiary.price import price

    rows = engine.number("activity", activity.filter(activity.fate == "accepted"))
    identified = engine.materialise("identified", count_once(engine, identify(engine, rows, register)))
    assigned = assign(engine, identified, register, settings)
    decided = assigned.mutate(commissioned_service_category=assigned.category_assigned).drop("category_assigned")
    return price(engine, decided, register)


def _write_tables(writer: Any, engine: Engine, arrived: Intake, staged: ir.Table) -> None:
    from tertiary.assign import commissioner_findings
    from tertiary.ledger import ledger, patient_cells

    records = engine.materialise("records", _records(engine, arrived, staged))
    sent = arrived.submissions.select("submission_id", "file")
    told = commissioner_findings(staged)
    told = attach(told.drop("file") if "file" in told.columns else told, sent, ["submission_id"])
    findings = _conform(arrived.findings, "findings").union(_conform(told, "findings"))
    by_row = ("submission_id", "row_number", "record_id")
    writer.write("activity", _conform(arrived.activity, "activity"), by_row)
    writer.write("records", records, by_row)
    writer.write("reasons", _conform(staged, "reasons"), ("record_id",))
    writer.write("findings", findings, ("file", "row_number", "rule_id", "field", "finding_id"))
    writer.write("quarantine", _conform(arrived.quarantine, "quarantine"), by_row)
    writer.write("submissions", _conform(arrived.submissions, "submissions"), ("submission_id",))
    for name, table in (("ledger", ledger(records)), ("patient_cells", patient_cells(records))):
        writer.write(name, table, [c.name for c in columns(name) if c.is_key])


def _records(engine: Engine, arrived: Intake, staged: ir.Table) -> ir.Table:
    """One row a received row: accepted ones with everything decided, the others with what arrived."""
    others = arrived.activity.filter(arrived.activity.fate != "accepted")
    refused = arrived.quarantine
    return (
        _conform(staged, "records")
        .union(_conform(others, "records"))
        .union(_conform(refused, "records", fate="quarantined"))
    )


def _conform(table: ir.Table, name: str, **constants: str) -> ir.Table:
    """`table` with exactly the columns of run table `name`; what it lacks is blank, false or null."""
    import ibis

    chosen = {}
    for column, kind in ibis_schema(name).items():
        if column in constants:
            chosen[column] = ibis.literal(constants[column])
        elif column in table.columns:
            value = table[column].cast(kind)
            chosen[column] = value.fill_null("") if kind.is_string() else value
        elif kind.is_string():
            chosen[column] = ibis.literal("")
        elif kind.is_boolean():
            chosen[column] = ibis.literal(False)
        else:
            chosen[column] = ibis.null(kind)
    return table.select(**chosen)


def _balance(engine: Engine, arrived: Intake, staged: ir.Table) -> None:
    """Received rows and pounds must all be found again; anything else is a fault and nothing is committed."""
    counts = arrived.counts
    found = engine.fetch(staged.aggregate(n=staged.count(), ids=staged.record_id.nunique())).to_pylist()[0]
    if not found["n"] == found["ids"] == counts["accepted"]:
        raise ConservationError(f"{counts['accepted']} rows were accepted but the stages returned {found['n']}.")
    if counts["received"] != counts["accepted"] + counts["quarantined"] + counts["superseded"]:
        raise ConservationError(f"Received rows do not add up: {counts}.")
    totals = engine.query(
        "SELECT (SELECT count(*) FROM records) AS n, (SELECT count(DISTINCT record_id) FROM records) AS ids"
    ).to_pylist()[0]
    if totals["n"] != counts["received"] or totals["ids"] != counts["received"]:
        raise ConservationError(f"{counts['received']} rows were received but records holds {totals}.")


def _summary(engine: Engine, staged: ir.Table) -> dict[str, Any]:
    """Small counts that the manifest keeps: agreement of lines, unanswerable boxes, rules silent for a missing list."""
    from tertiary.assign import not_answerable_counts

    both = staged.filter((staged.service_line_submitted != "") & (staged.service_basis == "derived"))
    agreement = engine.fetch(
        both.aggregate(compared=both.count(), agreed=(both.service_line_derived == both.service_line_submitted).sum())
    ).to_pylist()[0]
    rules = staged.filter(staged.would_match != "")
    names = rules.select(rule_id=rules.would_match.split(",").unnest())
    silent = engine.fetch(names.group_by("rule_id").aggregate(records=names.count()).order_by("rule_id")).to_pylist()
    return {
        "line_agreement": {name: int(value or 0) for name, value in agreement.items()},
        "would_match": {row["rule_id"]: row["records"] for row in silent},
        "not_answerable": not_answerable_counts(engine, staged),
    }


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


def _engine(memory: str | None = None, threads: int | None = None) -> DuckDBEngine:
    from tertiary.engine import DuckDBEngine

    return DuckDBEngine(memory=memory, threads=threads)


@contextmanager
def _engines(
    name: str, memory: str | None, threads: int | None, master: str | None, session: Any, folder: Path
) -> Iterator[tuple[DuckDBEngine, Engine]]:
    """The engine of intake, always DuckDB, and that of the stages, which may be the same one."""
    if name not in ("duckdb", "spark"):
        raise TertiaryError(f"Engine {name!r} is not known. This version has: duckdb, spark.")
    if name == "duckdb":
        if master or session is not None:
            raise TertiaryError("A Spark master or session was given, but the engine is duckdb. Add engine spark.")
        with _engine(memory, threads) as one:
            yield one, one
        return
    from tertiary.spark import SparkEngine

    with SparkEngine(master, session, folder, memory, threads) as work, _engine(memory, threads) as local:
        yield local, work


def _handed_over(arrived: Intake, local: DuckDBEngine, work: Engine) -> Intake:
    from tertiary.engine import hand_over

    tables = {n: getattr(arrived, n) for n in ("activity", "findings", "quarantine", "submissions")}
    return replace(arrived, **{n: hand_over(table, f"arrived_{n}", local, work) for n, table in tables.items()})
