"""The records of a run in blocks: a block is one file of `activity`, rows of one month, at most a million on DuckDB.

What only all records together can say is known beforehand (`Whole`); the rest is computed block by block, so that
memory stays bounded, time grows with the records, and a block whose rows and knowledge have not changed is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tertiary.errors import ConservationError
from tertiary.joins import attach
from tertiary.marks import digest, fingerprint, software_mark
from tertiary.stages import DECIDED, GIVEN, stages
from tertiary.summary import merged, summary_of
from tertiary.tables import columns, ibis_schema

if TYPE_CHECKING:
    from pathlib import Path

    import ibis.expr.types as ir

    from tertiary.assign import AssignSettings
    from tertiary.engine import Engine
    from tertiary.flows import Intake
    from tertiary.register import Register
    from tertiary.runs import RunWriter
    from tertiary.stages import Whole

ORDER = ("submission_id", "row_number", "record_id")
BOTH = ("records", "reasons")
FINDINGS_ORDER = ("file", "row_number", "rule_id", "field", "finding_id")


@dataclass(frozen=True)
class Block:
    """One file of `activity`: its month, its path within the run folder and its rows (row_key 1 … rows)."""

    financial_year: str
    financial_month: int | None
    file: str
    rows: int
    accepted: int


def cut(engine: Engine, writer: RunWriter, activity: ir.Table) -> Iterator[Block]:
    """Write `activity` month by month, in the order of submissions and their rows."""
    import ibis

    month, limit = ("financial_year", "financial_month"), engine.block_rows
    sizes = activity.group_by(*month).aggregate(rows=activity.count(), accepted=(activity.fate == "accepted").sum())
    for size in engine.fetch(sizes.order_by(*month)).to_pylist():
        held = (
            activity.financial_month.isnull()
            if size["financial_month"] is None
            else (activity.financial_month == size["financial_month"])
        )
        rows = activity.filter((activity.financial_year == size["financial_year"]) & held)
        rows = conform(rows, "activity")
        place = ibis.row_number().over(order_by=[rows[c] for c in ORDER]) + 1
        ordered = engine.materialise("block_month", rows.mutate(row_key=place.cast("int64")))
        for first in range(0, size["rows"], limit):
            part = ordered.filter((ordered.row_key > first) & (ordered.row_key <= first + limit))
            part = part.mutate(row_key=part.row_key - first)
            file = writer.write("activity", part, ("row_key",))
            accepted = part.aggregate(n=(part.fate == "accepted").sum())
            yield Block(
                size["financial_year"], size["financial_month"], file, min(limit, size["rows"] - first),
                int(engine.fetch(accepted).column("n")[0].as_py() or 0),
            )  # fmt: skip
        engine.drop("block_month")


def write_blocks(
    writer: RunWriter, engine: Engine, arrived: Intake, known: Register, settings: AssignSettings, common: Whole
) -> tuple[dict[str, Any], int]:
    """Write activity, and what the stages make of each block of it. Returns the run's summary and the blocks kept.

    A block whose rows, knowledge and software are those of the former run is kept as it was. Small blocks that follow
    each other are decided together, since the stages cost most of a second however few the rows.
    """
    overlays = [overlay.sha256 for overlay in known.overlays]
    base = [software_mark(), engine.facts()["version"], str(known.as_known), overlays, asdict(settings)]
    months: list[tuple[str, int | None]] = []
    summaries: list[dict[str, Any]] = []
    waiting: list[tuple[str, Block]] = []
    kept = 0

    def decide_waiting() -> None:
        if not waiting:
            return
        blocks = [(writer.folder / block.file, block.rows) for _, block in waiting]
        with engine.block():
            decided = decide(engine, blocks, known, settings, common)
            writer.wait()  # at most the tables of one group wait in memory for their writing
            for (key, block), (rows, staged) in zip(waiting, decided, strict=True):
                check_rows(engine, staged, block, rows)
                with writer.part(key) as summary:
                    write_decided(writer, engine, rows, staged)
                    _write_findings(writer, engine, arrived, staged)
                    summary.update(summary_of(engine, staged))
                summaries.append(summary)
        waiting.clear()

    for block in cut(engine, writer, arrived.activity):
        months.append((block.financial_year, block.financial_month))
        rows = engine.scan("block_found", [writer.folder / block.file])
        key = fingerprint([*base, block.file, digest(engine, common.read_by(rows))])
        is_former = writer.has(key)
        if is_former or sum(b.rows for _, b in waiting) + block.rows > engine.block_rows:
            decide_waiting()
        if is_former:
            summaries.append(writer.again(key))
            kept += 1
        else:
            waiting.append((key, block))
    decide_waiting()
    records = writer.tables.get("records", [])
    for month in dict.fromkeys(months):
        _write_month(writer, engine, [f for m, f in zip(months, records, strict=True) if m == month], base)
    return merged(summaries), kept


def decide(
    engine: Engine, blocks: Sequence[tuple[Path, int]], known: Register, settings: AssignSettings, common: Whole
) -> Iterator[tuple[ir.Table, ir.Table]]:
    """Run the stages once over several blocks: files of activity and their rows.

    For each block in turn its rows and its decided records, row_key counting on from block to block.
    """
    rows = engine.scan_on("block", blocks, "row_key")
    decided = stages(engine, rows, known, settings, common, narrow=True)
    told = sorted(DECIDED - {c.name for name in BOTH for c in columns(name)})
    decided = conform(decided, BOTH, told).drop(*GIVEN)
    given = conform(rows.filter(rows.fate == "accepted"), "records", ["row_key"]).select("row_key", *sorted(GIVEN))
    staged = engine.hold("staged", decided, "row_key", given)
    if len(blocks) == 1:
        yield rows, staged
        return
    last = 0
    for file, count in blocks:
        first, last = last + 1, last + count
        own = engine.scan("block_of_several", [file])
        own = own.mutate(row_key=own.row_key + (first - 1))
        yield own, engine.portion("staged_of_several", staged, "row_key", first, last)


def write_decided(writer: RunWriter, engine: Engine, rows: ir.Table, staged: ir.Table) -> None:
    """Write `records` and `reasons` of a block from its rows and its decided records."""
    apart = rows.filter(rows.fate != "accepted")
    records = staged
    if engine.count(apart):
        records = conform(staged, "records", ["row_key"]).union(conform(apart, "records", ["row_key"]))
    writer.write_aside("records", records, ("row_key",))
    writer.write_aside("reasons", staged, ("row_key",))


def _write_findings(writer: RunWriter, engine: Engine, arrived: Intake, staged: ir.Table) -> None:
    """What the stages find wrong with the commissioners of a block."""
    from tertiary.assign import commissioner_findings

    sent = arrived.submissions.select("submission_id", "file")
    told = attach(commissioner_findings(staged).drop("file"), sent, ["submission_id"])
    told = engine.materialise("block_findings", told)
    if engine.count(told):
        writer.write("findings", conform(told, "findings"), FINDINGS_ORDER)


def _write_month(writer: RunWriter, engine: Engine, files: Sequence[str], base: Sequence[Any]) -> None:
    """Ledger and patient cells of a month from its records."""
    from tertiary.ledger import ledger, patient_cells

    key = fingerprint([*base, "ledger", files])
    if writer.has(key):
        writer.again(key)
        return
    records = engine.scan("month_records", [writer.folder / file for file in files])
    with writer.part(key):
        for name, table in (("ledger", ledger(records)), ("patient_cells", patient_cells(records))):
            writer.write(name, table, [c.name for c in columns(name) if c.is_key])


def write_rest(writer: RunWriter, engine: Engine, arrived: Intake) -> None:
    """What is not cut into blocks: refused rows, findings of intake, submissions."""
    if engine.count(arrived.quarantine):
        writer.write("quarantine", conform(arrived.quarantine, "quarantine"), ORDER)
        writer.write("records", conform(arrived.quarantine, "records", fate="quarantined"), ORDER)
    if engine.count(arrived.findings):
        writer.write("findings", conform(arrived.findings, "findings"), FINDINGS_ORDER)
    writer.write("submissions", conform(arrived.submissions, "submissions"), ("submission_id",))


def check_rows(engine: Engine, staged: ir.Table, block: Block, rows: ir.Table) -> None:
    """Every accepted row of the block must be in `staged` once. ConservationError: a fault of this software."""

    def marks(table: ir.Table) -> dict[str, Any]:
        key = table.row_key
        sums = table.aggregate(n=key.count(), keys=key.sum(), squares=(key * key).sum())
        return dict(engine.fetch(sums).to_pylist()[0])

    expected, found = marks(rows.filter(rows.fate == "accepted")), marks(staged)
    if expected != found or found["n"] != block.accepted:
        raise ConservationError(
            f"Block {block.file}: {block.accepted} rows were accepted but the stages returned {found['n']}, or others."
        )


def conform(table: ir.Table, name: str | Sequence[str], extra: Sequence[str] = (), **constants: str) -> ir.Table:
    """`table` with just the columns of run table `name` (or several) and `extra`; what it lacks is blank or null."""
    import ibis

    chosen: dict[str, Any] = {column: table[column] for column in extra}
    names = [name] if isinstance(name, str) else name
    for column, kind in (item for one in names for item in ibis_schema(one).items()):
        if column in constants:
            chosen[column] = ibis.literal(constants[column])
        elif column in table.columns:
            value = table[column] if table[column].type() == kind else table[column].cast(kind)
            chosen[column] = value.fill_null("") if kind.is_string() else value
        elif kind.is_string():
            chosen[column] = ibis.literal("")
        elif kind.is_boolean():
            chosen[column] = ibis.literal(False)
        else:
            chosen[column] = ibis.null(kind)
    return table.select(**chosen)
