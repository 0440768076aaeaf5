"""An intake as lists of dictionaries, for assertions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tertiary.engine import DuckDBEngine
from tertiary.flows import Intake


@dataclass
class Taken:
    """Tables of an intake as lists of dictionaries."""

    result: Intake
    engine: DuckDBEngine

    def rows(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.engine.fetch(getattr(self.result, name)).to_pylist()
        return found

    @property
    def counts(self) -> dict[str, int]:
        return self.result.counts

    def rules(self) -> list[str]:
        return sorted(f["rule_id"] for f in self.rows("findings"))
