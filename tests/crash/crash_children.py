"""What the processes of these tests do. They are forked from a server that has imported everything, and may be killed.

Turning a stage into SQL is half of a small run and touches no file; `remember` hands the texts from child to child.
With TERTIARY_TEST_WHOLE=1 nothing is remembered and every run is made from scratch.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import pickle
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb  # noqa: F401  imported before the fork, as the rest is
import ibis
import pyarrow as pa
import pyarrow.parquet

import tertiary
import tertiary.cli
import tertiary.conform
import tertiary.explain
import tertiary.pipeline
import tertiary.show
from tertiary import folders, runs
from tertiary.engine import DuckDBEngine
from tertiary.errors import RunError
from tertiary.tables import arrow_schema

# has the compiler imported, too
ibis.to_sql(ibis.table({"a": "int64"}, name="t"), dialect="duckdb")

Hook = Callable[[Path], None]
# The column of each table of a small run that carries its amount.
CARRIERS = {"ledger": "price_expected", "submissions": "received"}
# What Python tells before it changes a folder; a process may die before any of them.
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Task:
    """A whole run in a process of its own. `at` names the event before which `hook` is called with the run folder."""

    inputs: Path
    out: Path
    temp: Path
    at: tuple[str, str] = ("", "")
    hook: Hook | None = None
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> Path:
        return self.inputs.parent / "texts.pickle"

    @property
    def told(self) -> Path:
        return self.temp.with_name("told.txt")


def whole_run(task: Task) -> None:
    """`tertiary run` as the command line does it: the exit code is the process's, the message goes to `task.told`."""
    tempfile.tempdir = str(task.temp)
    with (
        _remembered(task.texts),
        task.told.open("w") as told,
        contextlib.redirect_stderr(told),
        contextlib.redirect_stdout(told),
    ):
        make = tertiary.pipeline.run
        tertiary.pipeline.run = lambda *a, **k: make(*a, **{**k, "progress": _progress(task)})
        sys.argv = ["tertiary", "run", str(task.inputs / "in"), "--out", str(task.out), "--threads", "1",
                    "--register", str(task.inputs / "register"), *task.options]  # fmt: skip
        tertiary.cli.main()


def _progress(task: Task) -> Callable[[str, Mapping[str, Any]], None]:
    def progress(event: str, facts: Mapping[str, Any]) -> None:
        if task.hook and (event, facts["stage"]) == task.at:
            task.hook(task.out)

    return progress


@contextlib.contextmanager
def _remembered(path: Path) -> Iterator[None]:
    if os.environ.get("TERTIARY_TEST_WHOLE") == "1":
        yield
        return
    texts: dict[int, str] = pickle.loads(path.read_bytes()) if path.exists() else {}
    known, compile_expr = set(texts), DuckDBEngine.sql

    def sql(self: DuckDBEngine, expr: Any) -> str:
        # children of one server hash alike
        key = hash(expr.op())
        if key not in texts:
            texts[key] = compile_expr(self, expr)
        return texts[key]

    DuckDBEngine.sql = sql  # type: ignore[method-assign]
    try:
        yield
    finally:
        if len(texts) > len(known) + 10:
            with contextlib.suppress(OSError):
                path.write_bytes(pickle.dumps(texts))


# hooks ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DieAtStep:
    """Die by SIGKILL before the `number`th change from here on; with 0 live, and write their number to `count`."""

    number: int
    count: Path

    def __call__(self, folder: Path) -> None:
        done = 0

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal done
            if not _is_change(event, arguments, folder):
                return
            done += 1
            if done == self.number:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        if not self.number:
            import atexit
            from multiprocessing import util

            write = lambda: self.count.write_text(str(done))  # noqa: E731
            util.Finalize(None, write, exitpriority=1)
            atexit.register(write)


def _is_change(event: str, arguments: tuple[Any, ...], folder: Path) -> bool:
    """Whether something in `folder` is made, renamed, removed or opened to be written to."""
    if event == "open":
        return str(arguments[0]).startswith(str(folder)) and bool(arguments[2] & WRITING)
    # inside a folder that is being removed names are relative to it
    return event in CHANGES and (str(arguments[0]).startswith(str(folder)) or not str(arguments[0]).startswith("/"))


def fill_disk(out: Path) -> None:
    """Leave no room on the disk of the run folder."""
    handle = os.open(out.parent / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for size in (1 << 20, 1 << 12, 1):
        with contextlib.suppress(OSError):
            while os.write(handle, b"x" * size) == size:
                pass
    os.close(handle)


def small_files_only(_: Path) -> None:
    """No file may grow beyond 20 kB: what a quota does."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def take_rights(out: Path) -> None:
    """From here on nothing may be made, renamed or removed in the run folder."""
    bind_rights()
    for folder in [out, *(p for p in out.rglob("*") if p.is_dir() and runs.WORK not in p.parts)]:
        folder.chmod(0o555)


def take_rights_of_top(out: Path) -> None:
    """As `take_rights`, of the run folder alone: its tables can still be written, its manifest cannot."""
    bind_rights()
    out.chmod(0o555)


def bind_rights() -> None:
    """Have rights bind this process although root started it: give up every capability, for good."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        if libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())):
            raise OSError(ctypes.get_errno(), "capset")


# small runs ----------------------------------------------------------------------------------------------------------


def rows(table: str, amount: int) -> pa.Table:
    """One row of a run table that carries `amount`."""
    schema = arrow_schema(table)
    row: dict[str, Any] = {f.name: "" if pa.types.is_string(f.type) else None for f in schema}
    return pa.Table.from_pylist([{**row, CARRIERS[table]: amount}], schema=schema)


def commit(folder: Path, amount: int, arm: Hook | None = None) -> runs.Run:
    """A run of two tables that agree on `amount`; `arm` is called when the folder is about to be held."""
    if arm:
        arm(folder)
    with runs.locked(folder), DuckDBEngine(threads=1, work=folder / runs.WORK) as engine:
        writer = runs.RunWriter(folder, engine)
        for table in CARRIERS:
            writer.write(table, engine.load(f"{table}_rows", rows(table, amount)), ())
        return writer.commit({"counts": {"received": amount}})


def amounts(run: runs.Run) -> tuple[int, int, int]:
    """The amount as the manifest and both tables have it."""
    held = [run.table(name).to_arrow().column(carrier)[0].as_py() for name, carrier in CARRIERS.items()]
    return run.manifest["counts"]["received"], int(held[0]), int(held[1])


def commit_and_exit(folder: Path, amount: int, arm: Hook | None = None) -> None:
    commit(folder, amount, arm)


def read_until(folder: Path, stop: Path, seen: Path) -> None:
    """Read over and over; what was seen, a line a reading."""
    with seen.open("w") as handle:
        while not stop.exists():
            try:
                told = " ".join(map(str, amounts(runs.open(folder))))
            except RunError as error:
                told = "again" if "Open the run again" in str(error) else f"error {error}"
            print(told, file=handle, flush=True)


def hold(folder: Path, held: Path) -> None:
    """Hold a run folder until killed."""
    with runs.locked(folder):
        held.touch()
        signal.pause()


def hold_workplace(parent: Path, held: Path) -> None:
    """Hold a place for working files until killed."""
    place = folders.Workplace(parent)
    held.touch()
    signal.pause()
    place.close()


def read_without_rights(folder: Path) -> None:
    """Read a run folder that may only be read."""
    bind_rights()
    amount = amounts(runs.open(folder))
    assert amount[0] == amount[1] == amount[2]
    try:
        (folder / "x").touch()
    except PermissionError as error:
        assert error.errno == errno.EACCES
    else:
        raise AssertionError("rights do not bind")
