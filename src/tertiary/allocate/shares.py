"""Need shares: what part of all need lies in each place, at any level or in any groups of places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import sqrt

from tertiary.allocate.basis import Basis
from tertiary.allocate.need import NORMAL_95, Need, Place
from tertiary.errors import AllocationError
from tertiary.pennies import apportioned

ENGLAND = "england"
METHOD = "95 % interval by the delta method: errors of places independent, normal"


@dataclass(frozen=True)
class Share:
    """One place's share of all need looked at. `weighted_population` is scaled: over all places it sums to the people.

    `index` is need a head relative to all, (weighted / people) over the same of all; None where nobody lives.
    `weighted_error` is the standard error of the place's own weighted population, `standard_error` that of the share;
    None when the need carries none.
    """

    code: str
    population: Fraction
    weighted_population: Fraction
    share: Fraction
    index: Fraction | None
    weighted_error: float | None = None
    standard_error: float | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The share's 95 % interval, not below 0 nor above 1."""
        if self.standard_error is None:
            return None
        half = NORMAL_95 * self.standard_error
        return max(0.0, float(self.share) - half), min(1.0, float(self.share) + half)


@dataclass(frozen=True)
class Shares:
    """Shares of one stream by place, in order of code; exact, they sum to 1. Made by `need_share`.

    `area` is the code of what they are shares of: England, the place they lie in, or blank when that is not known.
    """

    stream: str
    financial_year: str
    level: str
    area: str
    basis: Basis
    rows: Mapping[str, Share]
    source: str
    confidence: str

    def exact(self) -> dict[str, Fraction]:
        """Share by code."""
        return {code: row.share for code, row in self.rows.items()}

    def rounded(self, digits: int) -> dict[str, Decimal]:
        """Shares with so many decimals that still sum to 1 exactly, by the largest remainder."""
        return apportioned(self.exact(), Decimal(1).scaleb(-digits))


def need_share(
    need: Need,
    level: str = "",
    *,
    groups: Mapping[str, str] | None = None,
    rest: str = "rest",
    within: tuple[str, str] | None = None,
) -> Shares:
    """What share of need lies in each place of a level, or in each group of places of that level.

    `level` is the need's own, one it is rolled up to, or england. `groups` maps codes of that level to names of groups;
    places in none are the group `rest`. `within`, a level and a code, looks at one place alone: shares then sum to 1
    inside it and the index is relative to it, (weighted_place / people_place) / (weighted_parent / people_parent), as
    NHS England's place tool has it. Exact fractions. AllocationError when places do not lie in the level, a group
    names an unknown code, or there is no need at all.
    """
    level = level or need.level
    places = need.places if within is None else _inside(need, *within)
    found: dict[str, list[Place]] = defaultdict(list)
    at = {p.code: _at(need, p, level) for p in places}
    if missing := sorted(code for code, up in at.items() if not up):
        raise AllocationError(_not_rolled_up(need, level, missing))
    if groups is not None and (strange := sorted(set(groups) - set(at.values()))):
        raise AllocationError(
            f"{', '.join(strange[:5])} in the groups is no {level} with need of {need.stream} in {need.financial_year}"
            f"{f' within {within[0]} {within[1]}' if within else ''}. Correct the code, or say which level it is of."
        )
    for place in places:
        code = at[place.code]
        found[code if groups is None else groups.get(code, rest)].append(place)
    area = need.area if within is None else within[1]
    rows = _shares(found)
    return Shares(
        need.stream, need.financial_year, level if groups is None else f"groups of {level}", area, need.basis, rows,
        need.source, need.confidence,
    )  # fmt: skip


def _shares(found: Mapping[str, list[Place]]) -> dict[str, Share]:
    people = {code: sum((p.population for p in places), Fraction(0)) for code, places in found.items()}
    weighted = {code: sum((p.weighted for p in places), Fraction(0)) for code, places in found.items()}
    all_people, all_weighted = sum(people.values(), Fraction(0)), sum(weighted.values(), Fraction(0))
    if not all_people or not all_weighted:
        raise AllocationError(
            f"The places hold {float(all_people):g} people and {float(all_weighted):g} weighted ones; shares need more "
            "than none of both. Check the columns registered_population and weighted_population."
        )
    scale = all_people / all_weighted
    scaled = {code: w * scale for code, w in weighted.items()}
    own = {code: _own_error(places, scale) for code, places in found.items()}
    errors = share_errors(scaled, own)
    made = {}
    for code in sorted(found):
        share = weighted[code] / all_weighted
        index = scaled[code] / people[code] if people[code] else None
        made[code] = Share(code, people[code], scaled[code], share, index, own[code], errors[code])
    return made


def share_errors(weights: Mapping[str, Fraction], errors: Mapping[str, float | None]) -> dict[str, float | None]:
    """Standard error of each w / sum(w) by the delta method, the errors of the weights independent.

    var(s_i) = ((1 - s_i)^2 var(w_i) + s_i^2 sum of the other variances) / sum(w)^2. None for all when one is not known.
    """
    known = {code: e * e for code, e in errors.items() if e is not None}
    if len(known) < len(weights):
        return dict.fromkeys(weights)
    total, variance = float(sum(weights.values(), Fraction(0))), sum(known.values())
    shares = {code: float(w) / total for code, w in weights.items()}
    return {
        code: sqrt((1 - s) ** 2 * known[code] + s**2 * max(0.0, variance - known[code])) / total
        for code, s in shares.items()
    }


def _own_error(places: list[Place], scale: Fraction) -> float | None:
    """Standard error of the places' weighted people together."""
    errors = [p.standard_error for p in places if p.standard_error is not None]
    return sqrt(sum(e * e for e in errors)) * float(scale) if len(errors) == len(places) else None


def _at(need: Need, place: Place, level: str) -> str:
    if level == need.level:
        return place.code
    return ENGLAND if level == ENGLAND else place.within.get(level, "")


def _inside(need: Need, level: str, code: str) -> tuple[Place, ...]:
    places = tuple(p for p in need.places if _at(need, p, level) == code)
    if not places:
        raise AllocationError(
            f"No {need.level} with need of {need.stream} lies in {level} {code}. Check the code and the level."
        )
    return places


def _not_rolled_up(need: Need, level: str, missing: list[str]) -> str:
    if level == "lsoa":
        return (
            f"Need of {need.stream} is held by {need.level}, and where its people live is not known: it cannot be "
            "spread over LSOAs. Supply an index of level lsoa."
        )
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    levels = sorted(up for up in need.places[0].within if all(p.within.get(up) for p in need.places))
    return (
        f"{need.level} {shown} of {need.stream} does not lie in one {level}. Levels that hold them all: "
        f"{', '.join([*levels, ENGLAND])}. For others take need of a finer level, such as practice."
    )
