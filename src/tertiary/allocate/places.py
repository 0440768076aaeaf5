"""Which places lie in which: practice, LSOA, district, sub-ICB, boards of 2024 and 2026, region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.register import Register

# levels whose places the register knows
LEVELS = ("practice", "lsoa", "lad", "sub_icb", "icb_2024", "icb_2026", "region")
# the boards of 2026 began on 1 April 2026
NEW_BOARDS = "202627"
BEFORE, AFTER = date(2025, 10, 1), date(2026, 10, 1)
LSOA_COLUMNS = {
    "lad": "lad_code", "sub_icb": "sub_icb_code_2024", "icb_2024": "icb_code_2024", "icb_2026": "icb_code_2026",
    "region": "region_code",
}  # fmt: skip
Within = Mapping[str, Mapping[str, str]]


def located(
    register: Register, level: str, codes: Sequence[str], financial_year: str, *, whole: bool, where: str
) -> Within:
    """For each code the places it lies in, by level; blank where it lies in several, {} for a level of your own.

    AllocationError when a code is blank, stands twice, is none of its level, or (`whole`) one of the level lacks.
    """
    seen: set[str] = set()
    for code in codes:
        if not code or code in seen:
            raise AllocationError(
                f"{where}: code {code!r} of level {level} {'stands twice' if code else 'is blank'}. One row a place."
            )
        seen.add(code)
    known = _known(register, level, financial_year)
    if level not in LEVELS:
        return {code: {} for code in codes}
    if not known:
        raise AllocationError(
            f"{where}: the register does not say where each {level} of {financial_year} lies. Lay practice_need of "
            "that year over it (--register)."
        )
    if strange := sorted(seen - set(known)):
        raise AllocationError(
            f"{where}: {', '.join(strange[:5])} is no {level} that the register knows. Correct the code."
        )
    if whole and (absent := sorted(set(known) - seen)):
        shown = ", ".join(absent[:5]) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")
        raise AllocationError(
            f"{where} lacks {level} {shown}. Shares of England need every place: add them, or say that this is a part "
            "(whole=False, --part)."
        )
    return {code: known[code] for code in codes}


def _known(register: Register, level: str, financial_year: str) -> Mapping[str, Mapping[str, str]]:
    """Places of a level the register knows and what each lies in."""
    if level == "lsoa":
        rows = register["lsoas"].select(["lsoa21_code", *LSOA_COLUMNS.values()]).to_pylist()
        return {r["lsoa21_code"]: {up: r[column] for up, column in LSOA_COLUMNS.items()} for r in rows}
    if level == "lad":
        return {code: {} for code in set(register["lsoas"]["lad_code"].to_pylist())}
    if level == "region":
        return {r["region_code"]: {} for r in register["regions"].to_pylist()}
    if level == "practice":
        return _practices(register, financial_year)
    if level == "sub_icb":
        later = {r["sub_icb_code"]: r["icb_code"] for r in _on(register, "sub_icbs", AFTER)}
        return {
            r["sub_icb_code"]: {"icb_2024": r["icb_code"], "icb_2026": later.get(r["sub_icb_code"], ""),
                                "region": r["region_code"]}
            for r in _on(register, "sub_icbs", BEFORE)
        }  # fmt: skip
    if level == "icb_2024":
        split = {r["icb_code"]: r["successor_codes"].split(";") for r in _on(register, "icbs", BEFORE)}
        later = {code: (after[0] or code) if len(after) == 1 else "" for code, after in split.items()}
        return {r["icb_code"]: {"icb_2026": later[r["icb_code"]], "region": r["region_code"]}
                for r in _on(register, "icbs", BEFORE)}  # fmt: skip
    if level == "icb_2026":
        return {r["icb_code"]: {"region": r["region_code"]} for r in _on(register, "icbs", AFTER)}
    return {}


def _practices(register: Register, financial_year: str) -> dict[str, dict[str, str]]:
    return {
        r["practice_code"]: {"lad": r["lad_code"], "sub_icb": r["sub_icb_code"], "icb_2024": r["icb_code_2024"],
                             "icb_2026": r["icb_code_2026"], "region": r["region_code"]}
        for r in register["practice_need"].to_pylist() if r["financial_year"] == financial_year
    }  # fmt: skip


def _on(register: Register, table: str, day: date) -> list[dict[str, Any]]:
    from tertiary.register import valid_on

    return valid_on(register, table, day).to_pylist()
