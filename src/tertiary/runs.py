"""A run folder: immutable table files named by their hash, and a manifest that is the only commit point.

Readers open tables only through `manifest.json`, which is replaced atomically: nobody ever sees half a run. The files
of the run before are kept until the next commit, so that whoever opened it can read on.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary import folders
from tertiary.errors import RunError
from tertiary.tables import arrow_schema, columns, ibis_schema, names

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine

MANIFEST = "manifest.json"
MEASURES = ("quantity", "price_submitted", "price_expected")
WORK = ".work"
_PARTIAL = f".{MANIFEST}.partial"
# What a writer, and the engine under it, name their files; anything else in a run folder is somebody's own and stays.
_OURS = re.compile(r"(tmp_)?(\.partial-.*|[0-9a-f]{64}.*\.parquet)")


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

    def profile(self) -> Any:
        """Where the time, the memory and the bytes of the run went: see `tertiary.profile`."""
        from importlib import import_module

        return import_module("tertiary.profile").profile(self)

    def explain(self, record_id: str) -> Any:
        """Why a record is what it is: see `tertiary.explain`."""
        from importlib import import_module

        return import_module("tertiary.explain").explain_record(self, record_id)


def open(path: str | Path) -> Run:
    """Open a run folder. RunError when there is none, or when it was never committed."""
    folder = Path(path)
    manifest = _manifest(folder)
    if manifest is None:
        raise RunError(
            f"{folder} holds no {MANIFEST}: no run was finished there. Give a run folder, or make one: "
            "tertiary run INPUTS --out FOLDER."
        )
    return Run(folder, manifest)


def former_stages(folder: Path) -> list[dict[str, Any]]:
    """What the stages took of the run that is in the folder now; empty when there is none that tells."""
    with suppress(RunError):
        return list((_manifest(folder) or {}).get("profile", {}).get("stages", []))
    return []


@dataclass
class _File:
    """A file of a run table; `path` within the run folder is blank until it is written."""

    table: str
    path: str = ""
    rows: int = 0


class RunWriter:
    """Writes table files beside the current run and commits them in one step.

    To be left (`with`) before the folder's lock is: a file may still be on its way to the disk.
    """

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self._engine = engine
        self._former: dict[str, Any] = {}
        with suppress(RunError):
            self._former = dict((_manifest(folder) or {}).get("parts", {}))
        self._files: list[_File] = []
        self._part: list[_File] | None = None
        self._parts: dict[str, tuple[list[_File], dict[str, Any]]] = {}
        self._hand = ThreadPoolExecutor(1, "tertiary-writer")
        self._waiting: list[Future[None]] = []

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._hand.shutdown(cancel_futures=True)

    @property
    def tables(self) -> dict[str, list[str]]:
        """Files of each table, in the order in which they were asked for."""
        self.wait()
        found: dict[str, list[str]] = {}
        for file in self._files:
            found.setdefault(file.table, []).append(file.path)
        return found

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each table."""
        self.wait()
        found: dict[str, int] = {}
        for file in self._files:
            found[file.table] = found.get(file.table, 0) + file.rows
        return found

    @property
    def parts(self) -> dict[str, Any]:
        """What the next run may keep, by key: the files that belong together, and facts about them."""
        self.wait()
        return {
            key: {"files": [(f.table, f.path, f.rows) for f in files], "facts": facts}
            for key, (files, facts) in self._parts.items()
        }

    def write(self, name: str, expr: ir.Table, order_by: Sequence[str]) -> str:
        """Write one file of a table, named by its own hash; returns its path within the run folder.

        Rows stand in the order of `order_by`, so equal rows give equal names; it may name further columns of `expr`.
        """
        file = self._note(_File(name))
        self._begin(file, expr, order_by)()
        return file.path

    def write_aside(self, name: str, expr: ir.Table, order_by: Sequence[str]) -> None:
        """As `write`, while the caller goes on, where the engine can; one that fails is told by whatever waits next."""
        finish = self._begin(self._note(_File(name)), expr, order_by)
        self._waiting.append(self._hand.submit(finish))

    def wait(self) -> None:
        """Until everything asked for is written."""
        while self._waiting:
            self._waiting.pop(0).result()

    def _note(self, file: _File) -> _File:
        self._files.append(file)
        if self._part is not None:
            self._part.append(file)
        return file

    def _begin(self, file: _File, expr: ir.Table, order_by: Sequence[str]) -> Callable[[], None]:
        """What is left to do to have `expr` in a file, without the engine."""
        target = self.folder / "tables" / file.table
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target, prefix=".partial-", delete=False) as handle:
            partial = Path(handle.name)
        names = [c.name for c in columns(file.table)]
        try:
            write = self._engine.writing(expr, partial, order_by, names)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

        def finish() -> None:
            try:
                file.rows = write()
                final = target / f"{_sha256(partial)}.parquet"
                partial.replace(final)
                file.path = str(final.relative_to(self.folder))
            finally:
                partial.unlink(missing_ok=True)

        return finish

    @contextmanager
    def part(self, key: str) -> Iterator[dict[str, Any]]:
        """Files written meanwhile belong together: the next run keeps them where it meets `key` again.

        What is put into the yielded dictionary is kept with them. `key` must stand for all that the files depend on.
        """
        facts: dict[str, Any] = {}
        self._part = []
        try:
            yield facts
            self._parts[key] = (self._part, facts)
        finally:
            self._part = None

    def has(self, key: str) -> bool:
        """Whether the former run has a part `key` whose files are all there."""
        part = self._former.get(key)
        return part is not None and all((self.folder / path).is_file() for _, path, _ in part["files"])

    def again(self, key: str) -> dict[str, Any]:
        """Keep the part `key` of the former run, which it must have, and return what was kept with it."""
        part = self._former[key]
        kept = [self._note(_File(*known)) for known in part["files"]]
        self._parts[key] = (kept, part["facts"])
        return dict(part["facts"])

    def fill(self) -> None:
        """Give every table that has no file yet an empty one."""
        written = self.tables
        for name in names():
            if name not in written:
                nothing = self._engine.load("empty", arrow_schema(name).empty_table())
                self.write(name, nothing, ())

    def bytes(self) -> int:
        """Size of the table files written."""
        return sum((self.folder / file).stat().st_size for files in self.tables.values() for file in files)

    def settle(self) -> None:
        """Have all named files on the disk for good, with the folders that name them."""
        files = [self.folder / file for names in self.tables.values() for file in names]
        homes = {parent for file in files for parent in file.parents if self.folder in (parent, *parent.parents)}
        folders.settle([*files, *sorted(homes, reverse=True)])

    def commit(self, manifest: Mapping[str, Any]) -> Run:
        """Replace the manifest, then remove table files that neither this run nor the one before it names.

        The manifest goes to the disk after everything it names, so that a power cut leaves the old run or the new one.
        """
        full = {**manifest, "tables": self.tables, "table_rows": self.rows, "parts": self.parts}
        full["former_tables"] = _tables(self.folder)
        text = json.dumps(full, indent=2, sort_keys=True, default=str) + "\n"
        with folders.plain_errors(self.folder):
            self.settle()
            partial = self.folder / _PARTIAL
            partial.write_text(text, encoding="utf-8")
            folders.settle([partial])
            partial.replace(self.folder / MANIFEST)
            folders.settle([self.folder])
        run = Run(self.folder, json.loads(text))
        _sweep(self.folder, run.manifest)
        return run


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the run folder alone, free of what a killed or failed run left. RunError names the holder."""
    with folders.locked(folder):
        _clear(folder)
        try:
            yield
        finally:
            _clear(folder)


def _clear(folder: Path) -> None:
    """Remove working files and unnamed table files. A manifest that cannot be read may still be mended: keep all."""
    shutil.rmtree(folder / WORK, ignore_errors=True)
    with suppress(OSError):
        (folder / _PARTIAL).unlink(missing_ok=True)
    with suppress(RunError):
        _sweep(folder, _manifest(folder) or {})


def _manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a run folder; None when nothing was committed there yet."""
    path = folder / MANIFEST
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{path} cannot be read ({error}). Run again into this folder.") from error


def _tables(folder: Path) -> dict[str, list[str]]:
    """Files of the run that is about to become the former one; none when there is no readable manifest."""
    with suppress(RunError):
        return dict((_manifest(folder) or {}).get("tables", {}))
    return {}


def _sweep(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Remove table files that `manifest` does not name, neither as its own nor as those of the run before."""
    homes = [manifest.get(key, {}) for key in ("tables", "former_tables")]
    named = {file for tables in homes for files in tables.values() for file in files}
    for path in (folder / "tables").glob("*/*"):
        if str(path.relative_to(folder)) in named or not _OURS.fullmatch(path.name):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _totals(table: ir.Table, dimensions: Sequence[str], counted_only: bool) -> ir.Table:
    import ibis

    _check_dimensions(table, dimensions)
    rows = table.filter(table.counted) if counted_only and "counted" in table.columns else table
    if "measure" in rows.columns and "measure" not in dimensions:
        rows = rows.filter(rows.measure == "actual")
    measures = [c for c in MEASURES if c in rows.columns]
    totals = {c: rows[c].sum() for c in measures}
    totals = {"records": rows.records.sum() if "records" in rows.columns else rows.count(), **totals}
    grouped = rows.group_by(*dimensions).aggregate(**totals) if dimensions else rows.aggregate(**totals)
    lead = "price_expected" if "price_expected" in measures else "records"
    return grouped.order_by(ibis.desc(lead), *dimensions)


def _check_dimensions(table: ir.Table, dimensions: Sequence[str]) -> None:
    """RunError when a column is not there, or is one of the totals."""
    choices = [c for c in table.columns if c not in ("records", *MEASURES)]
    wrong = [d for d in dimensions if d not in choices]
    if wrong:
        kind = "is a total itself" if wrong[0] in table.columns else "is not a column"
        raise RunError(f"Nothing can be totalled by {wrong[0]}: it {kind}. Choose from: {', '.join(choices)}.")


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
