"""From runs to one table, the targets, and a chart."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench import chart
from bench.tasks import TASKS

MEASURES = ("wall_s", "cpu_s", "peak_mib", "read_mib", "written_mib")
LARGEST, MONTH = 50.0, 8.0


def write(found: dict[str, Any], folder: Path, name: str) -> None:
    """Write `name`.json (everything), `name`.md (tables) and `name`.svg (chart) to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {**found, "medians": medians(found["runs"])}
    found["targets"] = targets(found["medians"])
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1, default=str) + "\n")
    (folder / f"{name}.md").write_text(_markdown(found))
    (folder / f"{name}.svg").write_text(chart.svg(found["medians"], found["rows"]))


def renew(page: Path, folder: Path, name: str) -> None:
    """Put the tables of a result, and the SQL of the floor, between their marks on the page that explains them."""
    text = page.read_text()
    sql = (Path(__file__).parent / "floor.sql").read_text().strip()
    for mark, inside in (("results", (folder / f"{name}.md").read_text().strip()), ("floor", f"```sql\n{sql}\n```")):
        begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
        first, rest = text.split(begin)
        text = f"{first}{begin}{inside}\n{end}{rest.split(end)[1]}"
    page.write_text(text)


def medians(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a task and size, in the order of the tasks: medians of the repeats, ratios to the task's yardstick."""
    grouped: dict[tuple[str, float], list[dict[str, Any]]] = defaultdict(list)
    for run in runs:
        grouped[run["task"], run["size"]].append(run)
    rows = []
    for (task, size), some in grouped.items():
        good = [r for r in some if r["status"] == "ok"]
        row: dict[str, Any] = {"task": task, "size": size, "status": some[0]["status"] if not good else "ok"}
        if good:
            row |= {m: _median(r[m] for r in good) for m in MEASURES}
            row |= {"repeats": len(good), "counts": good[-1]["counts"]}
            row |= dict.fromkeys(MEASURES[1:]) if TASKS[task].elsewhere else {}
            row["spread_cpu"] = max(r["cpu_s"] for r in good) / min(r["cpu_s"] for r in good)
        else:
            row["why"] = some[0].get("why", "")
        rows.append(row)
    by_key = {(r["task"], r["size"]): r for r in rows if r["status"] == "ok"}
    for row in by_key.values():
        yardstick = by_key.get((TASKS[row["task"]].against, row["size"]))
        if yardstick:
            row["ratio_cpu"] = row["cpu_s"] / yardstick["cpu_s"] if row["cpu_s"] else None
            row["ratio_wall"] = row["wall_s"] / yardstick["wall_s"]
    order = list(TASKS)
    return sorted(rows, key=lambda r: (r["size"], order.index(r["task"])))


def _median(values: Any) -> float | None:
    found = [v for v in values if v is not None]
    return median(found) if found else None


def exponent(rows: Sequence[dict[str, Any]], task: str, measure: str) -> float | None:
    """Slope of log(measure) over log(size) by least squares; None with fewer than two sizes."""
    points = [
        (math.log(r["size"]), math.log(r[measure])) for r in rows if r["task"] == task and r["size"] and r.get(measure)
    ]
    if len(points) < 2:
        return None
    mean_x, mean_y = (sum(p[i] for p in points) / len(points) for i in (0, 1))
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def targets(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was promised, what was found (None: not measured in this run) and whether it is met."""
    at = {(r["task"], r["size"]): r for r in rows if r["status"] == "ok"}

    def of(task: str, size: float, measure: str) -> float | None:
        return at.get((task, size), {}).get(measure)

    def over(task: str, other: str, size: float, measure: str) -> float | None:
        a, b = of(task, size, measure), of(other, size, measure)
        return a / b if a and b else None

    peak = of("ours", LARGEST, "peak_mib")
    slow = max((s for t, s in at if t == "pandas" and ("ours", s) in at), default=0.0)
    promised = [
        ("ours / floor, CPU, 50 million", over("ours", "floor", LARGEST, "cpu_s"), "≤", 4.0),
        ("ours / floor, wall, 50 million", over("ours", "floor", LARGEST, "wall_s"), "≤", 4.0),
        (f"pandas / ours, CPU, {slow:g} million", over("pandas", "ours", slow, "cpu_s"), "≥", 15.0),
        ("intake / bare CSV copy, CPU", over("intake", "csv_copy", 0.0, "cpu_s"), "≤", 2.5),
        ("peak memory of ours, GiB, 50 million", peak / 1024 if peak else None, "≤", 4.0),
        ("growth: exponent of wall time of ours", exponent(rows, "ours", "wall_s"), "≤", 1.05),
        ("growth: exponent of CPU time of ours", exponent(rows, "ours", "cpu_s"), "≤", 1.05),
        ("ten times the rules, everything, CPU", over("ours_10", "ours", 1.0, "cpu_s"), "≤", 4.0),
        ("ten times the rules, identification, CPU", over("identify_10", "identify", 1.0, "cpu_s"), "≤", 4.0),
        ("ten times the rules, one CASE, CPU (for comparison)", over("case_10", "case", 1.0, "cpu_s"), "≤", 4.0),
        ("a month of England (8 million), wall s", of("ours", MONTH, "wall_s"), "≤", 30.0),
        ("tertiary --help, wall s", of("help", 0.0, "wall_s"), "≤", 0.3),
    ]
    return [
        {"target": name, "found": value, "bound": f"{sign} {bound:g}", "met": _met(value, sign, bound)}
        for name, value, sign, bound in promised
    ]


def _met(value: float | None, sign: str, bound: float) -> str:
    if value is None:
        return "not measured"
    return "yes" if (value <= bound if sign == "≤" else value >= bound) else "no"


def _markdown(found: dict[str, Any]) -> str:
    return "\n\n".join([_about(found), _table(found), _targets(found), _agreement(found)]) + "\n"


def _about(found: dict[str, Any]) -> str:
    m = found["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in m["packages"].items())
    return (
        f"{m['processor']}, {m['cores']} cores, {m['memory_gib']} GiB, {m['system']}, Python {m['python']}; "
        f"{versions}.\n"
        f"Taken {found['taken_at']}, commit {m['commit']}, load average before {m['load_before']}; medians of "
        f"{found['repeats']} repeat(s)."
    )


def _table(found: dict[str, Any]) -> str:
    names = ["wall s", "CPU s", "CPU µs a record", "peak MiB", "read MiB", "CPU ratio", "wall ratio"]
    head = ["| task | million records | " + " | ".join(names) + " | to |"]
    head.append("| --- " + "| ---: " * (len(names) + 1) + "| --- |")
    return "\n".join([*head, *(_line(row, found["rows"]) for row in found["medians"])])


def _line(row: dict[str, Any], rows: dict[str, int]) -> str:
    size = f"{row['size']:g}" if row["size"] else "–"
    what = TASKS[row["task"]].what
    if row["status"] != "ok":
        return f"| {what} (`{row['task']}`) | {size} | {row['status']}: {row['why']} | | | | | | | |"
    count = rows.get(size) or max([0, *(v for k, v in row["counts"].items() if k in ("rows", "received"))])
    each = row["cpu_s"] / count * 1e6 if count and row["cpu_s"] else None
    cells = [_fine(row["wall_s"]), _fine(row["cpu_s"]), _fine(each), _whole(row["peak_mib"]), _whole(row["read_mib"])]
    ratios = [_fine(row.get(r)) for r in ("ratio_cpu", "ratio_wall")]
    to = TASKS[row["task"]].against if "ratio_wall" in row else ""
    return f"| {what} (`{row['task']}`) | {size} | " + " | ".join([*cells, *ratios, to]) + " |"


def _fine(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _targets(found: dict[str, Any]) -> str:
    lines = ["| target | bound | found | met |", "| --- | ---: | ---: | --- |"]
    for row in found["targets"]:
        value = "" if row["found"] is None else f"{row['found']:.2f}"
        lines.append(f"| {row['target']} | {row['bound']} | {value} | {row['met']} |")
    return "\n".join(lines)


def _agreement(found: dict[str, Any]) -> str:
    if not found["agreement"]:
        return "No other way ran beside ours, so none was compared."
    lines = ["| way | against | million records | records compared | in one only | agree on, per cent |"]
    lines.append("| --- | --- | ---: | ---: | ---: | --- |")
    for row in found["agreement"]:
        shares = ", ".join(f"{name} {share:.3f}" for name, share in row["per_cent"].items())
        alone = row["only_ours"] + row["only_theirs"]
        lines.append(f"| {row['task']} | {row['with']} | {row['size']:g} | {row['rows']:,} | {alone:,} | {shares} |")
    return "\n".join(lines)
