"""What a need index was modelled on and what a pot pays for: one is applied to the other only when they are equal."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from importlib import resources

from tertiary.errors import AllocationError
from tertiary.sheets import NUMBER

COMPONENTS = frozenset({"activity", "drugs", "devices"})
# what a component is called in records
RECORDED = {"activity": "activity", "drug": "drugs", "device": "devices"}
EVERYTHING = "all"
WHOLE = "E92000001"  # England


@dataclass(frozen=True)
class Basis:
    """The spend behind a need index: a service line or set of services, and which components of it."""

    service: str
    components: frozenset[str]
    includes_market_forces: bool = False

    def __str__(self) -> str:
        return f"{self.service} ({components_text(self.components)})"


@dataclass(frozen=True)
class Stream:
    """A row of streams.csv: a need of NHS England's allocations, its column of `practice_need` and its basis."""

    stream: str
    column: str
    basis: Basis
    name: str
    source: str
    confidence: str


@dataclass(frozen=True)
class Pot:
    """Money that need is met from. Key: all but amount, source, confidence. `amount` in pounds."""

    financial_year: str
    service: str
    components: frozenset[str]
    amount: Decimal
    delegation_status: str = ""
    area: str = ""
    source: str = ""
    confidence: str = ""

    def __str__(self) -> str:
        status = f", {self.delegation_status}" if self.delegation_status else ""
        return f"{self.service} ({components_text(self.components)}{status}) of {self.financial_year}"

    @classmethod
    def of(cls, row: Mapping[str, object], where: str = "pots") -> Pot:
        """A pot from a row of the register table `pots` or of a file with its columns.

        Blank components are taken from pot_components.csv, by service, delegation status and year; AllocationError
        when it does not say, or when the amount is no number of pounds.
        """
        text = {name: str(value or "").strip() for name, value in row.items()}
        year, service, status = (text.get(n, "") for n in ("financial_year", "service", "delegation_status"))
        if not re.fullmatch("[0-9]{6}", year) or (int(year[:4]) + 1) % 100 != int(year[4:]) or not service:
            raise AllocationError(
                f"{where}: financial_year {year!r} and service {service!r}; expected six digits such as 202526 and a "
                "service line or set of services. Fill both."
            )
        written = text.get("components", "")
        amount = number(text.get("amount", ""))
        if amount is None or amount < 0 or amount != round(amount, 2):
            raise AllocationError(
                f"{where}: amount {text.get('amount', '')!r}; expected pounds and whole pence such as 14000000000.00."
            )
        source = text.get("source", "")
        if written:
            found = components_of(written, where)
        else:
            found, confidence = pot_components(service, status, year, where)
            source = f"{source}; components by pot_components.csv ({confidence})".removeprefix("; ")
        return cls(year, service, found, amount, status, text.get("area", ""), source, text.get("confidence", ""))


def number(text: str) -> Decimal | None:
    """A number exactly as written, commas only between thousands; None when it is none."""
    written = text.strip().replace("£", "")
    if "," in written and not NUMBER.fullmatch(written):
        return None
    try:
        found = Decimal(written.replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def share_of(name: str, text: str) -> Fraction:
    """A share such as 0.044 or 4.4%, exactly. AllocationError names what it is of when it is none."""
    try:
        return Fraction(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        raise AllocationError(f"{name} is {text!r}; expected a share such as 0.044 or 4.4%.") from None


def components_of(text: str, where: str) -> frozenset[str]:
    """Components separated by semicolons, or all. AllocationError names what is not one."""
    found = frozenset(part.strip().lower() for part in text.split(";") if part.strip())
    found = COMPONENTS if found == {EVERYTHING} else found
    if not found or found - COMPONENTS:
        raise AllocationError(
            f"{where}: components {text!r}; expected one or more of {', '.join(sorted(COMPONENTS))} separated by "
            f"semicolons, or {EVERYTHING}. Say what the index was modelled on, or what the pot pays for."
        )
    return found


def components_text(components: Iterable[str]) -> str:
    """Components as they are written in files."""
    found = frozenset(components)
    return EVERYTHING if found == COMPONENTS else ";".join(sorted(found))


def pot_components(service: str, delegation_status: str, financial_year: str, where: str) -> tuple[frozenset[str], str]:
    """What the money of a service and delegation status pays for in a year, and how sure that is: pot_components.csv.

    AllocationError when no row says so: it is then to be stated, never guessed.
    """
    for row in _rows("pot_components.csv"):
        if (
            (row["service"], row["delegation_status"]) == (service, delegation_status)
            and row["year_from"] <= financial_year
            and (not row["year_to"] or financial_year < row["year_to"])
        ):
            return components_of(row["components"], "pot_components.csv"), row["confidence"]
    raise AllocationError(
        f"{where}: nothing says which components the money of {service} "
        f"({delegation_status or 'no delegation status'}) pays for in {financial_year}. Fill components with activity, "
        f"drugs, devices separated by semicolons, or {EVERYTHING}."
    )


def check(basis: Basis, pot: Pot, *, area: str = "", wider: bool = False) -> None:
    """AllocationError when an index of `basis` must not be applied to `pot`.

    The services must be the same and the components equal. With `wider`, an index modelled on more components than
    the pot pays for is let through, as a stated choice; one that lacks a component of the pot never is. `area` is the
    code of what the shares are of, and must be the pot's where both are known.
    """
    if area and pot.area and area != pot.area:
        raise AllocationError(
            f"The shares are of {area}, the pot of {pot} is for {pot.area}: their places would share money that is not "
            "theirs. Look within that area (within, --within), or give its own pot."
        )
    if basis.service != pot.service:
        raise AllocationError(
            f"The need index is of {basis}, the pot of {pot}: a need share is never applied to another service. Give "
            f"an index of {pot.service}."
        )
    if lacking := pot.components - basis.components:
        raise AllocationError(
            f"The need index is of {basis} and does not cover {', '.join(sorted(lacking))}, which the pot of {pot} "
            f"pays for. Give an index of each component, or one modelled on {components_text(pot.components)}."
        )
    if basis.components != pot.components and not wider:
        raise AllocationError(
            f"The need index is of {basis}, wider than the pot of {pot}. Give an index of "
            f"{components_text(pot.components)}, or say that the wider one may stand for it (wider=True, --wider)."
        )


@cache
def streams() -> Mapping[str, Stream]:
    """Streams of NHS England's allocations by name."""
    return {
        r["stream"]: Stream(
            r["stream"], r["column"],
            Basis(r["service"], components_of(r["components"], "streams.csv"), r["includes_market_forces"] == "Y"),
            r["name"], r["source"], r["confidence"],
        )
        for r in _rows("streams.csv")
    }  # fmt: skip


@cache
def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("tertiary.allocate").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
