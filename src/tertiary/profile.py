"""Where the time of a run went, by stage: from the manifest, so that it can be asked of any run at any time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tertiary.runs import Run

_BAR = 20
_MEASURES = ("seconds", "cpu_seconds", "rows", "bytes", "peak_memory_bytes")


@dataclass(frozen=True)
class Profile:
    """One entry a stage, in order: stage, seconds, share and, where known, cpu_seconds, rows, rows_a_second, bytes,
    peak_memory_bytes. `bytes` are read (intake) or written (write). `engine`: name, version, threads, memory_limit.
    """

    name: str
    started_at: str
    engine: Mapping[str, Any]
    stages: Sequence[Mapping[str, Any]]

    @property
    def seconds(self) -> float:
        """Seconds of all stages."""
        return round(sum(s["seconds"] for s in self.stages), 3)

    def to_json(self) -> str:
        """The same as JSON."""
        whole = {"run": self.name, "started_at": self.started_at, "seconds": self.seconds, "engine": self.engine}
        return json.dumps({**whole, "stages": self.stages}, indent=1)

    def to_text(self) -> str:
        """A line on the whole and a line a stage."""
        lines = [f"{self.name}: {self.seconds:,.1f} s{self._whole()}"]
        if self.engine:
            lines.append("{name} {version}, threads {threads}, memory limit {memory_limit}".format(**self.engine))
        head = (
            f"{'stage':<12}{'seconds':>9}{'cpu s':>9}  {'share':<{_BAR}}{'':>6}"
            f"{'rows':>14}{'rows/s':>12}{'MB':>10}{'peak MB':>10}"
        )
        return "\n".join([*lines, "", head, *[_line(s) for s in self.stages]])

    def _whole(self) -> str:
        spent = sum(s.get("cpu_seconds", 0) for s in self.stages)
        peak = max((s.get("peak_memory_bytes", 0) for s in self.stages), default=0)
        return (f", {spent:,.1f} s of processor time" if spent else "") + (f", peak {_mb(peak)} MB" if peak else "")


def profile(run: Run) -> Profile:
    """What the manifest tells of the run's stages; older runs tell seconds only."""
    told = run.manifest.get("profile") or {"stages": [{"stage": n, "seconds": s} for n, s in _seconds(run)]}
    whole = sum(s["seconds"] for s in told["stages"])
    stages = [_stage(s, whole) for s in told["stages"]]
    return Profile(str(run.path), told.get("started_at", ""), told.get("engine", {}), stages)


def _seconds(run: Run) -> Sequence[tuple[str, float]]:
    return list(run.manifest.get("seconds", {}).items())


def _stage(told: Mapping[str, Any], whole: float) -> dict[str, Any]:
    measures = {m: told[m] for m in _MEASURES if m in told}
    rate = {"rows_a_second": round(told["rows"] / told["seconds"])} if told.get("rows") and told["seconds"] else {}
    share = round(told["seconds"] / whole, 4) if whole else 0.0
    return {"stage": told["stage"], **measures, "share": share, **rate}


def _line(stage: Mapping[str, Any]) -> str:
    bar = "#" * round(stage["share"] * _BAR)
    spent = f"{stage['cpu_seconds']:,.1f}" if "cpu_seconds" in stage else ""
    rows, rate = (f"{stage[k]:,}" if k in stage else "" for k in ("rows", "rows_a_second"))
    held, peak = (_mb(stage[k]) if stage.get(k) else "" for k in ("bytes", "peak_memory_bytes"))
    return (
        f"{stage['stage']:<12}{stage['seconds']:>9,.1f}{spent:>9}  {bar:<{_BAR}}{stage['share']:>6.0%}"
        f"{rows:>14}{rate:>12}{held:>10}{peak:>10}"
    ).rstrip()


def _mb(count: float) -> str:
    return f"{count / 1e6:,.1f}"
