"""Invented people: where they live, how old they are, with whom they register, and which long-term need they have.

A person belongs to one cohort and stays the same person in every month, so that care recurs across flows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tertiary.synth.data import BANDS, FIRST_AGE, GROUPS, WIDTH, choices, parameters, pattern, rows
from tertiary.synth.places import practice_choice
from tertiary.synth.scope import Scope
from tertiary.synth.world import World

START = np.datetime64("2025-04-01", "D")
NOBODY = -1  # registered nowhere


@dataclass(frozen=True)
class People:
    """Arrays with one element per person. `local` points into `rows`, the areas people of this request live in."""

    rows: np.ndarray
    inside: np.ndarray
    local: np.ndarray
    born: np.ndarray
    female: np.ndarray
    ethnic: np.ndarray
    practice: np.ndarray
    frailty: np.ndarray
    cohort: dict[str, slice]
    share: dict[str, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_birthday", _calendar(self.born))  # year and day of the year, worked out once

    def age(self, person: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Whole years on a day."""
        return _years(self._of(person), day)

    def _of(self, person: np.ndarray | slice) -> tuple[np.ndarray, np.ndarray]:
        year, day = self._birthday  # type: ignore[attr-defined]
        return year[person], day[person]

    def eligible(self, cohort: str, lowest: int, highest: int, sex: str, first: np.datetime64) -> np.ndarray:
        """Members whose age lies in the limits throughout a quarter from `first`, of a sex where one is asked."""
        part = self.cohort[cohort]
        born = self._of(part)
        fit = (_years(born, first) >= lowest) & (_years(born, first + np.timedelta64(100, "D")) <= highest)
        if sex:
            fit &= self.female[part] == (sex == "2")
        return np.flatnonzero(fit) + part.start


def _calendar(days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Year, and month and day as one number (such as 1231), of dates."""
    distinct, back = np.unique(days, return_inverse=True)
    months = distinct.astype("datetime64[M]")
    year = distinct.astype("datetime64[Y]").astype(int) + 1970
    in_year = (months.astype(int) % 12 + 1) * 100 + (distinct - months.astype("datetime64[D]")).astype(int) + 1
    return year[back].astype(np.int16), in_year[back].astype(np.int16)


def _years(born: tuple[np.ndarray, np.ndarray], day: np.ndarray | np.datetime64) -> np.ndarray:
    year, in_year = _calendar(np.atleast_1d(np.asarray(day, "datetime64[D]")))
    years: np.ndarray = year - born[0] - (in_year < born[1])
    return years


def people(world: World, scope: Scope) -> People:
    """Draw everyone once for a request."""
    areas = world.areas
    outside = _neighbours(world)
    inside_rows = np.flatnonzero(areas.inside)
    everyone = np.concatenate([inside_rows, outside])
    inside = np.concatenate([np.ones(len(inside_rows), bool), np.zeros(len(outside), bool)])
    parts, cohorts, shares, begin = [], {}, {}, 0
    for row in rows("cohorts"):
        part, share = _cohort(row, world, scope, everyone, inside)
        parts.append(part)
        cohorts[row["cohort"]] = slice(begin, begin + len(part[0]))
        shares[row["cohort"]] = share
        begin += len(part[0])
    local, band, female, ethnic = (np.concatenate([p[i] for p in parts]) for i in range(4))
    rng = scope.random("people")
    days = (FIRST_AGE[band] * 365.25 + rng.random(len(band)) * WIDTH[band] * 365.25).astype(int)
    return People(
        rows=everyone, inside=inside, local=local, born=START - days.astype("timedelta64[D]"), female=female,
        ethnic=ethnic, practice=_register(world, scope, everyone, local, band), frailty=rng.gamma(0.8, 1.25, len(band)),
        cohort=cohorts, share=shares,
    )  # fmt: skip


def _neighbours(world: World) -> np.ndarray:
    """Areas outside, from which people also come: nearer ones more (none for the whole country)."""
    areas = world.areas
    if areas.inside.all():
        return np.zeros(0, np.int64)
    lat, lon = areas.latitude[areas.inside], areas.longitude[areas.inside]
    margin = 0.35
    near = (areas.latitude > lat.min() - margin) & (areas.latitude < lat.max() + margin)
    near &= (areas.longitude > lon.min() - margin) & (areas.longitude < lon.max() + margin)
    return np.flatnonzero(near & ~areas.inside)


def _cohort(
    row: dict[str, str], world: World, scope: Scope, everyone: np.ndarray, inside: np.ndarray
) -> tuple[tuple[np.ndarray, ...], float]:
    areas, rng = world.areas, scope.random("cohort", row["cohort"])
    ages = pattern("ages", row["ages"], BANDS)
    groups = pattern("ethnicity", row["ethnicity"], GROUPS)
    poor = float(row["deprivation"]) ** ((10 - areas.deprivation) / 9.0)
    mixed = areas.ethnicity @ groups
    base = areas.population * ages[None, :] * (poor * mixed)[:, None]
    weight = base[everyone]
    share = float(base[areas.inside].sum() / base.sum())
    extra = parameters()["outside_share"] if not inside.all() else 0.0
    if extra:
        total_in, total_out = weight[inside].sum(), weight[~inside].sum()
        weight[~inside] *= extra / (1 - extra) * total_in / max(total_out, 1e-9)
    expected = float(row["people"]) * scope.scale * share / (1 - extra)
    n = max(int(rng.poisson(expected)), 3)
    cell = np.searchsorted(np.cumsum(weight.ravel()), rng.random(n) * weight.sum())
    cell = np.minimum(cell, weight.size - 1)
    local, band = (cell // len(BANDS)).astype(np.int32), (cell % len(BANDS)).astype(np.int8)
    female = rng.random(n) < float(row["female"])
    mix = np.cumsum(areas.ethnicity[everyone] * groups, axis=1)[local]
    group = (rng.random(n)[:, None] * mix[:, -1:] > mix).sum(axis=1)
    return (local, band, female, _ethnic(group, rng)), share / (1 - extra)


def _ethnic(group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    codes, found = ethnic_codes(), np.zeros(len(group), np.int8)
    for i, row in enumerate(rows("ethnic_codes")):
        names, cumulative = choices(row["codes"])
        pick = np.searchsorted(cumulative, rng.random(len(group)))
        found = np.where(group == i, np.array([codes.index(n) for n in names])[np.minimum(pick, len(names) - 1)], found)
    unknown = rng.random(len(group)) < parameters()["ethnicity_unknown"]
    return np.where(unknown, codes.index("Z"), found).astype(np.int8)


def ethnic_codes() -> list[str]:
    """ETHNIC CATEGORY codes in use, in the order `People.ethnic` points to; Z is not stated."""
    found = [name for row in rows("ethnic_codes") for name in choices(row["codes"])[0]]
    return [*found, "Z"]


def _register(world: World, scope: Scope, everyone: np.ndarray, local: np.ndarray, band: np.ndarray) -> np.ndarray:
    rng = scope.random("practice")
    options, index = practice_choice(world.areas, everyone, world.practices)
    found = index[options.draw(local, rng.random(len(local)))].astype(np.int32)
    luck = rng.random(len(local))
    limit = parameters()["no_practice"]
    found[luck < limit] = NOBODY
    forces = np.flatnonzero(world.practices.forces)
    grown = (band >= 4) & (band <= 11) & (luck > 1 - parameters()["armed_forces"])
    found[grown] = rng.choice(forces, int(grown.sum()))
    return found


def pseudonyms(person: np.ndarray) -> pa.Array:
    """Pseudonym strings. They are not numbers of ten digits and belong to nobody."""
    mixed = (person.astype(np.int64) * 40_503 + 7_919) % 99_999_989  # spreads neighbours; prime, so no two meet
    return pc.binary_join_element_wise("S", pc.utf8_lpad(pa.array(mixed).cast(pa.string()), 8, "0"), "Y", "")
