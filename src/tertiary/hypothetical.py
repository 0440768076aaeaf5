"""A record that nobody has, walked through the stages of a run: what would be, answered within a second.

What does not depend on the record is made once a register and kept.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.engine import DuckDBEngine
from tertiary.errors import TertiaryError
from tertiary.privacy import names_patient
from tertiary.tables import arrow_schema, columns

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.assign import Ground
    from tertiary.register import Register

READABLE = {"int": "a whole number", "decimal": "a number such as 12.50", "date": "a date such as 2025-06-30"}
# answers that are kept, for links that several people follow
KEPT = 256


class Hypotheses:
    """A register, ready to be asked by several threads. Close it, or use it with `with`."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self._turn = threading.Lock()
        self._engine: KeepingEngine | None = None
        self._ground: Ground | None = None
        self._answers = lru_cache(KEPT)(self._walked)

    def __enter__(self) -> Hypotheses:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the engine go."""
        with self._turn:
            if self._engine is not None:
                self._engine.close()
            self._engine = self._ground = None

    def ready(self) -> None:
        """Make what every question needs, so that the first one need not wait for it."""
        self.walked({})

    def walked(self, given: Mapping[str, str]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """One record as it is asked about (a row of activity), and what the stages decide (of records and reasons).

        `given` names columns of activity (docs/reference/tables.md). TertiaryError as in `hypothetical`.
        """
        return self._answers(tuple(sorted(given.items())), date.today())

    def _walked(self, given: tuple[tuple[str, str], ...], _: date) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        from tertiary.assign import AssignSettings
        from tertiary.identify import survey
        from tertiary.ledger import spend_basis
        from tertiary.stages import Whole, stages

        asked = hypothetical(dict(given))
        with self._turn:
            engine, ground = self._standing()
            with engine.block():
                rows = engine.load("hypothetical", asked)
                whole = Whole(survey(engine, rows, self.register), ground, spend_basis(engine, rows))
                decided = engine.fetch(stages(engine, rows, self.register, AssignSettings(), whole))
        return asked.to_pylist()[0], decided.to_pylist()[0]

    def _standing(self) -> tuple[KeepingEngine, Ground]:
        """The engine, and the ground of the method on every day: a record may lie in any of its periods."""
        import pyarrow as pa

        from tertiary.assign import AssignSettings, Ground
        from tertiary.assign.periods import boundaries

        if self._engine is None or self._ground is None:
            self._engine = KeepingEngine(threads=1)
            days = pa.concat_tables([hypothetical({"activity_date": str(day)}) for day in boundaries(self.register)])
            rows = self._engine.load("hypothetical_days", days)
            self._ground = Ground.of(self._engine, rows, self.register, AssignSettings())
        return self._engine, self._ground


class KeepingEngine(DuckDBEngine):
    """For the same small question again and again: a table that is loaded once more as it was is not made anew."""

    def __init__(self, memory: str | None = None, threads: int | None = None, work: Path | None = None) -> None:
        self._loaded: dict[str, tuple[pa.Table, ir.Table]] = {}
        super().__init__(memory, threads, work)

    def load(self, name: str, table: pa.Table) -> ir.Table:
        """As `DuckDBEngine.load`."""
        known = self._loaded.get(name)
        if known is None or not known[0].equals(table):
            known = self._loaded[name] = (table, super().load(name, table))
        return known[1]

    def drop(self, name: str) -> None:
        """As `DuckDBEngine.drop`."""
        self._loaded.pop(name, None)
        super().drop(name)


def hypothetical(given: Mapping[str, str]) -> pa.Table:
    """One accepted activity row from texts.

    TertiaryError names an unknown field, or a value that cannot be read or looks like the number of a patient.
    """
    import pyarrow as pa

    if named := sorted(name for name, text in given.items() if names_patient(text)):
        raise TertiaryError(
            f"{', '.join(named)} holds ten digits that pass the check of an NHS number. A hypothetical record is of "
            "nobody: leave the number out."
        )
    schema = arrow_schema("activity")
    unknown = sorted(set(given) - set(schema.names))
    if unknown:
        raise TertiaryError(f"No field {', '.join(unknown)}. Fields: {', '.join(schema.names)}.")
    row: dict[str, Any] = {f.name: "" if pa.types.is_string(f.type) else None for f in schema}
    row |= {
        "record_id": "hypothetical", "row_key": 1, "submission_id": "hypothetical", "row_number": 1, "flow": "op",
        "fate": "accepted", "component": _component(given.get("flow", "op")), "age": 999, "quantity": Decimal(1),
    }  # fmt: skip
    for column in columns("activity"):
        if column.name in given:
            held = schema.field(column.name).type
            row[column.name] = _read(column.name, column.type, given[column.name], held)
    row["activity_date"] = row["activity_date"] or row["end_date"] or row["start_date"] or date.today()
    day: date = row["activity_date"]
    year = day.year if day.month >= 4 else day.year - 1
    row["financial_year"] = row["financial_year"] or f"{year}{(year + 1) % 100:02d}"
    row["financial_month"] = row["financial_month"] or (day.month - 4) % 12 + 1
    return pa.Table.from_pylist([row], schema=schema)


def _component(flow: str) -> str:
    """What rows of a flow are: activity, drug or device. TertiaryError when there is no such flow."""
    from tertiary.flows.contracts import contracts

    if flow not in contracts():
        raise TertiaryError(f"flow={flow}: no such flow. Flows: {', '.join(contracts())}.")
    made = {m.column: m.value for m in contracts()[flow].mapping if m.how == "constant"}
    return made.get("component", "activity")


def _read(name: str, kind: str, text: str, held: pa.DataType) -> Any:
    import pyarrow as pa

    try:
        if kind == "string":
            return text.strip()
        if kind.startswith("int"):
            return pa.scalar(int(text), held).as_py()
        if kind.startswith("decimal"):
            return pa.scalar(Decimal(text), held).as_py()
        return datetime.strptime(text, "%Y-%m-%d").date()
    except (ValueError, InvalidOperation, OverflowError):  # those of Arrow are ValueErrors
        wanted = next((words for start, words in READABLE.items() if kind.startswith(start)), READABLE["date"])
        raise TertiaryError(f"{name}={text}: {text!r} is not {wanted}. Correct it.") from None
