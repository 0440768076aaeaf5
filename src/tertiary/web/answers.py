"""What pages and API ask of a run: totals of the ledger and of submissions, within what a person may see.

One engine holds the run's files open for the life of the application. Totals of the ledger are answered at the same
time for all who ask; other queries are short and take turns.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from tertiary.errors import AllocationError, RunError, TertiaryError
from tertiary.hypothetical import Hypotheses
from tertiary.tables import arrow_schema, ibis_schema
from tertiary.web.people import Person
from tertiary.web.scope import held, opened, sees_all, signed_on, within
from tertiary.web.totals import DIMENSIONS, Question, Totals
from tertiary.web.worked import Worked

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.register import Register
    from tertiary.runs import Run

Result = TypeVar("Result")
FATES = ("received", "accepted", "quarantined", "superseded")
MOST_ROWS = 10_000
MOST_PERSONAL = 1_000


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
    """One run, ready to be asked. `made` keeps what was worked out of all of it, `personal` what a person is shown."""

    def __init__(self, run: Run, register: Register) -> None:
        from tertiary.web.shared_engine import SharedEngine

        self.run = run
        self.register = register
        # what everything is worked out from twice where overlays are not for everybody
        self._opened = opened(register) if register.overlays else register
        self._hypotheses = {known: Hypotheses(known) for known in (register, self._opened)}
        self._turn = threading.RLock()
        self._engine = SharedEngine()
        self._scanned: set[str] = set()
        self._scan("ledger")
        self._totals = Totals(self._engine, "ledger")
        # what a region holds is looked up in the register, which takes longer than the answer
        self._ledger_of = lru_cache(maxsize=1_000)(lambda person: held("ledger", person, register))
        self._values = lru_cache(maxsize=5_000)(self._sought)
        self.made, self.personal = Worked(), Worked(MOST_PERSONAL)

    def close(self) -> None:
        """Let the files go."""
        self._engine.__exit__(None, None, None)
        for hypotheses in self._hypotheses.values():
            hypotheses.close()

    def known(self, person: Person) -> Register:
        """The register as a person may read it."""
        return self.register if signed_on(person) else self._opened

    def hypotheses(self, person: Person) -> Hypotheses:
        """What walks a record that nobody has through the register as a person may read it."""
        return self._hypotheses[self.known(person)]

    def keeps_back(self, table: str, person: Person) -> bool:
        """Whether an overlay brought rows to a table of the register that a person may not read at all."""
        seen = {overlay.name for overlay in self.known(person).overlays if overlay.provides(table)}
        return any(o.provides(table) and o.name not in seen for o in self.register.overlays)

    def ledger(
        self,
        person: Person,
        by: Sequence[str],
        only: Mapping[str, str],
        measure: str = "actual",
        limit: int = MOST_ROWS,
        offset: int = 0,
    ) -> Found:
        """Totals by `by` of what counts: records, quantity, price_submitted, price_expected; dearest first.

        `only` keeps rows whose columns have these values. One row of everything without `by`, of 0 records and no
        amounts when there is nothing. RunError when a column is not one of DIMENSIONS.
        """
        if wrong := [name for name in (*by, *only) if name not in DIMENSIONS]:
            raise RunError(f"The ledger cannot be sliced by {', '.join(wrong)}. Choose from {', '.join(DIMENSIONS)}.")
        asked = Question(tuple(dict.fromkeys(by)), only, self._ledger_of(person), measure)
        with self._plain():
            table = self._totals.ask(asked, limit + 1, offset)
        return Found(table.slice(0, limit), table.num_rows > limit)

    def values(self, person: Person, column: str) -> list[str]:
        """The values of a column of the ledger, in order, in the rows that a person may see."""
        return self._values(person, column)

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

    def rows(self, name: str, person: Person, owners: str = "") -> ir.Table:
        """The rows of a table of the run that a person may see, not read yet. ForbiddenError when there are none.

        `owners`: the name in owned.csv by which they are owned, where that is not the table's own.
        """
        table = self.run.table(name).expr
        # a table of single records is refused under its own name, whatever owners are named
        within(table, name, person, self.register)
        found = within(table, owners or name, person, self.register)
        self._scan(name)
        return found

    def _scan(self, name: str) -> ir.Table:
        """A table of the run as the engine knows it; one that a run of an older version lacks has no row."""
        import ibis

        with self._turn:
            if name not in self._scanned:
                self._scanned.add(name)
                if name in self.run.manifest["tables"]:
                    self._engine.scan(name, self.run.table(name).paths)
                else:
                    self._engine.load(name, arrow_schema(name).empty_table())
        return ibis.table(ibis_schema(name), name=name)

    def months(self) -> list[tuple[str, int, int]]:
        """Years, months and how many providers sent something for them: of the whole run, for it is no row's figure."""
        with self._plain(), self._turn:
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

        def work_out() -> ir.Table:
            with self._turn:
                tables = {need: self._scan(need) for need in needs}
                return self._engine.materialise(f"worked_{name}", made(tables))

        with self._plain():
            found = self.made.of(("table", name), work_out)
        return within(found, name, person, self.register)

    def worked_out(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """What `make` works out of the run's files and the register, kept under `key`.

        AllocationError is told to who asks; UnavailableError when the files cannot be read.
        """
        with self._plain(AllocationError):
            return self.made.of(key, make)

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Read what `rows` began. UnavailableError when the run cannot be read."""
        from pyarrow.types import is_integer

        with self._plain(), self._turn:
            found = self._engine.fetch(expr)
        # the engine sums whole numbers wider than they were
        for at, (name, kind) in enumerate(expr.schema().items()):
            if kind.is_integer() and not is_integer(found.schema.field(name).type):
                found = found.set_column(at, name, found.column(name).cast("int64"))
        return found

    def _sought(self, person: Person, column: str) -> list[str]:
        found = self.ledger(person, (column,), {}).rows.column(column).to_pylist()
        return [str(value) for value in sorted(value for value in found if value is not None)]

    @contextmanager
    def _plain(self, *told: type[TertiaryError]) -> Iterator[None]:
        """A failure of the run's files is the server's: told in the log, not to the person, but for those of `told`."""
        try:
            yield
        except told:
            raise
        except TertiaryError as error:
            logging.getLogger(__name__).error("%s", error)
            raise UnavailableError("The run cannot be read now. Why is in the log of this server.") from error
