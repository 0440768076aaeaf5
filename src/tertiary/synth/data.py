"""The hand-kept tables under `data/`: what kinds of care exist, who needs them, where they are given.

Each file is read once. Choices are written `CODE CODE*3`: codes with weights, weight 1 when none is given.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

import numpy as np

BANDS = (
    "0", "1-4", "5-9", "10-14", "15-19", "20-24", "25-29", "30-34", "35-39", "40-44", "45-49", "50-54", "55-59",
    "60-64", "65-69", "70-74", "75-79", "80-84", "85-89", "90+",
)  # fmt: skip
FIRST_AGE = np.array([0, 1, *range(5, 95, 5)])
WIDTH = np.array([1, 4, *([5] * 17), 8])
GROUPS = ("white", "mixed", "asian", "black", "other")


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Rows of `data/<name>.csv`."""
    text = resources.files("tertiary.synth").joinpath(f"data/{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def parameters() -> dict[str, float]:
    """`scopes.csv`: shares that shape the whole."""
    return {r["parameter"]: float(r["value"]) for r in rows("scopes")}


@cache
def lists() -> dict[str, tuple[str, ...]]:
    """Provider lists (synthetic, chosen by name and specialty). Names starting X_ steer choice only."""
    return {r["list_name"]: tuple(r["providers"].split()) for r in rows("provider_lists")}


@cache
def choices(text: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Codes and cumulative shares of a choice such as `D570*9 D571`."""
    parts = [p.partition("*") for p in text.split()]
    weights = np.array([float(w or 1) for _, _, w in parts])
    return tuple(code for code, _, _ in parts), np.cumsum(weights / weights.sum())


def pattern(table: str, name: str, columns: tuple[str, ...]) -> np.ndarray:
    """Weights of a named pattern of `ages.csv` or `ethnicity.csv`."""
    row = next(r for r in rows(table) if r["pattern"] == name)
    return np.array([float(row[c]) for c in columns])
