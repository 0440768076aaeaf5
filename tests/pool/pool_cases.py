"""What the tests of pools have in common: terms, random agreements, and the command line."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from typer.testing import CliRunner

from tertiary.cli import app
from tertiary.errors import TertiaryError
from tertiary.pool import Agreement, rules

PARTNERS = ["QMF", "QMJ"]
RUN_TERMS: dict[str, Any] = {
    "name": "Pool", "host": "QMJ", "partners": PARTNERS, "valid_from": "2025-04-01", "contribution": "C1", "risk": "R1",
    "services": ["NCBPS11B", "NCBPS13E"],
}  # fmt: skip
TERMS: dict[str, Any] = {
    "name": "Rare disease pool", "host": "QHL", "partners": ["QHL", "QUA", "QGH"], "valid_from": "2026-04-01",
    "contribution": "C1", "risk": "R1",
}  # fmt: skip
exact = st.builds(Fraction, st.integers(0, 10**8), st.sampled_from([1, 3, 7, 100, 9973]))
codes = st.lists(st.text("QABCDEFG123", min_size=3, max_size=3), min_size=2, max_size=6, unique=True)


def terms(**changes: Any) -> Agreement:
    return Agreement.of({**TERMS, **changes})


def values(rule: str) -> st.SearchStrategy[dict[str, str]]:
    """Parameters of a rule as they stand in terms."""
    return st.fixed_dictionaries(
        {name: st.integers(0, 100).map(lambda n: str(Decimal(n) / 100)) for name in rules()[rule].parameters}
    )


@st.composite
def agreements(
    draw: Any, partners: list[str] | None = None, **changes: Any
) -> tuple[Agreement, list[dict[str, Fraction]], list[dict[str, Fraction]], dict[str, Any]]:
    """A random agreement with some months of contributions and costs."""
    held = partners or draw(codes)
    risk = draw(st.sampled_from([code for code, rule in rules().items() if rule.kind == "risk"]))
    given: dict[str, Any] = {
        "partners": held, "risk": risk, "risk_parameters": draw(values(risk)), "guarantor": "NHS England",
        "threshold": "50000", "contingency": draw(st.sampled_from(["0", "0.005", "0.05"])),
        "unused": draw(st.sampled_from(["returned", "reserve"])), **changes,
    }  # fmt: skip
    if draw(st.booleans()):
        given |= {"floor": draw(st.sampled_from(["0", "0.03", "1"])), "ceiling": draw(st.sampled_from(["0", "0.03"]))}
    months = draw(st.integers(1, 3))
    contributed = [{code: draw(exact) + 1 for code in held} for _ in range(months)]
    actual = [{code: draw(exact) for code in held} for _ in range(months)]
    more = {
        "need": {code: draw(st.integers(1, 99)) for code in held},
        "pooled": [{code: amount / 3 for code, amount in month.items()} for month in actual],
    }
    return terms(**given), contributed, actual, more


def said(*words: str, code: int = 0) -> str:
    """What a command prints; with `code` the message with which it fails."""
    done = CliRunner().invoke(app, list(words))
    if code == 0 and done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    if code:
        assert isinstance(done.exception, TertiaryError) and done.exception.exit_code == code
        return str(done.exception)
    assert done.exit_code == 0, done.output
    return done.stdout
