"""The register of contracts: who pays whom, for what, by which element, and how much was signed.

A contract has versions; a version has elements. Each element says what activity it covers, the agreed value of the
year, how the value is phased, and what happens to the payment when activity is above or below plan. One CSV file holds
them, a line an element and payer; a decision of the store may hold the same fields as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from tertiary.errors import ContractError
from tertiary.phasing import MONTHS, first_day
from tertiary.sheets import Line, lines, shipped

COMPONENTS = ("activity", "drug", "device")
HEADER = (
    "contract", "version", "provider_code", "host_code", "financial_year", "valid_from", "valid_to", "signed_on",
    "signed_value",
)  # fmt: skip
FIELDS = (
    *HEADER, "payer_code", "element", "kind", "annual_value", "profile", "components", "points_of_delivery", "services",
    "tolerance", "rate", "rate_above", "rate_below", "note",
)  # fmt: skip
NEEDED = tuple(
    f for f in FIELDS
    if f not in ("valid_to", "signed_on", "components", "points_of_delivery", "services", "tolerance", "rate",
                 "rate_above", "rate_below", "note")
)  # fmt: skip

# whether the sums between a provider, a host (blank: none) and a payer are kept
Keep = Callable[[str, str, str], bool]


@dataclass(frozen=True)
class Kind:
    """A row of kinds.csv: the rates at which activity above or below plan moves cash, unless a contract says others."""

    kind: str
    rate: Fraction
    rate_above: Fraction
    rate_below: Fraction
    meaning: str
    source: str
    confidence: str


@cache
def kinds() -> Mapping[str, Kind]:
    """All kinds of element."""
    found = {}
    for line in shipped("tertiary.month_end", "kinds.csv", ContractError):
        rates = (line.share("rate"), line.share("rate_above"), line.share("rate_below"))
        found[line.text("kind")] = Kind(
            line.text("kind"), *rates, line.text("meaning"), line.text("source"), line.text("confidence")
        )
    return found


@dataclass(frozen=True)
class Element:
    """What one payer pays one provider for one kind of care. Key within a contract version: payer and element.

    `annual_value`: pounds for the whole financial year of the contract, whatever part of it this version holds for;
    `profile` spreads it. Empty `components`, `points_of_delivery` and `services` mean all; of several elements that
    cover a record the one that stands first counts. Variance within ± `tolerance` of plan moves cash by `rate`,
    what lies above or below by `rate_above` or `rate_below`.
    """

    payer_code: str
    element: str
    kind: str
    annual_value: Decimal
    profile: str
    components: tuple[str, ...]
    points_of_delivery: tuple[str, ...]
    services: tuple[str, ...]
    tolerance: Fraction
    rate: Fraction
    rate_above: Fraction
    rate_below: Fraction
    note: str = ""


@dataclass(frozen=True)
class Contract:
    """One version of a contract. Key: contract and version. `signed_on` is None for a draft."""

    contract: str
    version: int
    provider_code: str
    host_code: str
    financial_year: str
    valid_from: date
    valid_to: date | None
    signed_on: date | None
    signed_value: Decimal
    elements: tuple[Element, ...]

    def holds(self, day: date) -> bool:
        """Whether this version is the agreement on a day, unless a later version has begun."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def part(self, keep: Keep) -> Contract:
        """The contract as if only the elements of payers that are kept stood in it, and their sum had been signed."""
        kept = tuple(e for e in self.elements if keep(self.provider_code, self.host_code, e.payer_code))
        return replace(self, elements=kept, signed_value=sum((e.annual_value for e in kept), Decimal(0)))

    def months(self, versions: Iterable[Contract] = ()) -> tuple[int, ...]:
        """Financial months, 1 to 12, whose first day this version holds, before a later one of `versions` begins.

        A later version takes over for good: when it ends, the one before it does not come back.
        """
        later = [c.valid_from for c in versions if c.contract == self.contract and c.version > self.version]
        days = [(m, first_day(self.financial_year, m)) for m in MONTHS]
        return tuple(m for m, day in days if self.holds(day) and not any(begun <= day for begun in later))


def read_contracts(file: Path) -> tuple[Contract, ...]:
    """The contract register of a CSV file, in the order of its lines. ContractError names line, field and value.

    Refused: elements that do not add up to the signed value, a version whose lines disagree about it, one element
    twice, versions that leave no month to themselves, one element of a provider and payer in two contracts at a time.
    """
    groups: dict[tuple[str, int], list[Line]] = {}
    for line in lines(file, ContractError, NEEDED):
        key = (line.text("contract"), line.whole("version", 1, 999))
        groups.setdefault(key, []).append(line)
    if not groups:
        raise ContractError(f"{file} holds no contract. Add a line for each element and payer.")
    found = tuple(_contract(group) for group in groups.values())
    _judge(found, str(file))
    return found


def contracts_of(terms: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[Contract, ...]:
    """Contracts from JSON terms with the fields of the file's lines and a list `elements`; each with where it is from.

    Key and checks as `read_contracts`. ContractError names the decision, the field and the value.
    """
    found = []
    for place, given in terms:
        elements = given.get("elements")
        if not isinstance(elements, list) or not elements:
            raise ContractError(f"{place}: elements is {elements!r:.60}; expected a list with at least one element.")
        if unknown := sorted(set(given) - {*HEADER, "elements"}):
            raise ContractError(f"{place}: no such term: {', '.join(unknown)}. Terms: {', '.join(HEADER)}, elements.")
        header = {name: _plain(given.get(name)) for name in HEADER}
        group = []
        for number, element in enumerate(elements, 1):
            if not isinstance(element, Mapping):
                raise ContractError(f"{place}: element {number} is {element!r:.60}; expected an object with its terms.")
            own = {name: _plain(value) for name, value in element.items()}
            allowed = [name for name in FIELDS if name not in HEADER]
            if unknown := sorted(set(own) - set(allowed)):
                raise ContractError(
                    f"{place}: element {number} has no term {', '.join(unknown)}. Terms: {', '.join(allowed)}."
                )
            group.append(Line(f"{place}, element", number, {**header, **own}, ContractError))
        found.append(_contract(group))
    _judge(found, "the decisions given")
    return tuple(found)


def _contract(group: Sequence[Line]) -> Contract:
    first = group[0]
    for line in group[1:]:
        for name in HEADER:
            if line.cells.get(name, "") != first.cells.get(name, ""):
                line.refuse(name, f"{first.cells.get(name, '')!r} as in line {first.number} of the same version")
    year = first.year("financial_year")
    elements = []
    for line in group:
        elements.append(_element(line))
        if sum(e.payer_code == elements[-1].payer_code and e.element == elements[-1].element for e in elements) > 1:
            line.refuse("element", f"each element once for payer {elements[-1].payer_code}")
    signed, total = first.pounds("signed_value"), sum((e.annual_value for e in elements), Decimal(0))
    if signed != total:
        first.refuse("signed_value", f"the sum of its elements, {total:,.2f} (difference {signed - total:,.2f})")
    made = Contract(
        contract=first.text("contract"), version=first.whole("version", 1, 999),
        provider_code=first.text("provider_code"), host_code=first.text("host_code"), financial_year=year,
        valid_from=first.day("valid_from"), valid_to=first.last_day("valid_to"),
        signed_on=first.last_day("signed_on"), signed_value=signed, elements=tuple(elements),
    )  # fmt: skip
    if made.valid_to is not None and made.valid_to <= made.valid_from:
        first.refuse("valid_to", f"a day after {made.valid_from}")
    if made.valid_from.day != 1:
        first.refuse("valid_from", "the first day of a month: contracts are paid by whole months")
    if not made.months():
        first.refuse("valid_from", f"a version that holds on the first day of a month of {year}")
    return made


def _element(line: Line) -> Element:
    kind = kinds()[line.choice("kind", tuple(kinds()))]
    components = line.codes("components")
    if unknown := [c for c in components if c not in COMPONENTS]:
        line.refuse("components", f"{', '.join(COMPONENTS)}, not {', '.join(unknown)}")
    return Element(
        payer_code=line.text("payer_code"), element=line.text("element"), kind=kind.kind,
        annual_value=line.pounds("annual_value"), profile=line.text("profile"), components=components,
        points_of_delivery=line.codes("points_of_delivery"), services=line.codes("services"),
        tolerance=line.share("tolerance", Fraction(0)), rate=line.share("rate", kind.rate),
        rate_above=line.share("rate_above", kind.rate_above), rate_below=line.share("rate_below", kind.rate_below),
        note=line.text("note", ""),
    )  # fmt: skip


def _judge(found: Sequence[Contract], place: str) -> None:
    """Versions of one contract share provider, host and year and leave each other months; elements have one owner."""
    by_name: dict[str, list[Contract]] = {}
    for contract in sorted(found, key=lambda c: c.version):
        by_name.setdefault(contract.contract, []).append(contract)
    for name, versions in by_name.items():
        for one, two in pairwise(versions):
            for field in ("provider_code", "host_code", "financial_year"):
                if getattr(one, field) != getattr(two, field):
                    raise ContractError(
                        f"{place}: {field} of contract {name} is {getattr(one, field)!r} in version {one.version} and "
                        f"{getattr(two, field)!r} in version {two.version}. Give the second a name of its own."
                    )
            if one.version == two.version:
                raise ContractError(f"{place}: contract {name} stands there twice in version {one.version}. Keep one.")
            if two.valid_from <= one.valid_from:
                raise ContractError(
                    f"{place}: version {two.version} of contract {name} begins on {two.valid_from}, not after version "
                    f"{one.version} ({one.valid_from}), and would leave it nothing. Correct a day or drop a version."
                )
    owners: dict[tuple[str, str, str, str, int], str] = {}
    for contract in found:
        for own in contract.elements:
            for month in contract.months(found):
                key = (contract.financial_year, contract.provider_code, own.payer_code, own.element, month)
                if owners.setdefault(key, contract.contract) != contract.contract:
                    raise ContractError(
                        f"{place}: {own.element!r} of provider {contract.provider_code} and payer {own.payer_code} "
                        f"stands in contracts {owners[key]} and {contract.contract} in month {month} of "
                        f"{contract.financial_year}; it would be paid twice. Take it out of one, or name it otherwise."
                    )


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
