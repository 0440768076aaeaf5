"""Finding test vectors by folder and file name, and running the suites that this version has."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from tertiary.conform.report import ConformReport, Suite
from tertiary.errors import TertiaryError

Runner = Callable[[Suite, Sequence[Path]], None]


def run(directory: str | Path) -> ConformReport:
    """Run every suite found in a folder, at any depth. TertiaryError when there is none or a file cannot be read."""
    folder = Path(directory)
    if not folder.is_dir():
        raise TertiaryError(f"{folder}: not a folder. Give the folder that holds the test vectors.")
    suites = find(folder)
    if not suites:
        raise TertiaryError(
            f"{folder}: no test vectors found. Expected files such as cam/cases.csv (folder and file name both count)."
        )
    for suite in suites:
        runner = _runners().get(suite.name)
        if runner:
            runner(suite, [Path(f) for f in suite.files])
            suite.was_run = True
    return ConformReport(str(folder), tuple(suites))


def find(folder: Path) -> list[Suite]:
    """Suites that have at least one file under `folder`."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    found = []
    for row in _catalogue():
        mine = [str(p) for p in files if p.resolve().parent.name == row["folder"] and p.match(row["pattern"])]
        if mine:
            found.append(Suite(row["suite"], row["what"], mine))
    return found


def _runners() -> Mapping[str, Runner]:
    from tertiary.conform.cam import run_cam
    from tertiary.conform.sdc import run_sdc

    return {"cam": run_cam, "sdc": run_sdc}


@cache
def _catalogue() -> tuple[dict[str, str], ...]:
    text = resources.files("tertiary.conform").joinpath("suites.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
