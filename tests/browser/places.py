"""Which pages are looked at, and as whom: all of the menu, and the addresses of places.csv.

A page is covered from the moment its line stands in web/pages.csv. Addresses behind forms and links, and those that
fail, have a line in places.csv: accounts of the demonstration, and the status that is expected.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tertiary.errors import TertiaryError
from tertiary.sheets import shipped
from tertiary.web.people import demo_people

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Place:
    """An address and who may be there; the first of `accounts` finds the most on it."""

    address: str
    accounts: tuple[str, ...]
    status: int = 200

    @property
    def path(self) -> str:
        """The address without what was asked."""
        return self.address.partition("?")[0]


@cache
def places() -> tuple[Place, ...]:
    """Pages of the menu, each for the accounts whose roles find it there; then those of places.csv."""
    found = []
    for line in shipped("tertiary.web", "pages.csv", TertiaryError):
        kept = [a for a, person in demo_people().items() if person.role not in line.codes("not_for")]
        found.append(Place(line.text("address"), tuple(kept)))
    with (HERE / "places.csv").open(encoding="utf-8", newline="") as file:
        found += [Place(r["address"], tuple(r["accounts"].split()), int(r["status"])) for r in csv.DictReader(file)]
    return tuple(found)
