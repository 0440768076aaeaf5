"""One task in a process of its own: `python -m bench.task NAME SIZE HOME OUT`, then one line of JSON.

It says what only the process itself can know: rows, peak memory and bytes read and written. Time is taken by the
parent, so that starting Python and importing libraries count too.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from bench.tasks import TASKS


def main(name: str, size: str, home: str, out: str) -> None:
    """Run the task and print its facts."""
    work = TASKS[name].work
    if work is None:
        raise SystemExit(f"{name} is a program of its own: bench.run times it as it is.")
    counts = work(Path(home), float(size), Path(out))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"counts": counts, "peak_mib": (_peak_kib() + children) / 1024, **_io()}))


def _peak_kib() -> int:
    """Most memory this process held. The kernel's own figure for children of a large parent may be the parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _io() -> dict[str, float | None]:
    """Bytes asked of files (`rchar`, from the disk or its cache alike) and written, in MiB."""
    path = Path("/proc/self/io")
    if not path.exists():
        return {"read_mib": None, "written_mib": None}
    found = dict(line.split(": ") for line in path.read_text().splitlines())
    return {"read_mib": int(found["rchar"]) / 2**20, "written_mib": int(found["wchar"]) / 2**20}


if __name__ == "__main__":
    main(*sys.argv[1:])
