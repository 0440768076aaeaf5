"""A year is spread over its months without a rest."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from tertiary.errors import ContractError
from tertiary.month_end import dates, read_calendar, read_profiles, weight
from tertiary.phasing import first_day, last_day


@pytest.mark.parametrize("profile", ["twelfths", "calendar_days", "working_days"])
@pytest.mark.parametrize("year", ["202425", "202526", "202627", "202728", "202829"])
def test_the_months_of_a_year_are_the_year(profile: str, year: str) -> None:
    assert sum(weight(profile, year, month) for month in range(1, 13)) == 1


def test_days_are_counted() -> None:
    # April 2025: 22 weekdays less Good Friday and Easter Monday; December: 23 less two; the year 253, counted by hand
    assert weight("working_days", "202526", 1) == Fraction(20, 253)
    assert weight("working_days", "202526", 9) == Fraction(21, 253)
    assert weight("calendar_days", "202526", 11) == Fraction(28, 365)
    assert weight("calendar_days", "202728", 11) == Fraction(29, 366)
    assert (first_day("202526", 10), last_day("202526", 12)) == (date(2026, 1, 1), date(2026, 3, 31))
    assert (first_day("202526", 1), first_day("202526", 9)) == (date(2025, 4, 1), date(2025, 12, 1))


def test_working_days_outside_the_list_are_refused() -> None:
    with pytest.raises(ContractError, match="Bank holidays of 203031 are not listed"):
        weight("working_days", "203031", 1)
    with pytest.raises(ContractError, match=r"Profile 'thirteenths' is not known\. Choose from calendar_days"):
        weight("thirteenths", "202526", 1)


def test_own_profiles(tmp_path: Path) -> None:
    file = tmp_path / "profiles.csv"
    lines = ["profile,month,weight", *[f"winter,{m},{3 if m > 9 else 1}" for m in range(1, 13)]]
    file.write_text("\n".join(lines))
    own = read_profiles(file)
    assert weight("winter", "202526", 12, own) == Fraction(3, 18)
    file.write_text("\n".join(lines[:-1]))
    with pytest.raises(ContractError, match="profile winter lacks month 12"):
        read_profiles(file)
    file.write_text("\n".join([*lines, "winter,3,1"]))
    with pytest.raises(ContractError, match="line 14: month is '3'; expected each month once"):
        read_profiles(file)
    file.write_text("\n".join([lines[0], *[f"none,{m},0" for m in range(1, 13)]]))
    with pytest.raises(ContractError, match="weights of profile none add up to 0"):
        read_profiles(file)


def test_flex_and_freeze_by_rule_and_as_agreed(tmp_path: Path) -> None:
    by_rule = dates("202526", 3)
    assert (by_rule.flex, by_rule.freeze, by_rule.confidence) == (date(2025, 7, 20), date(2025, 8, 19), "illustrative")
    states = [by_rule.state(date(2025, 7, d)) for d in (20, 21)] + [by_rule.state(date(2025, 8, 20))]
    assert states == ["open", "flexed", "frozen"]
    file = tmp_path / "calendar.csv"
    file.write_text("financial_year,financial_month,flex,freeze\n202526,3,2025-07-14,2025-08-14\n")
    agreed = read_calendar(file)
    assert (dates("202526", 3, agreed).freeze, dates("202526", 3, agreed).confidence) == (date(2025, 8, 14), "agreed")
    assert dates("202526", 4, agreed).confidence == "illustrative"
    file.write_text("financial_year,financial_month,flex,freeze\n202526,3,2025-07-14,2025-07-13\n")
    with pytest.raises(ContractError, match="freeze is '2025-07-13'; expected a day not before flex"):
        read_calendar(file)
