"""The one place where expressions meet a database.

Stages are written as unbound Ibis expressions; an engine compiles them to its SQL and runs them. Ibis back
ends are not used (docs/decisions/0002-ibis-as-compiler.md). DuckDB is the embedded default; `spark.py` is the other.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from tertiary import folders, parquet
from tertiary.errors import ConservationError, EngineError, RunError, TertiaryError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


class Engine(Protocol):
    """What a stage may ask of an engine. The same expression means the same rows and values on every one.

    `block_rows`: the most rows of a block, as many as are held in memory without harm.
    """

    dialect: str
    block_rows: int

    def facts(self) -> dict[str, Any]:
        """What it is and what it may use: name, version and more."""

    @property
    def work(self) -> Path:
        """Folder for files that live as long as the engine."""

    def load(self, name: str, table: pa.Table) -> ir.Table:
        """Hold a small Arrow table under `name`; returns it as an unbound expression."""

    def scan(self, name: str, paths: Sequence[Path]) -> ir.Table:
        """Name Parquet files as one table without reading them."""

    def scan_on(self, name: str, files: Sequence[tuple[Path, int]], key: str) -> ir.Table:
        """As `scan`, of files and their rows; `key`, which numbers the rows of each from 1, counts on."""

    def table(self, name: str) -> ir.Table:
        """The table or view `name` as an unbound expression."""

    def name(self, name: str, expr: ir.Table) -> ir.Table:
        """Keep `expr` under `name` without computing it, so that what builds on it stays short to compile."""

    def materialise(self, name: str, expr: ir.Table) -> ir.Table:
        """Compute `expr` once and keep it under `name`."""

    def hold(self, name: str, expr: ir.Table, order_by: str = "", beside: ir.Table | None = None) -> ir.Table:
        """As `materialise`, for a table of one block, which is about to be written in the order of column `order_by`.

        `beside` are further columns of the same rows, in that order, with the same column to tell. ConservationError
        when its rows are others.
        """

    def portion(self, name: str, held: ir.Table, column: str, first: int, last: int) -> ir.Table:
        """The rows of a held table with `column`, by which it is ordered, from `first` to `last`, held as well."""

    def drop(self, name: str) -> None:
        """Forget a table made by `materialise`, `hold` or `load`."""

    def block(self) -> AbstractContextManager[None]:
        """Work on one block: what is held meanwhile is forgotten at the end."""

    def count(self, expr: ir.Table) -> int:
        """Rows of `expr`."""

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Compute a small result."""

    def write(self, expr: ir.Table, path: Path, order_by: Sequence[str] = (), columns: Sequence[str] = ()) -> int:
        """Write `columns` (default: all) of `expr` as one Parquet file in the given order; returns its rows."""

    def writing(self, expr: ir.Table, path: Path, order_by: Sequence[str], columns: Sequence[str]) -> Callable[[], int]:
        """As `write`; what does not need the engine is left to the returned function, for another thread to call."""

    def sql(self, expr: ir.Table) -> str:
        """The SQL this engine runs for `expr`."""

    def query(self, sql: str) -> pa.Table:
        """Run SQL and return its result as Arrow."""


class DuckDBEngine:
    """DuckDB behind four verbs: `load` a small table, `scan` files, `materialise` and `fetch` expressions.

    `memory` is a DuckDB size such as '4GB'; half of it is for the database, which spills beyond, half for the tables of
    a block on their way to a file. Its database and what it spills are in a folder of its own, which goes when it
    closes, inside `work` (the system's folder for temporary files unless given).
    Tables of the stages are temporary ones: they stay in memory, uncompressed, and spill only when they must.
    """

    dialect = "duckdb"
    block_rows = 1_000_000

    def __init__(self, memory: str | None = None, threads: int | None = None, work: Path | None = None) -> None:
        import duckdb

        self._place = folders.Workplace(work)
        self._work = self._place.path
        self._scanned: set[Path] = set()
        self._held: dict[str, tuple[pa.Table, str]] = {}
        self._named: dict[str, tuple[str, ir.Table]] = {}
        self._own = threading.local()
        self._opening = threading.Lock()
        try:
            with self._plain_errors():
                self.connection = duckdb.connect(str(self._work / "work.duckdb"))
        except BaseException:
            self._place.close()
            raise
        self._set("temp_directory", str(self._work / "spill"))
        self._memory = memory
        if memory:
            self._choose("memory_limit", "memory", memory, "a size such as 4GB or 512MB")
            self._set("memory_limit", _half(memory))
        if threads is not None:
            self._choose("threads", "threads", str(threads), "a whole number from 1")

    def __enter__(self) -> DuckDBEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connection and everything it spilled."""
        try:
            self.connection.close()
        finally:
            self._place.close()

    def facts(self) -> dict[str, str | int]:
        """What it is and what it may use: name, version, threads and memory limit."""
        row = self.query("SELECT version() AS v, current_setting('threads') AS t, current_setting('memory_limit') AS m")
        version, threads, memory = (row.column(n)[0].as_py() for n in ("v", "t", "m"))
        limit = self._memory or memory
        return {"name": self.dialect, "version": version, "threads": int(threads), "memory_limit": limit}

    @property
    def work(self) -> Path:
        """Folder for files that live as long as the engine."""
        return self._work

    def load(self, name: str, table: pa.Table) -> ir.Table:
        """Hold a small Arrow table under `name`; returns it as an unbound expression."""
        self.connection.register("arrow_in", table)
        self.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM arrow_in')
        self.connection.unregister("arrow_in")
        return self.table(name)

    def scan(self, name: str, paths: Sequence[Path]) -> ir.Table:
        """Name Parquet files as one table without reading them. RunError when they are gone."""
        return self._scan(name, paths, "*")

    def scan_on(self, name: str, files: Sequence[tuple[Path, int]], key: str) -> ir.Table:
        """As `scan`, of files and their rows; `key`, which numbers the rows of each from 1, counts on."""
        before = list(accumulate((rows for _, rows in files[:-1]), initial=0))
        counted = f'"{key}" + {before}[CAST(file_index AS BIGINT) + 1]'
        return self._scan(name, [path for path, _ in files], f'* REPLACE ({counted} AS "{key}")')

    def _scan(self, name: str, paths: Sequence[Path], columns: str) -> ir.Table:
        self._scanned.update(paths)
        files = ", ".join("'" + str(p).replace("'", "''") + "'" for p in paths)
        self.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT {columns} FROM read_parquet([{files}])')
        return self.table(name)

    def table(self, name: str) -> ir.Table:
        """The table or view `name` as an unbound expression."""
        return _unbound(name, self.query(f'SELECT * FROM "{name}" LIMIT 0').schema)

    def name(self, name: str, expr: ir.Table) -> ir.Table:
        """Keep `expr` under `name` without computing it, so that what builds on it stays short to compile."""
        sql = self.sql(expr)
        if name not in self._named or self._named[name][0] != sql:
            self.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {sql}')
            self._named[name] = (sql, self.table(name))
        return self._named[name][1]

    def materialise(self, name: str, expr: ir.Table) -> ir.Table:
        """Compute `expr` once and keep it under `name`."""
        self.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {self.sql(expr)}')
        return self.table(name)

    def hold(self, name: str, expr: ir.Table, order_by: str = "", beside: ir.Table | None = None) -> ir.Table:
        """As `materialise`, for a block of records: kept in memory as it comes, for a third of the cost."""
        ordered = f' ORDER BY "{order_by}"' if order_by else ""
        table = self.query(f"SELECT * FROM ({self.sql(expr)}){ordered}")
        if beside is not None:
            table = _side_by_side(table, self.fetch(beside), order_by)
        return self._hold(name, table, order_by)

    def portion(self, name: str, held: ir.Table, column: str, first: int, last: int) -> ir.Table:
        """The rows of a held table with `column`, by which it is ordered, from `first` to `last`: no copy is made."""
        import pyarrow.compute as pc

        table, order_by = self._held[held.get_name()]
        if order_by != column:
            raise EngineError(f"{held.get_name()} is held in the order of {order_by!r}, not of {column!r}.")
        before, upto = (
            pc.sum(test).as_py() or 0
            for test in (pc.less(table.column(column), first), pc.less_equal(table.column(column), last))
        )
        return self._hold(name, table.slice(before, upto - before), order_by)

    def _hold(self, name: str, table: pa.Table, order_by: str) -> ir.Table:
        self._held[name] = (table, order_by)
        self.connection.register(name, table)
        return _unbound(name, table.schema)

    def drop(self, name: str) -> None:
        """Forget a table made by `materialise`, `hold` or `load`."""
        if self._held.pop(name, None):
            self.connection.unregister(name)
        else:
            self.execute(f'DROP TABLE IF EXISTS "{name}"')

    @contextmanager
    def block(self) -> Iterator[None]:
        """Work on one block: what is held meanwhile is forgotten at the end."""
        former = set(self._held)
        try:
            yield
        finally:
            for name in set(self._held) - former:
                self.drop(name)

    def count(self, expr: ir.Table) -> int:
        """Rows of `expr`."""
        return int(self.fetch(expr.aggregate(n=expr.count())).column("n")[0].as_py())

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Compute a small result."""
        return self.query(self.sql(expr))

    def write(self, expr: ir.Table, path: Path, order_by: Sequence[str] = (), columns: Sequence[str] = ()) -> int:
        """Write `columns` (default: all) of `expr` as one Parquet file in the given order; returns its rows."""
        return self.writing(expr, path, order_by, columns or expr.columns)()

    def writing(self, expr: ir.Table, path: Path, order_by: Sequence[str], columns: Sequence[str]) -> Callable[[], int]:
        """As `write`. A table that is held in that order is written as it lies, by the returned function."""
        held, order = self._held.get(_bare_name(expr), (None, ""))
        if held is not None and tuple(order_by) == (order,):
            table = held.select(list(columns))
            return lambda: self._to_parquet(path, table.schema, parquet.slices(table))
        ordered = " ORDER BY " + ", ".join(f'"{c}"' for c in order_by) if order_by else ""
        names = ", ".join(f'"{c}"' for c in columns)
        with self._plain_errors():
            rows = self.connection.sql(f"SELECT {names} FROM ({self.sql(expr)}){ordered}")
            batches = rows.to_arrow_reader(parquet.ROW_GROUP)
            count = self._to_parquet(path, batches.schema, parquet.regrouped(batches))
        return lambda: count

    def _to_parquet(self, path: Path, schema: pa.Schema, rows: Iterator[pa.Table]) -> int:
        with folders.plain_errors(path.parent):
            return parquet.write(path, schema, rows)

    def sql(self, expr: ir.Table) -> str:
        """The SQL this engine runs for `expr`."""
        return compiled(expr.op(), self.dialect)

    def query(self, sql: str) -> pa.Table:
        """Run SQL and return its result as Arrow."""
        with self._plain_errors():
            return self.connection.sql(sql).to_arrow_table()

    def keep(self, name: str, sql: str) -> int:
        """Compute SQL once and keep its rows under `name` where every thread's `ask` finds them; returns how many."""
        self.execute(f'CREATE OR REPLACE TABLE "{name}" AS {sql}')
        return int(self.query(f'SELECT count(*) AS n FROM "{name}"').column("n")[0].as_py())

    def ask(self, sql: str, values: Sequence[Any] = ()) -> pa.Table:
        """As `query`, with values for its question marks, on a connection of the calling thread: many may ask at once.

        Sees what `scan` and `keep` made, nothing temporary.
        """
        with self._plain_errors():
            if not hasattr(self._own, "connection"):
                with self._opening:
                    self._own.connection = self.connection.cursor()
            return self._own.connection.sql(sql, params=list(values)).to_arrow_table()

    def execute(self, sql: str) -> None:
        """Run SQL for its effect."""
        with self._plain_errors():
            self.connection.execute(sql)

    def _choose(self, setting: str, name: str, value: str, wanted: str) -> None:
        """Set what a person chose. TertiaryError, with nothing left behind, when the engine does not take it."""
        import duckdb

        try:
            self._set(setting, value)
        except duckdb.Error:
            self.close()
            raise TertiaryError(f"{name} {value!r} is not {wanted}. Correct it or leave it out.") from None

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Say in plain words that there is no room or no file; other engine errors are faults and keep their trace."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            gone = sorted(p for p in self._scanned if not p.exists())
            if gone:
                raise RunError(
                    f"{gone[0]} is gone: newer runs were committed since this one was opened. Open the run again."
                ) from error
            if folders.is_full(error):
                raise folders.full(self._work, error) from error
            if isinstance(error, duckdb.OutOfMemoryException):
                raise EngineError(
                    f"The engine ran out of memory: {error}. Give more with --memory, or fewer --threads."
                ) from error
            raise

    def _set(self, name: str, value: str) -> None:
        self.connection.execute(f"SET {name} = '{value}'")


@lru_cache(maxsize=2048)
def compiled(node: Any, dialect: str) -> str:
    """SQL of an Ibis expression (its node). Equal expressions are compiled once: blocks of records repeat them."""
    import ibis
    from ibis.config import Config

    class PySpark(Config):
        treat_nan_as_null: bool = False

    if ibis.options.pyspark is None:
        # set by the back end when it is loaded, which needs pandas; the compiler only asks for this one answer
        ibis.options.pyspark = PySpark()
    return str(ibis.to_sql(node.to_expr(), dialect=dialect))


def _bare_name(expr: ir.Table) -> str:
    """The name of a table that is used as it is; blank for anything computed."""
    import ibis.expr.operations as ops

    node = expr.op()
    return node.name if isinstance(node, ops.UnboundTable) else ""


def hand_over(expr: ir.Table, name: str, source: Engine, target: Engine) -> ir.Table:
    """A table of one engine as table `name` of another, by way of a Parquet file; itself when they are one engine."""
    if source is target:
        return expr
    path = target.work / f"{name}.parquet"
    source.write(expr, path)
    return target.scan(name, [path])


def _half(size: str) -> str:
    """Half of a size of memory; as it is when it has another form than number and unit."""
    found = re.fullmatch(r"\s*([0-9.]+)\s*([A-Za-z]+)\s*", size)
    return f"{float(found[1]) / 2:g}{found[2]}" if found else size


def _side_by_side(one: pa.Table, other: pa.Table, key: str) -> pa.Table:
    """The columns of two tables whose rows are the same by `key` and stand in the same order."""
    if not one.column(key).equals(other.column(key)):
        raise ConservationError(f"{other.num_rows} rows were to be decided, but {one.num_rows} came back, or others.")
    for name in other.column_names:
        if name != key:
            one = one.append_column(name, other.column(name))
    return one


@lru_cache(maxsize=512)
def _unbound(name: str, schema: pa.Schema) -> ir.Table:
    """A table of the engine as an expression; the same one for the same name and columns."""
    import ibis

    return ibis.table(_ibis_schema(schema), name=name)


def _ibis_schema(schema: pa.Schema) -> dict[str, str]:
    import pyarrow as pa

    def logical(field: pa.Field) -> str:
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return "string"
        if pa.types.is_decimal(kind):
            return f"decimal({kind.precision}, {kind.scale})"
        if pa.types.is_timestamp(kind):
            return "timestamp(6)"
        if pa.types.is_date(kind):
            return "date"
        if pa.types.is_boolean(kind):
            return "boolean"
        if pa.types.is_floating(kind):
            return "float64"
        return str(kind)

    return {field.name: logical(field) for field in schema}
