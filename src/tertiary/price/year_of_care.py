"""What a year of care pays for each patient and month, from who was in which band when.

    month = annual price of the band / 12 x market forces factor

from the month of the start. When a new band is paid, and the last month of a leaver, are policies of the pricing year
(`band_change`, `leaver` in the register table pricing_policies). Method: docs/reference/prices.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tertiary.errors import RegisterError
from tertiary.price.lists import MONTHS, YEAR_OF_CARE, lists, policies_of, policy, rounded

APRIL = 4
CHANGES = ("next_april", "next_month")
LEAVERS = ("through_month_of_end", "month_before")


@dataclass(frozen=True)
class Enrolment:
    """A patient in a band at a provider from `start` to `end` inclusive; no end: until the next one there, or still."""

    patient_id: str
    provider_code: str
    band_code: str
    start: date
    end: date | None = None


@dataclass(frozen=True)
class Due:
    """What is payable for a patient at a provider in a month. Key: patient, provider, year and month."""

    patient_id: str
    provider_code: str
    financial_year: str
    financial_month: int
    band_code: str
    pounds: Decimal


def months_due(enrolments: Iterable[Enrolment], register: Mapping[str, Any], last: date) -> Iterator[Due]:
    """Every month payable up to the month of `last`, in the order of patients, providers and months.

    RegisterError when a band has no price in a year, or the year's policy is missing or not known.
    """
    policies, made = policies_of(register), lists(register)
    prices = {
        (r["financial_year"], r["currency_code"]): r["unit_price"]
        for r in made.units.to_pylist()
        if r["price_group"] == YEAR_OF_CARE
    }
    factors = {(r["financial_year"], r["provider_code"]): r["factor"] for r in made.forces.to_pylist()}
    people: dict[tuple[str, str], list[Enrolment]] = defaultdict(list)
    for one in enrolments:
        people[one.patient_id, one.provider_code].append(one)
    for (patient, provider), listed in sorted(people.items()):
        for number, band in _bands(sorted(listed, key=lambda e: e.start), policies, _month(last)):
            year, month = _financial(number)
            price = prices.get((year, band))
            if price is None:
                raise RegisterError(
                    f"year_of_care_prices has no band {band!r} for {year}; patient {patient} at {provider} was in it. "
                    "Load the price, or correct the band."
                )
            forces = factors.get((year, provider), Decimal(1))
            yield Due(patient, provider, year, month, band, rounded(price * forces, 2))


def _bands(listed: Sequence[Enrolment], policies: Mapping[str, Any], last: int) -> Iterator[tuple[int, str]]:
    """Months to pay and the band each is paid at, for one patient at one provider."""
    paid: dict[int, str] = {}
    for one in map(_until, listed, [*listed[1:], None]):
        for number in range(_month(one.start), min(_end(one, policies, last), last) + 1):
            rules = _rules(policies, number)
            kept = paid.get(number - 1) if _financial(number)[1] > 1 else None
            if kept is not None and rules["band_change"] == "next_april":
                paid[number] = kept
            elif number not in paid:
                paid[number] = one.band_code
    yield from sorted(paid.items())


def _until(one: Enrolment, later: Enrolment | None) -> Enrolment:
    """An enrolment that nobody closed ends on the day before the next one starts."""
    if later is None or later.start == one.start or (one.end is not None and one.end < later.start):
        return one
    return replace(one, end=later.start - timedelta(days=1))


def _end(one: Enrolment, policies: Mapping[str, Any], last: int) -> int:
    """The last month an enrolment pays for."""
    if one.end is None:
        return last
    number = _month(one.end)
    return number - (_rules(policies, number)["leaver"] == "month_before")


def _rules(policies: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    year = _financial(number)[0]
    found = policy(policies, year, "A year of care")
    for field, known in (("band_change", CHANGES), ("leaver", LEAVERS)):
        if found[field] not in known:
            raise RegisterError(
                f"pricing_policies, year {year}: {field} is {found[field]!r}; expected {' or '.join(known)}. "
                "Correct the row."
            )
    return found


def _month(day: date) -> int:
    """Months since the year 0, so that months can be counted."""
    return day.year * MONTHS + day.month - 1


def _financial(number: int) -> tuple[str, int]:
    """Financial year and month of a counted month."""
    year, month = divmod(number - (APRIL - 1), MONTHS)
    return f"{year}{(year + 1) % 100:02d}", month + 1
