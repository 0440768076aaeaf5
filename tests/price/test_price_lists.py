"""What the price lists refuse, and how dates of rules that overlap are cut."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.cases import with_rows
from tertiary.errors import RegisterError
from tertiary.price.lists import lists, one_a_day, rounded, year_after, year_before

POLICY = {
    "financial_year": "201819", "derived_unit_places": 0, "month_places": 2, "top_up_flags": "final",
    "local_price": "as_submitted",
    "line_rounding": "half_away_from_zero_to_pence",
}  # fmt: skip


def refusal(register: Any, **tables: Any) -> str:
    with pytest.raises(RegisterError) as caught:
        lists(with_rows(register, **tables))
    return str(caught.value)


def test_a_rule_needs_a_stated_policy_of_its_year(register: Any) -> None:
    uplift = {"financial_year": "201920", "price_group": "elective", "rate": Decimal("0.014")}
    message = refusal(register, price_uplifts=[uplift], pricing_policies=[POLICY])
    assert "price_uplifts has rows for 201920" in message and "pricing_policies has no row" in message


def test_policies_and_groups_that_are_not_known(register: Any) -> None:
    even = {**POLICY, "line_rounding": "half_even"}
    assert "line_rounding is 'half_even'" in refusal(register, pricing_policies=[even])
    assert "top_up_flags is 'submitted'" in refusal(
        register, pricing_policies=[{**POLICY, "top_up_flags": "submitted"}]
    )
    guess = {**POLICY, "local_price": "haggle"}
    assert "local_price is 'haggle'; expected as_submitted or by_list" in refusal(register, pricing_policies=[guess])
    group = {"price_group": "elective", "price_basis": "guess"}
    assert "price_basis is 'guess'; expected one of national" in refusal(register, price_groups=[group])


def test_a_best_practice_row_needs_its_flag(register: Any) -> None:
    row = {"financial_year": "201819", "price_group": "elective", "currency_code": "*", "addition": Decimal(1)}
    assert "best_practice_flag is blank" in refusal(register, best_practice_prices=[row])


def test_a_rule_without_its_number_is_refused(register: Any) -> None:
    year = {"financial_year": "201819"}
    for table, row, field in (
        ("price_uplifts", {**year, "price_group": "elective"}, "rate"),
        ("short_stay_reductions", {**year, "currency_code": "AA22C"}, "share"),
        ("year_of_care_prices", {**year, "band_code": "CF1"}, "annual_price"),
    ):
        assert f"{table}, row 201819" in refusal(register, **{table: [row]})
        assert f"{field} is blank" in refusal(register, **{table: [row]})


def test_rates_and_factors_that_no_price_can_be_made_with(register: Any) -> None:
    """28 for 28% would pay a line 29 times, and not fit the engine's decimals."""
    top = {"financial_year": "201819", "service_line_code": "NCBPS08S", "provider_code": "RRV", "rank": 1}
    for rate in ("28", "-0.1"):
        message = refusal(register, top_ups=[{**top, "rate": Decimal(rate)}])
        assert f"top_ups, 201819 NCBPS08S RRV: rate is {Decimal(rate):.6f}" in message and "0.28" in message
    for factor in ("115.7", "0", "-1.1"):
        row = {"provider_code": "RRV", "financial_year": "201819", "factor": Decimal(factor)}
        assert f"market_forces, 201819 RRV: factor is {Decimal(factor):.6f}" in refusal(register, market_forces=[row])


def test_low_volume_spans_of_a_pair_may_overlap(register: Any) -> None:
    pair = {"payer_code": "QOP", "provider_code": "RRV"}
    spans = [(date(2025, 4, 1), None), (date(2025, 10, 1), date(2026, 4, 1))]
    rows = [{**pair, "valid_from": a, "valid_to": b} for a, b in spans]
    made = lists(with_rows(register, low_volume_agreements=rows)).low_volume.to_pylist()
    for day in (date(2025, 4, 1), date(2025, 12, 1), date(2027, 1, 1)):
        assert sum(r["valid_from"] <= day and (r["valid_to"] is None or day < r["valid_to"]) for r in made) == 1


def test_factors_of_merged_trusts(register: Any) -> None:
    factors = [("RJ1", "1.1"), ("R0A", "1.2"), ("RM3", "1.3"), ("RH8", "1.05"), ("RBZ", "1.01")]
    made = lists(
        with_rows(
            register,
            market_forces=[
                {"provider_code": p, "financial_year": "202526", "factor": Decimal(f)} for p, f in factors
            ],
        )
    )  # fmt: skip
    found = {r["provider_code"]: r["factor"] for r in made.forces.to_pylist()}
    assert found["RT3"] == Decimal("1.1"), "taken over by RJ1"
    assert "RW6" not in found, "two trusts took it over: nothing says which factor"
    assert found["RBZ"] == Decimal("1.01"), "listed under its own code"


spans = st.tuples(st.integers(0, 20), st.integers(1, 20), st.integers(0, 3))


@given(st.lists(spans, max_size=6))
def test_on_any_day_the_lowest_rank_holds_and_only_that(drawn: list[tuple[int, int, int]]) -> None:
    start = date(2025, 4, 1)
    rows = [
        {"key": "k", "n": n, "rank": rank, "valid_from": start + timedelta(a), "valid_to": start + timedelta(a + days)}
        for n, (a, days, rank) in enumerate(drawn)
    ]
    cut = list(one_a_day(rows, ["key"], "rank"))
    for day in (start + timedelta(n) for n in range(-1, 42)):
        holding = [r for r in rows if r["valid_from"] <= day < r["valid_to"]]
        best = [min(holding, key=lambda r: r["rank"])["n"]] if holding else []
        assert [r["n"] for r in cut if r["valid_from"] <= day < r["valid_to"]] == best


def test_open_ends_stay_open() -> None:
    rows = [
        {"k": 1, "rank": 2, "valid_from": None, "valid_to": None},
        {"k": 1, "rank": 1, "valid_from": date(2025, 4, 1), "valid_to": date(2025, 5, 1)},
    ]
    cut = [(r["valid_from"], r["valid_to"], r["rank"]) for r in one_a_day(rows, ["k"], "rank")]
    assert cut == [
        (None, date(2025, 4, 1), 2), (date(2025, 4, 1), date(2025, 5, 1), 1), (date(2025, 5, 1), None, 2)
    ]  # fmt: skip


def test_rounding_and_years() -> None:
    assert [rounded(Decimal(v), 0) for v in ("0.5", "-0.5", "1.5", "2.5", "2.4999")] == [1, -1, 2, 3, 2]
    assert rounded(Decimal("2.675"), 2) == Decimal("2.68")
    assert (year_before("200001"), year_after("199899"), year_after("199900")) == ("199900", "199900", "200001")
