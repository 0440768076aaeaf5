"""When a challenge is to be raised, answered and settled: a calendar that the user gives, else usual days.

No national calendar of first and final positions was found, so that the days of deadlines.csv are illustrative. What
the contract says goes before: a CSV with financial_year, financial_month, raise_by, respond_by and settle_by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from tertiary.challenges.rules import rows
from tertiary.errors import ContractError
from tertiary.sheets import lines

NAMES = ("raise_by", "respond_by", "settle_by")
LAST_MONTH = 12


@dataclass(frozen=True)
class Due:
    """The days by which a challenge is to be raised, answered and settled."""

    raise_by: date
    respond_by: date
    settle_by: date


# (financial year, financial month) to its days
Calendar = Mapping[tuple[str, int], Due]


def due(financial_year: str, financial_month: int, raised: date, calendar: Calendar | None = None) -> Due:
    """Days of a challenge of a month that was raised on a day.

    Of a month that the calendar lacks, the usual ones; of what is raised late by it, the usual ones from that day on.
    """
    found = (calendar or {}).get((financial_year, financial_month))
    if found and raised <= found.raise_by:
        return found
    days = {row["deadline"]: timedelta(int(row["days"])) for row in rows("deadlines")}
    end = month_end(financial_year, financial_month)
    raise_by = found.raise_by if found else end + days["raise_by"]
    return Due(raise_by, raised + days["respond_by"], raised + days["settle_by"])


def month_end(financial_year: str, financial_month: int) -> date:
    """The last day of a financial month; adjustments of month 13 belong to the year's last."""
    month = min(financial_month, LAST_MONTH) + 4  # the month after, counted from January
    year = int(financial_year[:4]) + (month - 1) // 12
    return date(year, (month - 1) % 12 + 1, 1) - timedelta(1)


def read_calendar(file: Path) -> dict[tuple[str, int], Due]:
    """The calendar of a CSV file. ContractError names the line and field that cannot be used."""
    made: dict[tuple[str, int], Due] = {}
    for line in lines(file, ContractError, ("financial_year", "financial_month", *NAMES)):
        key = (line.year("financial_year"), line.whole("financial_month", 1, LAST_MONTH + 1))
        found = Due(*(line.day(name) for name in NAMES))
        if found.respond_by > found.settle_by:
            line.refuse("settle_by", f"a day not before respond_by, {found.respond_by}")
        if key in made:
            line.refuse("financial_month", "each month once")
        made[key] = found
    return made
