"""What pages and API say of what places should have: need, targets, distances and paths, of the register alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from tertiary.allocate import Pot, Shares, need_share, policies, targets, years_to_target
from tertiary.allocate import target_tables as tables
from tertiary.allocate.basis import components_text, number, share_of
from tertiary.allocate.distances import Range, distance, distance_range
from tertiary.allocate.held import BOARDS, growing, later, needs, needs_held, path
from tertiary.allocate.official import official
from tertiary.allocate.openings import OFFICIAL, PEOPLE, opening, openings
from tertiary.allocate.rows import names
from tertiary.errors import AllocationError
from tertiary.screen import shortened

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.register import Register
    from tertiary.web.worked import Worked

EVERYTHING = "all"
LEVELS = {
    "icb_2024": "ICBs of 2024 (42)", "icb_2026": "ICBs of April 2026 (36)", "region": "regions", "sub_icb": "sub-ICBs",
    "lad": "districts where practices stand", "practice": "practices",
}  # fmt: skip
# levels to which the register's totals of boards can be summed
LEVELS_OF_BOARDS = ("icb_2024", "region")
# a round sum to show how a pot divides, where the register holds none
EXAMPLE = Decimal(1_000_000_000)
MOST_PLACES = 350
MOST_YEARS = 10
DIGITS = 8


@dataclass(frozen=True)
class Asked:
    """What is asked: a stream of need or EVERYTHING, its year, the level of places, and what money is to be shared.

    `within`: LEVEL:CODE of a place to look inside, "" for England. `pot` in pounds and `opening` a kind of
    openings.csv, "" for what the register allows. `growth` a year as a share, `years` and `policy` of the path.
    """

    stream: str = "core"
    year: str = ""
    level: str = BOARDS
    within: str = ""
    pot: str = ""
    opening: str = ""
    policy: str = "growth_pivot"
    growth: str = "3%"
    years: int = 3


@dataclass(frozen=True)
class Targeted:
    """Rows of need by stream and place, and of one stream also those of distance, with what each figure rests on."""

    need: list[dict[str, Any]]
    distance: list[dict[str, Any]]
    range: Range | None
    basis: list[dict[str, str]]
    pot: Decimal
    opening: str


@dataclass(frozen=True)
class Path:
    """Rows of a path by year and place, the first year each place is at its target, and what each figure rests on."""

    steps: list[dict[str, Any]]
    arrivals: list[dict[str, Any]]
    basis: list[dict[str, str]]
    opening: str


def choices(register: Register) -> tuple[list[str], list[str]]:
    """Streams and years of which the register holds need, in the order in which people are asked."""
    held = needs_held(register)
    return list(dict.fromkeys(stream for stream, _ in held)), list(dict.fromkeys(year for _, year in held))


def targeted(made: Worked, register: Register, asked: Asked) -> Targeted:
    """Need, targets and distances. AllocationError says what the register does not hold."""
    found_shares = _shares(made, register, asked)
    need = _named(register, found_shares[0].level, tables.need_rows(register, found_shares, DIGITS))
    basis = [_need_basis(one) for one in found_shares]
    if asked.stream == EVERYTHING:
        return Targeted(need, [], None, basis, Decimal(0), "")
    (shares,) = found_shares
    pot, kind, held = _money(register, asked, shares)
    found = distance(held, targets(pot, shares))
    rows = _named(register, shares.level, tables.distance_rows(list(found.values())))
    front = ("code", "name", "distance_percent")
    rows = [{**{name: row[name] for name in front}, **row} for row in rows]
    rows.sort(key=lambda row: (-row["distance_percent"], row["code"]))
    return Targeted(need, rows, distance_range(found), [*basis, *_money_basis(kind, [pot])], pot.amount, kind)


def followed(made: Worked, register: Register, asked: Asked) -> Path:
    """The path from the opening to target, of one stream. AllocationError also when places are too many."""
    if asked.stream == EVERYTHING:
        raise AllocationError("A path follows one stream of need. Choose one.")
    return made.of(("path", register, asked), lambda: _followed(made, register, asked))


def _followed(made: Worked, register: Register, asked: Asked) -> Path:
    if asked.policy not in policies():
        raise AllocationError(f"Policy {asked.policy!r} is none of {', '.join(policies())}. Choose one of the list.")
    if not 1 <= asked.years <= MOST_YEARS:
        raise AllocationError(f"{asked.years} years cannot be followed. Ask for 1 to {MOST_YEARS}.")
    (shares,) = _shares(made, register, asked)
    if len(shares.rows) > MOST_PLACES:
        raise AllocationError(
            f"A path of {len(shares.rows):,} places is too long to read. Choose another level, or look inside one."
        )
    rate = share_of("Growth", asked.growth)
    first = later(shares.financial_year, 1)
    pot, kind, held = _money(register, asked, shares, first)
    begins = Pot(first, pot.service, pot.components, pot.amount, source=pot.source, confidence=pot.confidence)
    pots = growing(begins, held, rate, asked.years)
    policy = policies()[asked.policy]
    steps = path(policy, held, shares, pots)
    labels = [one.financial_year for one in pots]
    reached = tables.arrival_rows(years_to_target(steps, policy.tolerance), labels, policy.tolerance)
    basis = [
        _need_basis(shares), *_money_basis(kind, pots),
        {"figure": "Growth of the pot", "rule": f"{float(rate):.2%} a year, as asked", "source": "as asked",
         "confidence": "illustrative"},
        {"figure": "Path", "rule": f"policy {asked.policy}: within floor and cap, scaled to each year's pot, to the "
         "penny", "source": policy.source, "confidence": policy.confidence},
    ]  # fmt: skip
    rows, arrivals = (_named(register, shares.level, table) for table in (tables.step_rows(steps, labels), reached))
    return Path(rows, arrivals, basis, kind)


def _named(register: Register, level: str, table: pa.Table) -> list[dict[str, Any]]:
    """Rows with code and name in front; ICBs by their short names, as people call them."""
    rows = shortened(table).to_pylist()
    found = names(register, "icb") if level.startswith("icb") else tables.place_names(register, level)
    front = [name for name in ("stream", "financial_year") if rows and name in rows[0]]
    return [
        {**{name: row[name] for name in front}, "code": row["code"], "name": found.get(row["code"], ""),
         **{name: value for name, value in row.items() if name != "name"}}
        for row in rows
    ]  # fmt: skip


def _shares(made: Worked, register: Register, asked: Asked) -> list[Shares]:
    held = needs_held(register)
    year = asked.year or next(iter(held))[1]
    if asked.level not in LEVELS:
        raise AllocationError(f"Level {asked.level!r} is none of {', '.join(LEVELS)}. Choose one of the list.")
    named = [stream for stream, of in held if of == year and asked.stream in (stream, EVERYTHING)]
    if not named:
        known = "; ".join(f"{stream} {of}" for stream, of in held)
        raise AllocationError(f"The register holds no need of {asked.stream} in {year}. It holds: {known}.")
    return [
        made.of(
            ("shares", register, stream, year, asked.level, asked.within),
            partial(_share, register, stream, year, held[stream, year], asked.level, asked.within),
        )
        for stream in named
    ]


def _share(
    register: Register, stream: str, year: str, index_level: str | None, level: str, within: str
) -> Shares:  # fmt: skip
    if index_level == BOARDS and level not in LEVELS_OF_BOARDS:
        raise AllocationError(
            f"Need of {stream} in {year} is held by ICB of 2024 only. Choose ICBs of 2024 or regions, or another year."
        )
    around, _, code = within.partition(":")
    if within and not code:
        raise AllocationError(f"{within!r} is no place to look inside. Write LEVEL:CODE, such as icb_2024:QMJ.")
    (need,) = needs(register, [stream], level, year, index_level)
    return need_share(need, level, within=(around, code) if code else None)


def _money(
    register: Register, asked: Asked, shares: Shares, first: str = ""
) -> tuple[Pot, str, Mapping[str, Decimal]]:  # fmt: skip
    """The pot to share, the kind of the opening, and the opening itself; what was not asked the register decides."""
    kind = asked.opening or (OFFICIAL if _is_official(register, shares) else PEOPLE)
    amount, source, confidence = EXAMPLE, "an example: give your own pot", "illustrative"
    if asked.pot.strip():
        given = number(asked.pot)
        if given is None or given <= 0 or given != round(given, 2):
            raise AllocationError(f"A pot of {asked.pot!r} is no sum of pounds. Write one such as 2300000000.")
        amount, source = given, "as asked"
    elif kind == OFFICIAL:
        held = official(register, shares.stream, shares.financial_year)
        amount = sum(held.opening.values(), Decimal(0))
        source, confidence = f"all openings of the workbook: {held.source}", held.confidence
    pot = Pot(shares.financial_year, shares.basis.service, shares.basis.components, amount, source=source,
              confidence=confidence)  # fmt: skip
    return pot, kind, opening(register, kind, shares, pot, first)


def _is_official(register: Register, shares: Shares) -> bool:
    rows = register["official_allocations"].to_pylist()
    wanted = (shares.stream, shares.financial_year, "convergence")
    return shares.level == BOARDS and any((r["stream"], r["financial_year"], r["workbook"]) == wanted for r in rows)


def _need_basis(shares: Shares) -> dict[str, str]:
    return {
        "figure": f"Need of {shares.stream}, {in_words(shares.financial_year)}",
        "rule": "people weighted by need; share: of all places looked at; index: need a head over that of all, 1 on "
        f"average. Modelled on {shares.basis}",
        "source": shares.source, "confidence": shares.confidence,
    }  # fmt: skip


def _money_basis(kind: str, pots: Sequence[Pot]) -> list[dict[str, str]]:
    begun, pot = openings()[kind], pots[0]
    sums = " and ".join(f"£{one.amount:,} in {in_words(one.financial_year)}" for one in pots)
    paid = f"the pot of {pot.service} ({components_text(pot.components)}), {sums}"
    return [
        {"figure": "Target", "rule": f"share of need times {paid}; to the penny, adding up to it", "source": pot.source,
         "confidence": pot.confidence},
        {"figure": "Opening", "rule": f"{begun.name}: {begun.rule}", "source": begun.source,
         "confidence": begun.confidence},
        {"figure": "Distance", "rule": "(opening − target) / target: above 0 is more than the target",
         "source": "definition of NHS England's allocations", "confidence": begun.confidence},
    ]  # fmt: skip


def distances_for_chart(rows: Sequence[Mapping[str, Any]], own: frozenset[str]) -> list[dict[str, object]]:
    """Rows of a chart of distances; nothing else than the table beside it has."""
    return [
        {"name": row["name"] or row["code"], "own": row["code"] in own, "distance": float(row["distance_percent"])}
        for row in rows
    ]


def paths_for_chart(rows: Sequence[Mapping[str, Any]], own: frozenset[str]) -> list[dict[str, object]]:
    """Rows of a chart of the distances of `by_year`."""
    return [
        {"name": row["name"] or row["code"], "own": row["code"] in own, "value": float(value),
         # a blank comes before every year
         "year": " before" if year == "before" else in_words(year)}
        for row in rows for year, value in row.items() if year not in ("code", "name")
    ]  # fmt: skip


def in_words(year: str) -> str:
    """A financial year as people write it."""
    return f"{year[:4]}/{year[4:]}"


def by_year(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Distances of a path with a column for each year. Grain and key: code; per cent, as in the path."""
    made: dict[str, dict[str, Any]] = {}
    for row in rows:
        before = {"code": row["code"], "name": row["name"], "before": row["opening_distance_percent"]}
        place = made.setdefault(row["code"], before)
        place[row["financial_year"]] = row["distance_percent"]
    return sorted(made.values(), key=lambda place: (-place["before"], place["code"]))


def in_points(apart: Fraction) -> str:
    """A share as per cent with its sign, in words."""
    return f"{float(apart) * 100:+.2f}%".replace("-", "−")
