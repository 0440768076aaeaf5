"""What arrived, and is it sound: files in, canonical activity, findings, quarantine and submissions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import ConservationError, FlowError
from tertiary.flows import crossflow, files, findings, macros, reading, references, stage, submissions
from tertiary.flows.files import Content, Problem
from tertiary.flows.limits import NO_LIMITS, Limits
from tertiary.flows.reading import Reached

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import DuckDBEngine
    from tertiary.register import Register


@dataclass(frozen=True)
class IntakeSettings:
    """`pseudonym_key` makes hashes of NHS numbers; `coverage` maps file patterns to in_month or year_to_date.

    `limits` bound what archives of strangers may hold.
    """

    pseudonym_key: str | None = field(default=None, repr=False)
    coverage: tuple[tuple[str, str], ...] = ()
    limits: Limits = NO_LIMITS


@dataclass(frozen=True)
class Intake:
    """Result of intake.

    `activity` (rows accepted or superseded), `findings`, `quarantine` and `submissions` are expressions over tables
    of the engine with the columns of tables.csv. `inputs` has one entry a file: file, sha256, bytes, rows, flow.
    `counts`: received = accepted + quarantined + superseded.
    """

    activity: ir.Table
    findings: ir.Table
    quarantine: ir.Table
    submissions: ir.Table
    inputs: list[dict[str, Any]]
    counts: dict[str, int]


def intake(
    engine: DuckDBEngine,
    inputs: Sequence[Path],
    register: Register,
    *,
    as_known: date,
    settings: IntakeSettings,
    reached: Reached | None = None,
) -> Intake:
    """Read files and folders into canonical activity as known at the end of `as_known`.

    `reached(bytes done, bytes of all files)` is called as files have been read.
    A bad file or row is a finding. FlowError when an input does not exist or nothing was found; ConservationError
    when rows do not add up, which is a fault of this software.
    """
    return _take_in(engine, inputs, register, as_known, settings, is_superseding=True, reached=reached)


def check(
    engine: DuckDBEngine, inputs: Sequence[Path], register: Register, *, settings: IntakeSettings | None = None
) -> Intake:
    """As `intake`, with every file judged on its own: nothing is superseded by another file."""
    return _take_in(engine, inputs, register, register.as_known, settings or IntakeSettings(), is_superseding=False)


def _take_in(
    engine: DuckDBEngine,
    inputs: Sequence[Path],
    register: Register,
    as_known: date,
    settings: IntakeSettings,
    *,
    is_superseding: bool,
    reached: Reached | None = None,
) -> Intake:
    key = settings.pseudonym_key or None
    macros.install(engine, key)
    for module in (stage, findings):
        module.create(engine)
    contents = _open(inputs, engine.work, settings.limits)
    compiled, broken = reading.read(engine, contents, register, key is not None, reached)
    _load_files(engine, contents, inputs, settings, is_superseding)
    _load_broken(engine, broken)
    macros.forget_key(engine)
    findings.of_files(engine, contents)
    findings.of_rows(engine, compiled)
    references.find(engine, register)
    submissions.slices(engine)
    submissions.decide(engine, as_known, is_superseding)
    submissions.note_order(engine)
    submissions.publish(engine)
    crossflow.find(engine, register)
    findings.publish(engine)
    counts = _balance(engine)
    tables = {n: engine.table(f"flows_{n}") for n in ("activity", "findings", "quarantine", "submissions")}
    return Intake(**tables, inputs=_inputs(engine, contents), counts=counts)


def _open(inputs: Sequence[Path], work: Path, limits: Limits) -> dict[int, Content]:
    contents: dict[int, Content] = {}
    for place, (name, path) in enumerate(files.find(inputs)):
        for content in files.open_contents(name, path, work, place, limits):
            contents[len(contents)] = content
    return contents


def _load_files(
    engine: DuckDBEngine,
    contents: dict[int, Content],
    inputs: Sequence[Path],
    settings: IntakeSettings,
    is_superseding: bool,
) -> None:
    """`flows_files`: one row a content; `flows_bases`: where its rows begin in `flows_rows`."""
    import pyarrow as pa

    folders = [p for p in inputs if p.is_dir()]
    received = files.side_table(folders, "received.csv", "received_at")
    coverage = [*files.side_table(folders, "coverage.csv", "coverage").items(), *settings.coverage]
    first_of: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for number, content in contents.items():
        flow = content.recognised.contract.flow if content.recognised else ""
        is_usable = content.problem is None and content.hash != ""
        copy_of = first_of.get(content.hash) if is_usable else None
        ordinal = 0 if copy_of is None else sum(r["file_hash"] == content.hash for r in rows)
        if is_usable and copy_of is None:
            first_of[content.hash] = number
        if copy_of is not None and is_superseding:
            content.notes.append(Problem("S18", contents[copy_of].name))
        rows.append(
            {
                "file_no": number,
                "file": content.name,
                "file_hash": content.hash,
                "flow": flow,
                "copy_of": copy_of if is_superseding else None,
                "ordinal": ordinal,
                "coverage": _coverage(content.name, coverage),
                "received_at": _received(content.name, received),
                "file_time": content.stamp[1],
            }
        )
    schema = pa.schema(
        [
            ("file_no", pa.int32()), ("file", pa.string()), ("file_hash", pa.string()), ("flow", pa.string()),
            ("copy_of", pa.int32()), ("ordinal", pa.int32()), ("coverage", pa.string()),
            ("received_at", pa.timestamp("us")), ("file_time", pa.int64()),
        ]
    )  # fmt: skip
    engine.load("flows_files", pa.Table.from_pylist(rows, schema=schema))
    engine.execute("""CREATE OR REPLACE TABLE flows_bases AS
        SELECT file_no, min(rowid) AS first_row, max(rowid) AS last_row, count(*) AS rows FROM flows_rows GROUP BY 1""")


def _coverage(name: str, declared: Sequence[tuple[str, str]]) -> str:
    for pattern, value in declared:
        if fnmatch(name, pattern) or fnmatch(Path(name).name, pattern):
            if value not in ("in_month", "year_to_date"):
                raise FlowError(
                    f"Coverage of {pattern} is {value!r}; expected in_month or year_to_date. Correct coverage.csv."
                )
            return value
    return "year_to_date" if "ytd" in Path(name).name.lower() else "in_month"


def _received(name: str, declared: dict[str, str]) -> datetime | None:
    text = declared.get(name) or declared.get(Path(name).name)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise FlowError(
            f"received.csv: {text!r} for {name} is not a time such as 2025-07-10T09:30:00. Correct it."
        ) from error


def _load_broken(engine: DuckDBEngine, broken: list[dict[str, Any]]) -> None:
    import pyarrow as pa

    names = ("file_no", "row_number", "check", "value", "expected", "raw")
    types = [pa.int32(), pa.int64(), *[pa.string()] * 4]
    data = pa.table([pa.array([b[n] for b in broken], t) for n, t in zip(names, types, strict=True)], names=list(names))
    engine.load("flows_broken", data)


def _balance(engine: DuckDBEngine) -> dict[str, int]:
    """Received = accepted + quarantined + superseded: in all, by submission and against the published tables."""
    names = ("received", "accepted", "quarantined", "superseded")
    sums = engine.query(
        f"SELECT {', '.join(f'coalesce(sum({n}), 0)::BIGINT AS {n}' for n in names)} FROM flows_submissions"
    )
    counts = {n: int(sums.column(n)[0].as_py()) for n in names}
    found = engine.query("""SELECT
        (SELECT count(*) FROM flows_submissions WHERE received <> accepted + quarantined + superseded) AS uneven,
        (SELECT count(*) FROM flows_rows) + (SELECT count(*) FROM flows_broken) AS received,
        (SELECT count(*) FROM flows_quarantine) AS quarantined,
        (SELECT count(*) FROM flows_activity WHERE fate = 'accepted') AS accepted,
        (SELECT count(*) FROM flows_activity WHERE fate = 'superseded') AS superseded,
        (SELECT count(*) FROM flows_bases WHERE last_row - first_row + 1 <> rows) AS scattered""").to_pylist()[0]
    if found.pop("uneven") or found.pop("scattered") or any(counts[n] != found[n] for n in names):
        raise ConservationError(f"Received rows do not add up: submissions say {counts}, tables hold {found}.")
    return counts


def _inputs(engine: DuckDBEngine, contents: dict[int, Content]) -> list[dict[str, Any]]:
    rows = {
        r["file_no"]: r["rows"]
        for r in engine.query("SELECT file_no, count(*) AS rows FROM (SELECT file_no FROM flows_rows UNION ALL "
                              "SELECT file_no FROM flows_broken) GROUP BY 1").to_pylist()
    }  # fmt: skip
    hashes = {c.source: c.hash if c.path == c.source else files.file_hash(c.source) for c in contents.values()}
    return [
        {
            "file": c.name,
            "sha256": hashes[c.source],
            "bytes": c.stamp[0],
            "rows": rows.get(number, 0),
            "flow": c.recognised.contract.flow if c.recognised else "",
        }
        for number, c in contents.items()
    ]
