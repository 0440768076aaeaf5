"""What a map of ICBs shows: each measure (map_measures.csv) is one sum over another, times so many.

Sums are exact and add up over boards; only what is shown of a ratio is rounded. Figures of a run that lie on boards of
2024 are shown on the boards of 2026 by the register's succession (`Places.moved`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from tertiary.errors import TertiaryError
from tertiary.register import services, valid_on
from tertiary.sheets import shipped
from tertiary.web.care import Cell
from tertiary.web.delegation import WORDS
from tertiary.web.places import Places, coded, kilometres

if TYPE_CHECKING:
    from tertiary.register import Register

# what is summed of the ledger, and the unit of its last digit: parts of a divided board add up in it
SUMS = {
    "records": Decimal("0.001"), "price_submitted": Decimal("0.00000001"), "price_expected": Decimal("0.01"),
}  # fmt: skip
REST = ""
Sums = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Measure:
    """A measure of a map: `per` times `top` over `below`, or `top` alone; with so many digits, of a kind of column."""

    name: str
    words: str
    basis: str
    kind: str
    digits: int
    top: str
    top_words: str
    top_kind: str
    below: str
    below_words: str
    below_kind: str
    per: int
    meaning: str

    def value(self, sums: Mapping[str, Any]) -> Any:
        """What the sums of a board come to; None when they do not say."""
        top = sums.get(self.top)
        if top is None or isinstance(top, str):
            return top
        below = sums.get(self.below) if self.below else 1
        if not below:
            return None
        return round(Fraction(top) * self.per / Fraction(below) * 10**self.digits) / Decimal(10**self.digits)


@cache
def measures() -> Mapping[str, Measure]:
    """Measures by name, in the order in which they are offered."""
    found = {}
    for x in shipped("tertiary.web", "map_measures.csv", TertiaryError):
        name, basis = x.text("measure"), x.choice("basis", ("register", "run"))
        found[name] = Measure(
            name, x.text("name"), basis, x.text("kind"), int(x.text("digits")),
            x.text("top"), x.text("top_name", ""), x.text("top_kind", ""),
            x.text("below", ""), x.text("below_name", ""), x.text("below_kind", ""),
            int(x.text("per")), x.text("meaning"),
        )  # fmt: skip
    return found


def of_run(
    found: Iterable[Cell], places: Places, footprint: str, own: frozenset[str] | None
) -> tuple[Sums, dict[str, str]]:
    """Sums of a run by board of a footprint, and which boards are not (whole) a person's own.

    Rows whose population is on no board of the footprint, or is not one of `own` (None: all are), are summed under
    REST. `people` are those of the boards, or parts of boards, that the rest is of.
    """
    sums: Sums = defaultdict(lambda: defaultdict(Decimal))
    years = set()
    for cell in found:
        code, year = cell["population_icb"], coded(cell["financial_year"])
        years.add(year)
        shares = places.moved(code, year, footprint) if own is None or code in own else {}
        _add(sums, cell, shares or {REST: Fraction(1)}, places, footprint)
    years = years or {"2024"}
    states = {}
    for board in places.boards[footprint]:
        sources = {(code, year) for year in years for code in places.sources(board, year, footprint)}
        mine = {(code, year) for code, year in sources if own is None or code in own}
        states[board] = "shown" if mine == sources else "part" if mine else "not yours"
    for board, people in _people(places, footprint, min(years), own).items():
        if board in sums:
            sums[board]["people"] = people
    return {board: dict(held) for board, held in sums.items()}, states


def _add(sums: Sums, cell: Cell, shares: Mapping[str, Fraction], places: Places, footprint: str) -> None:
    amounts = {name: places.shared(Decimal(cell[name] or 0), shares, unit) for name, unit in SUMS.items()}
    site = places.sites.get(cell["provider_code"])
    for board in shares:
        held = sums[board]
        for name, by_board in amounts.items():
            held[name] += by_board[board]
        if site is None or not site.icb[footprint] or board == REST:
            continue
        at, spend, records = (
            places.boards[footprint][board],
            amounts["price_submitted"][board],
            amounts["records"][board],
        )
        held["spend_placed"] += spend
        held["spend_away"] += spend * (site.icb[footprint] != board)
        held["spend_far"] += spend * (site.region != at.region)
        held["records_placed"] += records
        held["record_km"] += records * kilometres(at, site)


def _people(places: Places, footprint: str, year: str, own: frozenset[str] | None) -> dict[str, Fraction]:
    """Registered people of each board, or of the parts of it that are a person's own."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    for code, people in places.people(year).items():
        if own is None or code in own:
            for board, share in places.moved(code, year, footprint).items():
                found[board] += share * people
    return found


def of_register(places: Places, footprint: str, service: str, day: date) -> Sums:
    """What the register says by board of a footprint; `who_decides` about a service on a day, if one is named."""
    register = places.register
    people, areas = places.people(footprint), _residents(register, f"icb_code_{footprint}")
    decides = _decides(register, service, day) if service else {}
    given = _allocations(places, footprint)
    found: Sums = {}
    for code, board in places.boards[footprint].items():
        found[code] = {"people": people.get(code), **areas.get(code, {}), "who_decides": decides.get(board.region),
                       "allocation": given.get(code)}  # fmt: skip
    return found


def _residents(register: Register, column: str) -> dict[str, dict[str, int]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = register["lsoas"]
    deprived = pc.if_else(pc.less_equal(rows["imd2025_decile"], 2), rows["residents_2021"], 0)
    names = ("residents_2021", "residents_65_plus", "residents_deprived")
    table = pa.table([rows[column], rows[names[0]], rows[names[1]], deprived], names=["code", *names])
    sums = table.group_by("code").aggregate([(name, "sum") for name in names]).to_pylist()
    return {r["code"]: {name: r[f"{name}_sum"] for name in names} for r in sums}


def _decides(register: Register, service: str, day: date) -> dict[str, str]:
    """Who decides about a service by region; nobody where nothing is known of the day. TertiaryError for no service."""
    found: dict[str, str] = {}
    if not valid_on(register, "responsibility", day).num_rows:
        return found
    for region in register["regions"]["region_code"].to_pylist():
        statuses = {r["pss_line"]: r["status"] for r in services(register, day, region=region).to_pylist()}
        if service not in statuses:
            raise TertiaryError(f"The register has no service {service[:20]!r} on {day}. Choose one of the list.")
        found[region] = WORDS[statuses[service]]
    return found


def _allocations(places: Places, footprint: str) -> dict[str, Decimal]:
    """Published allocations for all specialised services, of the last year that the register holds."""
    rows = [
        r for r in places.register["official_allocations"].to_pylist()
        if r["stream"] == "specialised" and not r["service"] and r["allocation"] is not None
    ]  # fmt: skip
    last = max((r["financial_year"] for r in rows), default="")
    # an amount that stands in two workbooks is one amount
    given = {r["icb_code"]: r["allocation"] for r in rows if r["financial_year"] == last}
    found: dict[str, Decimal] = defaultdict(Decimal)
    for code, amount in given.items():
        if shares := places.moved(code, coded(last), footprint):
            for board, part in places.shared(amount, shares, Decimal("0.01")).items():
                found[board] += part
    return dict(found)
