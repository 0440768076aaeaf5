"""What pages and API ask of a run: totals of the ledger and of submissions, within what a person may see.

One engine holds the run's files open for the life of the application; queries are short and take turns.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tertiary.errors import RunError
from tertiary.web.people import Person
from tertiary.web.scope import within

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
MOST_ROWS = 10_000


class Answers:
    """One run, ready to be asked."""

    def __init__(self, run: Run, register: Register) -> None:
        from tertiary.engine import DuckDBEngine

        self.run = run
        self.register = register
        self._turn = threading.Lock()
        self._engine = DuckDBEngine()
        for name in ("ledger", "submissions"):
            table = run.table(name)
            self._engine.scan(table.name, table.paths)

    def close(self) -> None:
        """Let the files go."""
        self._engine.__exit__(None, None, None)

    def ledger(
        self, person: Person, by: Sequence[str], only: Mapping[str, str], measure: str = "actual", limit: int = 0
    ) -> pa.Table:
        """Totals by `by` of what counts: records, quantity, price_submitted, price_expected; dearest first.

        `only` keeps rows whose columns have these values. RunError when a column is not one of DIMENSIONS.
        """
        import ibis

        if wrong := [name for name in (*by, *only) if name not in DIMENSIONS]:
            raise RunError(f"The ledger cannot be sliced by {', '.join(wrong)}. Choose from {', '.join(DIMENSIONS)}.")
        rows = within(self.run.ledger.expr, "ledger", person, self.register)
        rows = rows.filter(rows.measure == measure, rows.counted | (rows.measure == "plan"))
        for name, value in only.items():
            rows = rows.filter(rows[name].cast("string") == value)
        sums = {"records": rows.records.sum(), **{name: rows[name].sum() for name in MONEY}}
        found = rows.group_by(*by).aggregate(**sums) if by else rows.aggregate(**sums)
        found = found.order_by(ibis.desc("price_submitted"), *by)
        return self._fetch(found.limit(min(limit or MOST_ROWS, MOST_ROWS)))

    def submissions(self, person: Person) -> pa.Table:
        """Submissions by flow and status: files, rows received, accepted, quarantined and superseded."""
        rows = within(self.run.submissions.expr, "submissions", person, self.register)
        counts = ("received", "accepted", "quarantined", "superseded")
        found = rows.group_by("flow", "status").aggregate(
            submissions=rows.count(), **{name: rows[name].sum() for name in counts}
        )
        return self._fetch(found.order_by("flow", "status"))

    def values(self, person: Person, name: str) -> list[Any]:
        """The values of a column of the ledger that a person may see, in order."""
        rows = within(self.run.ledger.expr, "ledger", person, self.register)
        found = self._fetch(rows.filter(rows.counted).select(name).distinct().order_by(name))
        return list(found.column(name).to_pylist())

    def _fetch(self, expr: ir.Table) -> pa.Table:
        with self._turn:
            return self._engine.fetch(expr)
