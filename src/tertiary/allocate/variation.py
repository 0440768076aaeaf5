"""Why an ICB spends more or less a head than others: more people treated, or more spent on each; beyond chance or not.

The arithmetic of NHS England's variations tool, at any grain, with limits, coverage beside every figure, and figures
withheld where coverage does not bear them. Method and sources: `decompose`, `chance`, `variation_limits.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib import resources
from math import inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from tertiary.allocate import cells
from tertiary.allocate.cells import Coverage, Key, Scope
from tertiary.allocate.chance import discoveries, funnel_limits
from tertiary.allocate.decompose import Part, Split, Tally, decompose, untreated
from tertiary.allocate.need import Need
from tertiary.allocate.shares import need_share
from tertiary.errors import AllocationError
from tertiary.sheets import lines

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.runs import Run

NOBODY = Tally(Decimal(0), Decimal(0), 0, 0.0, None)
PARTS = ("spend", "access", "intensity")


@dataclass(frozen=True)
class Limit:
    """A row of variation_limits.csv; `stops` is what a figure beyond it stops: all, patients or nothing."""

    limit: str
    value: float
    stops: str
    meaning: str
    source: str
    confidence: str


@dataclass(frozen=True)
class Comparator:
    """Whom an ICB is compared with: `icbs` together; `left_out` are ICBs of whose spend the run holds a part only."""

    name: str
    icbs: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Varied:
    """One cell beside the comparator. Key: `icb` and `values`, one of each dimension.

    `split` is None when a figure is withheld or there is nothing to take apart; `access` stands alone when nobody of
    the ICB was treated. `funnel` holds the inner and outer limits of the ratio of access. `flags` say higher, lower or
    like for spend, access and intensity where that was tested. `blocked` is what is withheld (all, patients or, blank,
    nothing) and `blocked_because` why; it also says why there is nothing to take apart.
    """

    icb: str
    values: Key
    own: Tally
    other: Tally
    coverage: Coverage | None
    other_coverage: Coverage | None
    split: Split | None
    access: Part | None
    funnel: tuple[float, float, float, float] | None
    flags: Mapping[str, str]
    blocked: str
    blocked_because: str
    need_ratio: float | None = None

    @property
    def distance(self) -> float | None:
        """Spend per head over what need would have it be, minus 1; None without need or when withheld."""
        if self.need_ratio is None or self.blocked == "all" or not self.other.spend_per_head:
            return None
        head = self.own.spend_per_head
        return None if head is None else head / (self.need_ratio * self.other.spend_per_head) - 1


def limits(changes: Mapping[str, float] | None = None) -> dict[str, Limit]:
    """The limits by name, with `changes` of one's own. AllocationError when a change names none of them."""
    text = resources.files("tertiary.allocate").joinpath("variation_limits.csv").read_text(encoding="utf-8")
    found = {
        r["limit"]: Limit(r["limit"], float(r["value"]), r["stops"], r["meaning"], r["source"], r["confidence"])
        for r in csv.DictReader(text.splitlines())
    }
    for name, value in (changes or {}).items():
        if name not in found:
            raise AllocationError(f"There is no limit {name!r}. Choose from: {', '.join(found)}.")
        if not isfinite(value) or value < 0 or (not found[name].stops and not 0 < value < 1):
            # what stops nothing is a probability
            expected = "a number of 0 or more" if found[name].stops else "a share between 0 and 1 such as 0.95"
            raise AllocationError(f"Limit {name} is {value:g}; expected {expected}.")
        found[name] = replace(found[name], value=value, source="given for this comparison", confidence="illustrative")
    return found


def comparator(
    register: Register,
    in_run: Mapping[str, float],
    known: Mapping[str, Limit],
    *,
    region: str | None = None,
    peers: Sequence[str] = (),
) -> Comparator:
    """All ICBs that the run holds whole, those of a region, or `peers` as given.

    `in_run` as from `cells.in_run`. AllocationError when there are none.
    """
    whole = {icb for icb, share in in_run.items() if share >= known["least_in_run"].value}
    if peers:
        if unknown := [p for p in peers if p not in in_run]:
            raise AllocationError(f"The run holds no spend of peer {', '.join(unknown)}. It holds: {_list(in_run)}.")
        return Comparator("chosen peers", tuple(dict.fromkeys(peers)))
    name, wanted = "every ICB that the run holds whole", set(in_run)
    if region:
        wanted &= {row["icb_code"] for row in register["icbs"].to_pylist() if row["region_code"] == region}
        name = f"ICBs of region {region} that the run holds whole"
    if not wanted & whole:
        raise AllocationError(f"Of {name.replace(' that the run holds whole', '')} the run holds none whole.")
    return Comparator(name, tuple(sorted(wanted & whole)), tuple(sorted(wanted - whole)))


def vary(
    run: Run,
    scope: Scope,
    by: Sequence[str],
    icbs: Sequence[str],
    beside: Comparator,
    people: Mapping[str, float],
    known: Mapping[str, Limit],
    need: Mapping[str, float] | None = None,
) -> list[Varied]:
    """Cells of `icbs` by `by` beside the comparator, the widest difference in pounds first; those withheld last.

    Grain: ICB and one value of each of `by`; cells where only the comparator has patients are there too. `need` is an
    index of need per head by ICB (1 = average). One family of tests each for spend, access and intensity.
    """
    if len(beside.icbs) == 1 and list(icbs) == list(beside.icbs):
        raise AllocationError(
            f"{icbs[0]} cannot be compared with itself alone. Give --peers, or a run that holds more."
        )
    need_of = _need(need, [*icbs, *beside.icbs], beside, people)
    in_run = cells.in_run(run, scope, people)
    own = cells.tallies(run, scope, by, None, people)
    if not own:
        raise AllocationError("Within the scope the run holds no spend of any ICB. Check --only and --without.")
    covers = cells.coverages(run, scope, by, own)
    others = cells.tallies(run, scope, by, beside.icbs, people)
    other_covers = cells.together(covers, beside.icbs)
    partial = [i for i in beside.icbs if in_run.get(i, 0.0) < known["least_in_run"].value]
    made = []
    for icb in icbs:
        kinds = {key[1:] for key in others} | {key[1:] for key in own if key[0] == icb}
        for kind in sorted(kinds):
            mine = own.get((icb, *kind), replace(NOBODY, population=people.get(icb)))
            other = others.get(("", *kind), NOBODY)
            pair = covers.get((icb, *kind)), other_covers.get(("", *kind))
            included = icb in beside.icbs
            blocked, why = _blocked(mine, other, included, pair, in_run.get(icb), partial, known)
            made.append(_varied(icb, kind, mine, other, pair, blocked, why, included, known, need_of.get(icb)))
    return sorted(_flagged(made, known["false_discovery_rate"].value), key=_order)


def _varied(
    icb: str, kind: Key, mine: Tally, other: Tally, pair: tuple[Coverage | None, Coverage | None], blocked: str,
    why: str, included: bool, known: Mapping[str, Limit], need: float | None,
) -> Varied:  # fmt: skip
    confidence = known["confidence"].value
    split = access = funnel = None
    if not blocked and other.patients and mine.population and other.population:
        if mine.patients and mine.spend > 0 and other.spend > 0:
            split = decompose(mine, other, included=included, confidence=confidence)
            access = split.access
        elif not mine.patients and not mine.spend:
            access = untreated(mine, other, included=included, confidence=confidence)
            why = "nobody of this ICB was treated"
        else:
            why = "spend of 0 or less, or no patient: nothing to take apart"
        expected = other.patients / other.population * mine.population
        inner, outer = funnel_limits(expected, confidence), funnel_limits(expected, known["outer_confidence"].value)
        funnel = (*inner, *outer)
    elif not blocked:
        why = "nobody of the comparator was treated, or no population is known"
    return Varied(icb, kind, mine, other, *pair, split, access, funnel, {}, blocked, why, need)


def _blocked(
    mine: Tally,
    other: Tally,
    included: bool,
    pair: tuple[Coverage | None, Coverage | None],
    share: float | None,
    partial: Sequence[str],
    known: Mapping[str, Limit],
) -> tuple[str, str]:
    """What is withheld (all, patients or nothing) and why: every reason, each with its figure and its limit."""
    why: list[tuple[str, str]] = []

    def told(name: str, text: str) -> None:
        why.append((known[name].stops, text))

    fewest = known["least_patients"].value
    groups = [(mine.patients, ""), (other.patients, " of the comparator")]
    if included:  # what is left of the comparator without this ICB follows from the two figures
        groups.append((other.patients - mine.patients, " of the comparator's other ICBs"))
    for patients, whose in groups:
        if 0 < patients < fewest:
            told("least_patients", f"fewer than {fewest:g} patients{whose}")
    least = known["least_in_run"].value
    if share is not None and share < least:
        part = f"{share:.0%} of the highest per head; limit {least:.0%}"
        told("least_in_run", f"the run holds a part of this ICB's spend only ({part})")
    if partial:
        told(
            "least_in_run", f"the run holds a part only of the spend of {', '.join(partial)}, which it is compared with"
        )
    for cover, whose in zip(pair, ("", " of the comparator"), strict=True):
        if cover is None:
            continue
        for name, value, words in (
            ("least_with_population", cover.with_population, "of spend belongs to an ICB"),
            ("least_to_aggregate", cover.to_aggregate, "of the aggregate is at patient level"),
            ("most_to_aggregate", cover.to_aggregate, "of the aggregate is at patient level"),
            ("least_with_patient", cover.with_patient, "of spend names a patient"),
        ):
            limit = known[name].value
            if value is not None and (value > limit if name.startswith("most") else value < limit):
                seen = f"{value:.0%} {words}" if value < inf else "patient level that the aggregate lacks altogether"
                told(name, f"{seen}{whose} (limit {limit:.0%})")
    what = "all" if any(stops == "all" for stops, _ in why) else "patients" if why else ""
    if any("fewer than" in text for _, text in why):  # a share would tell of few people what is not to be told
        why = [(stops, text) for stops, text in why if "fewer than" in text]
    return what, "; ".join(dict.fromkeys(text for _, text in why))


def _flagged(made: Sequence[Varied], rate: float) -> list[Varied]:
    """The same with flags: what differs when at most `rate` of what is said to differ may be chance."""
    flags: list[dict[str, str]] = [{} for _ in made]
    for part in PARTS:
        parts = [cell.access if part == "access" else getattr(cell.split, part, None) for cell in made]
        found = discoveries([p.p if p else None for p in parts], rate)
        for at, (one, differs) in enumerate(zip(parts, found, strict=True)):
            if one:
                flags[at][part] = ("higher" if one.ratio > 1 else "lower") if differs else "like"
    return [replace(cell, flags=flag) for cell, flag in zip(made, flags, strict=True)]


def _order(cell: Varied) -> tuple[int, float, str, Key]:
    pounds = abs(cell.split.spend.pounds) * (cell.own.population or 0) if cell.split else 0.0
    return {"": 0, "patients": 1, "all": 2}[cell.blocked], -pounds, cell.icb, cell.values


def _need(
    need: Mapping[str, float] | None, icbs: Sequence[str], beside: Comparator, people: Mapping[str, float]
) -> dict[str, float]:
    """Need per head of each ICB over that of the comparator."""
    if need is None:
        return {}
    if lacking := sorted({i for i in icbs if i not in need or i not in people}):
        raise AllocationError(
            f"Need or population is not known of {', '.join(lacking)}. Add a line for each to the table."
        )
    total = sum(people[i] for i in beside.icbs)
    average = sum(need[i] * people[i] for i in beside.icbs) / total
    return {icb: need[icb] / average for icb in icbs}


def by_icb(file: Path, column: str) -> tuple[dict[str, float], str]:
    """A CSV with columns icb and `column`, and its source (column source, else the file's name).

    AllocationError names line, field and value of what is no number above 0.
    """
    found: dict[str, float] = {}
    source = ""
    for line in lines(file, AllocationError, ("icb", column)):
        icb, value = line.text("icb"), line.number_of(column)
        if icb in found:
            line.refuse("icb", "each ICB once")
        if value <= 0:
            line.refuse(column, "a number above 0")
        found[icb] = float(value)
        source = source or line.text("source", "")
    return found, source or file.name


def core_need(register: Register, stream: str, financial_year: str) -> tuple[dict[str, float], str]:
    """Need per head by ICB of a stream of NHS England's allocations, 1 on average, and its source.

    On the boards of the year asked for; the register's last year of practices stands for every year. It is need of
    other services than specialised ones: a comparison, no target. AllocationError when the stream is not known.
    """
    level = "icb_2026" if financial_year >= cells.BOARDS_OF_2026 else "icb_2024"
    found = need_share(Need.from_practices(register, stream), level)
    source = f"{stream} need of {found.financial_year}, not need of specialised care; {found.source}"
    return {code: float(row.index) for code, row in found.rows.items() if row.index is not None}, source


def _list(codes: Mapping[str, object]) -> str:
    return ", ".join(sorted(codes))
