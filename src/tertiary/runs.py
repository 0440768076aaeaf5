"""A run folder: immutable table files named by their hash, and a manifest that is the only commit point.

Readers open tables only through `manifest.json`, which is replaced atomically: nobody ever sees half a run.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import RunError
from tertiary.tables import ibis_schema, names

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Table:
    """A table of a run, or something computed from one.

    `expr` is an unbound Ibis expression; `.sql(dialect)` compiles it, `.to_arrow()` runs it on the embedded engine.
    """

    name: str
    paths: tuple[Path, ...]
    expr: ir.Table

    def derive(self, step: Callable[[ir.Table], ir.Table]) -> Table:
        """A new table computed from this one: `run.ledger.derive(lambda t: t.filter(t.counted))`."""
        return replace(self, expr=step(self.expr))

    def by(self, *dimensions: str, counted_only: bool = True) -> Table:
        """Totals of the measures by `dimensions`; what does not count is left out unless asked for."""
        return self.derive(lambda table: _totals(table, dimensions, counted_only))

    def sql(self, dialect: str = "duckdb") -> str:
        """SQL for `dialect` over a table called like this one."""
        from tertiary.engine import compiled

        return compiled(self.expr.op(), dialect)

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        from tertiary.engine import DuckDBEngine

        with DuckDBEngine() as engine:
            engine.scan(self.name, self.paths)
            return engine.fetch(self.expr)

    def to_pandas(self) -> Any:
        """The rows as a pandas frame, where pandas is installed."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """The rows as a Polars frame, where Polars is installed."""
        from importlib import import_module

        return import_module("polars").from_arrow(self.to_arrow())


class Run:
    """An existing run: `run.ledger`, `run.findings` … are `Table`s; `run.manifest` says how it came about."""

    def __init__(self, path: Path, manifest: Mapping[str, Any]) -> None:
        self.path = path
        self.manifest = manifest

    def table(self, name: str) -> Table:
        """Table `name` of the run. RunError when the run has none of that name."""
        import ibis

        files = self.manifest["tables"].get(name)
        if files is None:
            raise RunError(f"{self.path} has no table {name!r}. It has: {', '.join(sorted(self.manifest['tables']))}.")
        return Table(name, tuple(self.path / f for f in files), ibis.table(ibis_schema(name), name=name))

    def __getattr__(self, name: str) -> Table:
        if name in names():
            return self.table(name)
        raise AttributeError(name)

    def __repr__(self) -> str:
        counts = self.manifest.get("counts", {})
        return f"Run({str(self.path)!r}, received={counts.get('received')}, accepted={counts.get('accepted')})"

    def explain(self, record_id: str) -> Any:
        """Why a record is what it is: see `tertiary.explain`."""
        from importlib import import_module

        return import_module("tertiary.explain").explain_record(self, record_id)


def open(path: str | Path) -> Run:
    """Open a run folder. RunError when there is none, or when it was never committed."""
    folder = Path(path)
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(
            f"{folder} holds no {MANIFEST}: no run was finished there. Use `tertiary run INPUTS --out`."
        ) from None
    except (OSError, ValueError) as error:
        raise RunError(f"{folder / MANIFEST} cannot be read ({error}). Run again into this folder.") from error
    return Run(folder, manifest)


class RunWriter:
    """Writes table files beside the current run and commits them in one step."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self._engine = engine
        self.tables: dict[str, list[str]] = {}
        self.rows: dict[str, int] = {}

    def write(self, name: str, expr: ir.Table, order_by: Sequence[str]) -> None:
        """Write one table as a file named by its own hash; rows in a stated order, so equal inputs give equal names."""
        target = self.folder / "tables" / name
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target, prefix=".partial-", delete=False) as handle:
            partial = Path(handle.name)
        try:
            self.rows[name] = self._engine.write(expr, partial, order_by)
            final = target / f"{_sha256(partial)}.parquet"
            partial.replace(final)
        finally:
            partial.unlink(missing_ok=True)
        self.tables[name] = [str(final.relative_to(self.folder))]

    def commit(self, manifest: Mapping[str, Any]) -> Run:
        """Replace the manifest, then remove table files that nobody names any more."""
        full = {**manifest, "tables": self.tables, "table_rows": self.rows}
        text = json.dumps(full, indent=2, sort_keys=True, default=str) + "\n"
        partial = self.folder / f".{MANIFEST}.partial"
        with partial.open("w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        partial.replace(self.folder / MANIFEST)
        self._sweep()
        return Run(self.folder, json.loads(text))

    def _sweep(self) -> None:
        named = {file for files in self.tables.values() for file in files}
        for path in (self.folder / "tables").rglob("*"):
            if path.is_file() and str(path.relative_to(self.folder)) not in named:
                path.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the run folder alone; the lock goes with the process. RunError names the holder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"Cannot write to {folder}: {error.strerror}. Choose another --out or mend its rights."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise RunError(f"{folder} is being written by {holder}. Wait for it or choose another --out.") from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()}")
        handle.flush()
        yield


def _totals(table: ir.Table, dimensions: Sequence[str], counted_only: bool) -> ir.Table:
    import ibis

    missing = [d for d in dimensions if d not in table.columns]
    if missing:
        raise RunError(f"No column {', '.join(missing)}. Choose from: {', '.join(table.columns)}.")
    rows = table.filter(table.counted) if counted_only and "counted" in table.columns else table
    if "measure" in rows.columns and "measure" not in dimensions:
        rows = rows.filter(rows.measure == "actual")
    measures = [c for c in ("quantity", "price_submitted", "price_expected") if c in rows.columns]
    totals = {c: rows[c].sum() for c in measures}
    totals = {"records": rows.records.sum() if "records" in rows.columns else rows.count(), **totals}
    grouped = rows.group_by(*dimensions).aggregate(**totals) if dimensions else rows.aggregate(**totals)
    lead = "price_expected" if "price_expected" in measures else "records"
    return grouped.order_by(ibis.desc(lead), *dimensions)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
