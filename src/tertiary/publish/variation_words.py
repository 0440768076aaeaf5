"""Variation in words: which services stand out, in what, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tertiary.allocate import variation_tables as tables
from tertiary.publish.charts import short

if TYPE_CHECKING:
    from tertiary.allocate.decompose import Part
    from tertiary.allocate.variation import Limit, Varied
    from tertiary.register import Register

OUT = ("higher", "lower")
BEYOND = {
    "access": {"higher": "more people treated", "lower": "fewer people treated"},
    "intensity": {"higher": "more spent on each", "lower": "less spent on each"},
}
LONGEST_NAME = 90


def findings(
    register: Register, by: Sequence[str], made: Sequence[Varied], limits: Mapping[str, Limit]
) -> list[dict[str, str]]:
    """Cells that stand out: beyond chance over all of the table, or outside the outer funnel. Key: the cell's name.

    Order as in `made`, the widest in pounds first. Cells that are withheld are not told of.
    """
    found = []
    for cell in made:
        parts = [] if cell.blocked else [*_access(cell, limits), *_intensity(cell)]
        if parts:
            found.append({"name": short(tables.named(register, by, cell), LONGEST_NAME), "finding": "; ".join(parts)})
    return found


def stands_out(cell: Varied) -> str:
    """What of a cell is beyond chance, in a few words; blank when it is withheld or was not tested."""
    if cell.blocked or not cell.flags:
        return ""
    told = [words[cell.flags[part]] for part, words in BEYOND.items() if cell.flags.get(part) in words]
    return "; ".join(told) or "nothing beyond chance"


def with_limits(part: Part | None) -> str:
    """A ratio and its limits; blank without one."""
    if part is None:
        return ""
    high = f"{part.high:.2f}" if part.high < float("inf") else "open"
    return f"× {part.ratio:.2f} ({part.low:.2f} to {high})"


def _access(cell: Varied, limits: Mapping[str, Limit]) -> list[str]:
    if cell.access is None or cell.funnel is None:
        return []
    ratio, outer = cell.access.ratio, cell.funnel[2:]
    outside = not outer[0] <= ratio <= outer[1]
    if cell.flags.get("access") not in OUT and not outside:
        return []
    level = limits["outer_confidence"].value
    where = f", outside the funnel's {level:.1%} limits" if outside else ""
    return [f"people treated a head {with_limits(cell.access)} the comparator's{where}"]


def _intensity(cell: Varied) -> list[str]:
    if cell.split is None or cell.flags.get("intensity") not in OUT:
        return []
    return [f"spend on each {with_limits(cell.split.intensity)} the comparator's, beyond chance"]
