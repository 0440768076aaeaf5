"""Does specialised money stay with specialised care? Spend of each ICB on delegated lines beside what was due for it.

A ring-fence leaks when spend lies below what was due, month after month, and nothing else explains it. So the other
explanations are tested first, each in pounds: `watch_explanations.csv` says how. Limits: `watch_limits.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from tertiary.allocate.bridge import Bridge, Estimate, bridge
from tertiary.allocate.cells import Scope, in_run, populations
from tertiary.allocate.watch_data import LATE, Held, actual, by_month, payers, planned, restated, years
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.runs import Run

PENNY = Decimal("0.01")
MONTHS = LATE - 1
Amounts = Mapping[tuple[str, ...], Decimal]


@dataclass(frozen=True)
class Explanation:
    """One explanation of a gap, in pounds: `estimate` is None when it could not be tested, `counted` what falls to it.

    `explains` is False for what is told as evidence only. `confidence` is that of the method.
    """

    explanation: str
    explains: bool
    estimate: Decimal | None
    counted: Decimal
    evidence: str
    confidence: str


@dataclass(frozen=True)
class Watched:
    """An ICB and year, to date. Key: icb and financial_year. Pounds to the penny.

    `due` is what should have been spent by the last month, by the `yardstick` (allocation, former year or plan);
    `gap = due - spend = sum of counted + unexplained`. `months_below` counts the last months in a row that lie below.
    `status`: above what was due, within tolerance, not persistent, explained, drift, or not judged.
    """

    icb: str
    financial_year: str
    last_month: int
    yardstick: str
    year_amount: Decimal | None
    due_by_month: Mapping[int, Decimal]
    spend_by_month: Mapping[int, Decimal]
    months_below: int
    explanations: tuple[Explanation, ...]
    status: str

    @property
    def due(self) -> Decimal:
        """What was due to date."""
        return sum(self.due_by_month.values(), Decimal(0))

    @property
    def spend(self) -> Decimal:
        """What was spent to date."""
        return sum(self.spend_by_month.values(), Decimal(0))

    @property
    def gap(self) -> Decimal:
        """Due less spent; above 0 when less was spent."""
        return self.due - self.spend

    @property
    def unexplained(self) -> Decimal:
        """What of the gap nothing explains."""
        return self.gap - sum((e.counted for e in self.explanations), Decimal(0))


@cache
def watch_limits() -> dict[str, float]:
    """Limits by name, as in watch_limits.csv."""
    return {row["limit"]: float(row["value"]) for row in _data("watch_limits.csv")}


def explanations() -> list[dict[str, str]]:
    """The explanations in the order in which they are counted."""
    return sorted(_data("watch_explanations.csv"), key=lambda row: int(row["place"]))


def watch(
    run: Run,
    register: Register,
    allocations: Amounts | None = None,
    *,
    base: Run | None = None,
    icbs: Sequence[str] = (),
    year: str | None = None,
    changes: Mapping[str, float] | None = None,
) -> list[Watched]:
    """Every ICB (or `icbs`) and year (or `year`) that the run holds, widest unexplained gap first.

    `allocations`: pounds by (icb, financial year). Without one for an ICB and year, the yardstick is the former year's
    spend in the same months, else the plan. The former year comes from `base`, another run, or from the run itself.
    Spend is what counts, as submitted, of the ICB as payer on lines delegated at the time. AllocationError when the run
    holds no such spend, or a limit in `changes` is not known.
    """
    held = years(run)
    known = payers(run)
    if not held:
        raise AllocationError(
            f"{run.path} holds no spend of an ICB on delegated lines: there is no ring-fence to watch."
        )
    if wrong := [i for i in icbs if i not in known]:
        raise AllocationError(
            f"{run.path} holds no delegated spend of {', '.join(wrong)}. It holds: {', '.join(known)}."
        )
    if year is not None and year not in held:
        raise AllocationError(f"{run.path} holds no delegated spend of {year}. It holds: {', '.join(sorted(held))}.")
    limits = watch_limits() | dict(changes or {})
    if wrong := [name for name in limits if name not in watch_limits()]:
        raise AllocationError(f"There is no limit {wrong[0]!r}. Choose from: {', '.join(watch_limits())}.")
    made = []
    for one_year, last in sorted(held.items()):
        if year not in (None, one_year):
            continue
        whole = in_run(run, Scope(one_year, last), populations(register, one_year))
        for icb in icbs or known:
            case = _Case(run, base or run, register, icb, one_year, last, allocations or {}, limits)
            one = case.watched(whole.get(icb, 0.0))
            if one is not None:
                made.append(one)
    return sorted(made, key=lambda w: (-w.unexplained, w.icb, w.financial_year))


class _Case:
    """One ICB and year: reads what is needed and tests each explanation."""

    def __init__(
        self, run: Run, base: Run, register: Register, icb: str, year: str, last: int, allocations: Amounts,
        limits: Mapping[str, float],
    ) -> None:  # fmt: skip
        self.run, self.base, self.register, self.icb, self.year, self.last = run, base, register, icb, year, last
        self.limits = limits
        self.allocation = allocations.get((icb, year))
        self.now = actual(run, icb, year, last)
        self.former = former_year(year)
        self.before = actual(base, icb, self.former, last)
        if self.before.silent_months:  # a part of the former year is no measure of the same months
            self.before = replace(self.before, care={})
        self.plan = planned(run, icb, year, last)

    def watched(self, whole: float) -> Watched | None:
        """None when the ICB neither spent nor was to spend anything; `whole` as from `cells.in_run`."""
        origin = self.before if self.before.care else self.plan
        exact, yardstick = self._due()
        if not yardstick:
            return None
        due = _to_the_penny(exact)
        spend = _to_the_penny({month: self.now.months.get(month, Decimal(0)) for month in self._months()})
        total = sum(due.values(), Decimal(0))
        gap = total - sum(spend.values(), Decimal(0))
        estimates = self._estimates(origin, total, yardstick)
        counted = _counted(gap, estimates)
        told = tuple(
            Explanation(
                row["explanation"], row["explains"] == "Y",
                None if (found := estimates[row["explanation"]]) is None else found.pounds.quantize(PENNY),
                counted.get(row["explanation"], Decimal(0)),
                self._untested(row["explanation"], origin) if found is None else found.evidence, row["confidence"],
            )
            for row in explanations()
        )  # fmt: skip
        below = self._below(due, spend)
        watched = Watched(self.icb, self.year, self.last, yardstick, self.allocation, due, spend, below, told, "")
        return replace(watched, status=self._status(watched, whole))

    def _months(self) -> list[int]:
        months = list(range(1, self.last + 1))
        return [*months, LATE] if LATE in self.now.months else months

    def _due(self) -> tuple[dict[int, Decimal], str]:
        """What was due by month, and by which yardstick, blank when there is none. An allocation is due in twelfths."""
        if self.allocation is not None:
            return dict.fromkeys(range(1, self.last + 1), self.allocation / MONTHS), "allocation"
        if self.before.care:
            return dict(self.before.months), "former year"
        if self.plan:
            return dict(self.plan.months), "plan"
        return {}, ""

    def _profile(self) -> dict[int, Decimal]:
        """Share of the former year by month, when all of it is held; else empty."""
        whole = by_month(self.base, self.icb, self.former)
        if any(month not in whole for month in range(1, MONTHS + 1)):
            return {}
        total = sum((whole[m] for m in range(1, MONTHS + 1)), Decimal(0))
        return {m: whole[m] / total for m in range(1, MONTHS + 1)} if total > 0 else {}

    def _estimates(self, origin: Held | None, due: Decimal, yardstick: str) -> dict[str, Estimate | None]:
        found: dict[str, Estimate | None] = {row["explanation"]: None for row in explanations()}
        late: Estimate | None = None
        if origin is not None:
            parts: Bridge = bridge(origin, self.now, self.limits["coverage_change"])
            found |= {name: getattr(parts, name) for name in ("transfer", "coverage", "price", "volume")}
            late = parts.late
            found["boundary"] = self._boundary(origin)
        found["timing"] = self._timing(late)
        if self.plan is not None and yardstick != "plan":
            planned_pounds = self.plan.pounds
            found["plan"] = Estimate(
                max(Decimal(0), due - planned_pounds), f"{self.plan.name} to month {self.last}: £{planned_pounds:,.0f}"
            )
        return found

    def _timing(self, late: Estimate | None) -> Estimate | None:
        parts, told = Decimal(0), []
        if self.allocation is not None and self.last < MONTHS and (profile := self._profile()):
            share = sum((profile[m] for m in range(1, self.last + 1)), Decimal(0))
            season = self.allocation * (Decimal(self.last) / MONTHS - share)
            parts += season
            told.append(
                f"by month {self.last} the former year had spent {share:.1%} of its twelve months: £{season:,.0f}"
            )
        if late is not None and late.pounds:
            parts += late.pounds
            told.append(late.evidence)
        rate = restated(self.run, self.year)
        if rate is not None:
            more = self.now.months.get(self.last, Decimal(0)) * rate
            parts += more
            told.append(f"restatements changed months by {rate:+.2%}; on the last month £{more:,.0f}")
        return Estimate(parts, "; ".join(told)) if told else None

    def _boundary(self, origin: Held) -> Estimate | None:
        """People who changed ICB between the two periods, by the register."""
        if origin is self.plan:
            return Estimate(Decimal(0), "same year as the plan")
        begin, end = _first_day(self.former), _end(self.year, self.last)
        pounds, told = Decimal(0), []
        for row in self.register["icb_succession"].to_pylist():
            if row["effective_date"] is None or not begin < row["effective_date"] < end:
                continue
            share = row["share_of_predecessor_registered"] or row["share_of_predecessor"] or Decimal(0)
            if row["predecessor"] == self.icb != row["successor"]:
                pounds += share * origin.pounds
                told.append(f"{share:.1%} of its people went to {row['successor']} on {row['effective_date']}")
            elif row["successor"] == self.icb != row["predecessor"]:
                pounds -= share * actual(self.base, row["predecessor"], self.former, self.last).pounds
                told.append(f"{share:.1%} of the people of {row['predecessor']} came on {row['effective_date']}")
        return Estimate(pounds, "; ".join(told) or "no change of boundary between the two periods")

    def _untested(self, explanation: str, origin: Held | None) -> str:
        if explanation == "plan":
            return "not tested: no plan in the run" if self.plan is None else "not tested: the plan is the yardstick"
        if explanation == "timing":
            return "not tested: no whole former year, no month 13 and no restatement to go by"
        return f"not tested: neither {self.former} nor a plan is held" if origin is None else "not tested"

    def _below(self, due: Mapping[int, Decimal], spend: Mapping[int, Decimal]) -> int:
        """Months in a row, up to the last, that lie below what was due by more than the tolerance."""
        least = 1 - Decimal(str(self.limits["tolerance"]))
        count = 0
        for month in range(self.last, 0, -1):
            if spend.get(month, Decimal(0)) >= due.get(month, Decimal(0)) * least:
                break
            count += 1
        return count

    def _status(self, found: Watched, whole: float) -> str:
        if found.yardstick == "allocation" and whole < self.limits["least_in_run"]:
            return "not judged: the run holds a part of this ICB's spend"
        if silent := self.now.silent_months:
            return f"not judged: the run holds nothing of month {', '.join(map(str, silent))}"
        tolerance = abs(found.due) * Decimal(str(self.limits["tolerance"]))
        if found.gap < -tolerance:
            return "above what was due"
        if found.gap <= tolerance:
            return "within tolerance"
        if found.months_below < self.limits["months"]:
            return "not persistent"
        if found.unexplained <= found.due * Decimal(str(self.limits["unexplained"])):
            widest = max((e for e in found.explanations if e.explains), key=lambda e: e.counted)
            return f"explained, mostly by {widest.explanation}"
        return "drift"


def _counted(gap: Decimal, estimates: Mapping[str, Estimate | None]) -> dict[str, Decimal]:
    """What of a gap falls to each explanation, in order: none explains more than is left.

    One that hides a gap (a price that rose, services that came) adds to what the others must explain.
    """
    if gap <= 0:
        return {}
    names = [row["explanation"] for row in explanations() if row["explains"] == "Y"]
    pounds = {name: found.pounds.quantize(PENNY) for name in names if (found := estimates[name]) is not None}
    made = {name: amount for name, amount in pounds.items() if amount < 0}
    left = gap - sum(made.values(), Decimal(0))
    for name, amount in pounds.items():
        if amount > 0:
            made[name] = min(amount, left)
            left -= made[name]
    return made


def _to_the_penny(months: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Months in pennies that add up, up to any of them, to what their exact sum is when it is rounded once."""
    made: dict[int, Decimal] = {}
    exact = shown = Decimal(0)
    for month in sorted(months):
        exact += months[month]
        made[month] = exact.quantize(PENNY) - shown
        shown += made[month]
    return made


def former_year(year: str) -> str:
    """The financial year before: 202425 for 202526."""
    begin = int(year[:4])
    return f"{begin - 1}{begin % 100:02d}"


def _first_day(year: str) -> date:
    return date(int(year[:4]), 4, 1)


def _end(year: str, month: int) -> date:
    """The first day after a month of a financial year."""
    begin = int(year[:4])
    return date(begin + (month + 4 > 12), (month + 3) % 12 + 1, 1)


def _data(name: str) -> list[dict[str, str]]:
    text = resources.files("tertiary.allocate").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
