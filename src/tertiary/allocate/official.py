"""Openings, targets and market forces of NHS England's own workbooks, once an overlay has loaded them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.register import Register

LOAD = "Load the workbook with an overlay (docs/how-to/allocate-by-need.md) and name its folder with --register."


@dataclass(frozen=True)
class Official:
    """Pounds by board as a workbook states them; a board without the figure is left out of that mapping."""

    opening: Mapping[str, Decimal]
    target: Mapping[str, Decimal]
    allocation: Mapping[str, Decimal]
    source: str
    confidence: str


def official(
    register: Register, stream: str, financial_year: str, *, workbook: str = "convergence", service: str = ""
) -> Official:
    """Openings, targets and allocations of a stream, specialised or core, from `official_allocations`.

    AllocationError when the register holds none of that year: the tables are empty until a workbook is loaded.
    """
    wanted = {"stream": stream, "financial_year": financial_year, "workbook": workbook, "service": service}
    rows = [r for r in register["official_allocations"].to_pylist() if all(r[n] == v for n, v in wanted.items())]
    if not rows:
        raise AllocationError(
            f"The register holds no {stream} allocations of {financial_year} from the {workbook} workbook"
            f"{f' for service {service}' if service else ''}. {LOAD}"
        )
    opening, target, allocation = (
        {r["icb_code"]: r[n] for r in rows if r[n] is not None} for n in ("opening", "target", "allocation")
    )
    source, confidence = ("; ".join(sorted({r[n] for r in rows})) for n in ("source", "confidence"))
    return Official(opening, target, allocation, source, confidence)


def market_forces(register: Register, financial_year: str) -> dict[str, Decimal]:
    """The underlying market forces index by board, from `official_market_forces`. AllocationError when it is empty."""
    rows: list[dict[str, Any]] = register["official_market_forces"].to_pylist()
    found = {r["icb_code"]: r["market_forces_index"] for r in rows if r["financial_year"] == financial_year}
    if not found:
        raise AllocationError(f"The register holds no underlying market forces index of {financial_year}. {LOAD}")
    return found


def specialised_allocations(register: Register) -> dict[tuple[str, ...], Decimal]:
    """Specialised allocations that the register holds, pounds by (ICB, financial year); empty where none was found."""
    return {
        (row["code"], f"{row['year'][:4]}{row['year'][5:7]}"): row["value"]
        for row in register["specialised_allocations"].to_pylist()
        if row["level"] == "icb" and row["measure"] == "specialised_allocation" and row["unit"] == "GBP"
        and row["value"] is not None
    }  # fmt: skip
