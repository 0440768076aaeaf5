"""Kinds of dialysis: how many people have each (`data/dialysis.csv`), and which are given every day.

The cost collection counts haemodialysis in sessions and peritoneal dialysis in days, so that its activity says nothing
about people across kinds; within a kind it does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tertiary.synth.data import rows


def weights(codes: Sequence[str], volumes: np.ndarray) -> np.ndarray:
    """People by HRG: those of its kind, shared by volume within it. A code of no kind keeps its volume."""
    found = volumes.astype(float).copy()
    for row in rows("dialysis"):
        own = np.array([c[:4] in row["hrg_prefixes"].split() for c in codes], bool)
        if own.any():
            found[own] *= float(row["people"]) / volumes[own].sum()
    return found


def daily(codes: Sequence[str]) -> list[str]:
    """The HRGs that are counted in days and given every day."""
    prefixes = [p for row in rows("dialysis") if row["is_daily"] == "Y" for p in row["hrg_prefixes"].split()]
    return [c for c in codes if c[:4] in prefixes]
