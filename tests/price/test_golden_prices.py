"""Golden packs: lines of a pricing year whose price was worked out by hand, step by step, against engine and oracle.

A pack is a folder with `lines.csv` (inputs, expected pounds, basis, the arithmetic in `steps`) and an overlay of
illustrative rates, labelled so. The rounding of a year is its row in pricing_policies.
"""

from __future__ import annotations

import ast
import operator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from oracle.cases import Row, activity, read, record
from oracle.pricing import pence
from oracle.pricing import price as oracle_price
from oracle.reference import Reference
from tertiary.engine import DuckDBEngine
from tertiary.price import price
from tertiary.register import Register

PACKS = sorted(path for path in (Path(__file__).parent / "golden").iterdir() if path.is_dir())
LINES = [(pack.name, line["case"]) for pack in PACKS for line in read(pack / "lines.csv")]
OPERATORS = {ast.Add: operator.add, ast.Mult: operator.mul}


def worked_out(text: str) -> Fraction:
    """The exact value of an arithmetic expression of numbers, +, *, minus signs and brackets."""

    def value(node: ast.expr) -> Fraction:
        if isinstance(node, ast.Constant):
            return Fraction(ast.get_source_segment(text, node) or "")
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        assert isinstance(node, ast.BinOp), text
        return Fraction(OPERATORS[type(node.op)](value(node.left), value(node.right)))

    return value(ast.parse(text, mode="eval").body)


def canonical(number: int, line: dict[str, str]) -> Row:
    day = date.fromisoformat(line["activity_date"])
    first = day.year - (day.month < 4)
    return record(
        number,
        flow="plcm",
        component="drug" if line["point_of_delivery"] == "DRUG" else "activity",
        activity_date=day,
        financial_year=f"{first}{(first + 1) % 100:02d}",
        quantity=Decimal(line["quantity"]),
        price_submitted=Decimal(line["price_submitted"]),
        service_line_sus=line["sus"],
        national_tariff_indicator=line["national"],
        **{n: line[n] for n in ("point_of_delivery", "hrg", "treatment_function_code", "tariff_code", "provider_code")},
    )


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], dict[str, Any]]:
    """For every line of every pack: what it says, what the engine says and what the oracle says."""
    made = {}
    for pack in PACKS:
        register = Register.load([pack / "overlay"])
        lines = read(pack / "lines.csv")
        rows = [canonical(n, line) for n, line in enumerate(lines)]
        table = activity(rows)
        decided = {"service_line_final": "line", "service_line_derived": "derived", "payer_code": "payer_code"}
        for column, name in decided.items():
            table = table.append_column(column, pa.array([line[name] for line in lines], pa.string()))
        with DuckDBEngine(threads=1) as engine:
            found = engine.fetch(price(engine, engine.load("rows", table), register).order_by("record_id")).to_pylist()
        ref = Reference(register)
        for line, row, engine_says in zip(lines, rows, found, strict=True):
            oracle_says = oracle_price(row, line["line"], ref, line["derived"], line["payer_code"])
            made[pack.name, line["case"]] = {"line": line, "engine": engine_says, "oracle": oracle_says}
    return made


@pytest.mark.parametrize(("pack", "case"), LINES, ids=[f"{p}-{c}" for p, c in LINES])
def test_line(answers: Any, pack: str, case: str) -> None:
    found = answers[pack, case]
    line = found["line"]
    expected = Decimal(line["expected"])
    assert pence(worked_out(line["steps"])) == expected, "the steps do not give the expected pounds"
    engine = found["engine"]
    assert (engine["price_expected"], engine["price_basis"]) == (expected, line["basis"]), engine["price_steps"]
    assert found["oracle"] == (expected, line["basis"])


def test_packs_have_a_stated_policy_and_say_that_their_rates_are_illustrative(register: Register) -> None:
    policies = {r["financial_year"]: r for r in register["pricing_policies"].to_pylist()}
    for pack in PACKS:
        assert policies[pack.name]["line_rounding"] == "half_away_from_zero_to_pence"
        (overlay,) = Register.load([pack / "overlay"]).overlays
        assert overlay.synthetic and "illustrative" in overlay.label


def test_every_case_has_a_name_of_its_own() -> None:
    assert len(set(LINES)) == len(LINES)
