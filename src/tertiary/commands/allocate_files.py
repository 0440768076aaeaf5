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
    from tertiary.allocate import Need, Policy, Pot, Shares
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

    grouped = None if groups is None else _groups(groups)
    inside = None if within is None else _within(within)
    return [
        need_share(need, level, groups=grouped, within=inside)
        for need in _needs(register, streams, level, year, index, index_level, part)
    ]


def _needs(
    register: Register, streams: Sequence[str] | None, level: str, year: str, index: Path | None,
    index_level: str | None, part: bool,
) -> list[Need]:  # fmt: skip
    from tertiary.allocate import Need

    if index is None and index_level is None:
        return [Need.from_practices(register, stream, year) for stream in streams or ["core"]]
    rows: list[Mapping[str, Any]]
    if index is None:
        rows, where = register["need_indices"].to_pylist(), "the register table need_indices"
        named = streams or ["core"]
    else:
        rows, where = _index_rows(index), str(index)
        named = streams or sorted({str(r.get("stream", "")) for r in rows} - {""})
        if not named:
            raise AllocationError(f"{index} has no column stream. Add it, or name the stream with --stream.")
    held = {str(r.get("level", "")) for r in rows} - {""}
    at = index_level or (held.pop() if len(held) == 1 else level)
    return [
        Need.from_index(rows, register, stream=stream, financial_year=year, level=at, whole=not part, where=where)
        for stream in named
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
    """Opening positions of a file, or of NHS England's workbook of a stream and year that an overlay has loaded.

    `first`: the year that begins from them, that of the workbook unless told. The year after begins from what the
    workbook allocates.
    """
    from tertiary.allocate.official import official

    if (file is None) == (stream is None):
        raise AllocationError("Give either --opening with a file, or --official with specialised or core.")
    if file is not None:
        held = numbers(file, "opening")
        if below := sorted(code for code, amount in held.items() if amount < 0):
            raise AllocationError(
                f"{file}: the opening of {below[0]} is {held[below[0]]}; expected pounds, 0 or more. Correct it."
            )
        return held
    found = official(register, stream or "", year)
    if first in ("", year):
        return dict(found.opening)
    if first == later(year, 1):
        return dict(found.allocation)
    raise AllocationError(
        f"The first pot is of {first}, the workbook of {year}: its openings begin {year} and its allocations "
        f"{later(year, 1)}. Say with --year which workbook comes before, or give --opening."
    )


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
    from tertiary.allocate.basis import WHOLE, components_of

    if file is not None and amount is not None:
        raise AllocationError("Give either --pots with a file, or --pot with pounds and its --service.")
    if file is None and amount is None:
        wanted = {"financial_year": year, "service": service, "area": WHOLE}
        rows = [r for r in register["pots"].to_pylist() if all(r[n] == v for n, v in wanted.items())]
        rows = [r for r in rows if not status or r["delegation_status"] == status]
        if not rows:
            raise AllocationError(
                f"The register holds no pot of England for service {service!r} in {year}. Give --service specialised, "
                "or --pot with pounds, or --pots with a file."
            )
        told = [{**r, "source": f"{r['source']} ({r['note']})" if r["note"] else r["source"]} for r in rows]
        held = [Pot.of(r, f"register table pots, {service} of {year}") for r in told]
        found = [p for p in held if not components or p.components == components_of(components, "--components")]
        if not found:
            raise AllocationError(
                f"The register's pots are of {'; '.join(map(str, held))}, none of {components}. Give --pot with pounds."
            )
        return found
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
    if list(years) != [later(years[0], number) for number in range(len(years))]:
        raise AllocationError(
            f"{file}: pots of {', '.join(years)}; expected one for each year, one year after the other."
        )


def later(year: str, years: int) -> str:
    """The financial year so many years later."""
    if len(year) != len("202526") or not year.isdigit():
        raise AllocationError(f"Financial year {year!r} is not understood. Write six digits such as 202526.")
    first = int(year[:4]) + years
    return f"{first}{(first + 1) % 100:02d}"


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


def share_of(name: str, text: str) -> Fraction:
    """A share such as 0.044 or 4.4%."""
    try:
        return Fraction(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        raise AllocationError(f"{name} is {text!r}; expected a share such as 0.044 or 4.4%.") from None


def policy(name: str, settings: Sequence[str], bands: Path | None) -> Policy:
    """A policy of policies.csv with what was set instead."""
    from tertiary.allocate import policies

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
