"""Rows for the assignment tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa

from builders import activity

Assigned = Callable[..., list[dict[str, Any]]]


def identified(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Canonical activity plus the final line, as the identify stage leaves it."""
    given = [dict(row) for row in rows]
    lines = [row.pop("service_line_final", "") for row in given]
    return activity(given).append_column("service_line_final", pa.array(lines, pa.string()))
