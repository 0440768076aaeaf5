"""Test vectors run through the product's own functions, so that anybody can bring their own and see."""

from tertiary.conform.report import ConformReport, Disagreement, Suite
from tertiary.conform.run import find, run

__all__ = ["ConformReport", "Disagreement", "Suite", "find", "run"]
