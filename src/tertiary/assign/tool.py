"""Tests of NHS England's own contract monitoring check (validation tool v5.3)."""

from __future__ import annotations

from tertiary.assign.predicates import Test

TOOL: dict[str, Test] = {}
