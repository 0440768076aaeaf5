"""The difference of spend per head taken further apart: need, people treated, care for each of them, and its price.

    spend / people = need  x  patients / people / need  x  expected spend / patients  x  spend / expected spend
                              (access)                     (care)                        (price)

The logarithms of the ratios to the comparator add up to that of spend per head, and their pounds to the difference, by
the logarithmic mean, as in `decompose`. What each factor means: variation_factors.csv.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from math import exp, log
from typing import TYPE_CHECKING, Any

from tertiary.allocate.cells import Scope
from tertiary.allocate.decompose import SMALL
from tertiary.errors import AllocationError
from tertiary.sheets import shipped

if TYPE_CHECKING:
    from tertiary.allocate.variation import Varied
    from tertiary.runs import Run

FIELDS = ("factor", "name", "meaning", "source", "confidence")
PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Factor:
    """A factor of a difference: its ratio to the comparator, the logarithm of that, and its pounds a head."""

    factor: str
    ratio: float
    log: float
    pounds: float


@cache
def meanings() -> Mapping[str, Mapping[str, str]]:
    """Rows of variation_factors.csv by factor."""
    lines = shipped("tertiary.allocate", "variation_factors.csv", AllocationError)
    return {line.text("factor"): {name: line.text(name) for name in FIELDS} for line in lines}


def expected(run: Run, scope: Scope) -> dict[str, Decimal]:
    """Spend at expected prices by ICB of population, of the records of which `cells.tallies` sums the spend, pounds.

    A record without an expected price stands at what was paid.
    """
    import ibis

    def step(table: Any) -> Any:
        rows = table.filter(table.fate == "accepted", table.counted, table.flow != "iap", table.population_icb != "")
        rows = scope.rows(rows)
        standard = ibis.coalesce(rows.price_expected, rows[scope.measure], 0)
        return rows.group_by("population_icb").aggregate(expected=standard.sum())

    rows = run.records.derive(step).to_arrow().to_pylist()
    return {row["population_icb"]: Decimal(row["expected"]) for row in rows}


def factors(cell: Varied, own: Decimal, other: Decimal) -> list[Factor]:
    """Factors of the difference of a cell, whose spend at expected prices is `own`, the comparator's `other`, pounds.

    Without need there are three. Empty when the cell is withheld or has nothing to take apart, or when expected spend
    is not above 0.
    """
    split = cell.split
    if split is None or own <= 0 or other <= 0:
        return []
    need = log(cell.need_ratio) if cell.need_ratio else 0.0
    care = log(float(own) / cell.own.patients) - log(float(other) / cell.other.patients)
    logs = {"access": split.access.log - need, "care": care, "price": split.intensity.log - care}
    if cell.need_ratio:
        logs = {"need": need, **logs}
    whole = split.spend.log
    heads = cell.own.spend_per_head or 0.0, cell.other.spend_per_head or 0.0
    mean = split.spend.pounds / whole if abs(whole) > SMALL else sum(heads) / 2
    return [Factor(name, exp(part), part, part * mean) for name, part in logs.items()]


def steps(cell: Varied, found: Sequence[Factor]) -> list[tuple[str, Decimal]]:
    """From the comparator's spend a head by each factor to the cell's own, pounds a head to four places.

    They add up as shown: the last factor bears what rounding leaves, as intensity does in the tables. Empty without
    factors.
    """
    if not found or cell.own.spend_per_head is None or cell.other.spend_per_head is None:
        return []
    start, end = (Decimal(head).quantize(PLACES) for head in (cell.other.spend_per_head, cell.own.spend_per_head))
    parts = [Decimal(factor.pounds).quantize(PLACES) for factor in found]
    parts[-1] = end - start - sum(parts[:-1], Decimal(0))
    return [("comparator", start), *((f.factor, part) for f, part in zip(found, parts, strict=True)), ("own", end)]
