"""A small synthetic area and one run of it, shared by the tests of the whole walk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tertiary


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tertiary.synth import write

    # at this size planted defects quarantine rows, and a correction and a restatement supersede some
    folder = tmp_path_factory.mktemp("synthetic")
    write(folder, area="QMJ", months="2025-04..2025-05", scale=0.02, seed=11, defects=0.02)
    return folder


@pytest.fixture(scope="session")
def run(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tertiary.run(inputs, out=tmp_path_factory.mktemp("run"), register=[inputs / "register"], threads=2)
