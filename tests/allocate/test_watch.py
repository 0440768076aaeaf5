"""Planted stories, each told apart: drift, missing data, a price, a transfer, a boundary, a season, a plan."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertiary.allocate.bridge import bridge, fisher
from tertiary.allocate.dependence import accounts_shares, dependence
from tertiary.allocate.watch import Watched, explanations, former_year, watch, watch_limits
from tertiary.allocate.watch_data import Care, Held
from tertiary.allocate.watch_tables import contract_rows, explained_rows, month_rows, watch_rows
from tertiary.errors import AllocationError
from tertiary.register import Register
from tertiary.runs import Run
from variation_runs import record, run_of

BEFORE, NOW = "202425", "202526"
MONTHS = 6
# provider, line, point of delivery, quantity and price a month: £10,000 a month in all
CARE = [
    ("RRV", "NCBPS11B", "EL", 10, 300), ("RRV", "NCBPS13E", "OPFA", 20, 100), ("R1H", "NCBPS11B", "EL", 10, 300),
    ("R1H", "NCBPS01C", "DC", 4, 500),
]  # fmt: skip
MONTHLY = Decimal(10_000)
Change = Callable[[dict[str, Any]], dict[str, Any] | None]


@pytest.fixture(scope="module")
def register() -> Register:
    return Register.load()


def same(row: dict[str, Any]) -> dict[str, Any]:
    return row


def times(quantity: str, price: str = "1") -> Change:
    """The same care with quantities and prices times as much."""
    return lambda r: {**r, "quantity": r["quantity"] * Decimal(quantity), "price": r["price"] * Decimal(price)}


def care(year: str, change: Change = same, icb: str = "QMJ", months: int = MONTHS) -> list[dict[str, Any]]:
    """A year's records, each changed: None takes it away. The aggregate reports them as they were without `lost`."""
    made = []
    for month in range(1, months + 1):
        for provider, line, pod, quantity, price in CARE:
            row: dict[str, Any] = {
                "population_icb": icb, "financial_year": year, "financial_month": month, "provider_code": provider,
                "service_line_final": line, "point_of_delivery": pod, "quantity": Decimal(quantity), "price": price,
            }  # fmt: skip
            changed = change(row)
            if changed is None:
                continue
            share = Decimal(str(changed.pop("lost", 1)))
            changed["quantity"] = changed["quantity"].quantize(Decimal("0.001"))
            pounds = (changed["quantity"] * changed.pop("price")).quantize(Decimal("0.01"))
            made.append(record(**changed, price_submitted=pounds))
            made[-1] |= {"quantity": changed["quantity"] * share, "price_submitted": pounds * share}
            made[-1]["price_expected"] = made[-1]["price_submitted"].quantize(Decimal("0.01"))
            made.append(record(**changed, flow="acm", counted=False, price_submitted=pounds))
    return made


def plan(year: str, share: str = "1") -> list[dict[str, Any]]:
    """A plan of the same care, with `share` of its quantity."""
    made = []
    for row in care(year):
        if row["counted"]:
            planned = {
                "quantity_plan": row["quantity"] * Decimal(share),
                "price_plan": row["price_submitted"] * Decimal(share),
            }
            made.append({**row, **planned, "flow": "iap", "counted": False, "price_submitted": None, "quantity": None})
    return made


def watched(
    folder: Path,
    register: Register,
    change: Change,
    due: Decimal | None = MONTHLY * 12,
    more: Any = (),
    former: bool = True,
) -> Watched:
    records = (care(BEFORE) if former else []) + care(NOW, change) + list(more)
    run = run_of(folder / "run", records)
    allocations = {("QMJ", NOW): due} if due is not None else {}
    (w,) = watch(run, register, allocations, year=NOW)
    assert sum(e.counted for e in w.explanations) + w.unexplained == w.gap == w.due - w.spend
    return w


def counted(w: Watched) -> dict[str, Decimal]:
    """What each explanation takes of the gap, without noughts."""
    return {e.explanation: e.counted for e in w.explanations if e.counted}


def test_the_same_care_is_within_tolerance(tmp_path: Path, register: Register) -> None:
    w = watched(tmp_path, register, same)
    assert (w.status, w.gap, w.unexplained, counted(w), w.months_below) == ("within tolerance", 0, 0, {}, 0)
    assert w.yardstick == "allocation" and w.due == MONTHLY * 6


def test_more_than_was_due_is_not_within_tolerance(tmp_path: Path, register: Register) -> None:
    w = watched(tmp_path, register, times("1.1"))
    assert (w.status, w.gap, w.unexplained, counted(w)) == ("above what was due", -6_000, -6_000, {})


def test_less_care_is_drift_and_nothing_explains_it(tmp_path: Path, register: Register) -> None:
    w = watched(tmp_path, register, times("0.8"))
    assert (w.status, w.months_below) == ("drift", 6)
    assert (w.gap, w.unexplained, counted(w)) == (12_000, 12_000, {})
    volume = next(e for e in w.explanations if e.explanation == "volume")
    assert (volume.estimate, volume.explains) == (12_000, False)


def test_files_that_did_not_arrive_are_coverage(tmp_path: Path, register: Register) -> None:
    """One provider silent from month 4 on, its aggregate too."""
    w = watched(tmp_path, register, lambda r: None if r["provider_code"] == "R1H" and r["financial_month"] > 3 else r)
    assert w.status == "explained, mostly by coverage"
    assert (w.gap, counted(w), w.unexplained) == (15_000, {"coverage": 15_000}, 0)
    told = next(e for e in w.explanations if e.explanation == "coverage")
    assert told.evidence == "R1H activity: nothing for month 4, 5, 6"


def test_patients_missing_beside_the_aggregate_are_coverage(tmp_path: Path, register: Register) -> None:
    """The aggregate stays whole while half of one provider's patient level rows are lost."""
    w = watched(tmp_path, register, lambda r: {**r, "lost": "0.5"} if r["provider_code"] == "RRV" else r)
    assert w.status == "explained, mostly by coverage"
    assert (w.gap, counted(w), w.unexplained) == (15_000, {"coverage": 15_000}, 0)
    told = next(e for e in w.explanations if e.explanation == "coverage")
    assert told.evidence == "RRV: what counts is 50% of the aggregate, before 100%"


def test_lower_prices_for_the_same_care_are_price(tmp_path: Path, register: Register) -> None:
    w = watched(tmp_path, register, times("1", price="0.9"))
    assert w.status == "explained, mostly by price"
    assert (w.gap, counted(w), w.unexplained) == (6_000, {"price": 6_000}, 0)
    assert "Fisher 0.9000" in next(e for e in w.explanations if e.explanation == "price").evidence


def test_a_price_that_rose_does_not_hide_less_care(tmp_path: Path, register: Register) -> None:
    """A tenth dearer and three tenths less: by mean quantities the price hides £5,100 of what volume took."""
    w = watched(tmp_path, register, times("0.7", price="1.1"))
    assert w.status == "drift"
    assert w.gap == 60_000 - 46_200
    assert counted(w) == {"price": -5_100}
    assert w.unexplained == 18_900


def test_a_service_that_is_no_longer_delegated_is_transfer(tmp_path: Path, register: Register) -> None:
    def change(r: dict[str, Any]) -> dict[str, Any]:
        away = {"delegation_status": "retained", "payer_code": "13R", "payer_kind": "nhs_england"}
        return {**r, **away} if r["service_line_final"] == "NCBPS01C" else r

    w = watched(tmp_path, register, change)
    assert w.status == "explained, mostly by transfer"
    assert (w.gap, counted(w), w.unexplained) == (12_000, {"transfer": 12_000}, 0)
    assert next(e for e in w.explanations if e.explanation == "transfer").evidence == "NCBPS01C is now retained"


def test_a_transfer_within_the_year_is_seen_in_its_last_month(tmp_path: Path, register: Register) -> None:
    def change(r: dict[str, Any]) -> dict[str, Any]:
        away = {"delegation_status": "retained", "payer_code": "13R", "payer_kind": "nhs_england"}
        return {**r, **away} if r["service_line_final"] == "NCBPS01C" and r["financial_month"] > 2 else r

    w = watched(tmp_path, register, change)
    assert (w.gap, counted(w), w.status) == (8_000, {"transfer": 8_000}, "explained, mostly by transfer")


def test_services_that_came_do_not_hide_less_care(tmp_path: Path, register: Register) -> None:
    """A line that was retained came (£3,000 a month) while everything else fell by as much: the money moved inside."""
    new = {"service_line_final": "NCBPS22U", "point_of_delivery": "OBD", "quantity": Decimal(1)}
    before = [record(**new, population_icb="QMJ", financial_year=BEFORE, financial_month=m, payer_code="13R",
                     payer_kind="nhs_england", delegation_status="retained", price_submitted=Decimal(3000))
              for m in range(1, 7)]  # fmt: skip
    now = [record(**new, population_icb="QMJ", financial_month=m, price_submitted=Decimal(3000)) for m in range(1, 7)]
    less = times("0.6")
    w = watched(tmp_path, register, less, more=[*before, *now])
    assert (w.gap, counted(w)) == (6_000, {"transfer": -18_000})
    assert (w.unexplained, w.status) == (24_000, "drift")


def test_a_plan_below_the_allocation_is_a_decision(tmp_path: Path, register: Register) -> None:
    less = times("0.8")
    w = watched(tmp_path, register, less, more=plan(NOW, "0.8"), former=False)
    assert (w.gap, counted(w), w.status) == (12_000, {"plan": 12_000}, "explained, mostly by plan")
    # beside the plan itself nothing is missing
    assert watched(tmp_path / "2", register, less, None, plan(NOW, "0.8"), former=False).status == "within tolerance"
    # a plan of the whole does not explain what was not done
    drift = watched(tmp_path / "3", register, less, more=plan(NOW), former=False)
    assert (drift.status, drift.unexplained) == ("drift", 12_000)


def test_a_season_is_timing_only_when_a_whole_year_shows_it(tmp_path: Path, register: Register) -> None:
    """In both years the first half has two fifths of the year's care."""

    def quiet(row: dict[str, Any]) -> dict[str, Any]:
        return times("0.8" if row["financial_month"] < 7 else "1.2")(row)

    former = run_of(tmp_path / "former", care(BEFORE, quiet, months=12))
    now = run_of(tmp_path / "now", care(NOW, quiet))
    w = watch(now, register, {("QMJ", NOW): MONTHLY * 12}, base=former)[0]
    assert (w.gap, counted(w), w.status) == (12_000, {"timing": 12_000}, "explained, mostly by timing")
    assert watch(now, register, {("QMJ", NOW): MONTHLY * 12})[0].status == "drift"


def test_last_years_month_13_and_restatements_are_timing(tmp_path: Path, register: Register) -> None:
    late = record(population_icb="QMJ", financial_year=BEFORE, financial_month=13, service_line_final="NCBPS11B",
                  provider_code="RRV", quantity=Decimal(0), price_submitted=Decimal(4000))  # fmt: skip
    records = [*care(BEFORE, months=12), late, *care(NOW, months=12)]
    restated = {"status": "current", "financial_year": NOW, "flow": "plcm", "restatement": Decimal(300),
                "price_submitted": Decimal(10_300)}  # fmt: skip
    run = run_of(tmp_path / "run", records, [restated, {**restated, "flow": "acm", "restatement": Decimal(9000)}])
    w = watch(run, register, {("QMJ", NOW): Decimal(124_000)}, year=NOW)[0]
    timing = next(e for e in w.explanations if e.explanation == "timing")
    assert timing.estimate == 4_300  # £4,000 of month 13, and 3% of the last month
    assert w.gap == 4_000 == timing.counted


def test_people_who_left_with_a_boundary_are_told(tmp_path: Path, register: Register) -> None:
    moved = next(
        r for r in register["icb_succession"].to_pylist()
        if r["predecessor"] != r["successor"] and 0 < r["share_of_predecessor_registered"] < 1
    )  # fmt: skip
    icb, share = moved["predecessor"], moved["share_of_predecessor_registered"]
    stays = times(str(1 - share))
    run = run_of(tmp_path / "run", care("202526", icb=icb) + care("202627", stays, icb=icb))
    w = watch(run, register, {(icb, "202627"): MONTHLY * 12}, year="202627")[0]
    boundary = next(e for e in w.explanations if e.explanation == "boundary")
    gone = sum(
        r["share_of_predecessor_registered"] for r in register["icb_succession"].to_pylist()
        if r["predecessor"] == icb != r["successor"]
    )  # fmt: skip
    assert boundary.estimate == pytest.approx(MONTHLY * 6 * gone, abs=Decimal("0.01"))
    assert boundary.counted > 0 and "2026-04-01" in boundary.evidence


def test_one_bad_month_is_not_persistent(tmp_path: Path, register: Register) -> None:
    w = watched(tmp_path, register, lambda r: {**r, "quantity": Decimal(0)} if r["financial_month"] == 3 else r)
    assert (w.status, w.months_below, w.unexplained) == ("not persistent", 0, 10_000)
    w = watched(tmp_path / "2", register, lambda r: {**r, "quantity": Decimal(0)} if r["financial_month"] > 4 else r)
    assert (w.status, w.months_below) == ("not persistent", 2)


def test_without_an_allocation_the_former_year_is_the_yardstick(tmp_path: Path, register: Register) -> None:
    w = watched(tmp_path, register, times("0.8"), None)
    assert (w.yardstick, w.due, w.status, w.unexplained) == ("former year", 60_000, "drift", 12_000)


def test_what_could_not_be_tested_says_so(tmp_path: Path, register: Register) -> None:
    w = watched(tmp_path, register, times("0.8"), former=False)
    untested = {e.explanation: e.evidence for e in w.explanations if e.estimate is None}
    assert untested["transfer"] == "not tested: neither 202425 nor a plan is held"
    assert untested["plan"] == "not tested: no plan in the run"
    assert "no whole former year" in untested["timing"]
    assert w.status == "drift"


def test_tables_hold_the_story_to_the_penny(tmp_path: Path, register: Register) -> None:
    w = watched(tmp_path, register, times("0.87", price="0.9333"), Decimal(100_000))  # a twelfth is no whole pennies
    row = watch_rows([w], register).to_pylist()[0]
    kinds = [e["explanation"] for e in explanations() if e["explains"] == "Y"]
    assert row["gap"] == sum((row[k] for k in kinds), row["unexplained"])
    months = month_rows([w]).to_pylist()
    assert [m["month"] for m in months] == [1, 2, 3, 4, 5, 6]
    assert months[-1]["gap_to_date"] == row["gap"] == sum(m["gap"] for m in months)
    assert sum(m["due"] for m in months) == row["due"] == 50_000
    assert {r["explanation"] for r in explained_rows([w]).to_pylist()} == {e["explanation"] for e in explanations()}
    signed = {
        ("QMJ", "RRV", NOW): Decimal(60_000),
        ("QMJ", "R1H", NOW): Decimal(30_000),
        ("QMJ", "RRV", BEFORE): Decimal(70_000),
    }
    table = contract_rows(signed, {("QMJ", NOW): Decimal(120_000)}, 0.02).to_pylist()
    first, *rest = [r for r in table if r["financial_year"] == NOW]
    assert (first["provider"], first["contract"], first["change"]) == ("all", 90_000, 20_000)
    assert (first["of_allocation"], first["flag"]) == (Decimal("0.75"), "below the allocation")
    assert [(r["provider"], r["change"], r["flag"]) for r in rest] == [("R1H", None, ""), ("RRV", -10_000, "")]


def test_an_icb_of_which_the_run_holds_a_part_is_not_judged_by_its_allocation(
    tmp_path: Path, register: Register
) -> None:
    run = run_of(tmp_path / "run", care(NOW) + care(NOW, times("0.1"), icb="QMF"))
    found = {w.icb: w for w in watch(run, register, {("QMJ", NOW): MONTHLY * 12, ("QMF", NOW): MONTHLY * 12})}
    assert found["QMJ"].status == "within tolerance"
    assert found["QMF"].status == "not judged: the run holds a part of this ICB's spend"


def test_months_that_the_run_lacks_are_no_drift(tmp_path: Path, register: Register) -> None:
    """A run of months 4 to 6 says nothing of the first three; half a former year is no yardstick."""
    late = [row for row in care(NOW) if row["financial_month"] > 3]
    (w,) = watch(run_of(tmp_path / "late", late), register, {("QMJ", NOW): MONTHLY * 12})
    assert (w.status, w.gap) == ("not judged: the run holds nothing of month 1, 2, 3", 30_000)
    half = care(BEFORE, months=3) + care(NOW) + plan(NOW)
    (w,) = watch(run_of(tmp_path / "half", half), register, year=NOW)
    assert (w.yardstick, w.status) == ("plan", "within tolerance")


def test_mistakes_are_told(tmp_path: Path, register: Register) -> None:
    run = run_of(tmp_path / "run", care(NOW, months=1))
    with pytest.raises(AllocationError, match=r"holds no delegated spend of QZZ\. It holds: QMJ"):
        watch(run, register, icbs=["QZZ"])
    with pytest.raises(AllocationError, match=r"no delegated spend of 202223\. It holds: 202526"):
        watch(run, register, year="202223")
    with pytest.raises(AllocationError, match="no limit 'months_'"):
        watch(run, register, changes={"months_": 1})
    retained = run_of(tmp_path / "none", care(NOW, lambda r: {**r, "delegation_status": "retained"}, months=1))
    with pytest.raises(AllocationError, match="there is no ring-fence to watch"):
        watch(retained, register)


cell = st.tuples(
    st.sampled_from(["RRV", "R1H"]), st.sampled_from(["activity", "drug"]), st.sampled_from(["L1", "L2", "L3"]),
    st.sampled_from(["EL", "DC"]),
)  # fmt: skip
amount = st.decimals(0, 10_000, places=2)
money = st.dictionaries(st.tuples(cell, st.integers(1, 3)), st.builds(Care, amount, amount, amount), max_size=20)
statuses = st.dictionaries(
    st.sampled_from(["L1", "L2", "L3"]), st.sampled_from([{"delegated"}, {"retained"}]).map(frozenset)
)


@st.composite
def held(draw: Any) -> Held:
    """What a run may hold; a file exists wherever there is care, and sometimes where there is none."""
    paid = draw(money)
    slots = {(c[0], c[1], month) for c, month in paid} | draw(
        st.sets(st.tuples(st.just("RRV"), st.just("drug"), st.integers(1, 3)))
    )
    both = draw(st.dictionaries(st.sampled_from(["RRV", "R1H"]), st.tuples(amount, amount)))
    late = draw(st.booleans())
    if late:
        paid = {**paid, (("RRV", "activity", "L1", "EL"), 13): Care(Decimal(0), Decimal(7), Decimal(7))}
    return Held("it", NOW, 3, paid, both, frozenset(slots), draw(statuses))


@settings(deadline=None, max_examples=100)
@given(held(), held())
def test_every_pound_of_a_fall_falls_to_one_part(before: Held, now: Held) -> None:
    found = bridge(before, now, 0.03)
    parts = (found.transfer, found.coverage, found.price, found.volume, found.late)
    assert sum(p.pounds for p in parts) == pytest.approx(before.pounds - now.pounds, abs=Decimal("1e-15"))


def test_price_indices_are_those_of_the_textbook() -> None:
    """Prices 1 and 2 become 2 and 2, quantities 10 and 5 become 6 and 8."""
    before = {
        ("p", "a", "x", "e"): Care(Decimal(10), Decimal(10), Decimal(0)),
        ("p", "a", "y", "e"): Care(Decimal(5), Decimal(10), Decimal(0)),
    }
    now = {
        ("p", "a", "x", "e"): Care(Decimal(6), Decimal(12), Decimal(0)),
        ("p", "a", "y", "e"): Care(Decimal(8), Decimal(16), Decimal(0)),
    }
    assert fisher(before, now) == pytest.approx((30 / 20, 28 / 22, sqrt(30 / 20 * 28 / 22)))
    assert fisher({}, now) == (1.0, 1.0, 1.0)


def test_years_and_limits() -> None:
    assert (former_year("202526"), former_year("200001")) == ("202425", "199900")
    assert set(watch_limits()) == {"tolerance", "months", "unexplained", "coverage_change", "least_in_run"}
    assert all(e["source"] and e["confidence"] in ("official", "derived", "illustrative") for e in explanations())


def test_dependence_shows_its_sources_side_by_side(tmp_path: Path, register: Register) -> None:

    def kept(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "delegation_status": "retained"} if row["service_line_final"] == "NCBPS01C" else row

    run: Run = run_of(
        tmp_path / "run",
        [*care(NOW, kept), record(population_icb="QMJ", service_line_final="", price_submitted=Decimal(999_999))],
    )
    accounts = [
        {"provider": "RRV", "year": "2023-24", "subcode": "INC1100", "amount": Decimal(400)},
        {"provider": "RRV", "year": "2023-24", "subcode": "INC0350", "amount": Decimal(1000)},
        {"provider": "RRV", "year": "2022-23", "subcode": "INC0350", "amount": Decimal(5)},
        {"provider": "RTD", "year": "2023-24", "subcode": "INC0350", "amount": Decimal(5)},
        {"provider": "RTD", "year": "2031-32", "subcode": "INC1100", "amount": Decimal(5)},
    ]
    found = {d.provider: d for d in dependence(run, register, NOW, 6, {"RRV": Decimal(120_000)}, accounts)}
    assert list(found) == ["R1H", "RRV", "RTD"]
    assert (found["R1H"].spend, found["R1H"].delegated, found["R1H"].share) == (30_000, 18_000, None)
    assert (found["RRV"].share, found["RRV"].accounts_year, found["RRV"].nhs_england_share) == (0.25, "2023-24", 0.4)
    assert (found["RTD"].spend, found["RTD"].nhs_england_share) == (0, None)
    assert "£349.4m specialised income, 2014/15" in found["RRV"].stated
    assert accounts_shares([]) == {}
    with pytest.raises(AllocationError, match="Total income of RRV is 0"):
        dependence(run, register, NOW, 6, {"RRV": Decimal(0)})
