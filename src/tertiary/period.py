"""The financial year and months that a run reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertiary.errors import RunError

if TYPE_CHECKING:
    from tertiary.runs import Run

# adjustments after the year's end arrive as month 13 and belong to its last month
YEAR_END = 12
ADJUSTMENTS = 13


def last_year(run: Run) -> str:
    """The last financial year of which the run holds actual spend. RunError when it holds none."""
    years = run.ledger.derive(lambda t: t.filter(t.measure == "actual").aggregate(last=t.financial_year.max()))
    found = years.to_arrow().column("last")[0].as_py()
    if not found:
        raise RunError(f"{run.path} holds no actual spend, so there is nothing to state.")
    return str(found)


def years(run: Run) -> dict[str, int]:
    """The financial years of which the run holds actual spend, each with its last month; 13 follows a whole year."""
    rows = run.ledger.derive(
        # care whose month cannot be told is of no month
        lambda t: (
            t.filter(t.measure == "actual", t.financial_year != "", t.financial_month > 0)
            .group_by("financial_year")
            .aggregate(last=t.financial_month.max())
        )
    )
    found = {row["financial_year"]: min(row["last"], YEAR_END) for row in rows.to_arrow().to_pylist()}
    return {year: ADJUSTMENTS if found[year] == YEAR_END else found[year] for year in sorted(found)}


def last_month(run: Run, financial_year: str) -> int:
    """The last month of a year of which the run holds actual spend, 12 at most. RunError when it holds none."""
    months = run.ledger.derive(
        lambda t: t.filter(t.measure == "actual", t.financial_year == financial_year).aggregate(
            last=t.financial_month.max()
        )
    )
    found = months.to_arrow().column("last")[0].as_py()
    if found is None:
        raise RunError(f"{run.path} holds no spend of {financial_year}. Give the year of the run with --year.")
    return min(int(found), YEAR_END)


def period(run: Run, year: str | None, month: int | None) -> tuple[str, int]:
    """The year and last month asked for, else the run's last; month 13 follows a whole year.

    RunError when the run does not reach them.
    """
    year = year or last_year(run)
    held = last_month(run, year)
    reach = ADJUSTMENTS if held == YEAR_END else held
    if month is not None and month > reach:
        raise RunError(f"{run.path} holds spend of {year} to month {held}, not to month {month}. Leave --month out.")
    return year, month or held
