"""The one place where expressions meet a database.

Stages are written as unbound Ibis expressions; an engine compiles them to its SQL and runs them. Ibis back
ends are not used (docs/decisions/0002-ibis-as-compiler.md). DuckDB is the embedded default; `spark.py` is the other.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from tertiary.errors import EngineError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


class Engine(Protocol):
    """What a stage may ask of an engine: `load` a small table, `scan` files, `materialise` and `fetch` expressions.

    The same expression means the same rows and values on every engine.
    """

    dialect: str

    def facts(self) -> dict[str, str | int]:
        """What it is and what it may use: name, version and more."""

    @property
    def work(self) -> Path:
        """Folder for files that live as long as the engine."""

    def load(self, name: str, table: pa.Table) -> ir.Table:
        """Hold a small Arrow table under `name`; returns it as an unbound expression."""

    def scan(self, name: str, paths: Sequence[Path]) -> ir.Table:
        """Name Parquet files as one table without reading them."""

    def table(self, name: str) -> ir.Table:
        """The table or view `name` as an unbound expression."""

    def materialise(self, name: str, expr: ir.Table) -> ir.Table:
        """Compute `expr` once and keep it under `name`."""

    def number(self, name: str, expr: ir.Table) -> ir.Table:
        """As `materialise`, with `row_key`: unique row numbers that join the stages of one run."""

    def drop(self, name: str) -> None:
        """Forget a table made by `materialise` or `load`."""

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Compute a small result."""

    def write(self, expr: ir.Table, path: Path, order_by: Sequence[str] = ()) -> int:
        """Write `expr` as one Parquet file in the given order; returns its rows."""

    def sql(self, expr: ir.Table) -> str:
        """The SQL this engine runs for `expr`."""

    def query(self, sql: str) -> pa.Table:
        """Run SQL and return its result as Arrow."""


class DuckDBEngine:
    """DuckDB, embedded, in a file of its own that goes with the engine.

    `memory` is a DuckDB size such as '4GB'; beyond it the engine spills to a temporary folder.
    """

    dialect = "duckdb"

    def __init__(self, memory: str | None = None, threads: int | None = None, work: Path | None = None) -> None:
        import duckdb

        self._work = Path(tempfile.mkdtemp(prefix="tertiary-"))
        self.connection = duckdb.connect(str(self._work / "work.duckdb"))
        self._set("temp_directory", str(self._work / "spill"))
        if memory:
            self._set("memory_limit", memory)
        if threads:
            self._set("threads", str(threads))

    def __enter__(self) -> DuckDBEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connection and everything it spilled."""
        self.connection.close()
        shutil.rmtree(self._work, ignore_errors=True)

    def facts(self) -> dict[str, str | int]:
        """What it is and what it may use: name, version, threads and memory limit."""
        row = self.query("SELECT version() AS v, current_setting('threads') AS t, current_setting('memory_limit') AS m")
        version, threads, memory = (row.column(n)[0].as_py() for n in ("v", "t", "m"))
        return {"name": self.dialect, "version": version, "threads": int(threads), "memory_limit": memory}

    @property
    def work(self) -> Path:
        """Folder for files that live as long as the engine."""
        return self._work

    def load(self, name: str, table: pa.Table) -> ir.Table:
        """Hold a small Arrow table under `name`; returns it as an unbound expression."""
        self.connection.register("arrow_in", table)
        self.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM arrow_in')
        self.connection.unregister("arrow_in")
        return self.table(name)

    def scan(self, name: str, paths: Sequence[Path]) -> ir.Table:
        """Name Parquet files as one table without reading them."""
        files = ", ".join("'" + str(p).replace("'", "''") + "'" for p in paths)
        self.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM read_parquet([{files}])')
        return self.table(name)

    def table(self, name: str) -> ir.Table:
        """The table or view `name` as an unbound expression."""
        import ibis

        return ibis.table(_ibis_schema(self.query(f'SELECT * FROM "{name}" LIMIT 0').schema), name=name)

    def materialise(self, name: str, expr: ir.Table) -> ir.Table:
        """Compute `expr` once and keep it under `name`."""
        self.execute(f'CREATE OR REPLACE TABLE "{name}" AS {self.sql(expr)}')
        return self.table(name)

    def number(self, name: str, expr: ir.Table) -> ir.Table:
        """As `materialise`, with `row_key`: dense row numbers that join the stages of one run."""
        kept = expr.drop("row_key") if "row_key" in expr.columns else expr
        self.execute(
            f'CREATE OR REPLACE TABLE "{name}" AS SELECT row_number() OVER () AS row_key, * FROM ({self.sql(kept)})'
        )
        return self.table(name)

    def drop(self, name: str) -> None:
        """Forget a table made by `materialise` or `load`."""
        self.execute(f'DROP TABLE IF EXISTS "{name}"')

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Compute a small result."""
        return self.query(self.sql(expr))

    def write(self, expr: ir.Table, path: Path, order_by: Sequence[str] = ()) -> int:
        """Write `expr` as one Parquet file in the given order; returns its rows."""
        order = " ORDER BY " + ", ".join(f'"{c}"' for c in order_by) if order_by else ""
        target = str(path).replace("'", "''")
        result = self.query(
            f"COPY (SELECT * FROM ({self.sql(expr)}){order}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
        return int(result.column(0)[0].as_py())

    def sql(self, expr: ir.Table) -> str:
        """The SQL this engine runs for `expr`."""
        return compiled(expr.op(), self.dialect)

    def query(self, sql: str) -> pa.Table:
        """Run SQL and return its result as Arrow."""
        with _plain_errors():
            return self.connection.sql(sql).to_arrow_table()

    def execute(self, sql: str) -> None:
        """Run SQL for its effect."""
        with _plain_errors():
            self.connection.execute(sql)

    def _set(self, name: str, value: str) -> None:
        self.connection.execute(f"SET {name} = '{value}'")


def compiled(node: Any, dialect: str) -> str:
    """SQL of an unbound Ibis expression (its node) in a dialect that Ibis knows; no driver is needed."""
    import ibis
    from ibis.config import Config

    class PySpark(Config):
        treat_nan_as_null: bool = False

    if ibis.options.pyspark is None:
        # set by the back end when it is loaded, which needs pandas; the compiler only asks for this one answer
        ibis.options.pyspark = PySpark()
    return str(ibis.to_sql(node.to_expr(), dialect=dialect))


def hand_over(expr: ir.Table, name: str, source: Engine, target: Engine) -> ir.Table:
    """A table of one engine as table `name` of another, by way of a Parquet file; itself when they are one engine."""
    if source is target:
        return expr
    path = target.work / f"{name}.parquet"
    source.write(expr, path)
    return target.scan(name, [path])


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Say in plain words that the machine is full; other engine errors are faults and keep their trace."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise EngineError(f"The engine ran out of memory or disk: {error}. Give --memory or free disk.") from error


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
