"""When a month's data may still change: flex, then freeze, by rule or by a calendar that was agreed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from tertiary.errors import ContractError
from tertiary.phasing import last_day
from tertiary.sheets import lines, shipped

STEPS = ("flex", "freeze")


@dataclass(frozen=True)
class Dates:
    """A month's dates. Key: year and month. `source` says whether they were agreed or follow the rule."""

    financial_year: str
    financial_month: int
    flex: date
    freeze: date
    source: str
    confidence: str

    def state(self, on: date) -> str:
        """`open` to flex, `flexed` to freeze, then `frozen`; the day itself still belongs to what it ends."""
        return "open" if on <= self.flex else "flexed" if on <= self.freeze else "frozen"


def dates(financial_year: str, month: int, agreed: Sequence[Dates] = ()) -> Dates:
    """Flex and freeze of a month: as agreed, else by the rule of calendar.csv, and for month 13 that of month 12."""
    for own in agreed:
        if (own.financial_year, own.financial_month) == (financial_year, month):
            return own
    end = last_day(financial_year, month)
    rule = {line.text("step"): line for line in shipped("tertiary.month_end", "calendar.csv", ContractError)}
    flex, freeze = (end + timedelta(days=rule[s].whole("days_after_month_end", 0, 366)) for s in STEPS)
    return Dates(
        financial_year, month, flex, freeze, rule["freeze"].text("source"), rule["freeze"].text("confidence")
    )  # fmt: skip


def read_calendar(file: Path) -> tuple[Dates, ...]:
    """An agreed calendar: financial_year, financial_month, flex, freeze, source. ContractError names line and field."""
    found = []
    for line in lines(file, ContractError, ("financial_year", "financial_month", "flex", "freeze")):
        flex, freeze = line.day("flex"), line.day("freeze")
        if freeze < flex:
            line.refuse("freeze", f"a day not before flex, {flex}")
        year, month = line.year("financial_year"), line.whole("financial_month", 1, 13)
        found.append(Dates(year, month, flex, freeze, line.text("source", file.name), "agreed"))
    return tuple(found)
