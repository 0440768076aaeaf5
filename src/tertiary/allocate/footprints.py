"""Boards that merge and split: pounds are summed and distances worked out again, never averaged."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tertiary.allocate.distances import apart
from tertiary.allocate.need import Need
from tertiary.errors import AllocationError
from tertiary.pennies import to_the_penny

if TYPE_CHECKING:
    from tertiary.register import Register


@dataclass(frozen=True)
class Position:
    """Where a place stands: people, people weighted by need, opening position and target in pounds."""

    code: str
    population: Fraction
    weighted_population: Fraction
    opening: Decimal
    target: Decimal

    @property
    def distance(self) -> Fraction:
        """(opening - target) / target. AllocationError when there is no target."""
        if not self.target:
            raise AllocationError(f"{self.code} has no target, from which a distance could be measured.")
        return apart(self.opening, self.target)


@dataclass(frozen=True)
class Part:
    """A part of a place that is split: its people and its people weighted by need, in any one unit for all parts."""

    population: Fraction
    weighted_population: Fraction


def merge(positions: Iterable[Position], into: Mapping[str, str]) -> dict[str, Position]:
    """Positions after some places became one: `into` maps old to new code, others keep theirs. In order of code.

    People, openings and targets are summed; the distance of the result is worked out on the sums. AllocationError when
    `into` names a place that is not there, or a position stands twice.
    """
    held = _once(positions)
    if strange := sorted(set(into) - {p.code for p in held}):
        raise AllocationError(f"{', '.join(strange)} is to be merged but has no position. Correct the code.")
    found: dict[str, list[Position]] = defaultdict(list)
    for position in held:
        found[into.get(position.code, position.code)].append(position)
    return {code: _summed(code, found[code]) for code in sorted(found)}


def split(position: Position, parts: Mapping[str, Part]) -> dict[str, Position]:
    """A position by part, in order of code: pounds by weighted people inside, to the penny; people by people.

    Every part keeps the distance of the whole but for the penny. AllocationError when there is no weighted people.
    """
    weighted = sum((p.weighted_population for p in parts.values()), Fraction(0))
    people = sum((p.population for p in parts.values()), Fraction(0))
    if not weighted or not people:
        raise AllocationError(
            f"{position.code} cannot be split: its parts hold nobody. Give people and weighted people."
        )
    by_need = {code: p.weighted_population / weighted for code, p in sorted(parts.items())}
    opening = to_the_penny({code: s * Fraction(position.opening) for code, s in by_need.items()})
    target = to_the_penny({code: s * Fraction(position.target) for code, s in by_need.items()})
    return {
        code: Position(
            code, position.population * parts[code].population / people, position.weighted_population * share,
            opening[code], target[code],
        )
        for code, share in by_need.items()
    }  # fmt: skip


def succeed(positions: Iterable[Position], register: Register, need: Need | None = None) -> dict[str, Position]:
    """Positions of the 42 boards of 2024 as those of their successors of April 2026.

    Boards that went whole are merged; boards that were divided are split first, by weighted people inside when `need`
    is of a level that lies in both footprints (practice, LSOA), else by the register's shares of registered people
    (`icb_succession`). AllocationError when a divided board has no part in `need`.
    """
    after = _successors(register)
    moved: list[Position] = []
    for position in _once(positions):
        successors = after.get(position.code, {position.code: Fraction(1)})
        if len(successors) == 1:
            moved.append(replace(position, code=next(iter(successors))))
            continue
        by_people = {code: Part(share, share) for code, share in successors.items()}
        moved += split(position, by_people if need is None else _parts(need, position.code)).values()
    found: dict[str, list[Position]] = defaultdict(list)
    for position in moved:
        found[position.code].append(position)
    return {code: _summed(code, found[code]) for code in sorted(found)}


def _successors(register: Register) -> dict[str, dict[str, Fraction]]:
    """Successors of each board that ended, with their shares of its registered people."""
    made: dict[str, dict[str, Fraction]] = defaultdict(dict)
    for r in register["icb_succession"].to_pylist():
        made[r["predecessor"]][r["successor"]] = Fraction(r["share_of_predecessor_registered"])
    return dict(made)


def _parts(need: Need, board: str) -> dict[str, Part]:
    found: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for place in need.places:
        if place.within.get("icb_2024") == board:
            part = found[place.within.get("icb_2026", "")]
            part[0] += place.population
            part[1] += place.weighted
    if not found or "" in found:
        raise AllocationError(
            f"Need of {need.stream} by {need.level} does not say what of board {board} lies in which board of 2026. "
            "Give need by practice or LSOA, or none to split by registered people."
        )
    return {code: Part(*part) for code, part in found.items()}


def _once(positions: Iterable[Position]) -> list[Position]:
    """The positions. AllocationError when a place stands twice, whose pounds would count twice."""
    held = list(positions)
    if twice := sorted(code for code, times in Counter(p.code for p in held).items() if times > 1):
        raise AllocationError(f"{', '.join(twice[:5])} stands twice among the positions. Give each place once.")
    return held


def _summed(code: str, positions: list[Position]) -> Position:
    return Position(
        code,
        sum((p.population for p in positions), Fraction(0)),
        sum((p.weighted_population for p in positions), Fraction(0)),
        sum((p.opening for p in positions), Decimal(0)),
        sum((p.target for p in positions), Decimal(0)),
    )
