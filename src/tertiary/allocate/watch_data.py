"""What the watch on a ring-fence reads from a run: an ICB's delegated spend, its plan, and how complete both are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from tertiary.allocate.coverage import AGGREGATE

if TYPE_CHECKING:
    from tertiary.runs import Run

DELEGATED = "delegated"
LATE = 13

# what is the same for every ICB is read once a run: a Run names immutable files, so what was read stays true
Cell = tuple[str, str, str, str]  # provider, component, line, point of delivery


@dataclass(frozen=True)
class Care:
    """Quantity and pounds, as paid and as expected by this engine's prices."""

    quantity: Decimal
    pounds: Decimal
    expected: Decimal

    def __add__(self, other: Care) -> Care:
        return Care(self.quantity + other.quantity, self.pounds + other.pounds, self.expected + other.expected)


NOTHING = Care(Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True)
class Held:
    """What a run holds of one ICB's delegated care in a year up to a month.

    `care` by cell and month (13 for adjustments after the year's end); `aggregate` by provider: counted pounds and
    those of the aggregate; `sent`: provider, component and month of which anything counts, for any ICB, None for a
    plan; `status`: delegation status by line in its last month, in the whole run; `records` behind `care`.
    """

    name: str
    financial_year: str
    last_month: int
    care: Mapping[tuple[Cell, int], Care]
    aggregate: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    sent: frozenset[tuple[str, str, int]] | None = None
    status: Mapping[str, frozenset[str]] = field(default_factory=dict)
    records: int = 0

    @cached_property
    def months(self) -> dict[int, Decimal]:
        """Pounds by month."""
        made: dict[int, Decimal] = {}
        for (_, month), care in self.care.items():
            made[month] = made.get(month, Decimal(0)) + care.pounds
        return made

    @property
    def silent_months(self) -> list[int]:
        """Months up to the last of which the run holds nothing of anybody."""
        there = {month for _, _, month in self.sent or ()}
        return [month for month in range(1, self.last_month + 1) if month not in there]

    @property
    def pounds(self) -> Decimal:
        """All pounds."""
        return sum(self.months.values(), Decimal(0))


@lru_cache(maxsize=16)
def years(run: Run) -> dict[str, int]:
    """Years of which the run holds counted spend of an ICB on delegated lines, with their last month (12 at most)."""

    def step(table: Any) -> Any:
        rows = table.filter(table.measure == "actual", table.counted, _ours(table))
        return rows.group_by("financial_year").aggregate(last=rows.financial_month.max())

    return {row["financial_year"]: min(int(row["last"]), LATE - 1) for row in _rows(run.ledger.derive(step))}


def payers(run: Run) -> list[str]:
    """ICBs that pay for delegated lines in the run."""
    rows = run.ledger.derive(lambda t: t.filter(t.counted, _ours(t)).select("payer_code").distinct())
    return sorted(row["payer_code"] for row in _rows(rows))


def actual(run: Run, icb: str, financial_year: str, last_month: int) -> Held:
    """What was spent, with the signs of how complete it is; nothing when the run does not hold the year."""
    name = f"spend of {financial_year}"
    if financial_year not in years(run):
        return Held(name, financial_year, last_month, {}, sent=frozenset())
    care: dict[tuple[Cell, int], Care] = {}
    both: dict[str, tuple[Decimal, Decimal]] = {}
    records = 0
    for row in _ledger(run, icb, financial_year, last_month, "actual"):
        counted, other = both.get(row["provider_code"], (Decimal(0), Decimal(0)))
        if row["counted"]:
            key = _key(row)
            care[key] = care.get(key, NOTHING) + _care(row)
            records += int(row["records"])
        if row["financial_month"] < LATE:  # adjustments after the year's end stand in one of the two only
            counted += row["pounds"] if row["counted"] else 0
            other += row["pounds"] if row["flow"] == AGGREGATE else 0
            both[row["provider_code"]] = counted, other
    return Held(
        name, financial_year, last_month, care, both, _sent(run, financial_year, last_month),
        _status(run, financial_year, last_month, "actual"), records,
    )  # fmt: skip


def by_month(run: Run, icb: str, financial_year: str) -> dict[int, Decimal]:
    """Pounds by month of a whole year (13 for adjustments after it); empty when the run does not hold the year."""
    made: dict[int, Decimal] = {}
    if financial_year in years(run):
        for row in _ledger(run, icb, financial_year, LATE, "actual"):
            if row["counted"]:
                month = int(row["financial_month"])
                made[month] = made.get(month, Decimal(0)) + row["pounds"]
    return made


def planned(run: Run, icb: str, financial_year: str, last_month: int) -> Held | None:
    """The plan of the same months, from the indicative activity plan or else the aggregate; None when there is none."""
    rows = _ledger(run, icb, financial_year, last_month, "plan")
    for flow in ("iap", AGGREGATE):
        care: dict[tuple[Cell, int], Care] = {}
        for row in (row for row in rows if row["flow"] == flow):
            key = _key(row)
            care[key] = care.get(key, NOTHING) + _care(row)
        if care:
            status = _status(run, financial_year, last_month, "plan")
            records = sum(int(row["records"]) for row in rows if row["flow"] == flow)
            name = f"plan ({flow}) of {financial_year}"
            return Held(name, financial_year, last_month, care, status=status, records=records)
    return None


def delegated_shares(run: Run) -> dict[tuple[str, str, str], Fraction]:
    """What part of a plan is on delegated lines, by ICB as payer, provider and financial year.

    By the indicative activity plan, else the aggregate's; drugs, devices and care that is not specialised are the rest.
    """

    def step(table: Any) -> Any:
        rows = table.filter(table.measure == "plan", table.payer_kind == "icb", table.flow.isin([AGGREGATE, "iap"]))
        return rows.group_by("flow", "payer_code", "provider_code", "financial_year").aggregate(
            whole=rows.price_submitted.sum(),
            delegated=rows.price_submitted.sum(where=rows.delegation_status == DELEGATED).fill_null(0),
        )

    made = {}
    for row in sorted(_rows(run.ledger.derive(step)), key=lambda row: row["flow"] == "iap"):
        if row["whole"] > 0:
            key = (row["payer_code"], row["provider_code"], row["financial_year"])
            made[key] = Fraction(row["delegated"]) / Fraction(row["whole"])
    return made


@lru_cache(maxsize=16)
def restated(run: Run, financial_year: str) -> Decimal | None:
    """By how much submissions changed what they replaced, as a share of it; None when none replaced anything."""

    def step(table: Any) -> Any:
        rows = table.filter(
            table.status == "current", table.financial_year == financial_year, table.restatement.notnull(),
            table.price_submitted.notnull(), table.flow.notin([AGGREGATE, "iap"]),
        )  # fmt: skip
        return rows.aggregate(changed=rows.restatement.sum(), became=rows.price_submitted.sum())

    row = _rows(run.submissions.derive(step))[0]
    if row["changed"] is None or row["became"] <= row["changed"]:
        return None
    return Decimal(row["changed"] / (row["became"] - row["changed"]))


def _ledger(run: Run, icb: str, year: str, last: int, measure: str) -> list[dict[str, Any]]:
    """An ICB's delegated rows of the ledger by flow, whether they count, cell and month."""

    def step(table: Any) -> Any:
        rows = _period(table.filter(table.measure == measure, _ours(table), table.payer_code == icb), year, last)
        by = ("provider_code", "component", "service_line_final", "point_of_delivery", "financial_month")
        return rows.group_by("flow", "counted", *by).aggregate(
            quantity=rows.quantity.sum(), pounds=rows.price_submitted.sum(), expected=rows.price_expected.sum(),
            records=rows.records.sum(),
        )  # fmt: skip

    return _rows(run.ledger.derive(step))


def _key(row: Mapping[str, Any]) -> tuple[Cell, int]:
    cell = (row["provider_code"], row["component"], row["service_line_final"], row["point_of_delivery"])
    return cell, int(row["financial_month"])


def _care(row: Mapping[str, Any]) -> Care:
    return Care(row["quantity"], row["pounds"], row["expected"])


@lru_cache(maxsize=16)
def _sent(run: Run, year: str, last: int) -> frozenset[tuple[str, str, int]]:
    def step(table: Any) -> Any:
        rows = _period(table.filter(table.measure == "actual", table.counted), year, last)
        return rows.select("provider_code", "component", "financial_month").distinct()

    rows = _rows(run.ledger.derive(step))
    return frozenset((row["provider_code"], row["component"], int(row["financial_month"])) for row in rows)


@lru_cache(maxsize=16)
def _status(run: Run, year: str, last: int, measure: str) -> dict[str, frozenset[str]]:
    """Statuses of each line in the last month in which the line occurs: a service may be transferred within a year."""

    def step(table: Any) -> Any:
        rows = _period(table.filter(table.measure == measure, table.service_line_final != ""), year, last)
        by = ("service_line_final", "delegation_status")
        return rows.group_by(*by).aggregate(month=rows.financial_month.max())

    newest: dict[str, tuple[int, set[str]]] = {}
    for row in _rows(run.ledger.derive(step)):
        month, seen = newest.get(row["service_line_final"], (0, set()))
        if row["month"] >= month:
            kept = seen if row["month"] == month else set()
            newest[row["service_line_final"]] = row["month"], kept | {row["delegation_status"]}
    return {line: frozenset(statuses) for line, (_, statuses) in newest.items()}


def _ours(table: Any) -> Any:
    return (table.payer_kind == "icb") & (table.delegation_status == DELEGATED)


def _period(table: Any, year: str, last: int) -> Any:
    return table.filter(table.financial_year == year, table.financial_month <= (LATE if last >= LATE - 1 else last))


def _rows(table: Any) -> list[dict[str, Any]]:
    return list(table.to_arrow().to_pylist())
