"""Files and register tables that `tertiary allocate` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.commands import shared
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.allocate import Policy, Pot, Shares
    from tertiary.register import Register

RATES = ("growth", "k", "floor", "cap", "tolerance")


def opened(overlays: Sequence[Path] | None) -> Register:
    """The register with overlays."""
    from tertiary.register import Register

    return Register.load(overlays or ())


def shares(
    register: Register, streams: Sequence[str] | None, level: str, year: str, index: Path | None,
    index_level: str | None, groups: Path | None, within: str | None, part: bool,
) -> list[Shares]:  # fmt: skip
    """Shares of each stream asked for, or of every stream of an index file."""
    from tertiary.allocate import need_share
    from tertiary.allocate.held import needs

    grouped = None if groups is None else _groups(groups)
    inside = None if within is None else _within(within)
    rows = None if index is None else _index_rows(index)
    named: Sequence[str] = streams or ["core"]
    if rows is not None and not streams:
        named = sorted({str(r.get("stream", "")) for r in rows} - {""})
        if not named:
            raise AllocationError(f"{index} has no column stream. Add it, or name the stream with --stream.")
    told = {} if index is None else {"where": str(index)}
    return [
        need_share(need, level, groups=grouped, within=inside)
        for need in needs(register, named, level, year, index_level, rows, part=part, **told)
    ]


def _index_rows(file: Path) -> list[Mapping[str, Any]]:
    from tertiary.register import schemas

    known = [c.name for c in schemas.columns("need_indices")]
    rows = [row for _, row in shared.rows(file, AllocationError)]
    if not rows or (unknown := sorted(set(rows[0]) - set(known))) or "code" not in rows[0]:
        said = "holds no rows" if not rows else f"has column(s) {', '.join(unknown) or 'without code'}"
        raise AllocationError(f"{file} {said}; expected code and others of {', '.join(known)}.")
    return list(rows)


def _groups(file: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, row in shared.rows(file, AllocationError):
        code, group = row.get("code", ""), row.get("group", "")
        if not code or not group or code in found:
            raise AllocationError(
                f"{file} line {number}: code {code!r}, group {group!r}; expected each code once, and a group."
            )
        found[code] = group
    return found


def _within(text: str) -> tuple[str, str]:
    level, sign, code = text.partition(":")
    if not sign or not code:
        raise AllocationError(f"--within {text!r} is not LEVEL:CODE. Example: --within icb_2024:QHM")
    return level, code


def numbers(file: Path, column: str) -> dict[str, Decimal]:
    """A number by code, each once."""
    found: dict[str, Decimal] = {}
    for number, row in shared.rows(file, AllocationError):
        code = row.get("code", "")
        if not code or code in found:
            raise AllocationError(f"{file} line {number}: code {code!r}; expected each place once.")
        found[code] = shared.amount(file, number, column, row.get(column, ""), AllocationError)
    if not found:
        raise AllocationError(f"{file} holds no rows; expected the columns code and {column}.")
    return found


def openings(
    register: Register, file: Path | None, stream: str | None, year: str, first: str = ""
) -> dict[str, Decimal]:
    """Opening positions of a file, or of NHS England's workbook of a stream and year, from which `first` begins."""
    from tertiary.allocate.held import openings_of_workbook

    if (file is None) == (stream is None):
        raise AllocationError("Give either --opening with a file, or --official with specialised or core.")
    if file is not None:
        held = numbers(file, "opening")
        if below := sorted(code for code, amount in held.items() if amount < 0):
            raise AllocationError(
                f"{file}: the opening of {below[0]} is {held[below[0]]}; expected pounds, 0 or more. Correct it."
            )
        return held
    return openings_of_workbook(register, stream or "", year, first)


def market_forces(register: Register, text: str | None, year: str) -> dict[str, Decimal] | None:
    """The underlying index of a file, or of the register for the word register; None for none."""
    from tertiary.allocate.official import market_forces as of_register

    if text is None:
        return None
    return of_register(register, year) if text == "register" else numbers(Path(text), "market_forces_index")


def pots(
    register: Register, file: Path | None, amount: str | None, year: str, service: str, components: str, status: str
) -> list[Pot]:
    """Pots of a file, the one that options describe, or those of England that the register holds for the service."""
    from tertiary.allocate import Pot
    from tertiary.allocate.held import pots_of_register

    if file is not None and amount is not None:
        raise AllocationError("Give either --pots with a file, or --pot with pounds and its --service.")
    if file is None and amount is None:
        return pots_of_register(register, year, service, components, status)
    if file is None:
        row = {"financial_year": year, "service": service, "components": components, "delegation_status": status,
               "amount": amount}  # fmt: skip
        return [Pot.of(row, "--pot (with --service, --components, --status)")]
    found = [Pot.of(row, f"{file} line {n}") for n, row in shared.rows(file, AllocationError)]
    if not found:
        raise AllocationError(f"{file} holds no pots; expected financial_year, service, components, amount.")
    return found


def check_years(years: Sequence[str], file: Path) -> None:
    """AllocationError when pots are not of one year after the other."""
    from tertiary.allocate.held import later

    if list(years) != [later(years[0], number) for number in range(len(years))]:
        raise AllocationError(
            f"{file}: pots of {', '.join(years)}; expected one for each year, one year after the other."
        )


def transfers(file: Path | None, years: Sequence[str]) -> list[dict[str, Decimal]]:
    """Pounds by code for each year; a code may stand more than once. Without a file nothing moves."""
    made: list[dict[str, Decimal]] = [{} for _ in years]
    if file is None:
        return made
    for number, row in shared.rows(file, AllocationError):
        year, code = row.get("financial_year", ""), row.get("code", "")
        if year not in years or not code:
            raise AllocationError(
                f"{file} line {number}: financial_year {year!r}, code {code!r}; expected a year of "
                f"{', '.join(years)} and a code."
            )
        amount = shared.amount(file, number, "amount", row.get("amount", ""), AllocationError)
        held = made[list(years).index(year)]
        held[code] = held.get(code, Decimal(0)) + amount
    return made


def policy(name: str, settings: Sequence[str], bands: Path | None) -> Policy:
    """A policy of policies.csv with what was set instead."""
    from tertiary.allocate import policies
    from tertiary.allocate.basis import share_of

    known = policies()
    if name not in known:
        raise AllocationError(f"Policy {name!r} is none of {', '.join(known)}.")
    changed: dict[str, Any] = {}
    for text in settings:
        setting, _, value = text.partition("=")
        if setting in RATES:
            changed[setting] = (
                None if value == "none" and setting in ("growth", "floor", "cap") else share_of(setting, value)
            )
        elif setting == "cash_floor" and value in ("yes", "no"):
            changed[setting] = value == "yes"
        elif setting == "population":
            changed[setting] = value
        else:
            raise AllocationError(
                f"--set {text!r}; expected {', '.join(RATES)}, cash_floor=yes or no, or population=before."
            )
    if bands is not None:
        changed["bands"] = tuple(
            sorted(
                (Fraction(shared.amount(bands, n, "above", row.get("above", ""), AllocationError)),
                 Fraction(shared.amount(bands, n, "reduction", row.get("reduction", ""), AllocationError)))
                for n, row in shared.rows(bands, AllocationError)
            )
        )  # fmt: skip
    if not changed:
        return known[name]
    source = f"{known[name].source}; set here: {', '.join(sorted(changed))}"
    return replace(known[name], **changed, source=source)
