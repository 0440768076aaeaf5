"""A trust checks its file before it sends it, reads what is wrong with it and takes the findings away."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_a_file_is_checked_and_its_findings_taken_away(walk: Any, world: Any) -> None:
    path = world.folder / "inputs" / "drplcm" / "synthetic_RRV_drplcm_202504.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    walk.start("uclh")
    walk.menu("Check a file")
    walk.main().get_by_label("Choose a file").set_input_files(path)
    walk.press("Check the file")
    walk.says(path.name)
    walk.says(f"{len(lines) - 1:,} received =")
    walk.look()
    saved = list(csv.DictReader(io.StringIO(walk.saved("findings as CSV").decode())))
    assert saved and all(row["rule_id"] for row in saved)


def test_what_is_no_file_of_a_flow_is_told(walk: Any) -> None:
    walk.start("uclh")
    walk.menu("Check a file")
    text = {"name": "a very long name of a letter to the commissioner about nothing.csv", "mimeType": "text/csv"}
    walk.main().get_by_label("Choose a file").set_input_files({**text, "buffer": b"Dear commissioner\n"})
    walk.press("Check the file")
    walk.says("this is not a file that can be taken in")
    walk.look()
