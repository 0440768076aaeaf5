"""A finance lead goes from what each payer owes to one element of it, takes the statement, and reads the pool."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.slow
SHARE = re.compile("^The statement")


def _pounds(text: str) -> Decimal:
    return Decimal(text.replace("£", "").replace(",", "").replace("−", "-") or 0)


def test_from_a_payer_to_an_element_and_the_statement(walk: Any) -> None:
    walk.start("ncl")
    walk.menu("Money")
    walk.look()
    walk.follow("Position")
    walk.fill(Total_by="Payer")
    # the page's own second column is left out
    walk.main().get_by_label("then by").first.select_option(label="nothing more")
    walk.press("Show")
    (own,) = walk.rows("What is owed")
    paid = _pounds(own["Payment (£)"])
    walk.follow(own["Payer"])
    for _ in range(3):
        rows = walk.rows("What is owed")
        # each step down is the whole of what it came from, to the pound of each row
        assert abs(sum(_pounds(row["Payment (£)"]) for row in rows) - paid) <= len(rows)
        paid = _pounds(rows[0]["Payment (£)"])
        walk.follow(next(iter(rows[0].values())))
    assert walk.saved("Download the statement as Excel")[:4] == b"PK\x03\x04"
    walk.look()


def test_the_share_of_a_partner(walk: Any) -> None:
    walk.start("ncl")
    walk.menu("Money")
    walk.follow("Pools")
    walk.follow("1")
    lines = {row["Partner"]: row for row in walk.rows(SHARE)}
    # the host sees all lines, and they add up
    payments = {who: _pounds(row["Payment (£)"]) for who, row in lines.items()}
    assert sum(payments[p] for p in ("QMJ", "QMF", "QRV")) == payments["all partners"] != 0
    walk.press("Compare rules")
    walk.look()
    walk.start("uclh", "/money/pools?agreement=1")
    assert walk.main().get_by_role("table", name=SHARE).count() == 0
