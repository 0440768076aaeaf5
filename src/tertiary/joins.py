"""Small helpers that keep the stages' expressions readable: look-ups by key and typed blanks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


def attach(table: ir.Table, lookup: ir.Table, on: Mapping[str, str] | Sequence[str], how: str = "left") -> ir.Table:
    """Add the value columns of `lookup` to `table`.

    `on` maps a column of `table` to the key column of `lookup` (or names columns that are called the same in both).
    `lookup` must hold each key at most once; with `how="inner"` every key must be present.
    """
    pairs = dict(on) if isinstance(on, Mapping) else {name: name for name in on}
    keys = {right: f"key_{i}_" for i, right in enumerate(pairs.values())}
    renamed = lookup.rename({new: old for old, new in keys.items()})
    predicates = [table[left] == renamed[keys[right]] for left, right in pairs.items()]
    joined = table.join(renamed, predicates, how=how)
    return joined.drop(*keys.values())


def attach_dated(table: ir.Table, lookup: ir.Table, on: Mapping[str, str], day: str, how: str = "left") -> ir.Table:
    """As `attach`, for a look-up with half-open validity: the row in force on the date in column `day`.

    `lookup` needs valid_from and valid_to (null: open) and must not overlap within a key.
    """
    keys = {right: f"key_{i}_" for i, right in enumerate(on.values())}
    names = {new: old for old, new in keys.items()} | {"from_": "valid_from", "to_": "valid_to"}
    renamed = lookup.rename(names)
    predicates: list[Any] = [table[left] == renamed[keys[right]] for left, right in on.items()]
    predicates.append(renamed.from_ <= table[day])
    predicates.append(renamed.to_.isnull() | (table[day] < renamed.to_))
    joined = table.join(renamed, reduce(and_, predicates), how=how)
    return joined.drop(*keys.values(), "from_", "to_")


def filled(table: ir.Table, *names: str) -> ir.Table:
    """Text columns with null read as not recorded ('')."""
    return table.mutate(**{name: table[name].fill_null("") for name in names})
