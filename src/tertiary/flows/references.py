"""Look-ups in the register: distinct values are tested once, and only rows with a bad one are found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine
    from tertiary.register import Register


def find(engine: DuckDBEngine, register: Register) -> None:
    """Add the findings of reference checks to `flows_found`."""
