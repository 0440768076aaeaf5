"""Totals of one run's ledger, answered from tables that were totalled before.

The first question by some columns makes a table with just those (a cube), kept as long as the server runs: a finished
run does not change. Later questions by the same columns, for whichever person and values, read that. Written as SQL
and not as an expression, because compiling one takes longer than the answer.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tertiary.web.scope import SEPARATOR

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.web.shared_engine import SharedEngine

# columns of the ledger that a page or a caller may slice and total by
DIMENSIONS = (
    "financial_year", "financial_month", "population_icb", "payer_code", "payer_kind", "service_line_final", "pss_line",
    "npoc_code", "provider_code", "point_of_delivery", "component", "delegation_status", "flow",
)  # fmt: skip
MEASURES = ("actual", "plan")
SUMS = (
    "CAST(coalesce(sum(records), 0) AS BIGINT) AS records, sum(quantity) AS quantity, "
    "sum(price_submitted) AS price_submitted, sum(price_expected) AS price_expected"
)
# a cube is kept while all cubes of a run have fewer rows than this, some hundred bytes each
MOST_CELLS = 8_000_000
# below this many rows a cube by more columns than needed answers as quickly as its own would
FEW_CELLS = 20_000


@dataclass(frozen=True)
class Question:
    """Totals by `by` of the rows with the values `only` and, of the columns and codes `held` (see scope), any one."""

    by: Sequence[str]
    only: Mapping[str, str] = field(default_factory=dict)
    held: Sequence[tuple[str, Sequence[str]]] | None = None
    measure: str = "actual"

    @property
    def columns(self) -> frozenset[str]:
        """Every column that the answer depends on."""
        return frozenset((*self.by, *self.only, *(name for names, _ in self.held or () for name in names.split())))


class Totals:
    """The cubes of a run, made as they are asked for. Several threads may ask at once."""

    def __init__(self, engine: SharedEngine, ledger: str) -> None:
        self._engine = engine
        self._ledger = ledger
        self._making = threading.Lock()
        self._cubes: dict[tuple[str, frozenset[str]], tuple[str, int]] = {}

    def ask(self, question: Question, limit: int, offset: int = 0) -> pa.Table:
        """Rows of `by`, records, quantity, price_submitted and price_expected, dearest first.

        One row, of 0 records and no amounts where there is nothing, when `by` is empty.
        """
        where: list[str] = ["true"]
        values: list[Any] = []
        for name, value in question.only.items():
            where.append(f'CAST("{name}" AS VARCHAR) = ?')
            values.append(value)
        if question.held is not None:
            mine = []
            for names, codes in question.held:
                told = f" || '{SEPARATOR}' || ".join(f'"{name}"' for name in names.split())
                mine.append(f"list_contains(CAST(? AS VARCHAR[]), {told})")
                values.append(list(codes))
            where.append(f"({' OR '.join(mine) or 'false'})")
        names = ", ".join(f'"{name}"' for name in dict.fromkeys(question.by))
        cube = self._cube(question.measure, question.columns)
        return self._engine.ask(
            f"SELECT {names + ', ' if names else ''}{SUMS} FROM {cube} WHERE {' AND '.join(where)} "
            + (f"GROUP BY {names} " if names else "")
            + f"ORDER BY price_submitted DESC NULLS LAST{', ' + names if names else ''} LIMIT {limit} OFFSET {offset}",
            values,
        )

    def _cube(self, measure: str, columns: frozenset[str]) -> str:
        """The smallest table that can answer by some columns, made when it pays."""
        found = self._smallest(measure, columns)
        if found and (found[0] == columns or found[2] <= FEW_CELLS):
            return found[1]
        with self._making:
            if not self._smallest(measure, frozenset(DIMENSIONS)):
                kept = f"measure = '{measure}' AND (counted OR measure = 'plan')"
                self._make(measure, frozenset(DIMENSIONS), f'(SELECT * FROM "{self._ledger}" WHERE {kept})')
            best = self._smallest(measure, columns)
            assert best is not None
            if best[0] == columns or best[2] <= FEW_CELLS or self._cells() + best[2] > MOST_CELLS:
                return best[1]
            return self._make(measure, columns, best[1])

    def _make(self, measure: str, columns: frozenset[str], source: str) -> str:
        name = f"cube_{len(self._cubes)}"
        names = ", ".join(f'"{column}"' for column in DIMENSIONS if column in columns)
        group = f"{names}, {SUMS} FROM {source} GROUP BY {names}" if names else f"{SUMS} FROM {source}"
        rows = self._engine.keep(name, f"SELECT {group}")
        self._cubes[measure, columns] = (name, rows)
        return name

    def _smallest(self, measure: str, columns: frozenset[str]) -> tuple[frozenset[str], str, int] | None:
        able = [(k[1], *v) for k, v in list(self._cubes.items()) if k[0] == measure and columns <= k[1]]
        return min(able, key=lambda cube: (cube[2], len(cube[0])), default=None)

    def _cells(self) -> int:
        """Rows of all cubes beside the ledger's own."""
        return sum(rows for (_, columns), (_, rows) in self._cubes.items() if len(columns) < len(DIMENSIONS))
