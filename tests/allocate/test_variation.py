"""Spend per head of cells of a run: against a slow count in plain Python, with planted gaps in coverage and stories."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import inf, log
from pathlib import Path
from typing import Any

import pytest

from tertiary.allocate import cells
from tertiary.allocate.cells import Scope
from tertiary.allocate.variation import Comparator, Varied, comparator, limits, vary
from tertiary.allocate.variation_tables import coverage_rows, spend_rows
from tertiary.errors import AllocationError
from tertiary.register import Register
from tertiary.runs import Run
from variation_runs import record, run_of

PEOPLE = {"QMJ": 10_000.0, "QMF": 20_000.0, "QKK": 30_000.0}
SCOPE = Scope("202526", 3)
LINES = ("NCBPS11B", "NCBPS13E", "NCBPS01C")


@pytest.fixture(scope="module")
def register() -> Register:
    return Register.load()


def some_records(seed: int) -> list[dict[str, Any]]:
    """Records as they come: patients in several flows and ICBs, without pseudonym, uncounted, superseded, unpriced."""
    dice = random.Random(seed)
    made = []
    for _ in range(700):
        component, flow = dice.choice(
            [("activity", "plcm"), ("drug", "drplcm"), ("device", "deplcm"), ("activity", "acm")]
        )
        counted = flow != "acm"
        made.append(
            record(
                flow=flow, component=component, counted=counted, population_icb=dice.choice(["QMJ", "QMF", "QKK", ""]),
                patient_id="" if flow == "acm" or dice.random() < 0.1 else f"p{dice.randrange(60)}",
                service_line_final=dice.choice([*LINES, ""]), provider_code=dice.choice(["RRV", "R1H"]),
                financial_month=dice.choice([1, 2, 3, 4]), fate=dice.choice(["accepted"] * 9 + ["superseded"]),
                price_submitted=dice.choice([None, Decimal(dice.randrange(1, 500_000)) / 100]),
                commissioned_service_category=dice.choice(["21", "22", "25", "26"]),
            )
        )  # fmt: skip
    made += [record(flow="iap", counted=False, population_icb="QMJ", price_plan=Decimal(9), quantity_plan=Decimal(1))]
    return made


def slowly(
    records: Sequence[Mapping[str, Any]], by: Sequence[str], icbs: Sequence[str] | None
) -> dict[tuple[str, ...], tuple[Decimal, Decimal, int, Decimal]]:
    """Spend, spend with a patient, patients and the sum of squares, one record after another."""
    spend: dict[tuple[str, ...], dict[str, Decimal]] = {}
    for row in records:
        inside = row["fate"] == "accepted" and row["counted"] and row["flow"] != "iap" and row["population_icb"]
        if not inside or not row["service_line_final"] or row["financial_month"] > 3:
            continue
        if icbs is not None and row["population_icb"] not in icbs:
            continue
        key = ("" if icbs is not None else row["population_icb"], *(row[d] for d in by))
        of = spend.setdefault(key, {})
        of[row["patient_id"]] = of.get(row["patient_id"], Decimal(0)) + (row["price_submitted"] or Decimal(0))
    made = {}
    for key, of in spend.items():
        known = {patient: cost for patient, cost in of.items() if patient}
        made[key] = (
            sum(of.values(), Decimal(0)), sum(known.values(), Decimal(0)), len(known),
            sum((c * c for c in known.values()), Decimal(0)),
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    "by", [(), ("service_line_final",), ("provider_code", "component"), ("service_line_final", "component")]
)
@pytest.mark.parametrize("icbs", [None, ("QMJ", "QKK")])
def test_spend_and_patients_agree_with_a_slow_count(tmp_path: Path, by: tuple[str, ...], icbs: Any) -> None:
    records = some_records(len(by))
    run = run_of(tmp_path / "run", records)
    found = cells.tallies(run, SCOPE, by, icbs, PEOPLE)
    expected = slowly(records, by, icbs)
    assert found.keys() == expected.keys()
    for key, tally in found.items():
        assert (tally.spend, tally.known, tally.patients) == expected[key][:3]
        assert tally.squares == pytest.approx(float(expected[key][3]), rel=1e-12)


def test_a_patient_of_three_flows_is_one_patient(tmp_path: Path) -> None:
    flows = [
        ("plcm", "activity", "21"),
        ("drplcm", "drug", "22"),
        ("deplcm", "device", "25"),
        ("plcm", "activity", "26"),
    ]
    records = [
        record(flow=flow, component=component, population_icb="QMJ", patient_id="p1", price_submitted=Decimal(10),
               commissioned_service_category=category)
        for flow, component, category in flows
    ]  # fmt: skip
    run = run_of(tmp_path / "run", records)
    whole = cells.tallies(run, SCOPE, (), None, PEOPLE)["QMJ",]
    assert (whole.patients, whole.spend) == (1, 40)  # delegated care (25, 26) is in it
    parts = cells.tallies(run, SCOPE, ("component",), None, PEOPLE)
    assert sum(t.patients for t in parts.values()) == 3


def people_of(icb: str, number: int, cost: str, line: str = LINES[0], **more: Any) -> list[dict[str, Any]]:
    """`number` patients of an ICB at about `cost` each, with the aggregate's row of the same."""
    made = [
        record(population_icb=icb, patient_id=f"{icb}{line}{n}", service_line_final=line,
               price_submitted=Decimal(cost) + n % 3 - 1, **more)
        for n in range(number)
    ]  # fmt: skip
    total = sum((row["price_submitted"] for row in made), Decimal(0))
    rest = {k: v for k, v in more.items() if k not in ("patient_id", "counted")}
    return [
        *made,
        record(flow="acm", counted=False, population_icb=icb, service_line_final=line, price_submitted=total, **rest),
    ]


def compared(run: Run, register: Register, *by: str, icb: str = "QMJ", need: Any = None, **peers: Any) -> list[Varied]:
    in_run = cells.in_run(run, SCOPE, PEOPLE)
    beside = comparator(register, in_run, limits(), **peers)
    return vary(run, SCOPE, by, [icb], beside, PEOPLE, limits(), need)


def test_more_people_and_dearer_people_are_told_apart(tmp_path: Path, register: Register) -> None:
    """QMJ treats twice as many per head for 11B at the usual cost, and as many for 13E at twice the cost."""
    records = []
    for icb, people in (("QMJ", 100), ("QMF", 200), ("QKK", 300)):
        records += people_of(icb, people * (2 if icb == "QMJ" else 1), "100", LINES[0])
        records += people_of(icb, people, "200" if icb == "QMJ" else "100", LINES[1])
        records += people_of(icb, people, "100", LINES[2])
    run = run_of(tmp_path / "run", records)
    found = {c.values[0]: c for c in compared(run, register, "service_line_final", peers=["QMF", "QKK"])}
    access, dear, like = (found[line] for line in LINES)
    assert access.split and dear.split and like.split
    assert access.split.access.ratio == pytest.approx(2)
    assert access.split.access.log == pytest.approx(log(2))
    assert dict(access.flags) == {"spend": "higher", "access": "higher", "intensity": "like"}
    assert dear.split.intensity.ratio == pytest.approx(2, rel=1e-3)
    assert dict(dear.flags) == {"spend": "higher", "access": "like", "intensity": "higher"}
    assert set(like.flags.values()) == {"like"}
    assert access.split.spend.pounds == pytest.approx(1.0, rel=1e-3)  # £2 beside £1 a head
    table = spend_rows(register, ("service_line_final",), list(found.values())).to_pylist()
    for row in table:
        assert row["access_pounds"] + row["intensity_pounds"] == row["difference"]
        assert row["difference"] == row["spend_per_head"] - row["comparator_spend_per_head"]
        assert row["blocked_because"] == ""
    first = table[0]
    assert (first["patients"], first["patients_per_1000"], first["worth"]) == (
        200,
        20,
        pytest.approx(Decimal(10_000), rel=Decimal("0.001")),
    )
    assert first["access_funnel_low"] < 1 < first["access_funnel_high"] < first["access_ratio"]


def reason(found: Sequence[Varied]) -> tuple[str, str]:
    assert len(found) == 1
    return found[0].blocked, found[0].blocked_because


def test_cells_of_few_people_are_never_shown(tmp_path: Path, register: Register) -> None:
    both = people_of("QMF", 40, "100") + people_of("QKK", 60, "100")
    for number, shown in ((7, False), (8, True)):
        run = run_of(tmp_path / str(number), people_of("QMJ", number, "100") + both)
        found = compared(run, register, peers=["QMF", "QKK"])
        assert (reason(found) == ("", "")) is shown
        if not shown:
            assert reason(found) == ("all", "fewer than 8 patients")
            row = spend_rows(register, (), found).to_pylist()[0]
            told = {k: v for k, v in row.items() if v not in (None, "")}
            assert set(told) == {"icb", "icb_name", "population", "comparator_population", "blocked_because"}
            cover = coverage_rows(register, (), found).to_pylist()[0]
            assert not any(isinstance(v, Decimal) for v in cover.values())


def test_what_is_left_of_the_comparator_must_not_be_few_people_either(tmp_path: Path, register: Register) -> None:
    records = people_of("QMJ", 40, "100") + people_of("QMF", 60, "100")
    records += people_of("QMJ", 30, "9", LINES[1]) + people_of("QMF", 5, "9", LINES[1])
    run = run_of(tmp_path / "run", records)
    found = {c.values[0]: c for c in compared(run, register, "service_line_final")}
    assert found[LINES[0]].blocked == ""
    assert found[LINES[1]].blocked_because == "fewer than 8 patients of the comparator's other ICBs"


def test_missing_patient_level_data_block_what_rests_on_patients(tmp_path: Path, register: Register) -> None:
    """A third of what the aggregate reports never came at patient level: £ per head stand, the rest does not."""
    gap = record(flow="acm", counted=False, population_icb="QMJ", price_submitted=Decimal(500))
    run = run_of(tmp_path / "run", [*people_of("QMJ", 10, "100"), *people_of("QMF", 40, "100"), gap])
    found = compared(run, register, peers=["QMF"])
    assert reason(found) == ("patients", "67% of the aggregate is at patient level (limit 90%)")
    row = spend_rows(register, (), found).to_pylist()[0]
    assert row["spend_per_head"] == Decimal("0.0999") and row["difference"] is not None
    assert row["patients"] is row["access_ratio"] is row["spend_per_patient"] is row["access_pounds"] is None
    assert row["to_aggregate"] == Decimal("0.6664")  # £999 of £1,499


def test_an_aggregate_that_lacks_what_patients_show_blocks_too(tmp_path: Path, register: Register) -> None:
    """Data that goes to patient level and not to the aggregate: a published ratio is near two."""
    records = [r for r in people_of("QMJ", 10, "100") if r["flow"] != "acm"] + people_of("QMF", 40, "100")
    records.append(record(flow="acm", counted=False, population_icb="QMJ", price_submitted=Decimal(500)))
    run = run_of(tmp_path / "run", records)
    assert reason(compared(run, register, peers=["QMF"])) == (
        "patients",
        "200% of the aggregate is at patient level (limit 125%)",
    )
    gone = run_of(tmp_path / "gone", [r for r in records if r["flow"] != "acm" or r["population_icb"] != "QMJ"])
    assert reason(compared(gone, register, peers=["QMF"])) == (
        "patients",
        "patient level that the aggregate lacks altogether (limit 125%)",
    )
    other = compared(run, register, icb="QMF", peers=["QMJ"])
    assert reason(other) == ("patients", "200% of the aggregate is at patient level of the comparator (limit 125%)")


def test_without_any_aggregate_coverage_is_not_known_and_nothing_is_blocked(tmp_path: Path, register: Register) -> None:
    records = people_of("QMJ", 10, "100") + people_of("QMF", 40, "100")
    run = run_of(tmp_path / "run", [r for r in records if r["flow"] != "acm"])
    found = compared(run, register, peers=["QMF"])
    assert reason(found) == ("", "")
    assert spend_rows(register, (), found).to_pylist()[0]["to_aggregate"] is None


def test_spend_without_a_patient_blocks_and_its_share_is_told(tmp_path: Path, register: Register) -> None:
    nobody = record(population_icb="QMJ", patient_id="", price_submitted=Decimal(1000))
    records = people_of("QMJ", 10, "100") + people_of("QMF", 40, "100")
    records += [nobody, record(flow="acm", counted=False, population_icb="QMJ", price_submitted=Decimal(1000))]
    found = compared(run_of(tmp_path / "run", records), register, peers=["QMF"])
    assert reason(found) == ("patients", "50% of spend names a patient (limit 80%)")
    assert found[0].coverage and found[0].coverage.with_patient == pytest.approx(0.49975, abs=1e-4)


def test_spend_of_nowhere_blocks_all(tmp_path: Path, register: Register) -> None:
    lost = record(population_icb="", patient_id="x", price_submitted=Decimal(1000), payer_code="13Q")
    records = people_of("QMJ", 10, "100") + people_of("QMF", 40, "100") + [lost]
    found = compared(run_of(tmp_path / "run", records), register, peers=["QMF"])
    what, why = reason(found)
    assert what == "all" and why.startswith("83% of spend belongs to an ICB (limit 95%)")


def test_boards_of_which_the_run_holds_a_part_are_left_out_and_told(tmp_path: Path, register: Register) -> None:
    records = people_of("QMJ", 50, "100") + people_of("QMF", 90, "100") + people_of("QKK", 10, "100")
    run = run_of(tmp_path / "run", records)
    in_run = cells.in_run(run, SCOPE, PEOPLE)
    assert in_run["QKK"] == pytest.approx(10 / 30 / (50 / 10), rel=0.01)
    beside = comparator(register, in_run, limits())
    assert (beside.icbs, beside.left_out) == (("QMF", "QMJ"), ("QKK",))
    assert comparator(register, in_run, limits(), region="Y56").icbs == ("QMF", "QMJ")
    what, why = reason(compared(run, register, icb="QKK", peers=["QMF"]))
    assert what == "all" and why.startswith("the run holds a part of this ICB's spend only (7% of the highest per head")
    what, why = reason(compared(run, register, peers=["QKK", "QMF"]))
    assert (what, why) == ("all", "the run holds a part only of the spend of QKK, which it is compared with")
    with pytest.raises(AllocationError, match="no spend of peer QZZ"):
        comparator(register, in_run, limits(), peers=["QZZ"])
    with pytest.raises(AllocationError, match="cannot be compared with itself alone"):
        vary(run, SCOPE, (), ["QMJ"], Comparator("x", ("QMJ",)), PEOPLE, limits())


def test_a_service_that_nobody_of_the_board_gets_is_told(tmp_path: Path, register: Register) -> None:
    records = people_of("QMJ", 50, "100") + people_of("QMF", 90, "100") + people_of("QMF", 60, "100", LINES[1])
    run = run_of(tmp_path / "run", records)
    none = next(c for c in compared(run, register, "service_line_final", peers=["QMF"]) if c.values == (LINES[1],))
    assert none.flags == {"access": "lower"} and none.split is None and none.access and none.access.ratio == 0
    row = spend_rows(register, ("service_line_final",), [none]).to_pylist()[0]
    assert (row["spend"], row["patients"], row["access_ratio"]) == (0, 0, 0)
    assert 0 < row["access_high"] < 1 and row["access_ln_ratio"] is None
    assert row["blocked_because"] == "nobody of this ICB was treated"


def test_distance_from_need_follows_the_formula(tmp_path: Path, register: Register) -> None:
    """(spend per head) / (need x comparator's spend per head) - 1, need brought to the comparator's average of 1."""
    run = run_of(tmp_path / "run", people_of("QMJ", 60, "100") + people_of("QMF", 80, "100"))
    need = {"QMJ": 1.2, "QMF": 0.9}
    found = compared(run, register, need=need)[0]
    heads = found.own.spend_per_head, found.other.spend_per_head
    assert heads[0] and heads[1]
    average = (1.2 * 10_000 + 0.9 * 20_000) / 30_000
    assert found.distance == pytest.approx(heads[0] / (1.2 / average * heads[1]) - 1)
    # need that is met exactly: distance nought everywhere
    met = {
        icb: t.spend_per_head for (icb,), t in cells.tallies(run, SCOPE, (), None, PEOPLE).items() if t.spend_per_head
    }
    assert compared(run, register, need=met)[0].distance == pytest.approx(0, abs=1e-12)
    with pytest.raises(AllocationError, match="Need or population is not known of QMF"):
        compared(run, register, need={"QMJ": 1.0})


def test_scope_period_and_limits_say_what_they_cannot_do(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", people_of("QMJ", 9, "1", financial_month=2))
    assert cells.period(run) == ("202526", 2)
    with pytest.raises(AllocationError, match="holds 202526 to month 2; not 202425 to month any"):
        cells.period(run, "202425")
    with pytest.raises(AllocationError, match="cannot be taken apart by 'hrg'"):
        Scope("202526", 2, only={"hrg": ["x"]})
    with pytest.raises(AllocationError, match="Measure 'cost' is not known"):
        Scope("202526", 2, "cost")
    with pytest.raises(AllocationError, match="no limit 'fewest'"):
        limits({"fewest": 3})
    for wrong in ({"confidence": 95}, {"false_discovery_rate": 0}, {"least_in_run": -1}, {"least_patients": inf}):
        with pytest.raises(AllocationError, match="; expected a"):
            limits(wrong)
    assert limits({"least_patients": 20})["least_patients"].confidence == "illustrative"


def test_filters_keep_and_leave_out(tmp_path: Path) -> None:
    block = record(population_icb="QMJ", point_of_delivery="BLOCK", price_submitted=Decimal(5))
    run = run_of(tmp_path / "run", [*people_of("QMJ", 9, "1"), block])
    without = Scope("202526", 3, without={"point_of_delivery": ["BLOCK"]})
    only = Scope("202526", 3, only={"point_of_delivery": ["BLOCK"]})
    assert cells.tallies(run, without, (), None, PEOPLE)["QMJ",].patients == 9
    alone = cells.tallies(run, only, (), None, PEOPLE)["QMJ",]
    assert (alone.patients, alone.spend, alone.known) == (0, 5, 0)


def test_every_limit_has_a_source_and_a_confidence() -> None:
    for limit in limits().values():
        assert limit.source and limit.meaning and limit.confidence in ("official", "derived", "illustrative")
        assert limit.stops in ("all", "patients", "")


def test_people_are_those_of_the_register_on_the_boards_of_the_year(register: Register) -> None:
    one, two = cells.populations(register, "202526"), cells.populations(register, "202627")
    assert sum(one.values()) == pytest.approx(63_849_324, abs=1)
    assert len(one) == 42 and len(two) < 42
    assert sum(two.values()) == pytest.approx(sum(one.values()), rel=0.001)
