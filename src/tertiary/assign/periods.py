"""Time cut into periods in which nothing that the method reads changes.

Every dated look-up becomes an equality on (key, period), so that half-open intervals are decided once, here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tertiary.assign.data import rows
from tertiary.register.validity import holds

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.assign.settings import AssignSettings
    from tertiary.register import Register

FIRST_DAY = date(1900, 1, 1)
DATED = (
    "assignment_rulesets", "service_line_status", "direct_commissioners", "sub_icbs", "icbs", "region_hosts",
    "responsibility", "service_set_members", "provider_hub_mapping",
)  # fmt: skip
# tables that begin or end inside the years we serve: their first and last rows stand for the time outside
HELD_OVER = ("service_line_status", "direct_commissioners", "sub_icbs", "icbs")


@dataclass(frozen=True)
class Period:
    """Days from `first_day` to the next period, with the rulesets of the flows and a `note` for outputs."""

    number: int
    first_day: date
    hospital: str
    monitoring: str
    method_year: str
    note: str


def boundaries(register: Register) -> tuple[date, ...]:
    """First days of the periods, in order."""
    days = {FIRST_DAY}
    for name in DATED:
        for column in ("valid_from", "valid_to"):
            days.update(d for d in register[name][column].unique().to_pylist() if d)
    for row in rows("tariff_excluded_payers"):
        days.update(date.fromisoformat(row[c]) for c in ("valid_from", "valid_to") if row[c])
    return tuple(sorted(days))


def periods(register: Register, numbers: Sequence[int], settings: AssignSettings) -> tuple[Period, ...]:
    """The periods that occur in the data."""
    days = boundaries(register)
    return tuple(_period(register, n, days[n], settings) for n in sorted(numbers))


def _period(register: Register, number: int, day: date, settings: AssignSettings) -> Period:
    table = register["assignment_rulesets"]
    first = min(d for d in table["valid_from"].to_pylist() if d)
    named = {r["method"]: r for r in holds(table, max(day, first)).to_pylist()}
    chart = named["chart"]
    tool = settings.contract_monitoring_ruleset == "tool"
    monitoring = named["tool" if tool else "chart"]
    year = "an earlier year" if chart["valid_to"] else _financial_year(day)
    note = f"method_year {chart['method_year']} applied to {year}" if chart["note"] else ""
    return Period(number, day, chart["ruleset"], monitoring["ruleset"], chart["method_year"], note)


def rows_on(register: Register, table: str, day: date) -> pa.Table:
    """Rows that hold on a day; for tables of `HELD_OVER` the nearest rows when the day lies outside their years."""
    data = register[table]
    if table in HELD_OVER and data.num_rows:
        starts = [d for d in data["valid_from"].unique().to_pylist() if d]
        ends: list[Any] = data["valid_to"].unique().to_pylist()
        day = max([day, *([min(starts)] if starts else [])])
        if None not in ends:
            day = min(day, max(ends) - timedelta(days=1))
    return holds(data, day)


def _financial_year(day: date) -> str:
    year = day.year if day.month >= 4 else day.year - 1
    return f"{year}/{(year + 1) % 100:02d}"
