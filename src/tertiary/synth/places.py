"""Distance: which practices are near an area, which providers people of an area go to, and at which site."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tertiary.synth.world import Areas, Practices, Providers, World

KM = 111.2
BLOCK = 1500
SPECIALISED_KM, ORDINARY_KM, PRACTICE_KM = 16.0, 4.5, 1.1


@dataclass(frozen=True)
class Choice:
    """For each area (row): the nearest candidates (positions) and the cumulative share of people going to each."""

    candidate: np.ndarray
    share: np.ndarray

    def draw(self, row: np.ndarray, u: np.ndarray) -> np.ndarray:
        """One candidate for each (area row, uniform number)."""
        column = (u[:, None] > self.share[row]).sum(axis=1)
        return self.candidate[row, np.minimum(column, self.candidate.shape[1] - 1)]


def choice(
    latitude: np.ndarray, longitude: np.ndarray, to_latitude: np.ndarray, to_longitude: np.ndarray, size: np.ndarray,
    reach: float, nearest: int,
) -> Choice:  # fmt: skip
    """Gravity: share proportional to size and to exp(-km / reach), among the `nearest` candidates."""
    keep = min(nearest, len(to_latitude))
    candidates = np.empty((len(latitude), keep), np.int32)
    shares = np.empty((len(latitude), keep), np.float32)
    for begin in range(0, len(latitude), BLOCK):
        part = slice(begin, begin + BLOCK)
        km = _km(latitude[part, None], longitude[part, None], to_latitude[None, :], to_longitude[None, :])
        near = np.argsort(km, axis=1, kind="stable")[:, :keep] if keep == len(to_latitude) else _nearest(km, keep)
        close = np.take_along_axis(km, near, axis=1)
        weight = size[near] * np.exp(-(close - close[:, :1]) / reach) + 1e-9
        candidates[part] = near
        shares[part] = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    return Choice(candidates, shares)


def _km(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    return np.hypot((a - c) * KM, (b - d) * KM * 0.62)


def _nearest(km: np.ndarray, keep: int) -> np.ndarray:
    near = np.argpartition(km, keep, axis=1)[:, :keep]
    order = np.argsort(np.take_along_axis(km, near, axis=1), axis=1, kind="stable")
    return np.take_along_axis(near, order, axis=1)


def practice_choice(areas: Areas, rows: np.ndarray, practices: Practices) -> tuple[Choice, np.ndarray]:
    """Practices people register with, and the positions of those considered (near the areas only)."""
    near = ~practices.forces & (practices.size > 0)
    for real, here in ((practices.latitude, areas.latitude[rows]), (practices.longitude, areas.longitude[rows])):
        near &= (real > here.min() - 0.1) & (real < here.max() + 0.1)
    index = np.flatnonzero(near)
    found = choice(
        areas.latitude[rows], areas.longitude[rows], practices.latitude[index], practices.longitude[index],
        practices.size[index], PRACTICE_KM, 9,
    )  # fmt: skip
    return found, index


@dataclass
class Travel:
    """Provider and site by area. Choices are made once per (list, avoided lists)."""

    world: World
    rows: np.ndarray
    inside: np.ndarray
    _made: dict[tuple[str, str, bool], tuple[Choice, np.ndarray]] = field(default_factory=dict)

    def provider(self, name: str, avoid: str, local: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Provider position for people of local area rows, among the members of a list but not of others."""
        home = self.inside[local]
        found = np.empty(len(local), np.int32)
        for inside in (True, False):
            chosen = home if inside else ~home
            if chosen.any():
                options, members = self._choice(name, avoid, inside)
                found[chosen] = members[options.draw(local[chosen], u[chosen])]
        return found

    def _choice(self, name: str, avoid: str, inside: bool) -> tuple[Choice, np.ndarray]:
        key = (name, avoid, inside)
        if key not in self._made:
            p = self.world.providers
            members = p.members(name)
            for other in avoid.split():
                members = np.setdiff1d(members, p.members(other))
            if not inside:  # people of other areas are here because this area's providers treat them
                here = np.intersect1d(members, self.own(p))
                members = here if len(here) else members
            reach = SPECIALISED_KM if name else ORDINARY_KM
            areas = self.world.areas
            self._made[key] = (
                choice(
                    areas.latitude[self.rows], areas.longitude[self.rows], p.latitude[members], p.longitude[members],
                    p.prominence[members], reach, 7,
                ),
                members,
            )  # fmt: skip
        return self._made[key]

    def own(self, p: Providers) -> np.ndarray:
        """Positions of the providers that lie in the area asked for."""
        regions = set(self.world.areas.region[self.rows][self.inside])
        here = self.world.areas
        low = here.latitude[here.inside].min() - 0.03, here.longitude[here.inside].min() - 0.03
        high = here.latitude[here.inside].max() + 0.03, here.longitude[here.inside].max() + 0.03
        near = (p.latitude > low[0]) & (p.latitude < high[0]) & (p.longitude > low[1]) & (p.longitude < high[1])
        return np.flatnonzero(near & np.isin(p.region, list(regions)))

    def site(self, provider: np.ndarray, local: np.ndarray, main: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Site position: the main site for specialised care, mostly the nearest one of the provider otherwise."""
        p = self.world.providers
        begin = np.searchsorted(self._by_owner[0], np.arange(len(p.code)))
        count = np.bincount(p.site_of, minlength=len(p.code))
        pair = provider.astype(np.int64) * len(self.rows) + local
        distinct, back = np.unique(pair, return_inverse=True)
        owner, area = distinct // len(self.rows), distinct % len(self.rows)
        best = np.full(len(distinct), np.inf)
        nearest = np.zeros(len(distinct), np.int32)
        lat, lon = self.world.areas.latitude[self.rows][area], self.world.areas.longitude[self.rows][area]
        for k in range(int(np.max(count))):
            has = k < count[owner]
            site = self._by_owner[1][np.minimum(begin[owner] + k, len(p.site_of) - 1)]
            km = np.where(has, _km(lat, lon, p.site_latitude[site], p.site_longitude[site]), np.inf)
            better = km < best
            best[better], nearest[better] = km[better], site[better]
        return np.where(main | (u < 0.06), self._main[provider], nearest[back])

    def __post_init__(self) -> None:
        p = self.world.providers
        order = np.argsort(p.site_of, kind="stable")
        self._by_owner = (p.site_of[order], order)
        away = _km(p.site_latitude, p.site_longitude, p.latitude[p.site_of], p.longitude[p.site_of])
        by = np.lexsort((away, p.site_of))
        self._main = by[np.searchsorted(p.site_of[by], np.arange(len(p.code)))].astype(np.int32)
