"""From what was spent before to what is spent now: which part is transfer, missing data, price, and less care.

Every pound of the difference falls to one part only: lines that changed hands first, then data that did not arrive,
then price and quantity of what both hold. Parts add up exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from tertiary.allocate.watch_data import DELEGATED, LATE, NOTHING, Care, Cell, Held


@dataclass(frozen=True)
class Estimate:
    """How many pounds less (below 0: more) one explanation makes spend, and what speaks for it."""

    pounds: Decimal
    evidence: str


@dataclass(frozen=True)
class Bridge:
    """Parts of a fall: `transfer + coverage + price + volume + late == spend before - spend now`, exactly.

    `late` is the month 13 that `before` has and now has not.
    """

    transfer: Estimate
    coverage: Estimate
    price: Estimate
    volume: Estimate
    late: Estimate


def bridge(before: Held, now: Held, coverage_change: float) -> Bridge:
    """Take the fall from `before` (a former year or a plan) to `now` apart. Both hold the same months.

    `coverage_change` is the fall of patient level over aggregate pounds at a provider from which on data are missing.
    """
    out = {line for line, held in before.status.items() if DELEGATED in held} & _not_delegated(now)
    into = {line for line, held in now.status.items() if DELEGATED in held} & _not_delegated(before)
    changed = out | into
    transfer = _of_lines(before, changed) - _of_lines(now, changed)
    one, two = _kept(before, changed), _kept(now, changed)
    late = Decimal(0)
    if any(month == LATE for _, month in one) and not any(month == LATE for _, month in two):
        late = sum((care.pounds for (_, month), care in one.items() if month == LATE), Decimal(0))
        one = {key: care for key, care in one.items() if key[1] != LATE}
    silent = {key for key in one if now.sent is not None and key[1] != LATE and _slot(key) not in now.sent}
    silent |= {key for key in one if (key[0][0] in _empty(now))}
    fresh = {key for key in two if before.sent is not None and key[1] != LATE and _gap(before, key)}
    missing = sum((one[k].pounds for k in silent), Decimal(0)) - sum((two[k].pounds for k in fresh), Decimal(0))
    first = _by_cell({key: care for key, care in one.items() if key not in silent})
    second = _by_cell({key: care for key, care in two.items() if key not in fresh})
    factors = _factors(before, now, coverage_change)
    full = {cell: _times(care, factors.get(cell[0], Decimal(1))) for cell, care in second.items()}
    held_back = sum((full[cell].pounds - care.pounds for cell, care in second.items()), Decimal(0))
    price, fall = Decimal(0), Decimal(0)
    for cell in first.keys() | full.keys():
        was, is_now = first.get(cell, NOTHING), full.get(cell, NOTHING)
        price += _price_effect(was, is_now)
        fall += was.pounds - is_now.pounds
    return Bridge(
        transfer=Estimate(transfer, _told_transfer(out, into, now)),
        coverage=Estimate(missing + held_back, _told_coverage(silent, fresh, factors, before, now)),
        price=Estimate(price, _told_price(first, full, before)),
        volume=Estimate(fall - price, f"{now.records:,} records now, {before.records:,} in {before.name}"),
        late=Estimate(late, f"month 13 of {before.name}: £{late:,.0f}" if late else ""),
    )


def fisher(
    before: Mapping[Cell, Care], now: Mapping[Cell, Care], measure: str = "pounds"
) -> tuple[float, float, float]:
    """Laspeyres, Paasche and Fisher price index of what both hold; 1.0 each when nothing can be compared."""
    totals = [0.0, 0.0, 0.0, 0.0]  # old prices at old and new quantities, new prices at old and new quantities
    for cell in before.keys() & now.keys():
        old, new = before[cell], now[cell]
        value = float(getattr(old, measure)), float(getattr(new, measure))
        if old.quantity > 0 and new.quantity > 0 and min(value) > 0:
            q0, q1 = float(old.quantity), float(new.quantity)
            totals[0] += value[0]
            totals[1] += value[0] / q0 * q1
            totals[2] += value[1] / q1 * q0
            totals[3] += value[1]
    if not totals[0] or not totals[1]:
        return 1.0, 1.0, 1.0
    laspeyres, paasche = totals[2] / totals[0], totals[3] / totals[1]
    return laspeyres, paasche, sqrt(laspeyres * paasche)


def _price_effect(was: Care, is_now: Care) -> Decimal:
    """Mean quantity times the fall of the price; nothing where one of the two has no quantity."""
    if was.quantity <= 0 or is_now.quantity <= 0:
        return Decimal(0)
    fall = was.pounds / was.quantity - is_now.pounds / is_now.quantity
    return (was.quantity + is_now.quantity) / 2 * fall


def _factors(before: Held, now: Held, least: float) -> dict[str, Decimal]:
    """By provider, spend if patient level were as complete beside the aggregate as before, over spend as it is."""
    made = {}
    for provider, (counted, aggregate) in now.aggregate.items():
        was, was_aggregate = before.aggregate.get(provider, (Decimal(1), Decimal(1)))
        if aggregate > 0 and counted > 0 and was_aggregate > 0:
            old, new = was / was_aggregate, counted / aggregate
            if float(old - new) > least:
                made[provider] = old / new
    return made


def _empty(now: Held) -> set[str]:
    """Providers of which the aggregate knows spend and patient level nothing."""
    return {p for p, (counted, aggregate) in now.aggregate.items() if aggregate > 0 and counted <= 0}


def _gap(before: Held, key: tuple[Cell, int]) -> bool:
    """Whether `before` lacks this month of a provider that it has otherwise: a provider that is new lacks nothing."""
    assert before.sent is not None
    provider, component, _ = slot = _slot(key)
    return slot not in before.sent and any(s[:2] == (provider, component) for s in before.sent)


def _slot(key: tuple[Cell, int]) -> tuple[str, str, int]:
    (provider, component, _, _), month = key
    return provider, component, month


def _not_delegated(held: Held) -> set[str]:
    return {line for line, statuses in held.status.items() if DELEGATED not in statuses}


def _of_lines(held: Held, lines: set[str]) -> Decimal:
    return sum((care.pounds for (cell, _), care in held.care.items() if cell[2] in lines), Decimal(0))


def _kept(held: Held, without: set[str]) -> dict[tuple[Cell, int], Care]:
    return {key: care for key, care in held.care.items() if key[0][2] not in without}


def _by_cell(care: Mapping[tuple[Cell, int], Care]) -> dict[Cell, Care]:
    made: dict[Cell, Care] = {}
    for (cell, _), one in care.items():
        made[cell] = made.get(cell, NOTHING) + one
    return made


def _times(care: Care, factor: Decimal) -> Care:
    return care if factor == 1 else Care(care.quantity * factor, care.pounds * factor, care.expected * factor)


def _told_transfer(out: set[str], into: set[str], now: Held) -> str:
    told = [f"{line} is now {', '.join(sorted(now.status[line])) or 'not delegated'}" for line in sorted(out)]
    told += [f"{line} is newly delegated" for line in sorted(into)]
    return "; ".join(told) or "every line is delegated as before"


def _told_coverage(
    silent: set[tuple[Cell, int]],
    fresh: set[tuple[Cell, int]],
    factors: Mapping[str, Decimal],
    before: Held,
    now: Held,
) -> str:
    months: dict[tuple[str, str], set[int]] = {}
    for key in silent:
        provider, component, month = _slot(key)
        months.setdefault((provider, component), set()).add(month)
    told = [
        f"{p} {c}: nothing for month {', '.join(map(str, sorted(held)))}" for (p, c), held in sorted(months.items())
    ]
    told += [
        f"{p} {c}: month {m} had not arrived in {before.name}" for p, c, m in sorted({_slot(key) for key in fresh})
    ]
    for provider in sorted(factors):
        counted, aggregate = now.aggregate[provider]
        share = counted / aggregate
        told.append(f"{provider}: what counts is {share:.0%} of the aggregate, before {share * factors[provider]:.0%}")
    return "; ".join(told) or "every provider sent what it sent before"


def _told_price(first: Mapping[Cell, Care], second: Mapping[Cell, Care], before: Held) -> str:
    low, high, middle = fisher(first, second)
    told = f"price index as paid: Laspeyres {low:.4f}, Paasche {high:.4f}, Fisher {middle:.4f}"
    if any(care.expected for care in first.values()):
        told += f"; at expected prices Fisher {fisher(first, second, 'expected')[2]:.4f}"
    return f"{told}, against {before.name}"
