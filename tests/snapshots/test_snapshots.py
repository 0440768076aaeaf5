"""The SQL of the hot path as it was last looked at, for both engines: a new version of a library that changes it shows.

A change that is meant is taken over with `make snapshots`; the difference is then part of the commit and its review.
The register of this test is small and fixed in its rules, so that a new rule does not change the SQL.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from builders import activity
from oracle.cases import with_rows
from tertiary.assign import AssignSettings
from tertiary.engine import DuckDBEngine, compiled
from tertiary.ledger import ledger, patient_cells
from tertiary.stages import stages
from tertiary.tables import ibis_schema

HERE = Path(__file__).parent
DIALECTS = ("duckdb", "pyspark")
IS_RENEWING = os.environ.get("TERTIARY_RENEW_SNAPSHOTS") == "1"
# steps that every record goes through
HOT = (
    "survey_prepared", "survey_tested_apc", "survey_spells", "survey_told", "identify_prepared",
    "identify_apc_diagnosis_any_lists", "identify_tested_apc", "identify_tested_op", "identify_holding", "identified",
    "counted", "assign_base", "assign_facts", "assign_placed", "assign_asked", "staged", "ledger", "patient_cells",
)  # fmt: skip
RULES = (
    # rule, setting, propagation, priority, dimension, kind, pattern
    ("R1", "APC", "whole_spell", 1, "diagnosis_any", "prefix", "C92"),
    ("R2", "APC", "record_only", 2, "procedure_any", "exact", "X999"),
    ("R3", "OP", "record_only", 3, "treatment_function_code", "exact", "361"),
    ("R4", "NRD", "record_only", 4, "provider_list", "exact", "LIST"),
)


class Recorder(DuckDBEngine):
    """An engine that remembers the expressions it was asked to keep."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self.kept: dict[str, Any] = {}

    def materialise(self, name: str, expr: Any) -> Any:
        self.kept[name] = expr
        return super().materialise(name, expr)

    def name(self, name: str, expr: Any) -> Any:
        self.kept[name] = expr
        return super().name(name, expr)

    def hold(self, name: str, expr: Any) -> Any:
        self.kept[name] = expr
        return super().hold(name, expr)


def fixed_rules(register: Mapping[str, Any]) -> dict[str, pa.Table]:
    """The register with a few rules of every kind in place of its own."""
    rules = [
        {"rule_id": r, "service_line_code": f"NCBPS0{n}Z", "setting": setting, "priority": n, "status": "test",
         "propagation": propagation, "provider_required": "N", "provider_list": ""}
        for n, (r, setting, propagation, *_) in enumerate(RULES, 1)
    ]  # fmt: skip
    tables = with_rows(register, identification_rules=rules)
    clauses = [{"rule_id": r[0], "clause": 1} for r in RULES]
    criteria = [
        {"rule_id": r, "clause": 1, "dimension": dimension, "negated": "N", "pattern_kind": kind, "pattern": pattern}
        for r, _, _, _, dimension, kind, pattern in RULES
    ]
    return with_rows(tables, rule_clauses=clauses, rule_criteria=criteria)


@pytest.fixture(scope="module")
def steps(register: Any) -> dict[str, Any]:
    """The expressions of a run over one record of each kind, by the name of the step."""
    day = date(2025, 6, 10)
    flows = ("apc_spell", "apc_episode", "op", "ec", "cc_adult", "plcm", "acm", "drplcm", "deplcm", "iap")
    records = activity({"flow": flow, "activity_date": day, "diagnosis_all": "C920"} for flow in flows)
    with Recorder() as engine:
        rows = engine.load("activity_in", records)
        staged = stages(engine, rows, fixed_rules(register), AssignSettings())
    decided = ibis.table(ibis_schema("records"), name="records")
    made = {**engine.kept, "staged": staged, "ledger": ledger(decided), "patient_cells": patient_cells(decided)}
    return {name: made[name] for name in HOT}


def steady(sql: str) -> str:
    """The SQL with dropped columns in order: Ibis keeps them in a set."""

    def ordered(found: re.Match[str]) -> str:
        return f"{found[1]} ({', '.join(sorted(found[2].split(', ')))})"

    return re.sub(r"(EXCLUDE|EXCEPT) \(([^()]*)\)", ordered, sql) + "\n"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_sql_of_the_hot_path_is_as_it_was_looked_at(dialect: str, steps: dict[str, Any]) -> None:
    folder = HERE / dialect
    made = {f"{name}.sql": steady(compiled(expr.op(), dialect)) for name, expr in steps.items()}
    if IS_RENEWING:
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.sql"):
            old.unlink()
        for name, sql in made.items():
            (folder / name).write_text(sql, encoding="utf-8")
    kept = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.sql")}
    told = [f"{name} is {'new' if name in made else 'gone'}" for name in sorted(kept.keys() ^ made.keys())]
    for name in sorted(kept.keys() & made.keys()):
        told += difflib.unified_diff(
            kept[name].splitlines(), made[name].splitlines(), f"{dialect}/{name}", "now", lineterm="", n=2
        )
    assert not told, "\n".join([*told[:200], "If the change is meant: make snapshots"])
