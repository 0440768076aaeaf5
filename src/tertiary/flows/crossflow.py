"""Comparisons between flows by provider and month, over the submissions that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine


def find(engine: DuckDBEngine) -> None:
    """Add the findings of comparisons between flows to `flows_found`."""
