"""Mergers of partners: everything is summed, and what was before is what is after, to the penny."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_cases import TERMS, agreements, terms

from tertiary.errors import PoolError
from tertiary.pool import Stretch, merged, merged_lines, merged_terms, over_versions, settle, successors
from tertiary.pool.settle import AMOUNTS

D, F = Decimal, Fraction
APRIL = date(2027, 4, 1)


def test_successors() -> None:
    assert successors([("A", "D", 1), ("B", "D", 1)]) == {"A": {"D": 1}, "B": {"D": 1}}
    assert successors([("A", "B", 1), ("B", "C", 1)]) == {"A": {"C": 1}, "B": {"C": 1}}, "the last one counts"
    # shares of a board that was divided in three, as the register rounds them: 0.99999 together
    parts = successors(
        [("QNQ", "S0E4D", D("0.574010")), ("QNQ", "S9B9J", D("0.196920")), ("QNQ", "QRL", D("0.229060"))]
    )
    assert sum(parts["QNQ"].values()) == 1 and abs(parts["QNQ"]["QRL"] - F(229060, 999990)) == 0
    with pytest.raises(PoolError, match="succeed itself"):
        successors([("A", "B", 1), ("B", "A", 1)])
    with pytest.raises(PoolError, match=r"Shares of A are 0\.700000 together"):
        successors([("A", "B", D("0.5")), ("A", "C", D("0.2"))])


def test_figures_are_summed() -> None:
    heirs = successors([("A", "D", 1), ("B", "D", 1)])
    assert merged({"A": D(10), "B": D(5), "C": D(1)}, heirs) == {"D": 15, "C": 1}
    divided = successors([("A", "D", F(1, 3)), ("A", "E", F(2, 3)), ("B", "D", 1)])
    assert merged({"A": D("0.02"), "B": D(5)}, divided) == {"D": D("5.01"), "E": D("0.01")}
    assert merged({"A": D(1), "B": D("0.123456789")}, divided, D("0.001"))["D"] == D("0.333") + D("0.123456789")


@settings(max_examples=80)
@given(agreements(), st.lists(st.integers(1, 100), min_size=1, max_size=3), st.data())
def test_positions_before_and_after_tie_to_the_penny(made: Any, shares: list[int], data: Any) -> None:
    agreement, contributed, actual, more = made
    lines = list(over_versions([Stretch(agreement, contributed, actual, more["need"], more["pooled"])]))[-1][0].lines
    rows = [(agreement.partners[0], f"N{n}", F(share, sum(shares))) for n, share in enumerate(shares)]
    rows.append((agreement.partners[1], data.draw(st.sampled_from(["N0", "N9"])), F(1)))
    heirs = successors(rows)
    after = merged_lines(lines, heirs)
    for name in (*AMOUNTS, "paid_in", "variance", "transfer", "balance"):
        assert sum(getattr(line, name) for line in after) == sum(getattr(line, name) for line in lines)
    untouched = {line for line in lines if line.partner in agreement.partners[2:]}
    assert untouched <= set(after)
    first, second = agreement.partners[:2]
    by_code = {line.partner: line for line in lines}
    for new in after:
        exactly = F(by_code[first].payment) * heirs[first].get(new.partner, 0)
        exactly += F(by_code[second].payment) * heirs[second].get(new.partner, 0)
        if new.partner.startswith("N"):
            assert abs(F(new.payment) - exactly) < F(1, 100)


@settings(max_examples=80)
@given(
    agreements().filter(lambda made: len(made[0].partners) > 2), st.sampled_from(["R0", "R1", "R2", "R3", "R6", "R7"])
)
def test_a_merger_changes_nobody_elses_payment(made: Any, rule: str) -> None:
    """Under rules that are linear in contribution and need, two partners pay together what their successor pays."""
    agreement, contributed, actual, more = made
    old = agreement.partners
    given: dict[str, Any] = {"risk": rule, "threshold": "1"}
    given["risk_parameters"] = {"share": "0.3"} if rule in ("R3", "R7") else {}
    heirs = successors([(old[0], "AB", 1), (old[1], "AB", 1)])
    pennies = [{code: D(round(amount * 100)) / 100 for code, amount in month.items()} for month in
               (contributed[0], actual[0], more["pooled"][0])]  # fmt: skip
    need = {code: D(amount) for code, amount in more["need"].items()}
    one = settle(terms(partners=list(old), **given), *pennies[:2], need=need, pooled=pennies[2])
    after = [merged(month, heirs) for month in pennies]
    two = settle(
        terms(partners=list(after[0]), **given), *after[:2], need=merged(need, heirs), pooled=after[2]
    )  # fmt: skip
    before = {line.partner: line for line in merged_lines(one.lines, heirs)}
    for line in two.lines:
        assert abs(line.payment - before[line.partner].payment) <= D("0.02")
        assert (line.contribution, line.actual) == (before[line.partner].contribution, before[line.partner].actual)


def test_terms_of_successors() -> None:
    heirs = successors([("QHL", "NEW", 1), ("QUA", "NEW", 1), ("QXX", "QYY", 1)])
    made = merged_terms({**TERMS, "succeeds": {"OLD": "QUA"}}, heirs, APRIL) or {}
    assert made == {**TERMS, "partners": ["NEW", "QGH"], "host": "NEW", "valid_from": "2027-04-01",
                    "succeeds": {"OLD": "NEW", "QHL": "NEW", "QUA": "NEW"}}  # fmt: skip
    divided = successors([("QHL", "N1", F(1, 2)), ("QHL", "QUA", F(1, 2))])
    with pytest.raises(PoolError, match=r"QHL was divided among N1, QUA\. Name the host"):
        merged_terms(TERMS, divided, APRIL)
    told = merged_terms(TERMS, divided, APRIL, "N1") or {}
    assert (told["partners"], told["host"], told["succeeds"]) == (["N1", "QUA", "QGH"], "N1", {})
    all_one = successors([(code, "NEW", 1) for code in TERMS["partners"]])
    assert merged_terms(TERMS, all_one, APRIL) is None
