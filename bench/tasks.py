"""What is measured: each task by name, what it does, up to which size it makes sense, and what it needs.

A task is a function of the data's home, the size in millions of records and a folder to write to; it returns counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench import data

HERE = Path(__file__).parent
CSV = (
    "all_varchar = true, union_by_name = true, header = true, delim = ',', quote = '\"', escape = '\"', "
    "ignore_errors = true"
)
Work = Callable[[Path, float, Path], dict[str, int]]


@dataclass(frozen=True)
class Task:
    """`largest`: millions of records beyond which it is not tried. `sized`: False when it has one size only.

    `needs`: modules without which it says `not installed`. `against`: the task that its ratio is taken to. `command`: a
    program of this environment that is timed as it is, instead of `work`. `elsewhere`: a process that the kernel does
    not count as a child does the work, so that only wall time is known.
    """

    what: str
    work: Work | None = None
    command: tuple[str, ...] = ()
    largest: float = 1e9
    sized: bool = True
    needs: tuple[str, ...] = ()
    against: str = "floor"
    engine: str = "duckdb"
    elsewhere: bool = False

    def missing(self) -> list[str]:
        """Modules it needs that cannot be imported here."""
        return [name for name in self.needs if not _found(name)]


def _found(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _floor(home: Path, size: float, out: Path) -> dict[str, int]:
    import duckdb

    out.mkdir(parents=True, exist_ok=True)
    areas = HERE.parent / "src/tertiary/register/data/lsoas.parquet"
    given = {"files": [str(p) for p in data.activity(size, home)], "areas": str(areas), "out": str(out / "f.parquet")}
    with duckdb.connect() as db:
        db.execute("SET threads = 2")
        db.execute("SET memory_limit = '4GB'")
        db.execute(_filled((HERE / "floor.sql").read_text(), given))
        return {"cells": db.execute("SELECT count(*) FROM read_parquet(?)", [given["out"]]).fetchall()[0][0]}


def _filled(sql: str, given: dict[str, str | list[str]]) -> str:
    """COPY takes no parameters for file names, so they are written into the text."""
    for name, value in given.items():
        sql = sql.replace(f"${name}", repr(value))
    return sql


def _ours(home: Path, size: float, out: Path) -> dict[str, int]:
    from bench import ours

    return ours.everything(data.activity(size, home), [data.overlay(home)], out)


def _identify(home: Path, size: float, out: Path) -> dict[str, int]:
    from bench import ours

    return ours.identification(data.activity(size, home), [data.overlay(home)], out)


def _ours_10(home: Path, size: float, out: Path) -> dict[str, int]:
    from bench import ours, rules

    return ours.everything(data.activity(size, home), [data.overlay(home), rules.tenfold(home)], out)


def _identify_10(home: Path, size: float, out: Path) -> dict[str, int]:
    from bench import ours, rules

    return ours.identification(data.activity(size, home), [data.overlay(home), rules.tenfold(home)], out)


def _case(home: Path, size: float, out: Path) -> dict[str, int]:
    from bench import case_way

    return case_way.run(data.activity(size, home), [data.overlay(home)], out)


def _case_10(home: Path, size: float, out: Path) -> dict[str, int]:
    from bench import case_way, rules

    return case_way.run(data.activity(size, home), [data.overlay(home), rules.tenfold(home)], out)


def _pandas(home: Path, size: float, out: Path) -> dict[str, int]:
    from bench import pandas_way

    return pandas_way.run(data.activity(size, home), [data.overlay(home)], out)


def _spark(home: Path, size: float, out: Path) -> dict[str, int]:
    from bench import ours

    return ours.everything(data.activity(size, home), [data.overlay(home)], out, on_spark=True)


def _csv_copy(home: Path, size: float, out: Path) -> dict[str, int]:
    """Each flow by itself. The dialect is told, or broken-off lines stop the copy; those lines are left out."""
    import duckdb

    out.mkdir(parents=True, exist_ok=True)
    rows = 0
    kinds: dict[str, list[str]] = {}
    for path in data.monthly_csv(home):
        kinds.setdefault(path.parent.name, []).append(str(path))
    with duckdb.connect() as db:
        db.execute("SET threads = 2")
        db.execute("SET memory_limit = '4GB'")
        for kind, files in kinds.items():
            reader = f"read_csv({files!r}, {CSV})"
            target = out / f"{kind}.parquet"
            done = db.execute(f"COPY (SELECT * FROM {reader}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
            rows += done.fetchall()[0][0]
    return {"rows": rows}


def _intake(home: Path, size: float, out: Path) -> dict[str, int]:
    from bench import ours

    return ours.reading(home / "csv" / "inputs", [data.overlay(home)], out)


TASKS: dict[str, Task] = {
    "floor": Task("bare DuckDB: scan, one look-up, group-by", _floor),
    "ours": Task("tertiary: identify, assign, price, ledger; records and reasons written", _ours),
    "identify": Task("tertiary: identification alone, spells and links included", _identify, largest=5),
    "ours_10": Task("tertiary with ten times the rules", _ours_10, largest=1, against="ours"),
    "identify_10": Task(
        "tertiary: identification alone with ten times the rules", _identify_10, largest=1, against="identify"
    ),
    "pandas": Task("the peer's way: pandas, a rule at a time", _pandas, largest=5, needs=("pandas",), engine="pandas"),
    "case": Task("one CASE over raw columns: identification only", _case, largest=1),
    "case_10": Task("one CASE with ten times the rules", _case_10, largest=1, against="case"),
    "spark": Task(
        "tertiary on Spark, local",
        _spark,
        largest=5,
        needs=("pyspark", "tertiary.spark"),
        engine="spark",
        elsewhere=True,
    ),
    "csv_copy": Task("bare DuckDB: CSV to Parquet", _csv_copy, sized=False, against="csv_copy"),
    "intake": Task("tertiary: CSV read with full checking", _intake, sized=False, against="csv_copy"),
    "help": Task("tertiary --help", command=("tertiary", "--help"), sized=False, against=""),
}
