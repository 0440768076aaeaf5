"""What each stage of a run took: seconds, processor time, rows, bytes and memory; and how long the rest may take.

Peak memory is the highest resident size seen while a stage ran, looked at fifty times a second. The system's own
high-water mark would be exact, but it never falls: after the first large stage every later one would show the same.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

Progress = Callable[[str, Mapping[str, Any]], None]

_STATM = Path("/proc/self/statm")
_SAMPLE_SECONDS = 0.02
_TELL_SECONDS = 0.5
_KEPT = ("rows", "bytes")


class Facts(dict[str, Any]):
    """What a stage reports when it ends (`rows` and `bytes` also go to the manifest). Never a value from a row.

    `reached(bytes done, bytes in all)` may be called meanwhile, as often as is convenient.
    """

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        super().__init__()
        self.reached = tell


@dataclass
class Clock:
    """Times the stages of one run. `former`: the stages of an earlier run, if any, to tell the time left by."""

    progress: Progress | None = None
    former: Sequence[Mapping[str, Any]] = ()
    stages: list[dict[str, Any]] = field(default_factory=list)
    started_at: str = field(default_factory=lambda: datetime.now().astimezone().isoformat(timespec="seconds"))

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by stage."""
        return {s["stage"]: s["seconds"] for s in self.stages}

    @contextmanager
    def stage(self, name: str) -> Iterator[Facts]:
        """Time a stage; what is put into the yielded dictionary is reported when it ends."""
        begin, spent, told = time.perf_counter(), time.process_time(), 0.0

        def tell(done: int, total: int) -> None:
            nonlocal told
            passed = time.perf_counter() - begin
            if passed - told < _TELL_SECONDS or not done:
                return
            told = passed
            left = {"seconds_left": round(passed * (total - done) / done, 1)}
            self._say("progress", {"stage": name, "bytes": done, "bytes_total": total, **left})

        facts = Facts(tell)
        self._say("begin", {"stage": name, **self._left(name)})
        with MemoryPeak() as memory:
            yield facts
        measured = {
            "stage": name,
            "seconds": round(time.perf_counter() - begin, 3),
            "cpu_seconds": round(time.process_time() - spent, 3),
            "peak_memory_bytes": memory.bytes,
        }
        self.stages.append({**measured, **{k: facts[k] for k in _KEPT if k in facts}})
        self._say("end", {**measured, **facts})

    def _left(self, name: str) -> dict[str, float]:
        """Seconds the earlier run took from this stage on, in proportion to the bytes read; nothing when not known."""
        names = [s["stage"] for s in self.former]
        if name not in names:
            return {}
        then, now = (
            sum(s.get("bytes", 0) for s in stages if s["stage"] == "intake") for stages in (self.former, self.stages)
        )
        ratio = now / then if then and now else 1.0
        return {"seconds_left": round(ratio * sum(s["seconds"] for s in self.former[names.index(name) :]), 1)}

    def _say(self, event: str, facts: Mapping[str, Any]) -> None:
        if self.progress:
            self.progress(event, facts)


class MemoryPeak:
    """`bytes`: the highest resident memory of this process seen between entering and leaving."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="tertiary-memory", daemon=True)

    def __enter__(self) -> MemoryPeak:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            self._look()

    def _look(self) -> None:
        self.bytes = max(self.bytes, resident_bytes())


def resident_bytes() -> int:
    """Resident memory of this process now; where the system does not tell, its high-water mark."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
