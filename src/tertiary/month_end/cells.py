"""Which element of which contract covers what the ledger holds: sums by element and month, and what nothing covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tertiary.errors import ContractError
from tertiary.month_end.contracts import Contract, Element, kinds
from tertiary.phasing import MONTHS, first_day

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine
    from tertiary.runs import Run

MEASURES = ("price_submitted", "price_expected")
ALL = "*"
NO_CONTRACT = ""
COMMISSIONERS = ("icb", "nhs_england")
# what of the ledger is plan: the activity plan, not the plan beside the actual in contract monitoring
PLAN_FLOW, AGGREGATE = "iap", "acm"
CELL = (
    "provider_code", "payer_code", "payer_kind", "service_line_final", "point_of_delivery", "component",
    "financial_month",
)  # fmt: skip


@dataclass(frozen=True)
class Covered:
    """An element of a contract version in the months it holds, and what the ledger has for it by month.

    `held`: months of the year; `months`: those of them to the last one asked for, with month 13 after month 12.
    `actual`: pounds of what counts by component and month; `sends`: the components that are awaited, those of the
    element or, where it is of all, those the provider sends; `arrived`: component and month that came, or of which the
    aggregate says that there was none. `plan`: pounds of the loaded plan by month; `loaded`: months for which any plan
    of the provider was loaded.
    """

    contract: Contract
    element: Element
    held: tuple[int, ...]
    months: tuple[int, ...]
    actual: dict[tuple[str, int], Decimal] = field(default_factory=dict)
    sends: set[str] = field(default_factory=set)
    arrived: set[tuple[str, int]] = field(default_factory=set)
    plan: dict[int, Decimal] = field(default_factory=dict)
    loaded: set[int] = field(default_factory=set)

    @property
    def idle(self) -> bool:
        """Whether nothing was agreed, planned or done."""
        return not (self.element.annual_value or any(self.actual.values()) or any(self.plan.values()))


def strands(covered: Sequence[Covered]) -> list[tuple[Covered, ...]]:
    """Versions of one element that are paid alike, one after the other: they share one year to date.

    A version with another kind, tolerance or rate begins anew.
    """
    found: list[tuple[Covered, ...]] = []
    for one in sorted(covered, key=_thread):
        last = found[-1][-1] if found else None
        if last is not None and _thread(last)[:-1] == _thread(one)[:-1] and _terms(last) == _terms(one):
            found[-1] = (*found[-1], one)
        else:
            found.append((one,))
    return found


def _thread(one: Covered) -> tuple[Any, ...]:
    return (
        one.contract.contract, one.contract.provider_code, one.element.payer_code, one.element.element,
        one.element.kind if one.contract.contract == NO_CONTRACT else "", one.contract.version,
    )  # fmt: skip


def _terms(one: Covered) -> tuple[Any, ...]:
    own = one.element
    return own.kind, own.tolerance, own.rate, own.rate_above, own.rate_below


@dataclass(frozen=True)
class Cells:
    """Everything that counts of a year to a month, once: under an element, or in `uncovered`.

    `uncovered`: provider_code, payer_code, payer_kind, point_of_delivery, component, financial_month, contracted (the
    pair has a contract, but no element of it covers this), actual and plan in pounds, records. Key: the first six.
    `services`: provider_code, payer_code, service_line_final, component, plan, actual (pounds), planned and done
    (activity), records; key: the first four. Both year to date.
    """

    covered: tuple[Covered, ...]
    uncovered: pa.Table
    services: pa.Table


def cells(
    run: Run, contracts: Sequence[Contract], financial_year: str, last_month: int, measure: str = "price_submitted"
) -> Cells:
    """What the run's ledger holds for each element of the contracts of a year, months 1 to `last_month` (13 at most).

    ContractError when no contract is of the year, the measure is not one of MEASURES, or the run holds nothing of it.
    """
    from tertiary.engine import DuckDBEngine

    if measure not in MEASURES:
        raise ContractError(f"Measure {measure!r} is not known. Choose {' or '.join(MEASURES)}.")
    owners = [
        Covered(c, e, held, _open(held, last_month))
        for c in contracts if c.financial_year == financial_year
        for held in (c.months(contracts),) for e in c.elements
    ]  # fmt: skip
    if not owners:
        years = ", ".join(sorted({c.financial_year for c in contracts})) or "none"
        raise ContractError(f"No contract is of {financial_year}; the register has contracts of {years}.")
    table = run.ledger
    with DuckDBEngine() as engine:
        engine.scan(table.name, table.paths)
        rows = engine.materialise("cells", _rows(table.expr, financial_year, last_month, measure))
        owned = engine.materialise("owned", _owned(engine, rows, owners))
        _fill(owners, engine.fetch(_sums(owned)).to_pylist())
        _mark_loaded(owners, engine.fetch(_loaded(rows)).to_pylist())
        told = _aggregate(table.expr, financial_year, last_month)
        _mark_arrived(owners, engine.fetch(_arrived(rows)).to_pylist(), engine.fetch(told).to_pylist())
        uncovered = engine.fetch(_uncovered(owned, engine, owners))
        services = engine.fetch(_services(rows))
    strangers = _strangers(uncovered.to_pylist(), financial_year, last_month)
    found = Cells((*owners, *strangers), uncovered, services)
    if not found.services.num_rows:
        raise ContractError(
            f"{run.path} holds no spend of {financial_year} to month {last_month}. Give the year of the run with "
            "--year, or make a run of its files."
        )
    return found


def _open(held: tuple[int, ...], last_month: int) -> tuple[int, ...]:
    """Months of a version up to the last; month 13 follows month 12."""
    months = (*held, 13) if 12 in held else held
    return tuple(m for m in months if m <= last_month)


def _rows(ledger: ir.Table, financial_year: str, last_month: int, measure: str) -> ir.Table:
    """What counts, and the plan, by CELL: actual, quantity, plan, planned, records."""
    import ibis

    rows = ledger.filter(ledger.financial_year == financial_year, ledger.financial_month.between(1, last_month))
    is_actual = rows.counted & (rows.measure == "actual")
    is_plan = (rows.flow == PLAN_FLOW) & (rows.measure == "plan")
    rows = rows.mutate(is_actual=is_actual, is_plan=is_plan).filter(is_actual | is_plan)
    money, number = "decimal(38, 8)", "decimal(38, 3)"
    none, nothing = ibis.literal(0).cast(money), ibis.literal(0).cast(number)
    return rows.group_by(*CELL).aggregate(
        actual=ibis.ifelse(rows.is_actual, rows[measure].cast(money), none).sum(),
        quantity=ibis.ifelse(rows.is_actual, rows.quantity, nothing).sum(),
        plan=ibis.ifelse(rows.is_plan, rows.price_submitted, none).sum(),
        planned=ibis.ifelse(rows.is_plan, rows.quantity, nothing).sum(),
        records=ibis.ifelse(rows.is_actual, rows.records, 0).sum(),
    )


def _owned(engine: Engine, rows: ir.Table, owners: Sequence[Covered]) -> ir.Table:
    """Each cell once, with the place of the element that covers it; null where none does."""
    scope = engine.load("scope", _scope(owners))
    fits = rows.join(
        scope,
        [
            rows.provider_code == scope.provider,
            rows.payer_code == scope.payer,
            rows.financial_month.between(scope.first, scope.last),
            (scope.component_code == ALL) | (rows.component == scope.component_code),
            (scope.pod == ALL) | (rows.point_of_delivery == scope.pod),
            (scope.service == ALL) | (rows.service_line_final == scope.service),
        ],
    )
    first = fits.group_by(*CELL).aggregate(place=fits.place.min())
    return rows.left_join(first, list(CELL)).select(*[rows[c] for c in rows.columns], first.place)


def _scope(owners: Sequence[Covered]) -> pa.Table:
    import pyarrow as pa

    rows = [
        (place, o.contract.provider_code, o.element.payer_code, o.months[0], o.months[-1], component, pod, service)
        for place, o in enumerate(owners)
        if o.months
        for component in o.element.components or (ALL,)
        for pod in o.element.points_of_delivery or (ALL,)
        for service in o.element.services or (ALL,)
    ]
    names = ("place", "provider", "payer", "first", "last", "component_code", "pod", "service")
    text, whole = pa.string(), pa.int16()
    types = (pa.int64(), text, text, whole, whole, text, text, text)
    arrays = [pa.array([row[place] for row in rows], kind) for place, kind in enumerate(types)]
    return pa.Table.from_arrays(arrays, names=list(names))


def _sums(owned: ir.Table) -> ir.Table:
    rows = owned.filter(owned.place.notnull())
    return rows.group_by("place", "component", "financial_month").aggregate(
        actual=rows.actual.sum(), plan=rows.plan.sum()
    )


def _fill(owners: Sequence[Covered], rows: list[dict[str, Any]]) -> None:
    for row in rows:
        owner, month = owners[row["place"]], row["financial_month"]
        owner.actual[row["component"], month] = row["actual"]
        owner.plan[month] = owner.plan.get(month, Decimal(0)) + row["plan"]


def _arrived(rows: ir.Table) -> ir.Table:
    sent = rows.filter(rows.records > 0)
    return sent.select("provider_code", "component", "financial_month").distinct()


def _loaded(rows: ir.Table) -> ir.Table:
    given = rows.filter((rows.plan != 0) | (rows.planned != 0))
    return given.select("provider_code", "financial_month").distinct()


def _aggregate(ledger: ir.Table, financial_year: str, last_month: int) -> ir.Table:
    """Components that the aggregate has by provider and month: it says what there was, whatever else arrived."""
    rows = ledger.filter(
        ledger.flow == AGGREGATE, ledger.measure == "actual", ledger.financial_year == financial_year,
        ledger.financial_month.between(1, last_month),
    )  # fmt: skip
    return rows.select("provider_code", "component", "financial_month").distinct()


def _mark_loaded(owners: Sequence[Covered], rows: list[dict[str, Any]]) -> None:
    planned: dict[str, set[int]] = {}
    for row in rows:
        planned.setdefault(row["provider_code"], set()).add(row["financial_month"])
    for owner in owners:
        owner.loaded.update(planned.get(owner.contract.provider_code, set()) & set(owner.months))


def _mark_arrived(owners: Sequence[Covered], rows: list[dict[str, Any]], told: list[dict[str, Any]]) -> None:
    """A component of a month has arrived when it came, or when the aggregate of that month has none of it."""
    sent: dict[str, set[tuple[str, int]]] = {}
    aggregate: dict[str, set[tuple[str, int]]] = {}
    for found, given in ((sent, rows), (aggregate, told)):
        for row in given:
            found.setdefault(row["provider_code"], set()).add((row["component"], row["financial_month"]))
    for owner in owners:
        own = sent.get(owner.contract.provider_code, set())
        there = aggregate.get(owner.contract.provider_code, set())
        said = {month for _, month in there}
        owner.sends.update(owner.element.components or {component for component, _ in own})
        owner.arrived.update(
            (component, month)
            for component in owner.sends
            for month in owner.months
            if (component, month) in own or (month in said and (component, month) not in there)
        )


def _uncovered(owned: ir.Table, engine: Engine, owners: Sequence[Covered]) -> ir.Table:
    import ibis
    import pyarrow as pa

    pairs = sorted({(o.contract.provider_code, o.element.payer_code) for o in owners})
    held = pa.table({"provider_code": [p for p, _ in pairs], "payer_code": [p for _, p in pairs]})
    known = engine.load("pairs", held).mutate(has=ibis.literal(True))
    rows = owned.filter(owned.place.isnull())
    by = tuple(c for c in CELL if c != "service_line_final")
    sums = rows.group_by(*by).aggregate(actual=rows.actual.sum(), plan=rows.plan.sum(), records=rows.records.sum())
    joined = sums.left_join(known, ["provider_code", "payer_code"])
    contracted = joined.has.fill_null(False).name("contracted")
    found = joined.select(*[sums[c] for c in by], contracted, sums.actual, sums.plan, sums.records)
    return found.order_by(*by)


def _strangers(rows: list[dict[str, Any]], financial_year: str, last_month: int) -> list[Covered]:
    """What no element covers, as elements of no contract: one for each provider, payer and reason."""
    found: dict[tuple[str, str, str, str], Covered] = {}
    for row in rows:
        kind = kinds()["uncontracted" if row["payer_kind"] in COMMISSIONERS else "not_payable"]
        name = "Outside the elements" if row["contracted"] else "No contract"
        key = (row["provider_code"], row["payer_code"], kind.kind, name)
        if key not in found:
            element = Element(
                row["payer_code"], name, kind.kind, Decimal(0), "twelfths", (), (), (), Fraction(0), kind.rate,
                kind.rate_above, kind.rate_below,
            )  # fmt: skip
            nobody = Contract(
                NO_CONTRACT, 0, row["provider_code"], "", financial_year, first_day(financial_year, 1), None, None,
                Decimal(0), (element,),
            )  # fmt: skip
            found[key] = Covered(nobody, element, MONTHS, tuple(range(1, last_month + 1)))
        owner, month = found[key], row["financial_month"]
        spent = (row["component"], month)
        owner.actual[spent] = owner.actual.get(spent, Decimal(0)) + row["actual"]
        owner.sends.add(row["component"])
        owner.plan[month] = owner.plan.get(month, Decimal(0)) + row["plan"]
    for owner in found.values():
        owner.arrived.update((component, month) for component in owner.sends for month in owner.months)
    return [found[key] for key in sorted(found)]


def _services(rows: ir.Table) -> ir.Table:
    by = ("provider_code", "payer_code", "service_line_final", "component")
    return rows.group_by(*by).aggregate(
        plan=rows.plan.sum(), actual=rows.actual.sum(), planned=rows.planned.sum(), done=rows.quantity.sum(),
        records=rows.records.sum(),
    ).order_by(*by)  # fmt: skip
