"""A small synthetic area and one run of it, shared by the tests of the whole walk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tertiary


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tertiary.synth import write

    folder = tmp_path_factory.mktemp("synthetic")
    write(folder, area="QMJ", months="2025-04..2025-05", scale=0.02, seed=11, defects=0.02)
    victim = sorted(folder.glob("plcm/*.csv"))[0]
    with victim.open("a", encoding="utf-8") as handle:
        handle.write("1,202526,cut off\n")
    late = victim.with_name(victim.name.replace(".csv", "_again.csv"))
    created = "2025-05-20T09:30:00", "2025-05-21T09:30:00"
    late.write_text(victim.read_text(encoding="utf-8").replace(*created), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def run(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tertiary.run(inputs, out=tmp_path_factory.mktemp("run"), register=[inputs / "register"], threads=2)
