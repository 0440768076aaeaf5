"""What the tests of run folders ask of one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any


def named(manifest: dict[str, Any]) -> set[str]:
    """Table files of this run and of the one before it."""
    homes = (manifest["tables"], manifest["former_tables"])
    return {file for tables in homes for files in tables.values() for file in files}


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}


def assert_clean(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert files(folder) == {"manifest.json", ".lock", *named(manifest)}
    assert {p.name for p in folder.iterdir()} == {"manifest.json", ".lock", "tables"}


def finish(process: Any) -> float:
    begin = time.perf_counter()
    process.join(300)
    return time.perf_counter() - begin
