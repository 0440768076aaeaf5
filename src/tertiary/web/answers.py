"""What pages and API ask of a run: totals of the ledger and of submissions, within what a person may see.

One engine holds the run's files open for the life of the application; queries are short and take turns.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tertiary.errors import RunError, TertiaryError
from tertiary.hypothetical import Hypotheses
from tertiary.web.people import Person
from tertiary.web.scope import sees_all, within

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.register import Register
    from tertiary.runs import Run

# columns of the ledger that a page or a caller may slice and total by
DIMENSIONS = (
    "financial_year", "financial_month", "population_icb", "payer_code", "payer_kind", "service_line_final", "pss_line",
    "npoc_code", "provider_code", "point_of_delivery", "component", "delegation_status", "flow",
)  # fmt: skip
MONEY = ("quantity", "price_submitted", "price_expected")
FATES = ("received", "accepted", "quarantined", "superseded")
MOST_ROWS = 10_000


class UnavailableError(Exception):
    """The run cannot be read now; why is for the log, for it names folders of this machine."""


@dataclass(frozen=True)
class Found:
    """Rows, and whether there are more of them than were asked for."""

    rows: pa.Table
    more: bool


def once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Columns and the value to keep to. RunError when a column is given two values: no row has both."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if found.setdefault(name, value) != value:
            raise RunError(f"{name} is to be {found[name]!r} and {value!r} at once. Ask for one at a time.")
    return found


class Answers:
    """One run, ready to be asked."""

    def __init__(self, run: Run, register: Register) -> None:
        from tertiary.engine import DuckDBEngine

        self.run = run
        self.register = register
        self.hypotheses = Hypotheses(register)
        self._turn = threading.Lock()
        self._engine = DuckDBEngine()
        self._scanned: set[str] = set()

    def close(self) -> None:
        """Let the files go."""
        self._engine.__exit__(None, None, None)
        self.hypotheses.close()

    def ledger(
        self,
        person: Person,
        by: Sequence[str],
        only: Mapping[str, str],
        measure: str = "actual",
        limit: int = MOST_ROWS,
    ) -> Found:
        """Totals by `by` of what counts: records, quantity, price_submitted, price_expected; dearest first.

        `only` keeps rows whose columns have these values. One row of everything without `by`, of 0 records and no
        amounts when there is nothing. RunError when a column is not one of DIMENSIONS.
        """
        import ibis

        if wrong := [name for name in (*by, *only) if name not in DIMENSIONS]:
            raise RunError(f"The ledger cannot be sliced by {', '.join(wrong)}. Choose from {', '.join(DIMENSIONS)}.")
        rows = self.rows("ledger", person)
        rows = rows.filter(rows.measure == measure, rows.counted | (rows.measure == "plan"))
        for name, value in only.items():
            rows = rows.filter(rows[name].cast("string") == value)
        sums = {"records": ibis.coalesce(rows.records.sum(), 0), **{name: rows[name].sum() for name in MONEY}}
        groups = list(dict.fromkeys(by))
        found = rows.group_by(*groups).aggregate(**sums) if groups else rows.aggregate(**sums)
        table = self.fetch(found.order_by(ibis.desc("price_submitted"), *groups).limit(limit + 1))
        # the engine sums whole numbers wider than they were
        at = table.schema.get_field_index("records")
        table = table.set_column(at, "records", table.column(at).cast("int64"))
        return Found(table.slice(0, limit), table.num_rows > limit)

    def submissions(self, person: Person) -> pa.Table:
        """Submissions by flow and status: files, rows received, accepted, quarantined and superseded."""
        rows = self.rows("submissions", person)
        found = rows.group_by("flow", "status").aggregate(
            submissions=rows.count(), **{name: rows[name].sum() for name in FATES}
        )
        return self.fetch(found.order_by("flow", "status"))

    def counts(self, person: Person) -> dict[str, int]:
        """Rows of the whole run by how they ended; empty for those who may not see all of it."""
        return {name: self.run.manifest["counts"][name] for name in FATES} if sees_all(person) else {}

    def rows(self, name: str, person: Person) -> ir.Table:
        """The rows of a table of the run that a person may see, not read yet. ForbiddenError when there are none."""
        table = self.run.table(name)
        found = within(table.expr, name, person, self.register)
        with self._turn:
            if name not in self._scanned:
                self._engine.scan(table.name, table.paths)
                self._scanned.add(name)
        return found

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Read what `rows` began. UnavailableError when the run cannot be read."""
        try:
            with self._turn:
                return self._engine.fetch(expr)
        except TertiaryError as error:
            logging.getLogger(__name__).error("%s", error)
            raise UnavailableError("The run cannot be read now. Why is in the log of this server.") from error
