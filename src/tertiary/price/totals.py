"""The total of a line from its parts, as expressions on exact decimals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertiary.portable import product
from tertiary.price.price import FACTOR, MONEY

if TYPE_CHECKING:
    import ibis.expr.types as ir


def line_total(
    unit: ir.Value, top_up: ir.Value, forces: ir.Value, quantity: ir.Value, rounding: str = "line"
) -> ir.Value:
    """Unit price times factors and quantity: exact and rounded once (`line`), by unit (`each`) or to `pounds`."""
    import ibis

    one = ibis.literal(1).cast(FACTOR)
    factors = product((top_up + one).cast(FACTOR), forces)
    each = product(unit.cast("decimal(19, 2)"), factors)
    if rounding == "each":
        return product(each.cast(MONEY), quantity).cast(MONEY)
    base = product(unit.cast("decimal(19, 2)"), quantity).cast("decimal(22, 5)")
    exact = product(base, factors)
    return exact.cast("decimal(18, 0)").cast(MONEY) if rounding == "pounds" else exact.cast(MONEY)
