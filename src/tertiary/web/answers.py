"""What pages and API ask of a run: totals of the ledger and of submissions, within what a person may see.

One engine holds the run's files open for the life of the application; queries are short and take turns.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tertiary.errors import RunError, TertiaryError
from tertiary.tables import arrow_schema, ibis_schema
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


def is_placed(rows: ir.Table) -> tuple[ir.BooleanValue, ...]:
    """Whether a submission, or a row of the ledger, says which provider's it is and of which month."""
    return rows.provider_code != "", rows.financial_year != "", rows.financial_month > 0


class Answers:
    """One run, ready to be asked."""

    def __init__(self, run: Run, register: Register) -> None:
        from tertiary.engine import DuckDBEngine

        self.run = run
        self.register = register
        self._turn = threading.Lock()
        self._engine = DuckDBEngine()
        self._scanned: set[str] = set()
        self._worked: dict[str, ir.Table] = {}

    def close(self) -> None:
        """Let the files go."""
        self._engine.__exit__(None, None, None)

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
            self._scan(name)
        return found

    def months(self) -> list[tuple[str, int, int]]:
        """Years, months and how many providers sent something for them: of the whole run, for it is no row's figure."""
        with self._turn, _told_as_unavailable():
            rows = self._scan("submissions")
            rows = rows.filter(*is_placed(rows))
            by = ("financial_year", "financial_month")
            found = self._engine.fetch(
                rows.group_by(*by).aggregate(providers=rows.provider_code.nunique()).order_by(*by)
            )
        return [tuple(row.values()) for row in found.to_pylist()]

    def worked(
        self, name: str, person: Person, needs: Sequence[str], made: Callable[[Mapping[str, ir.Table]], ir.Table]
    ) -> ir.Table:
        """The rows of `name` that a person may see: totals that `made` works out of the tables it `needs`.

        They are worked out once a run and kept, for a run does not change; `owned.csv` says whose they are. What
        tables of single records tell must be counted in them. ForbiddenError as of `rows`; UnavailableError when the
        run cannot be read.
        """
        with self._turn, _told_as_unavailable():
            if name not in self._worked:
                tables = {need: self._scan(need) for need in needs}
                self._worked[name] = self._engine.materialise(f"worked_{name}", made(tables))
        return within(self._worked[name], name, person, self.register)

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Read what `rows` began. UnavailableError when the run cannot be read."""
        from pyarrow.types import is_integer

        with self._turn, _told_as_unavailable():
            found = self._engine.fetch(expr)
        # the engine sums whole numbers wider than they were
        for at, (name, kind) in enumerate(expr.schema().items()):
            if kind.is_integer() and not is_integer(found.schema.field(name).type):
                found = found.set_column(at, name, found.column(name).cast("int64"))
        return found

    def _scan(self, name: str) -> ir.Table:
        """A table of the run as the engine knows it; one that a run of an older version lacks has no row."""
        import ibis

        if name not in self._scanned:
            if name in self.run.manifest["tables"]:
                self._engine.scan(name, self.run.table(name).paths)
            else:
                self._engine.load(name, arrow_schema(name).empty_table())
            self._scanned.add(name)
        return ibis.table(ibis_schema(name), name=name)


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    try:
        yield
    except TertiaryError as error:
        logging.getLogger(__name__).error("%s", error)
        raise UnavailableError("The run cannot be read now. Why is in the log of this server.") from error
