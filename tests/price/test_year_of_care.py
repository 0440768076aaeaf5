"""Months of a year of care: first month, change of band, leavers, and what a month costs. Rates are invented."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from oracle.cases import with_rows
from tertiary.errors import RegisterError
from tertiary.price.year_of_care import Due, Enrolment, months_due

LAST = date(2019, 6, 30)


@pytest.fixture(scope="module")
def tables(register: Any) -> dict[str, Any]:
    return rules(register, "next_april", "through_month_of_end")


def rules(register: Any, band_change: str, leaver: str) -> dict[str, Any]:
    years = ("201819", "201920")
    return with_rows(
        register,
        year_of_care_prices=[
            {"financial_year": y, "band_code": c, "annual_price": Decimal(p)}
            for y in years for c, p in (("CF1", "1200.00"), ("CF3", "10000.07"))
        ],
        market_forces=[{"provider_code": "RRV", "financial_year": y, "factor": Decimal("1.1")} for y in years],
        pricing_policies=[
            {"financial_year": y, "derived_unit_places": 0, "month_places": 2, "top_up_flags": "final",
             "line_rounding": "half_away_from_zero_to_pence", "local_price": "as_submitted",
             "band_change": band_change, "leaver": leaver}
            for y in years
        ],
    )  # fmt: skip


def bands(found: list[Due]) -> list[tuple[str, int, str]]:
    return [(d.financial_year, d.financial_month, d.band_code) for d in found]


def test_a_month_is_a_twelfth_times_market_forces(tables: Any) -> None:
    (first, second) = months_due(
        [Enrolment("p", "RRV", "CF3", date(2018, 5, 31), date(2018, 6, 1))], tables, LAST
    )  # fmt: skip
    # 10000.07 / 12 = 833.3391..., to the penny 833.34; x 1.1 = 916.674
    assert first == Due("p", "RRV", "201819", 2, "CF3", Decimal("916.67")) and second.financial_month == 3
    (alone,) = months_due([Enrolment("p", "RHM", "CF3", date(2018, 5, 1), date(2018, 5, 2))], tables, LAST)
    assert alone.pounds == Decimal("833.34"), "a provider without a factor has 1"


def test_a_band_that_was_not_closed_ends_where_the_next_begins(tables: Any) -> None:
    still_open = [Enrolment("p", "RRV", "CF1", date(2018, 12, 10)), Enrolment("p", "RRV", "CF3", date(2019, 1, 15))]
    last = date(2019, 5, 1)
    assert list(months_due(still_open, tables, last)) == list(months_due(CHANGE, tables, last))


CHANGE = [
    Enrolment("p", "RRV", "CF1", date(2018, 12, 10), date(2019, 1, 14)),
    Enrolment("p", "RRV", "CF3", date(2019, 1, 15)),
]


def test_a_new_band_is_paid_from_april(tables: Any) -> None:
    assert bands(list(months_due(CHANGE, tables, date(2019, 5, 1)))) == [
        *(("201819", month, "CF1") for month in (9, 10, 11, 12)), ("201920", 1, "CF3"), ("201920", 2, "CF3"),
    ]  # fmt: skip


def test_or_from_the_month_after_its_start(register: Any) -> None:
    tables = rules(register, "next_month", "through_month_of_end")
    assert bands(list(months_due(CHANGE, tables, date(2019, 3, 1)))) == [
        ("201819", 9, "CF1"), ("201819", 10, "CF1"), ("201819", 11, "CF3"), ("201819", 12, "CF3"),
    ]  # fmt: skip


def test_after_a_gap_the_band_is_that_of_the_new_start(tables: Any) -> None:
    gone = [
        Enrolment("p", "RRV", "CF1", date(2018, 4, 1), date(2018, 4, 30)),
        Enrolment("p", "RRV", "CF3", date(2018, 6, 2)),
    ]
    assert bands(list(months_due(gone, tables, date(2018, 7, 1)))) == [
        ("201819", 1, "CF1"), ("201819", 3, "CF3"), ("201819", 4, "CF3"),
    ]  # fmt: skip


def test_leavers(register: Any, tables: Any) -> None:
    left = [Enrolment("p", "RRV", "CF1", date(2018, 4, 2), date(2018, 6, 1))]
    assert len(list(months_due(left, tables, LAST))) == 3
    assert len(list(months_due(left, rules(register, "next_april", "month_before"), LAST))) == 2
    # twelve months of a whole year: 100.00 x 1.1 each
    whole = months_due([Enrolment("p", "RRV", "CF1", date(2018, 4, 1))], tables, date(2019, 3, 31))
    assert sum(d.pounds for d in whole) == Decimal("1320.00")


def test_what_is_missing_is_said(register: Any, tables: Any) -> None:
    with pytest.raises(RegisterError, match="no band 'CF9' for 201819"):
        list(months_due([Enrolment("p", "RRV", "CF9", date(2018, 4, 1))], tables, LAST))
    with pytest.raises(RegisterError, match="band_change is 'at once'"):
        list(months_due(CHANGE, rules(register, "at once", "month_before"), LAST))
    with pytest.raises(RegisterError, match="no row for that year"):
        list(months_due([Enrolment("p", "RRV", "CF1", date(2012, 4, 1))], tables, LAST))
