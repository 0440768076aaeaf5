"""Whom an ICB is compared with: comparators.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tertiary.allocate.variation import Comparator, Limit, comparator, core_need
from tertiary.errors import AllocationError
from tertiary.sheets import shipped

if TYPE_CHECKING:
    from tertiary.register import Register

REGION, NEAREST = "region", "nearest"
# the need by which ICBs are near to each other
NEED = "core"


@dataclass(frozen=True)
class Kind:
    """A row of comparators.csv; `number` of ICBs at most, 0 for all there are."""

    comparator: str
    name: str
    number: int
    rule: str
    source: str
    confidence: str


@cache
def kinds() -> Mapping[str, Kind]:
    """The kinds of comparator by name."""
    return {
        line.text("comparator"): Kind(
            line.text("comparator"), line.text("name"), line.whole("number", 1, 100, 0), line.text("rule"),
            line.text("source"), line.text("confidence"),
        )
        for line in shipped("tertiary.allocate", "comparators.csv", AllocationError)
    }  # fmt: skip


def compared_with(
    register: Register, icb: str, in_run: Mapping[str, float], known: Mapping[str, Limit], kind: str, year: str,
    peers: Sequence[str] = (),
) -> Comparator:  # fmt: skip
    """The comparator of an ICB of a kind, or `peers` as given. AllocationError as of `comparator`, or for other kinds.

    `in_run` as from `cells.in_run`.
    """
    if peers:
        return comparator(register, in_run, known, peers=peers)
    if kind not in kinds():
        raise AllocationError(f"Comparator {kind!r} is none of {', '.join(kinds())}.")
    if kind == NEAREST:
        return _nearest(register, icb, in_run, known, year)
    return comparator(register, in_run, known, region=_region(register, icb) if kind == REGION else None)


def _nearest(
    register: Register, icb: str, in_run: Mapping[str, float], known: Mapping[str, Limit], year: str
) -> Comparator:
    need, _ = core_need(register, NEED, year)
    whole = [i for i, share in in_run.items() if share >= known["least_in_run"].value and i != icb and i in need]
    if icb not in need or not whole:
        raise AllocationError(
            f"The need of {icb}, or of any other ICB that the run holds whole, is not known: nobody is nearest. "
            "Compare with all of them."
        )
    order = sorted(whole, key=lambda i: (abs(need[i] - need[icb]), i))
    chosen = order[: kinds()[NEAREST].number]
    return Comparator(f"the {len(chosen)} ICBs whose need is nearest", tuple(sorted(chosen)))


def _region(register: Register, icb: str) -> str:
    regions = {row["icb_code"]: row["region_code"] for row in register["icbs"].to_pylist()}
    if not regions.get(icb):
        raise AllocationError(f"The register knows no region of ICB {icb!r}. Name the ICBs to compare with: --peers.")
    return str(regions[icb])
