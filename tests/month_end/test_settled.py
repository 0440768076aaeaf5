"""Settled challenges as adjustments: the payment of a month moves by what was credited, once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from month_helpers import LINES, register
from tertiary.challenges import Challenge, Event
from tertiary.decisions import Actor
from tertiary.month_end import Contract, adjustments_csv, position, read_adjustments, read_contracts, settled
from tertiary.runs import Run

HOST = Actor("icb", "QMJ")
WALK: tuple[tuple[str, str, str | None, str | None], ...] = (
    ("raise", "raised", "1000.00", None), ("accept", "accepted", None, "600.00"), ("settle", "settled", None, "600.00"),
)  # fmt: skip


def challenge(code: str, *more: tuple[str, str, str | None, str | None], **facts: Any) -> Challenge:
    """A challenge of which £600 of £1,000 were credited, and what each of `more` did to it afterwards."""
    first = facts.pop("first_claim", "1000.00")
    walk, cash = facts.pop("walk", WALK), facts.pop("cash_effect", None)
    events = tuple(
        Event(step, reached, dt.datetime(2025, 6, n + 1), HOST, "x", "", amount and Decimal(amount), "m01", 1,
              value and Decimal(value), value and Decimal(first), value and cash, "", None, None)
        for n, (step, reached, value, amount) in enumerate((*walk, *more))
    )  # fmt: skip
    about = {"rule_id": "CH09", "provider_code": "RRV", "host_code": "QMJ", "payer_code": "QMJ",
             "financial_year": "202526", "financial_month": 1, "service_line": "NCBPS08S",
             "component": "activity"}  # fmt: skip
    return Challenge(challenge_id=code, raise_by=dt.date(2025, 6, 19), events=events, **{**about, **facts})


def test_a_month_moves_by_exactly_what_was_credited(run: Run, contracts: tuple[Contract, ...], tmp_path: Path) -> None:
    again = (("reopen", "raised", "1300.00", None), ("accept", "accepted", None, "70.05"),
             ("settle", "settled", None, "70.05"))  # fmt: skip
    found = [
        challenge("a"), challenge("b", *again, financial_month=2), challenge("c", payer_code="QMF"),
        challenge("d", walk=WALK[:2]), challenge("e", financial_month=3), challenge("f", rule_id="OLD"),
    ]  # fmt: skip
    made = settled(found, contracts)
    assert (made.left, made.doubts) == ((), ())
    file = tmp_path / "adjustments.csv"
    file.write_text(adjustments_csv(made.adjustments))
    given = read_adjustments(file)
    assert given == made.adjustments
    plain, moved = (position(run, contracts, "202526", 2, adjustments=a) for a in ((), given))
    for payer, month, credited in (("QMJ", 1, "1200"), ("QMJ", 2, "670.05"), ("QMF", 1, "600"), ("QMF", 2, "0")):
        paid = [
            sum(e.payment for e in p.entries if (e.payer_code, e.financial_month) == (payer, month))
            for p in (plain, moved)
        ]
        assert paid[0] - paid[1] == Decimal(credited), (payer, month)
    assert plain.total("payment") - moved.total("payment") == sum(
        (c.balance.credited for c in found if c.financial_month <= 2), Decimal(0)
    )


def test_what_is_no_adjustment_is_said(contracts: tuple[Contract, ...]) -> None:
    found = [
        challenge("a", rule_id="CH01"), challenge("b", payer_code="QKK"), challenge("c", financial_year="202627"),
        challenge("d", walk=WALK[:1]),
    ]  # fmt: skip
    made = settled(found, contracts)
    assert made.adjustments == ()
    assert [(c.challenge_id, why.split(",")[0]) for c, why in made.left] == [
        ("a", "the position charges the payer by the method"), ("b", "no contract of its payer and year"),
        ("c", "no contract of its payer and year"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "names"),
    [({"component": "drug"}, ["C3"]), ({}, ["C1"]), ({"component": "device"}, ["C1"]), ({"host_code": "X24"}, [])],
)
def test_of_several_contracts_the_one_that_pays_such_care(
    tmp_path: Path, facts: dict[str, Any], names: list[str]
) -> None:
    drugs = ("C3", 1, "RRV", "QMF", *LINES[2][4:])
    other = ("C4", 1, "RRV", "QMF", *LINES[1][4:7], "Joint", *LINES[1][8:])
    file = tmp_path / "c.csv"
    file.write_text(register((*LINES[:2], drugs, other)))
    made = settled([challenge("a", **facts)], read_contracts(file))
    assert [one.contract for one in made.adjustments] == names
    assert [why for _, why in made.left] == ([] if names else ["contracts C1, C4 may each pay it"])


def test_a_credit_that_may_be_counted_twice_is_said(contracts: tuple[Contract, ...]) -> None:
    """The provider took the pounds out of its data as well, another rule questions them first, or none moves cash."""
    twice = challenge("a", ("note", "settled", "400.00", None))
    shared = challenge("b", first_claim="500.00")
    fixed = challenge("d", cash_effect=Decimal("599.99"))
    enough = [challenge("c", first_claim="600.00"), challenge("e", cash_effect=Decimal("600.00"))]
    made = settled([twice, shared, fixed, *enough], contracts)
    assert len(made.adjustments) == 5
    assert [(c.challenge_id, why.split(";")[0]) for c, why in made.doubts] == [
        ("a", "its data fell from £1,000.00 to £400.00, perhaps by the same correction"),
        ("b", "£100.00 of it other rules question too"),
        ("d", "only £599.99 of what is questioned moves cash under its contract"),
    ]  # fmt: skip
