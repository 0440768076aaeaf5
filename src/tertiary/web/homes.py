"""Where somebody lives: from a postcode, or an integrated care board (ICB) of a list. Nothing of it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from tertiary.register import valid_on

if TYPE_CHECKING:
    from tertiary.register import Register

POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}")
ENGLAND = "E92000001"
# the day from which boards of the 2026 footprint stand
SECOND_FOOTPRINT = date(2026, 4, 1)


@dataclass(frozen=True)
class Place:
    """Where somebody lives: codes of its sub-ICB locations, and names of its ICBs, before and from April 2026.

    `area`: its ICB on the day asked for. `at`: latitude and longitude in degrees of the middle of its people.
    `exact`: found by postcode, so that this is the middle of a neighbourhood and not of an ICB.
    """

    area: str
    before: frozenset[str]
    after: frozenset[str]
    icbs_before: tuple[str, ...]
    icbs_after: tuple[str, ...]
    at: tuple[float, float]
    exact: bool

    def sub_icbs(self, day: date) -> frozenset[str]:
        """Its sub-ICB locations on a day."""
        return self.after if day >= SECOND_FOOTPRINT else self.before


class NoPlaceError(Exception):
    """A place that cannot be used, in words for the person who gave it. Never holds what they typed."""


def areas(register: Register, day: date) -> list[tuple[str, str]]:
    """Codes and names of the ICBs on a day, by name."""
    rows = valid_on(register, "icbs", day).to_pylist()
    return sorted(((r["icb_code"], r["name"]) for r in rows), key=lambda pair: pair[1])


def place_like(register: Register, text: str, day: date) -> Place:
    """The place of a postcode, or of an ICB by code or part of its name. NoPlaceError says what to do else."""
    squeezed = re.sub(r"\s+", " ", text.strip().upper())
    if POSTCODE.fullmatch(squeezed):
        return _by_postcode(register, squeezed.replace(" ", ""), day)
    wanted = text.strip().casefold()
    found = [code for code, name in areas(register, day) if wanted == code.casefold() or wanted in name.casefold()]
    if len(found) == 1:
        return place_of_area(register, found[0], day)
    if found:
        raise NoPlaceError("More than one area has a name like that. Choose yours from the list of areas.")
    raise NoPlaceError("We do not know that place. Give a full postcode, or choose your area from the list.")


def place_of_area(register: Register, code: str, day: date) -> Place:
    """The place that an ICB of a day is. NoPlaceError when there is no such ICB on that day."""
    if code not in {c for c, _ in areas(register, day)}:
        raise NoPlaceError("That area is not in the list. Choose your area from the list.")
    return _place(register, _homes(register, _icb_column(day), code), day, exact=False)


def _by_postcode(register: Register, squeezed: str, day: date) -> Place:
    known = register["postcodes"]
    if not known.num_rows:
        raise NoPlaceError("Postcodes cannot be looked up here: no list of them is loaded. Choose your area instead.")
    found = known.filter(pc.equal(known["postcode"], f"{squeezed[:-3]} {squeezed[-3:]}")).to_pylist()
    if not found:
        raise NoPlaceError("That postcode is not in the list that is loaded here. Choose your area instead.")
    if found[0]["country_code"] not in ("", ENGLAND):
        raise NoPlaceError("That postcode is not in England. This page is about services in England only.")
    home = _homes(register, "lsoa21_code", found[0]["lsoa21_code"])
    if not home:
        raise NoPlaceError("We know that postcode but not the area that it is in. Choose your area instead.")
    return _place(register, home, day, exact=True)


def _icb_column(day: date) -> str:
    return "icb_code_2026" if day >= SECOND_FOOTPRINT else "icb_code_2024"


def _homes(register: Register, column: str, value: str) -> list[dict[str, Any]]:
    """Neighbourhoods (LSOAs) of England with a value in a column."""
    rows = register["lsoas"]
    found: list[dict[str, Any]] = rows.filter(pc.equal(rows[column], value)).to_pylist()
    return found


def _place(register: Register, home: list[dict[str, Any]], day: date, *, exact: bool) -> Place:
    """What neighbourhoods are together: their middle is that of the people who live there."""

    def all_of(column: str) -> frozenset[str]:
        return frozenset(x[column] for x in home if x[column])

    def named(column: str) -> tuple[str, ...]:
        return tuple(sorted(names.get(code, code) for code in all_of(column)))

    names = {r["icb_code"]: r["name"] for r in register["icbs"].to_pylist()}
    people = sum(x["residents_2021"] for x in home)
    middle = [sum(x[axis] * x["residents_2021"] for x in home) / people for axis in ("latitude", "longitude")]
    return Place(
        area=min(all_of(_icb_column(day)), default=""),
        before=all_of("sub_icb_code_2024"), after=all_of("sub_icb_code_2026"),
        icbs_before=named("icb_code_2024"), icbs_after=named("icb_code_2026"),
        at=(middle[0], middle[1]), exact=exact,
    )  # fmt: skip
