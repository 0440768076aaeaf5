"""The same care arrives more than once and counts once; ledger and records agree to the penny."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from builders import activity
from tertiary.ledger import count_once


def counted(engine: Any, *rows: dict[str, Any]) -> list[bool]:
    table = engine.load("rows", activity(rows))
    found = engine.fetch(count_once(engine, table)).to_pylist()
    return [r["counted"] for r in sorted(found, key=lambda r: int(r["record_id"][1:]))]


@pytest.mark.parametrize(
    ("flows", "expected"),
    [
        (["plcm", "apc_spell", "op", "acm"], [True, False, False, False]),
        (["apc_spell", "op", "ec", "cc_adult", "acm"], [True, True, True, True, False]),
        (["acm"], [True]),
        (["iap", "prior_approval"], [False, False]),
    ],
)
def test_one_flow_is_the_basis(engine: Any, flows: list[str], expected: list[bool]) -> None:
    assert counted(engine, *[{"flow": flow} for flow in flows]) == expected


def test_each_component_has_its_own_basis(engine: Any) -> None:
    drug = {"component": "drug"}
    assert counted(engine, {"flow": "plcm"}, {"flow": "acm", **drug}, {"flow": "plcm", **drug}) == [True, True, False]
    assert counted(engine, {"flow": "drplcm", **drug}, {"flow": "acm", **drug}) == [True, False]


def test_each_provider_and_month_has_its_own_basis(engine: Any) -> None:
    rows = [{"flow": "plcm"}, {"flow": "op", "financial_month": 3}, {"flow": "op", "provider_code": "RJ1"}]
    assert counted(engine, *rows) == [True, True, True]


def test_episodes_stand_in_only_for_a_spell_that_never_arrived(engine: Any) -> None:
    episode = {"flow": "apc_episode", "quantity": Decimal(0)}
    rows = [
        {**episode, "spell_id": "RRV:1"},
        {"flow": "apc_spell", "spell_id": "RRV:1"},
        {**episode, "spell_id": "RRV:2"},
        {**episode, "spell_id": "RRV:2"},
    ]
    assert counted(engine, *rows) == [False, True, False, True]


def test_counting_keeps_every_row(engine: Any) -> None:
    table = engine.load("rows", activity([{"flow": f} for f in ("op", "iap", "plcm")] * 5))
    assert engine.fetch(count_once(engine, table)).num_rows == 15


def test_basis_tables_are_ranked_without_ties() -> None:
    from tertiary.ledger.counting import _csv

    rows = _csv("spend_basis.csv", {"rank": "int16", "valid_from": "date", "valid_to": "date"}).to_pylist()
    keys = [(r["provider_code"], r["component"], r["rank"]) for r in rows]
    assert len(keys) == len(set(keys))
