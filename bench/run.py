"""Measure the tasks side by side and write the table: `python -m bench.run --sizes 1,5 --repeats 3`.

Every task runs in a process of its own. Repeats go round in turns, so that a busy minute hurts all alike; a figure is
the median of its repeats, and ratios are of tasks of the same run. What takes longer than LONG runs once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import compare, data, machine, report
from bench.tasks import TASKS, Task

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "explanation" / "performance.md"
COMPARED = ("pandas", "case", "spark")
# GiB of disk that data and output of a million records take while they are measured
ROOM = 0.6
# seconds; a task that takes longer is not repeated
LONG = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare, measure, compare, write and print. 1 when a task failed."""
    asked = _arguments(arguments)
    home, results = Path(asked.data), Path(asked.results)
    home.mkdir(parents=True, exist_ok=True)
    chosen = {name: TASKS[name] for name in asked.tasks if TASKS[name].engine in asked.engines}
    about = machine.describe()
    plan = _plan(chosen, _that_fit(home, asked.sizes))
    _prepare(home, plan)
    runs = _measure(home, plan, asked.repeats)
    agreement = compare.all_of(home, sorted({(r["task"], r["size"]) for r in runs if r["status"] == "ok"}))
    shutil.rmtree(home / "work", ignore_errors=True)
    found = {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": about,
        "repeats": asked.repeats,
        "runs": runs,
        "agreement": agreement,
        "rows": {f"{size:g}": data.rows(size, home) for size in sorted({s for _, s in plan if s})},
    }
    report.write(found, results, asked.name)
    if (results, asked.name) == (RESULTS, "latest"):
        report.renew(PAGE, results, asked.name)
    print((results / f"{asked.name}.md").read_text())
    return 1 if any(r["status"] == "failed" for r in runs) else 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    def names(known: Sequence[str]) -> Any:
        def read(text: str) -> list[str]:
            unknown = sorted(set(text.split(",")) - set(known))
            if unknown:
                raise argparse.ArgumentTypeError(f"{', '.join(unknown)} not known; choose from {', '.join(known)}")
            return text.split(",")

        return read

    engines = sorted({task.engine for task in TASKS.values()})
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--sizes", type=lambda t: [float(s) for s in t.split(",")], default=[1.0, 5.0], help="millions")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tasks", type=names(list(TASKS)), default=list(TASKS), help=", ".join(TASKS))
    parser.add_argument("--engines", type=names(engines), default=engines, help=", ".join(engines))
    parser.add_argument("--data", default=str(data.HERE), help="where generated data are kept")
    parser.add_argument("--results", default=str(RESULTS), help="where results are written")
    parser.add_argument("--name", default="latest", help="name of the result files")
    return parser.parse_args(arguments)


def _that_fit(home: Path, sizes: Sequence[float]) -> list[float]:
    """The sizes for which there is room on the disk; the others are named."""
    free = shutil.disk_usage(home).free / 2**30
    fit = [size for size in sizes if size * ROOM <= free]
    for size in sorted(set(sizes) - set(fit)):
        print(f"{size:g} million is left out: it needs {size * ROOM:.0f} GiB, {free:.0f} are free", file=sys.stderr)
    return fit


def _plan(tasks: dict[str, Task], sizes: Sequence[float]) -> list[tuple[str, float]]:
    """(task, size) in order of size; size 0 is that of a task that has one size only."""
    once = [(name, 0.0) for name, task in tasks.items() if not task.sized]
    sized = [(n, s) for s in sorted(sizes) for n, task in tasks.items() if task.sized and s <= task.largest]
    return once + sized


def _prepare(home: Path, plan: Sequence[tuple[str, float]]) -> None:
    """Make the data in a process of its own, so that nothing of it is left in this one."""
    wanted = [f"{size:g}" for size in sorted({s for _, s in plan if s})]
    wanted += ["csv"] if {"csv_copy", "intake"} & {name for name, _ in plan} else []
    print(f"data: {', '.join(wanted)} in {home}", file=sys.stderr)
    if any(name.endswith("_10") for name, _ in plan):
        wanted.append("rules")
    subprocess.run([sys.executable, "-m", "bench.data", str(home), *wanted], check=True, cwd=ROOT, env=_environment())


def _measure(home: Path, plan: Sequence[tuple[str, float]], repeats: int) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = []
    for repeat in range(repeats):
        long = {(r["task"], r["size"]) for r in runs if r.get("wall_s", 0) > LONG}
        for name, size in plan if repeat % 2 == 0 else plan[::-1]:
            if (name, size) in long:
                continue
            missing = TASKS[name].missing()
            if missing:
                found: dict[str, Any] = {"status": "not installed", "why": ", ".join(missing)}
            else:
                found = _one(home, name, size)
            runs.append({"task": name, "size": size, "repeat": repeat, **found})
            seconds = f"{found['wall_s']:.2f} s, CPU {found['cpu_s']:.2f} s" if "wall_s" in found else ""
            print(f"{repeat + 1}/{repeats} {name} {size:g}: {found['status']} {seconds}", file=sys.stderr, flush=True)
    return runs


def _one(home: Path, name: str, size: float) -> dict[str, Any]:
    """Run a task once; what it wrote stays under `work` until the next run of the same task."""
    out = home / "work" / f"{name}-{size:g}"
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "bench.task", name, f"{size:g}", str(home), str(out)]
    if TASKS[name].command:
        program, *rest = TASKS[name].command
        command = [str(Path(sys.executable).parent / program), *rest]
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=_environment()) as process:
        said = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    if name not in (*COMPARED, "ours", "identify"):
        shutil.rmtree(out, ignore_errors=True)
    if process.returncode:
        return {"status": "failed", "why": f"exit code {process.returncode}; its message is above"}
    facts: dict[str, Any] = dict.fromkeys(("read_mib", "written_mib")) | {"peak_mib": used.ru_maxrss / 1024}
    facts = facts | ({"counts": {}} if TASKS[name].command else json.loads(said.splitlines()[-1]))
    return {"status": "ok", "wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, **facts}


def _environment() -> dict[str, str]:
    """The package of this very tree, whatever is installed."""
    path = [str(ROOT / "src"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONHASHSEED": "0"}


if __name__ == "__main__":
    sys.exit(main())
