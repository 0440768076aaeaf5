"""The check of one file in a process of its own: `python -m tertiary.web.checking`, started by `desk`.

A stranger's file may be made to exhaust memory or to crash a reader; here it can take nothing with it but this process.
The intake is that of `tertiary check`. The job comes as one line of JSON on standard input, which stays open as long as
somebody waits: when it closes, the work ends. Results are TOLD and FINDINGS beside the file; logs hold no value of it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import DuckDBEngine
    from tertiary.flows import Intake
    from tertiary.register import Register

TOLD, FINDINGS = "told.json", "findings.arrow"
# what one check may take: bytes of memory of the process, of the engine in it, and unpacked; files of an archive
MOST_MEMORY, ENGINE_MEMORY = 3 << 30, "1GB"
MOST_UNPACKED, MOST_FILES = 1_000_000_000, 100
# findings kept: of each rule, and in all
MOST_OF_A_RULE, MOST_FINDINGS = 2_000, 20_000
RULE = ("rule_id", "severity", "level")
PLACE = ("file", "row_number", "rule_id", "field")


@dataclass(frozen=True)
class Job:
    """A file to check, with the overlays of the register and the day to which it is known."""

    file: str
    overlays: tuple[str, ...]
    as_known: str


def check(job: Job) -> None:
    """Check the file and write what was found beside it. Errors: as of `tertiary.flows.check`."""
    import pyarrow as pa

    from tertiary.engine import DuckDBEngine
    from tertiary.flows import IntakeSettings
    from tertiary.flows import check as check_files
    from tertiary.flows.limits import Limits
    from tertiary.register import Register

    file = Path(job.file)
    register = Register.load(overlays=job.overlays, as_known=date.fromisoformat(job.as_known))
    settings = IntakeSettings(limits=Limits(MOST_UNPACKED, MOST_FILES))
    with DuckDBEngine(memory=ENGINE_MEMORY, threads=2, work=file.parent) as engine:
        taken = check_files(engine, [file], register, settings=settings)
        told = {**_told(engine, taken), "label": _label(taken, register)}
        kept = engine.fetch(_some(taken.findings))
    with pa.OSFile(str(file.parent / FINDINGS), "wb") as out, pa.ipc.new_file(out, kept.schema) as writer:
        writer.write_table(kept)
    # last, for it says that all is there
    (file.parent / TOLD).write_text(json.dumps(told, default=str), encoding="utf-8")


def _told(engine: DuckDBEngine, taken: Intake) -> dict[str, Any]:
    found = taken.findings
    rules = found.group_by(*RULE).aggregate(
        findings=found.count(), rows=found.record_id.nullif("").nunique(),
        expected=found.expected.arbitrary(), advice=found.advice.arbitrary(),
    )  # fmt: skip
    sent = taken.submissions
    names = (
        "file", "flow", "provider_code", "financial_year", "financial_month", "status", "received", "accepted",
        "quarantined", "superseded", "price_submitted",
    )  # fmt: skip
    return {
        "counts": taken.counts,
        "contents": [{name: one[name] for name in ("file", "bytes", "rows", "flow")} for one in taken.inputs],
        "rules": engine.fetch(rules.order_by(*RULE)).to_pylist(),
        "months": engine.fetch(sent.select(names).order_by(*names[:5]).limit(MOST_OF_A_RULE)).to_pylist(),
    }


def _label(taken: Intake, register: Register) -> str:
    """What kind of data the file is: synthetic only if all of it is; what the run beside it is says nothing of it."""
    from tertiary.flows.files import looks_synthetic
    from tertiary.show import label_of

    names = [str(one["file"]) for one in taken.inputs]
    return label_of(register.record(), bool(names) and all(map(looks_synthetic, names)))


def _some(found: ir.Table) -> ir.Table:
    """The first findings of each rule, so that a rule that fails on every row does not crowd out the others."""
    import ibis

    order = [found[name] for name in PLACE]
    place = ibis.row_number().over(group_by=[found[name] for name in RULE], order_by=order)
    some = found.mutate(place=place)
    some = some.filter(some.place < MOST_OF_A_RULE).order_by("place", *PLACE).limit(MOST_FINDINGS)
    kept = ("file", "row_number", "field", "value", *RULE, "expected", "repair", "advice")
    return some.order_by(*PLACE).select(kept)


def _end_with(waiting: IO[bytes]) -> None:
    waiting.read()
    os._exit(1)


def main() -> None:
    """Check the file that standard input names; leave when it closes."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    os.umask(0o077)
    # pages of the server go first
    os.nice(5)
    # without a buffer, whose lock a thread that waits for the end would hold for ever
    waiting = os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    given = json.loads(waiting.readline())
    job = Job(given["file"], tuple(given["overlays"]), given["as_known"])
    threading.Thread(target=_end_with, args=(waiting,), daemon=True).start()
    try:
        check(job)
    except Exception as error:
        # only the kind: a message may hold what stands in the file
        (Path(job.file).parent / TOLD).write_text(json.dumps({"error": type(error).__name__}), encoding="utf-8")
        sys.exit(1)


if __name__ == "__main__":
    main()
