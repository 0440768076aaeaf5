"""The few expressions that Ibis cannot write, or cannot write alike, for every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir


def product(left: ir.Value, right: ir.Value) -> ir.Value:
    """The exact product of two decimals: digits and places add up, to 38 digits at most.

    Ibis types decimal products too narrowly or not at all, so the type is stated here.
    """
    import ibis.expr.datatypes as dt
    import ibis.expr.operations as ops
    from ibis.common.annotations import attribute

    # Ibis compiles an operation by the name of its class: this is its own product with another type
    class Multiply(ops.Multiply):
        @attribute
        def dtype(self) -> dt.DataType:
            return dt.Decimal(38, self.left.dtype.scale + self.right.dtype.scale)

    a, b = left.type(), right.type()
    return Multiply(left, right).to_expr().cast(dt.Decimal(a.precision + b.precision, a.scale + b.scale))


def bit_or(words: ir.Column) -> ir.Value:
    """The OR of a group's words. Ibis has no rule for it on Spark, where the function is called the same."""
    import ibis

    @ibis.udf.agg.builtin(name="bit_or", signature=(("int64",), "int64"))
    def or_all(word): ...  # type: ignore[no-untyped-def]

    return or_all(words)
