"""Checks as data: each row of `checks.csv` is a test over canonical columns; one scan finds every failure.

In `test`, a semicolon stands for the comma of SQL so that the file stays a plain CSV. Tables named ref_* are register
tables. A check with action `quarantine` refuses the row; the others flag it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tertiary.flows.canonical import quote
from tertiary.flows.contracts import read_csv

if TYPE_CHECKING:
    from tertiary.engine import DuckDBEngine
    from tertiary.register import Register


@dataclass(frozen=True)
class Check:
    """One check. `flows` empty means every flow."""

    rule_id: str
    level: str
    severity: str
    action: str
    flows: tuple[str, ...]
    field: str
    column: str
    test: str
    expected: str
    advice: str

    @property
    def sql(self) -> str:
        """SQL that is true where the check fails."""
        test = self.test.replace(";", ",")
        if not self.flows:
            return f"({test})"
        return f"(flow IN ({', '.join(quote(f) for f in self.flows)}) AND ({test}))"


@cache
def checks() -> tuple[Check, ...]:
    """Every check in file order."""
    return tuple(
        Check(
            r["rule_id"], r["level"], r["severity"], r["action"], tuple(f for f in r["flows"].split() if f != "*"),
            r["field"], r["column"], r["test"], r["expected"], r["advice"],
        )
        for r in read_csv("checks")
    )  # fmt: skip


def load_references(engine: DuckDBEngine, register: Register) -> None:
    """Load the register tables that checks name."""
    for table in sorted({t for c in checks() for t in re.findall(r"\bref_(\w+)", c.test)}):
        engine.load(f"ref_{table}", register[table])


def failing() -> str:
    """SQL of a list with the places of the checks a row fails, refusing ones first in file order."""
    tests = ", ".join(f"CASE WHEN {c.sql} THEN {n} END" for n, c in enumerate(checks()))
    return f"list_filter([{tests}], lambda n: n IS NOT NULL)"


def refusing() -> str:
    """SQL of the list of places whose failure refuses the row."""
    return "[" + ", ".join(str(n) for n, c in enumerate(checks()) if c.action == "quarantine") + "]"


def values() -> str:
    """SQL that turns place `n` into the value seen."""
    cases = " ".join(f"WHEN {n} THEN coalesce(CAST({c.column} AS VARCHAR), '')" for n, c in enumerate(checks()))
    return f"CASE n {cases} END"


def table() -> str:
    """The checks as a SQL VALUES list: n, rule_id, level, severity, field, expected, advice."""
    rows = ", ".join(
        f"({n}, {quote(c.rule_id)}, {quote(c.level)}, {quote(c.severity)}, {quote(c.field)}, {quote(c.expected)}, {quote(c.advice)})"
        for n, c in enumerate(checks())
    )
    return f"(VALUES {rows}) AS c(n, rule_id, level, severity, field, expected, advice)"
