"""A run folder with the charges a case is about, a register, a small synthetic run, and both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tertiary
from charges import Given, written
from databases import server, store, url
from tertiary.challenges import Log
from tertiary.decisions import Store
from tertiary.register import Register
from tertiary.runs import Run

__all__ = ["server", "store", "url"]


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Run]:
    """Make a run of charges and findings; another call makes another run."""
    numbers = iter(range(1000))

    def make(charges: Iterable[Given], findings: Iterable[Mapping[str, Any]] = ()) -> Run:
        return written(tmp_path / f"run{next(numbers)}", charges, findings)

    return make


@pytest.fixture
def log(store: Store) -> Log:
    return Log(store)


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Register, pa.Table]:
    """One month of a small area, the register that it was run with, and the many defects that were planted in it."""
    from tertiary.synth import write

    folder = tmp_path_factory.mktemp("synthetic")
    write(folder, area="QMJ", months="2025-04", scale=0.02, seed=11, defects=0.05)
    overlay = folder / "register"
    run = tertiary.run(folder, out=tmp_path_factory.mktemp("run"), register=[overlay], threads=1)
    planted = pq.read_table(folder / "_truth" / "synthetic_defects.parquet")
    return run, Register.load(overlays=[overlay]), planted
