"""One small London quarter without defects and one with, written once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tertiary.synth import SynthSummary, write


@dataclass
class Written:
    """A written folder, with queries over its files (`{flow}` names them)."""

    folder: Path
    summary: SynthSummary

    def table(self, flow: str) -> str:
        return f"read_csv('{self.folder}/{flow}/synthetic_*.csv', all_varchar=true, union_by_name=true)"

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        truth = f"'{self.folder}/_truth/synthetic_records.parquet'"
        defects = f"'{self.folder}/_truth/synthetic_defects.parquet'"
        flows = {flow: self.table(flow) for flow in FLOWS}
        return duckdb.connect().sql(sql.format(truth=truth, defects=defects, **flows)).fetchall()

    def one(self, sql: str) -> object:
        return self.ask(sql)[0][0]


FLOWS = (
    "apc_spell", "apc_episode", "op", "ec", "cc_adult", "cc_paediatric", "cc_neonatal", "plcm", "drplcm", "deplcm",
    "acm", "iap", "prior_approval",
)  # fmt: skip


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("synth") / "clean"
    return Written(folder, write(folder, months="2025-04..2025-05", scale=0.01, defects=0))


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("synth") / "faulty"
    return Written(folder, write(folder, area="QMJ", months="2025-04..2025-06", scale=0.02, defects=0.02))


@pytest.fixture(scope="session")
def small() -> Callable[..., SynthSummary]:
    def make(folder: Path, **options: object) -> SynthSummary:
        settings: dict[str, object] = {"area": "QWE", "months": "2025-10", "scale": 0.004, "defects": 0.02}
        return write(folder, **{**settings, **options})  # type: ignore[arg-type]

    return make
