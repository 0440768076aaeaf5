"""Look-ups by key, kept readable in the stages and compiled to one flat join.

Compiling an expression costs time for every column of every nested step, so look-ups that do not depend on each
other are attached together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Lookup:
    """A table to look values up in.

    `on` maps a column of the rows to the key column here (or names columns that are called the same in both). The table
    must hold each key at most once; with `day` set, at most once on any day, by valid_from <= day < valid_to (null:
    open). With `how="inner"` every key must be present.
    """

    table: ir.Table
    on: Mapping[str, str] | Sequence[str]
    how: str = "left"
    day: str = ""

    @property
    def pairs(self) -> dict[str, str]:
        """Column of the rows -> key column of the look-up."""
        return dict(self.on) if isinstance(self.on, Mapping) else {name: name for name in self.on}

    @property
    def values(self) -> list[str]:
        """Columns that the look-up adds."""
        keys = set(self.pairs.values()) | ({"valid_from", "valid_to"} if self.day else set())
        return [name for name in self.table.columns if name not in keys]


def attach_all(rows: ir.Table, lookups: Iterable[Lookup]) -> ir.Table:
    """`rows` with the value columns of every look-up, in one flat join."""
    return _joined(_Node(rows), tuple((_Node(u.table), tuple(u.pairs.items()), u.how, u.day) for u in lookups))


class _Node:
    """A table as a key: equal when its expression is."""

    def __init__(self, table: ir.Table) -> None:
        self.table = table
        self._op = table.op()

    def __hash__(self) -> int:
        return hash(self._op)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Node) and (self._op is other._op or bool(self._op == other._op))


@lru_cache(maxsize=512)
def _joined(rows: _Node, lookups: tuple[tuple[_Node, tuple[tuple[str, str], ...], str, str], ...]) -> ir.Table:
    """Blocks of records ask for the same joins again and again, and to build one takes longer than to look it up."""
    joined, values = rows.table, list(rows.table.columns)
    for place, (table, pairs, how, day) in enumerate(lookups):
        lookup = Lookup(table.table, dict(pairs), how, day)
        keys = {f"key_{place}_{right}": lookup.table[right] for _, right in pairs}
        dates = {f"{d}_{place}": lookup.table[d] for d in ("valid_from", "valid_to")} if day else {}
        side = lookup.table.select(*lookup.values, **keys, **dates)
        test: list[Any] = [rows.table[left] == side[f"key_{place}_{right}"] for left, right in pairs]
        if day:
            start, end = side[f"valid_from_{place}"], side[f"valid_to_{place}"]
            test += [start.isnull() | (start <= rows.table[day]), end.isnull() | (rows.table[day] < end)]
        joined = joined.join(side, test, how=how)
        values += lookup.values
    # the second select closes the join, so that a later one does not grow the same chain; it costs nothing in SQL
    return joined.select(values).select(values)


def attach(rows: ir.Table, lookup: ir.Table, on: Mapping[str, str] | Sequence[str], how: str = "left") -> ir.Table:
    """`attach_all` for a single look-up."""
    return attach_all(rows, [Lookup(lookup, on, how)])
