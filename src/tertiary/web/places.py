"""Where people and providers are, from the register: boards of 2024 and 2026, who lives in each, and how far care is.

A board of 2024 that was divided in April 2026 gives its successors the register's shares of its registered people
(`icb_succession`), made to add up to one: what it spent is found again in them to the last digit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING, Any

from tertiary.pennies import apportioned
from tertiary.publish.maps import FOOTPRINTS
from tertiary.web.cached import once_a_register

if TYPE_CHECKING:
    from tertiary.register import Register

# the first day of each footprint, and the first year whose records carry the boards of 2026
FIRST_DAY = {"2024": date(2024, 4, 1), "2026": date(2026, 4, 1)}
FIRST_YEAR_OF_2026 = "202627"
EARTH_KM = 6371.0088


@dataclass(frozen=True)
class Board:
    """An ICB on a footprint; where its residents are on average (Census 2021), in degrees."""

    code: str
    name: str
    region: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Site:
    """Where a provider is: its head office, or the middle of its sites if they lie in one ICB. `icb`: by footprint."""

    name: str
    region: str
    icb: Mapping[str, str]
    latitude: float
    longitude: float


class Places:
    """What the register says of places. Make one with `places_of`, which keeps it."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.regions = {r["region_code"]: r["name"] for r in register["regions"].to_pylist()}
        self.boards = {footprint: self._boards(footprint) for footprint in FOOTPRINTS}
        self.sites = self._sites()
        self.successors = self._successors()

    def people(self, year_of_codes: str) -> dict[str, Fraction]:
        """Registered people by board (allocation base 2025/26), by boards of 2024 or as their successors of 2026."""
        found: dict[str, Fraction] = defaultdict(Fraction)
        for row in self._practices():
            for code, share in self.moved(row["icb_code"], "2024", year_of_codes).items():
                found[code] += share * Fraction(row["people"])
        return dict(found)

    def moved(self, code: str, coded: str, footprint: str) -> Mapping[str, Fraction]:
        """Boards of a footprint that stand for a board of the year `coded`, with their shares; none if none do."""
        if coded == footprint:
            return {code: Fraction(1)} if code in self.boards[footprint] else {}
        if (coded, footprint) == ("2024", "2026") and code in self.boards["2024"]:
            return self.successors.get(code, {code: Fraction(1)})
        return {}

    def shared(self, amount: Decimal, shares: Mapping[str, Fraction], unit: Decimal) -> Mapping[str, Decimal]:
        """An amount by successor in whole units that add up to it exactly."""
        if len(shares) == 1:
            return dict.fromkeys(shares, amount)
        return apportioned({code: share * Fraction(amount) for code, share in shares.items()}, unit)

    def sources(self, board: str, coded: str, footprint: str) -> frozenset[str]:
        """Boards of the year `coded` of which a board of a footprint holds people."""
        return frozenset(c for c in self.boards[coded] if board in self.moved(c, coded, footprint))

    def _practices(self) -> list[dict[str, Any]]:
        rows = self.register["practices"].select(["icb_code", "registered_population"])
        sums = rows.group_by("icb_code").aggregate([("registered_population", "sum")])
        named = sums.rename_columns(
            ["icb_code" if n == "icb_code" else "people" for n in sums.column_names]
        ).to_pylist()  # fmt: skip
        return [row for row in named if row["icb_code"] and row["people"]]

    def _boards(self, footprint: str) -> dict[str, Board]:
        day, column = FIRST_DAY[footprint], f"icb_code_{footprint}"
        middle = self._middles(column)
        return {
            r["icb_code"]: Board(r["icb_code"], r["short_name"], r["region_code"], *middle[r["icb_code"]])
            for r in sorted(self.register["icbs"].to_pylist(), key=lambda r: str(r["short_name"]))
            if r["valid_from"] <= day and (r["valid_to"] is None or day < r["valid_to"]) and r["icb_code"] in middle
        }

    def _middles(self, column: str) -> dict[str, tuple[float, float]]:
        """Latitude and longitude of the average resident by board."""
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = self.register["lsoas"]
        people = rows["residents_2021"].cast("double")
        weighed = pa.table(
            {"code": rows[column], "people": people,
             **{axis: pc.multiply(rows[axis], people) for axis in ("latitude", "longitude")}}
        )  # fmt: skip
        sums = weighed.group_by("code").aggregate([(n, "sum") for n in ("people", "latitude", "longitude")])
        return {
            r["code"]: (round(r["latitude_sum"] / r["people_sum"], 5), round(r["longitude_sum"] / r["people_sum"], 5))
            for r in sums.to_pylist() if r["code"]
        }  # fmt: skip

    def _sites(self) -> dict[str, Site]:
        by_owner: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self.register["sites"].to_pylist():
            if row["latitude"] is not None and row["icb_code_2024"]:
                by_owner[row["parent_code"]].append(row)
        found = {}
        for code, rows in by_owner.items():
            icbs = {footprint: {r[f"icb_code_{footprint}"] for r in rows} for footprint in FOOTPRINTS}
            if all(len(codes) == 1 for codes in icbs.values()):
                icb = {footprint: next(iter(codes)) for footprint, codes in icbs.items()}
                board = self.boards["2024"].get(icb["2024"])
                north, east = (sum(r[axis] for r in rows) / len(rows) for axis in ("latitude", "longitude"))
                found[code] = Site(rows[0]["name"], board.region if board else "", icb, north, east)
        for row in self.register["providers"].to_pylist():
            if row["latitude"] is not None and row["longitude"] is not None:
                icb = {footprint: row[f"icb_code_{footprint}"] or "" for footprint in FOOTPRINTS}
                found[row["provider_code"]] = Site(
                    row["name"], row["region_code"] or "", icb, row["latitude"], row["longitude"]
                )
        return found

    def _successors(self) -> dict[str, dict[str, Fraction]]:
        shares: dict[str, dict[str, Fraction]] = defaultdict(dict)
        for r in self.register["icb_succession"].to_pylist():
            if r["effective_date"] == FIRST_DAY["2026"]:
                share = r["share_of_predecessor_registered"] or r["share_of_predecessor"] or 0
                shares[r["predecessor"]][r["successor"]] = Fraction(share)
        return {
            code: {to: share / sum(given.values()) for to, share in given.items()}
            for code, given in shares.items() if sum(given.values())
        }  # fmt: skip


@once_a_register
def places_of(register: Register) -> Places:
    """Places by a register."""
    return Places(register)


def coded(financial_year: str) -> str:
    """The footprint whose codes a year's records carry."""
    return "2026" if financial_year >= FIRST_YEAR_OF_2026 else "2024"


def kilometres(board: Board, site: Site) -> Decimal:
    """In a straight line from the average resident of a board to a provider, to 100 metres."""
    north, south = radians(board.latitude), radians(site.latitude)
    half = sin((north - south) / 2) ** 2 + cos(north) * cos(south) * sin(
        radians(board.longitude - site.longitude) / 2
    ) ** 2  # fmt: skip
    return Decimal(str(round(2 * EARTH_KM * asin(sqrt(half)), 1)))
