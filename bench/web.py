"""How quickly the ledger's pages answer: `python -m bench.web RUN --register DIR`.

A real server (`tertiary serve`) over a run, a real load tool (Locust) with ten visitors on the same machine, who pause
between pages or do not. The yardstick is a bare DuckDB query over the run's ledger file, which gives one such slice,
one at a time on an idle machine.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench import machine

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "results", HERE.parent / "docs" / "explanation" / "performance.md"
TARGET_MS = 150
VISITORS = 10
MARK = ("<!-- web -->\n", "<!-- end of web -->")
FREE = ("service_line_final", "provider_code", "population_icb", "npoc_code", "point_of_delivery", "financial_month")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write bench/results/web.* and the page. 1 when a request failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.web", description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--register", type=Path)
    parser.add_argument("--seconds", type=int, default=60, help="for each way of visiting")
    parser.add_argument("--pauses", default="0,1", help="seconds between pages, with commas")
    asked = parser.parse_args(arguments)
    found: dict[str, Any] = {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine.describe(),
        "visitors": VISITORS, "seconds": asked.seconds, **_sizes(asked.run),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        choices = Path(folder) / "choices.json"
        choices.write_text(json.dumps(_choices(asked.run)))
        found["bare"] = _bare(asked.run, json.loads(choices.read_text()))
        found["visits"] = [_visit(asked, float(pause), choices, Path(folder)) for pause in asked.pauses.split(",")]
    text = _words(found)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "web.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / "web.md").write_text(text)
    page = PAGE.read_text()
    if MARK[0] in page:
        first, rest = page.split(MARK[0])
        PAGE.write_text(f"{first}{MARK[0]}{text}{MARK[1]}{rest.split(MARK[1])[1]}")
    print(text)
    return 1 if any(row["failures"] for visit in found["visits"] for row in visit["rows"]) else 0


def _ledger(run: Path) -> list[Path]:
    from tertiary.runs import open as open_run

    return list(open_run(run).table("ledger").paths)


def _sizes(run: Path) -> dict[str, Any]:
    import duckdb

    from tertiary.runs import open as open_run

    counts = open_run(run).manifest["counts"]
    rows = duckdb.sql(f"SELECT count(*) FROM read_parquet({[str(p) for p in _ledger(run)]})").fetchall()[0][0]
    return {"records": counts["received"], "ledger_rows": rows}


def _choices(run: Path) -> dict[str, list[str]]:
    import duckdb

    files = [str(p) for p in _ledger(run)]
    return {
        name: [str(r[0]) for r in duckdb.sql(f"SELECT DISTINCT {name} FROM read_parquet({files})").fetchall() if r[0]]
        for name in FREE
    }


def _bare(run: Path, choices: dict[str, list[str]], times: int = 60) -> dict[str, float]:
    """Milliseconds of slices asked of the ledger's files, nothing around them."""
    import duckdb

    files, taken = [str(p) for p in _ledger(run)], []
    chance = random.Random(1)
    database = duckdb.connect()
    for _ in range(times):
        by, only = chance.sample(FREE, 3)[:2], chance.choice(FREE)
        names = ", ".join(by)
        begun = time.perf_counter()
        database.execute(
            f"SELECT {names}, sum(records), sum(quantity), sum(price_submitted) AS p, sum(price_expected) "
            f"FROM read_parquet({files}) WHERE measure = 'actual' AND counted AND CAST({only} AS VARCHAR) = ? "
            f"GROUP BY {names} ORDER BY p DESC LIMIT 100",
            [chance.choice(choices[only])],
        ).fetchall()
        taken.append(1_000 * (time.perf_counter() - begun))
    return {"median_ms": median(taken), "p95_ms": quantiles(taken, n=20)[-1]}


def _visit(asked: argparse.Namespace, pause: float, choices: Path, folder: Path) -> dict[str, Any]:
    """One server, ten visitors for a while; what Locust counted."""
    command = [sys.executable, "-m", "tertiary.cli", "serve", str(asked.run), "--port", "0"]
    command += ["--register", str(asked.register)] if asked.register else []
    begun = time.perf_counter()
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        address = _address(server)
        started = time.perf_counter() - begun
        _load(address, pause, choices, folder / "warm", 10)
        _load(address, pause, choices, folder / f"pause{pause:g}", asked.seconds)
        peak = _peak(server.pid)
    finally:
        server.terminate()
        server.wait(30)
    with (folder / f"pause{pause:g}_stats.csv").open() as file:
        rows = [_row(r) for r in csv.DictReader(file) if r["Name"] not in ("sign on", "Aggregated")]
    return {"pause_s": pause, "ready_s": round(started, 1), "peak_mib": peak, "rows": rows}


def _row(row: dict[str, str]) -> dict[str, Any]:
    return {
        "name": row["Name"], "requests": int(row["Request Count"]), "failures": int(row["Failure Count"]),
        "a_second": round(float(row["Requests/s"]), 1), "p50_ms": float(row["50%"]), "p95_ms": float(row["95%"]),
        "p99_ms": float(row["99%"]),
    }  # fmt: skip


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stderr is not None
    for line in server.stderr:
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise SystemExit("The server did not start.")


def _load(address: str, pause: float, choices: Path, out: Path, seconds: int) -> None:
    command = [
        sys.executable, "-m", "locust", "--locustfile", str(HERE / "visitors.py"), "--headless", "--only-summary",
        "--users", str(VISITORS), "--spawn-rate", str(VISITORS), "--run-time", f"{seconds}s", "--host", address,
        "--csv", str(out),
    ]  # fmt: skip
    about = os.environ | {"BENCH_CHOICES": str(choices), "BENCH_PAUSE": str(pause)}
    subprocess.run(command, env=about, check=False, capture_output=True)


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024  # type: ignore[index]


def _words(found: dict[str, Any]) -> str:
    about, bare = found["machine"], found["bare"]
    lines = [
        f"{about['processor']}, {about['cores']} cores; server and load tool share them. Taken {found['taken_at']}, "
        f"commit {about['commit']}, load average before {about['load_before']}. A run of {found['records']:,} records, "
        f"{found['ledger_rows']:,} rows in its ledger. {found['visitors']} visitors for {found['seconds']} seconds; "
        f"a bare DuckDB query of such a slice, alone: median {bare['median_ms']:.0f} ms, p95 {bare['p95_ms']:.0f} ms.",
        "",
        "| visitors pause | asked for | requests | failed | a second | p50 ms | p95 ms | p99 ms | p95 / bare median |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for visit in found["visits"]:
        for row in visit["rows"]:
            lines.append(
                f"| {visit['pause_s']:g} s | {row['name']} | {row['requests']:,} | {row['failures']} | "
                f"{row['a_second']} | {row['p50_ms']:.0f} | {row['p95_ms']:.0f} | {row['p99_ms']:.0f} | "
                f"{row['p95_ms'] / bare['median_ms']:.2f} |"
            )
    visit = found["visits"][0]
    lines += ["", f"The server was ready after {visit['ready_s']} s and took {visit['peak_mib']} MiB at most."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
