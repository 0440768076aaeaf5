"""Days of financial months, and how an agreed year is spread over its months.

`calendar_days` and `working_days` are counted; other profiles are tables of weights, shipped or a user's own. A year is
spread exactly: to-date amounts are fractions of the year and are rounded once. Readers say which error they raise.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

from tertiary.errors import ContractError, TertiaryError
from tertiary.sheets import Line, lines, shipped

MONTHS = tuple(range(1, 13))
TWELFTHS = "twelfths"
COUNTED = ("calendar_days", "working_days")
# bank holidays are listed from the first to the last of these days; working days outside cannot be counted
LISTED = (date(2024, 1, 1), date(2029, 3, 31))

Weights = Mapping[str, Mapping[int, Fraction]]


def first_day(financial_year: str, month: int) -> date:
    """The first day of a financial month; month 13 stands for what is adjusted after month 12 and begins with it."""
    number = min(month, 12)
    year = int(financial_year[:4]) + (number > 9)
    return date(year, (number + 2) % 12 + 1, 1)


def last_day(financial_year: str, month: int) -> date:
    """The last day of a financial month."""
    after = first_day(financial_year, month) + timedelta(days=32)
    return after.replace(day=1) - timedelta(days=1)


def read_profiles(file: Path, error: type[TertiaryError] = ContractError) -> dict[str, dict[int, Fraction]]:
    """A user's profiles: profile, month 1 to 12, weight. `error` names line and field, or the month lacking."""
    return _profiles(list(lines(file, error, ("profile", "month", "weight"))), str(file), error)


def weight(
    profile: str,
    financial_year: str,
    month: int,
    own: Weights | None = None,
    error: type[TertiaryError] = ContractError,
) -> Fraction:
    """The share of a year that falls in a month, 1 to 12. The twelve shares add up to 1.

    `error` when the profile is not known, or working days are asked for in a year without listed bank holidays.
    """
    if own and profile in own:
        return own[profile][month] / sum(own[profile].values(), Fraction(0))
    if profile not in (*COUNTED, *_shipped()):
        known = ", ".join([*COUNTED, *_shipped(), *(own or ())])
        raise error(f"Profile {profile!r} is not known. Choose from {known}, or add it with a file of profiles.")
    begins, ends = first_day(financial_year, 1), last_day(financial_year, 12)
    if profile == "working_days" and (begins < LISTED[0] or ends > LISTED[1]):
        raise error(
            f"Bank holidays of {financial_year} are not listed ({LISTED[0]} to {LISTED[1]} are), so working days "
            "cannot be counted. Use another profile, or give your own weights by month."
        )
    return _shares(profile, financial_year)[month]


@cache
def _shares(profile: str, financial_year: str) -> Mapping[int, Fraction]:
    days = {"calendar_days": _calendar_days, "working_days": _working_days}
    weights = days[profile](financial_year) if profile in days else _shipped()[profile]
    whole = sum(weights.values(), Fraction(0))
    return {month: weights[month] / whole for month in MONTHS}


def _calendar_days(financial_year: str) -> Mapping[int, Fraction]:
    return {m: Fraction((last_day(financial_year, m) - first_day(financial_year, m)).days + 1) for m in MONTHS}


def _working_days(financial_year: str) -> Mapping[int, Fraction]:
    free = {line.day("day") for line in shipped("tertiary", "bank_holidays.csv", ContractError)}
    found = {}
    for month in MONTHS:
        first, last = first_day(financial_year, month), last_day(financial_year, month)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        found[month] = Fraction(sum(day.weekday() < 5 and day not in free for day in days))
    return found


@cache
def _shipped() -> Mapping[str, Mapping[int, Fraction]]:
    return _profiles(list(shipped("tertiary", "profiles.csv", ContractError)), "profiles.csv", ContractError)


def _profiles(rows: list[Line], place: str, error: type[TertiaryError]) -> dict[str, dict[int, Fraction]]:
    found: dict[str, dict[int, Fraction]] = {}
    for line in rows:
        months = found.setdefault(line.text("profile"), {})
        month = line.whole("month", 1, 12)
        if month in months:
            line.refuse("month", f"each month once for profile {line.text('profile')}")
        months[month] = Fraction(line.number_of("weight"))
        if months[month] < 0:
            line.refuse("weight", "0 or more")
    for name, months in found.items():
        if missing := [str(m) for m in MONTHS if m not in months]:
            raise error(f"{place}: profile {name} lacks month {', '.join(missing)}. Give a weight, 0 for none.")
        if not sum(months.values()):
            raise error(f"{place}: the weights of profile {name} add up to 0. Give at least one month more.")
    return found
