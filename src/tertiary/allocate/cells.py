"""What the variations are made of: spend, distinct patients and coverage of cells of a run, and the people behind them.

Only sums leave the engine. Patients are counted distinct at exactly the grain asked for, over activity, drugs and
devices together: counts of cells are never added. A record without a pseudonym brings its spend and no patient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import inf
from typing import TYPE_CHECKING, Any

from tertiary.allocate.coverage import AGGREGATE, is_patient_level
from tertiary.allocate.decompose import Tally
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.runs import Run

DIMENSIONS = (
    "service_line_final", "pss_line", "npoc_code", "provider_code", "point_of_delivery", "component",
    "delegation_status",
)  # fmt: skip
MEASURES = ("price_submitted", "price_expected")
# adjustments after the year's end arrive as month 13 and belong to its last month
YEAR_END = 12
# from this year on people are counted on the boards of April 2026
BOARDS_OF_2026 = "202627"
NOWHERE = ""

Key = tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """Which specialised spend is looked at: a year up to a month, in a measure (pounds).

    `only` keeps rows whose column has one of the values, `without` leaves such rows out; columns are DIMENSIONS. Rows
    without a service line are not specialised and never counted. The category of commissioning plays no part, so
    delegated care (25, 26) is counted as retained care (21, 22) is.
    """

    financial_year: str
    last_month: int
    measure: str = "price_submitted"
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known(self.only)
        known(self.without)
        if self.measure not in MEASURES:
            raise AllocationError(f"Measure {self.measure!r} is not known. Choose from: {', '.join(MEASURES)}.")

    def rows(self, table: Any) -> Any:
        """The rows of `table` (records or ledger) within the scope."""
        month = YEAR_END + 1 if self.last_month >= YEAR_END else self.last_month
        rows = table.filter(
            table.financial_year == self.financial_year, table.financial_month <= month, table.service_line_final != ""
        )
        for column, values in self.only.items():
            rows = rows.filter(rows[column].isin(list(values)))
        for column, values in self.without.items():
            rows = rows.filter(rows[column].notin(list(values)))
        return rows


@dataclass(frozen=True)
class Coverage:
    """How far figures of a cell can be trusted, in pounds.

    `patient_level` and `aggregate`, as submitted: see `coverage`; `aggregate` is None when the run holds none; `known`
    of `spend` names a patient; of `everywhere`, the run's whole spend of the same kind, `nowhere` belongs to no ICB.
    """

    patient_level: Decimal
    aggregate: Decimal | None
    known: Decimal
    spend: Decimal
    everywhere: Decimal
    nowhere: Decimal

    @property
    def to_aggregate(self) -> float | None:
        """Patient level over aggregate; infinite when the aggregate lacks the cell, None when there is no aggregate."""
        if self.aggregate is None or (not self.aggregate and not self.patient_level):
            return None
        return float(self.patient_level / self.aggregate) if self.aggregate else inf

    @property
    def with_patient(self) -> float | None:
        """Share of spend whose record names a patient; None without spend."""
        return float(self.known / self.spend) if self.spend > 0 else None

    @property
    def with_population(self) -> float | None:
        """Share of the run's spend of this kind that belongs to some ICB; None without spend."""
        return float(1 - self.nowhere / self.everywhere) if self.everywhere > 0 else None


def known(dimensions: Mapping[str, Any] | Sequence[str]) -> None:
    """AllocationError when one of the dimensions is none."""
    if wrong := [d for d in dimensions if d not in DIMENSIONS]:
        raise AllocationError(f"Spend cannot be taken apart by {wrong[0]!r}. Choose from: {', '.join(DIMENSIONS)}.")


def period(run: Run, year: str | None = None, month: int | None = None) -> tuple[str, int]:
    """The year and last month to look at: the run's last ones unless told. AllocationError when it holds no such."""

    def last(table: Any) -> Any:
        rows = table.filter(table.measure == "actual", table.counted)
        return rows.group_by("financial_year").aggregate(month=rows.financial_month.max())

    held = {row["financial_year"]: min(int(row["month"]), YEAR_END) for row in _rows(run.ledger.derive(last))}
    if not held:
        raise AllocationError("The run holds no actual spend, so nothing can be compared.")
    year = year or max(held)
    if year not in held or (month or 1) > held[year]:
        told = ", ".join(f"{y} to month {m}" for y, m in sorted(held.items()))
        raise AllocationError(
            f"The run holds {told}; not {year} to month {month or 'any'}. Check the year and the month."
        )
    return year, month or held[year]


def tallies(
    run: Run, scope: Scope, by: Sequence[str], icbs: Sequence[str] | None, people: Mapping[str, float]
) -> dict[Key, Tally]:
    """Spend and distinct patients by ICB of population and `by`; with `icbs`, of those ICBs together instead.

    Keys are the ICB ("" with `icbs`) followed by the values of `by`.
    """
    import ibis

    known(by)

    def step(table: Any) -> Any:
        rows = table.filter(table.fate == "accepted", table.counted, table.flow != "iap", table.population_icb != "")
        rows = scope.rows(rows)
        if icbs is not None:
            rows = rows.filter(rows.population_icb.isin(list(icbs))).mutate(population_icb=ibis.literal(""))
        keys = ("population_icb", *by)
        each = rows.group_by(*keys, "patient_id").aggregate(spend=rows[scope.measure].sum().fill_null(0))
        named = each.patient_id != ""
        number = each.spend.cast("float64")
        return each.group_by(*keys).aggregate(
            whole=each.spend.sum(), known=each.spend.sum(where=named), patients=each.count(where=named),
            squares=(number * number).sum(where=named),
        )  # fmt: skip

    known_people = [people.get(i, 0.0) for i in icbs or ()]
    all_people = sum(known_people) if all(known_people) else None  # of some alone, rates would be too high
    return {
        (row["population_icb"], *(row[d] for d in by)): Tally(
            spend=row["whole"],
            known=row["known"] or Decimal(0),
            patients=row["patients"],
            squares=row["squares"] or 0.0,
            population=people.get(row["population_icb"]) if icbs is None else all_people,
        )
        for row in _rows(run.records.derive(step))
    }


def coverages(run: Run, scope: Scope, by: Sequence[str], found: Mapping[Key, Tally]) -> dict[Key, Coverage]:
    """Coverage of each cell of `found`, and of cells that only the aggregate has."""
    known(by)

    def step(table: Any) -> Any:
        rows = scope.rows(table.filter(table.measure == "actual"))
        paid = rows.price_submitted
        return rows.group_by("population_icb", *by).aggregate(
            patient_level=paid.sum(where=is_patient_level(rows)).fill_null(0),
            aggregate=paid.sum(where=rows.flow == AGGREGATE).fill_null(0),
            spend=rows[scope.measure].sum(where=rows.counted).fill_null(0),
        )

    rows = _rows(run.ledger.derive(step))
    any_aggregate = any(row["aggregate"] for row in rows)
    everywhere: dict[Key, Decimal] = {}
    nowhere: dict[Key, Decimal] = {}
    for row in rows:
        kind = tuple(row[d] for d in by)
        everywhere[kind] = everywhere.get(kind, Decimal(0)) + row["spend"]
        if row["population_icb"] == NOWHERE:
            nowhere[kind] = row["spend"]
    made = {}
    for row in rows:
        kind = tuple(row[d] for d in by)
        key = (row["population_icb"], *kind)
        tally = found.get(key)
        made[key] = Coverage(
            patient_level=row["patient_level"],
            aggregate=row["aggregate"] if any_aggregate else None,
            known=tally.known if tally else Decimal(0),
            spend=tally.spend if tally else Decimal(0),
            everywhere=everywhere[kind],
            nowhere=nowhere.get(kind, Decimal(0)),
        )
    return {key: cover for key, cover in made.items() if key[0] != NOWHERE}


def together(parts: Mapping[Key, Coverage], icbs: Sequence[str]) -> dict[Key, Coverage]:
    """Coverage of ICBs together, by kind; the first part of the keys is blank."""
    made: dict[Key, Coverage] = {}
    for (icb, *kind), part in parts.items():
        if icb in icbs:
            key = ("", *kind)
            held = made.get(key)
            made[key] = _added(held, part) if held else part
    return made


def _added(one: Coverage, two: Coverage) -> Coverage:
    return replace(
        one,
        patient_level=one.patient_level + two.patient_level,
        aggregate=None if one.aggregate is None else one.aggregate + (two.aggregate or 0),
        known=one.known + two.known,
        spend=one.spend + two.spend,
    )


def in_run(run: Run, scope: Scope, people: Mapping[str, float]) -> dict[str, float]:
    """For each ICB its specialised spend a head, as a share of that of the ICB with the highest.

    A run of one region also holds patients from elsewhere who were treated in it: a small part of their ICB's spend.
    Such ICBs show here. The scope's year and months count, its filters do not.
    """

    def step(table: Any) -> Any:
        rows = replace(scope, only={}, without={}).rows(table.filter(table.measure == "actual", table.counted))
        return rows.group_by("population_icb").aggregate(spend=rows[scope.measure].sum().fill_null(0))

    heads = {
        row["population_icb"]: float(row["spend"]) / people[row["population_icb"]]
        for row in _rows(run.ledger.derive(step))
        if people.get(row["population_icb"])
    }
    highest = max(heads.values(), default=0.0)
    return {icb: head / highest for icb, head in heads.items()} if highest > 0 else {}


def populations(register: Register, financial_year: str) -> dict[str, float]:
    """Registered people by ICB: the allocation base of 2025/26, on the boards of the year asked for.

    Grain: ICB. Source: the register's table practices. No other year is held, so this base stands for every year.
    """
    column = "icb_code_2026" if financial_year >= BOARDS_OF_2026 else "icb_code"
    made: dict[str, float] = {}
    for row in register["practices"].select([column, "registered_population"]).to_pylist():
        if row[column] and row["registered_population"]:
            made[row[column]] = made.get(row[column], 0.0) + float(row["registered_population"])
    return made


def _rows(table: Any) -> list[dict[str, Any]]:
    return list(table.to_arrow().to_pylist())
