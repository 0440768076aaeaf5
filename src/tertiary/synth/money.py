"""Exact pence out of Arrow decimals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def pence(values: pa.ChunkedArray) -> np.ndarray:
    """Whole pence of a decimal column with two places."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    raw = np.frombuffer(array.buffers()[1], np.int64)[array.offset * 2 : (array.offset + len(array)) * 2 : 2]
    found: np.ndarray = raw.copy()
    return found
