"""Small areas with a planted truth: what they need, what supply adds, and what is spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tertiary.allocate.design import Variable

CLUSTER = Variable("icb_code", "cluster")
EXPECTED = Variable("expected", "expected")
NEED = Variable("deprivation", "need", sign="+")
SUPPLY = Variable("beds", "supply")
SPEC = (EXPECTED, NEED, SUPPLY, CLUSTER)


@dataclass(frozen=True)
class Planted:
    """Tables as `fit` takes them, and the true need of each area in pounds."""

    areas: pa.Table
    outcomes: pa.Table
    need: np.ndarray[Any, Any]
    population: np.ndarray[Any, Any]

    @property
    def index(self) -> np.ndarray[Any, Any]:
        """True need a head over that of all areas."""
        return (self.need / self.population) / (self.need.sum() / self.population.sum())


def planted(
    seed: int,
    *,
    number: int = 3000,
    boards: int = 42,
    gradient: float = 0.15,
    supply: float = 0.1,
    with_need: float = 0.5,
    unmet: float = 0.0,
    illness: float = 0.0,
    form: str = "linear",
    noise: float = 0.6,
    shock: float = 0.05,
) -> Planted:
    """Areas in boards of unequal size. Need = expected by age x (1 + gradient x deprivation + illness x prevalence).

    Use = need + supply x beds - unmet x deprivation (each times expected) + noise, of skewed spread `noise` and a
    `shock` that a board shares; effects multiply when `form` is log. Beds go with deprivation by `with_need`.
    Deprivation, beds and prevalence have mean nought over people, so that supply at its mean adds nothing.
    """
    rng = np.random.default_rng(seed)
    board = rng.choice(boards, number, p=rng.dirichlet(np.full(boards, 3.0)))
    people = rng.integers(1000, 3000, number).astype(float)
    # bounded, so that no area's need is below nought
    deprivation = _centred(np.clip(rng.normal(0, 0.5, boards)[board] + rng.normal(0, 0.9, number), -2, 2), people)
    prevalence = _centred(np.clip(0.5 * deprivation + rng.normal(0, 0.9, number), -2, 2), people)
    beds = _centred(with_need * deprivation + rng.normal(0, 0.5, boards)[board] + rng.normal(0, 0.7, number), people)
    expected = people * 200 * np.exp(rng.normal(0, 0.15, number))
    effect = gradient * deprivation + illness * prevalence
    other = supply * beds - unmet * deprivation
    # a gamma draw of mean one: most areas spend little, a few much
    luck = rng.gamma(1 / noise**2, noise**2, number) - 1 + rng.normal(0, shock, boards)[board]
    if form == "linear":
        need = expected * (1 + effect)
        spend = need + expected * (other + luck)
    else:
        need = expected * np.exp(effect)
        spend = need * np.exp(other) * np.maximum(1 + luck, 0)
    codes = [f"E{i:08d}" for i in range(number)]
    return Planted(
        pa.table(
            {
                "code": codes, "population": people, "icb_code": [f"Q{b:02d}" for b in board],
                "deprivation": deprivation, "beds": beds, "prevalence": prevalence,
            }
        ),
        pa.table(
            {
                "outcome": ["all"] * number, "code": codes, "spend": spend, "events": np.full(number, 5),
                "expected": expected, "components": ["activity;drug"] * number,
            }
        ),
        need,
        people,
    )  # fmt: skip


def _centred(values: np.ndarray[Any, Any], people: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(values - np.average(values, weights=people))


def changed(table: pa.Table, **columns: Any) -> pa.Table:
    """The table with columns added or replaced."""
    for name, values in columns.items():
        if name in table.column_names:
            table = table.drop_columns(name)
        table = table.append_column(name, pa.array(values))
    return table


def by_code(table: pa.Table, level: str, column: str = "need_index") -> Mapping[str, float]:
    """A column of an index table by code of a level."""
    return {r["code"]: r[column] for r in table.to_pylist() if r["level"] == level}
