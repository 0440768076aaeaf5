"""The few expressions that Ibis cannot write, or cannot write alike, for every engine.

What is made here is made once, so that equal expressions stay equal and are compiled once.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


def product(left: ir.Value, right: ir.Value) -> ir.Value:
    """The exact product of two decimals: digits and places add up, to 38 digits at most.

    Ibis types decimal products too narrowly or not at all, so the type is stated here.
    """
    import ibis.expr.datatypes as dt

    a, b = left.type(), right.type()
    wide = _multiply()(left, right).to_expr()
    return wide.cast(dt.Decimal(a.precision + b.precision, a.scale + b.scale))


def part(text: ir.Value, separator: str, number: int) -> ir.Value:
    """Part `number` (from 1) of a text cut at `separator`; blank when it has fewer. Both engines call it the same."""
    return _split_part()(text, separator, number)


def bit_or(words: ir.Column) -> ir.Value:
    """The OR of a group's words. Ibis has no rule for it on Spark, where the function is called the same."""
    return _of_group("bit_or")(words)


def bit_xor(words: ir.Column) -> ir.Value:
    """The XOR of a group's words, for the same reason."""
    return _of_group("bit_xor")(words)


@cache
def _multiply() -> Any:
    import ibis.expr.datatypes as dt
    import ibis.expr.operations as ops
    from ibis.common.annotations import attribute

    # Ibis compiles an operation by the name of its class: this is its own product with another type
    class Multiply(ops.Multiply):
        @attribute
        def dtype(self) -> dt.DataType:
            return dt.Decimal(38, self.left.dtype.scale + self.right.dtype.scale)

    return Multiply


@cache
def _split_part() -> Any:
    import ibis

    @ibis.udf.scalar.builtin(name="split_part", signature=(("string", "string", "int32"), "string"))
    def split_part(text: str, separator: str, number: int) -> str:
        raise NotImplementedError  # both engines have a function of that name; only the signature counts

    return split_part


@cache
def _of_group(name: str) -> Any:
    import ibis

    @ibis.udf.agg.builtin(name=name, signature=(("int64",), "int64"))
    def of_group(word: int) -> int:
        raise NotImplementedError  # the engine has a function of that name; only the signature counts

    return of_group
