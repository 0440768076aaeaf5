"""Pounds to the penny; they are the same in every room (`tertiary.pennies`)."""

from __future__ import annotations

from tertiary.pennies import PENNY, Amount, pounds, to_the_penny

__all__ = ["PENNY", "Amount", "pounds", "to_the_penny"]
