"""Opening positions out of the register: those of a workbook, and yardsticks where no workbook was loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

from tertiary.allocate.held import BOARDS, later, needs, openings_of_workbook
from tertiary.allocate.shares import Shares, need_share
from tertiary.errors import AllocationError
from tertiary.pennies import to_the_penny
from tertiary.sheets import shipped

if TYPE_CHECKING:
    from tertiary.allocate.basis import Pot
    from tertiary.register import Register

OFFICIAL, PEOPLE, FORMER = "official", "people", "former"


@dataclass(frozen=True)
class Opening:
    """A row of openings.csv: a kind of opening position, how it is worked out and how sure it is."""

    opening: str
    name: str
    rule: str
    source: str
    confidence: str


@cache
def openings() -> Mapping[str, Opening]:
    """The kinds of opening position by name."""
    lines = shipped("tertiary.allocate", "openings.csv", AllocationError)
    fields = ("opening", "name", "rule", "source", "confidence")
    return {line.text("opening"): Opening(*(line.text(name) for name in fields)) for line in lines}


def opening(register: Register, kind: str, shares: Shares, pot: Pot, first: str = "") -> dict[str, Decimal]:
    """Pounds by place, in order of code, for the places of `shares`; but for a workbook's they add up to the pot.

    `first`: the year that begins from them, as for `openings_of_workbook`. AllocationError when the register does not
    hold what the kind rests on.
    """
    if kind not in openings():
        raise AllocationError(f"Opening {kind!r} is none of {', '.join(openings())}.")
    if kind == OFFICIAL:
        return dict(sorted(openings_of_workbook(register, shares.stream, shares.financial_year, first).items()))
    by: dict[str, Fraction] = {code: row.population for code, row in shares.rows.items()}
    if kind == FORMER:
        before = later(shares.financial_year, -1)
        (need,) = needs(register, [shares.stream], BOARDS, before, BOARDS)
        held = need_share(need, shares.level).rows
        by = {code: held[code].share if code in held else Fraction(0) for code in by}
    total = sum(by.values(), Fraction(0))
    if not total:
        raise AllocationError(
            f"Nobody is known of these places in the opening {openings()[kind].name}. Choose another."
        )
    return to_the_penny({code: part / total * Fraction(pot.amount) for code, part in by.items()})
