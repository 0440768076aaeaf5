"""Rule R6 in the comparison: parts of patients' costs from a run, years drawn from them, and what the rule does."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from pathlib import Path
from statistics import fmean, pstdev, stdev
from typing import Any

import pytest
from pool_cases import RUN_TERMS

from builders import row, run_folder
from tertiary.errors import PoolError
from tertiary.pool import Agreement, Cases, HighCost, compare, simulated_high_cost
from tertiary.pool.calls import high_cost_cases
from tertiary.runs import Run, Table

D, F = Decimal, Fraction
R6: dict[str, Any] = {**RUN_TERMS, "risk": "R6", "threshold": "1000", "listed": ["NCBPS13E"]}


def patients(seed: int) -> list[tuple[str, str, str, Decimal]]:
    """Board, patient, service and cost of some hundred patients, costs widely spread."""
    chance = random.Random(seed)
    return [
        (board, f"{board}{n}", chance.choice(["NCBPS11B"] * 9 + ["NCBPS13E"]), D(f"{chance.lognormvariate(6, 1):.2f}"))
        for board, number in (("QMF", 150), ("QMJ", 250))
        for n in range(number)
    ]


def run_of(folder: Path, people: list[tuple[str, str, str, Decimal]]) -> Run:
    records = [
        row("records", population_icb=board, financial_month=month, service_line_final=line, financial_year="202526",
            price_submitted=part, measure="actual", patient_id=patient, component="activity")
        for board, patient, line, cost in people
        for month, part in ((1, cost / 2), (2, cost - cost / 2))
    ]  # fmt: skip
    return run_folder(folder / "run", records=records)


def test_parts_of_a_run_are_those_of_its_patients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = patients(1)
    nobody = [("QMF", "", "NCBPS11B", D(99999)), ("QMJ", "free", "NCBPS11B", D(0)), ("QWO", "x", "NCBPS11B", D(5))]
    run = run_of(tmp_path, people + nobody)
    left: list[Any] = []
    kept = Table.to_arrow
    monkeypatch.setattr(Table, "to_arrow", lambda self: left.append(kept(self)) or left[-1])
    found = high_cost_cases(run, Agreement.of(R6), "202526", 2) or {}
    assert [table.column_names for table in left] == [["population_icb", "part", "number", "cost", "squares"]]
    assert left[0].num_rows <= 2 * 3, "sums by partner and part leave the engine, and no patient"
    listed = [cost for _, _, line, cost in people if line == "NCBPS13E"]
    above = [cost - 1000 for _, _, line, cost in people if line != "NCBPS13E" and cost > 1000]
    for board in ("QMF", "QMJ"):
        own = found[board]
        mine = [(line, cost) for who, _, line, cost in people if who == board]
        below = [cost for line, cost in mine if line != "NCBPS13E" and cost <= 1000]
        beyond = [cost - 1000 for line, cost in mine if line != "NCBPS13E" and cost > 1000]
        told = [cost for line, cost in mine if line == "NCBPS13E"]
        for part, costs, spread in ((own.below, below, below), (own.beyond, beyond, above), (own.listed, told, listed)):
            assert (part.number, part.cost) == (len(costs), pytest.approx(float(sum(costs))))
            assert part.cv_cost == pytest.approx(pstdev(map(float, spread)) / fmean(map(float, spread)))
        assert own.cost == pytest.approx(float(sum(cost for _, cost in mine)))


def test_too_few_dear_patients_say_nothing(tmp_path: Path) -> None:
    people = [("QMF", f"p{n}", "NCBPS11B", D(100 + n)) for n in range(20)]
    dear = [("QMJ", f"d{n}", "NCBPS11B", D(5000 + n)) for n in range(5)]
    agreement = Agreement.of({**RUN_TERMS, "risk": "R6", "threshold": "1000"})
    for name, number in (("few", 4), ("enough", 5)):
        (tmp_path / name).mkdir()
        found = high_cost_cases(run_of(tmp_path / name, people + dear[:number]), agreement, "202526", 2)
        assert (found is None) == (number < 5)
    assert found is not None and found["QMF"].beyond.number == 0 and found["QMJ"].below.number == 0


def test_drawn_years_are_as_if_patients_were_drawn() -> None:
    """The slow way: a Poisson number of real patients, drawn one by one, and rule R6 on each."""
    chance = random.Random(7)
    costs = [float(cost) for board, _, _, cost in patients(2) if board == "QMJ"]
    beyond, below = [c - 1000 for c in costs if c > 1000], [c for c in costs if c <= 1000]

    def cases(parts: list[float]) -> Cases:
        return Cases(len(parts), sum(parts), pstdev(parts) / fmean(parts))

    own = {"QMJ": HighCost(1000, cases(below), cases(beyond), Cases(0, 0, 0))}
    whole, pooled = simulated_high_cost(own, 4000, seed=3)
    drawn: list[tuple[float, float]] = []
    for _ in range(1500):
        year, passed = [], chance.expovariate(len(costs))
        while passed < 1:  # gaps between the patients of a year
            year.append(chance.choice(costs))
            passed += chance.expovariate(len(costs))
        drawn.append((sum(year), sum(max(0.0, cost - 1000) for cost in year)))
    for found, index, parts in ((whole, 0, costs), (pooled, 1, [max(0.0, c - 1000) for c in costs])):
        amounts = [float(year["QMJ"]) for year in found]
        oracle = [one[index] for one in drawn]
        assert fmean(amounts) == pytest.approx(fmean(oracle), rel=0.02)
        assert fmean(amounts) == pytest.approx(sum(parts), rel=0.01)
        assert stdev(amounts) == pytest.approx(stdev(oracle), rel=0.08)
        assert stdev(amounts) == pytest.approx(sqrt(sum(c * c for c in parts)), rel=0.05), "variance is n E[x squared]"
    kept = [float(year["QMJ"] - part["QMJ"]) for year, part in zip(whole, pooled, strict=True)]
    assert stdev(kept) == pytest.approx(sqrt(sum(min(c, 1000) ** 2 for c in costs)), rel=0.05)


def test_equal_seeds_give_equal_years_whatever_the_order() -> None:
    own = {code: HighCost(10, Cases(5, 20, 0.5), Cases(1, 30, 1), Cases(2, 9, 0)) for code in ("B", "A")}
    years = simulated_high_cost(own, 5, seed=3)
    assert years == simulated_high_cost(dict(reversed(own.items())), 5, seed=3)
    assert all(0 <= part[code] <= year[code] for year, part in zip(*years, strict=True) for code in own)
    nobody = HighCost(10, Cases(0, 0, 0), Cases(0, 0, 0), Cases(0, 0, 0))
    with pytest.raises(PoolError, match="partners with patients"):
        simulated_high_cost({"A": nobody}, 5, seed=1)


def test_the_rule_side_by_side() -> None:
    """Of 118, 57, 45 half is pooled and shared by need 1 : 1 : 2: 27.50, 27.50, 55 of 110."""
    put_in, cost = {"A": 100, "B": 60, "C": 40}, {"A": 118, "B": 57, "C": 45}
    pooled = {code: F(amount, 2) for code, amount in cost.items()}
    need = {"A": 1, "B": 1, "C": 2}
    rules = [("R0", {}), ("R6", {"threshold": F(1000)})]
    own, dear = compare(rules, [put_in], [cost], need=need, pooled=[pooled])
    # payments 86.50, 56, 77.50; of a pound saved half is its own, and of the other half its share of need
    assert dear.transfer == (118 - 86.5 + 57 - 56 + 77.5 - 45) / 2
    kept = [0.5 + 0.5 / 4, 0.5 + 0.5 / 4, 0.5 + 0.5 / 2]
    assert dear.incentive_kept == pytest.approx(0.5 * kept[0] + 0.3 * kept[1] + 0.2 * kept[2])
    assert (own.transfer, own.incentive_kept, dear.external) == (0, 1, 0)
    nothing = compare(rules, [put_in], [cost], need=need, pooled=[dict.fromkeys(cost, 0)])
    assert (nothing[1].transfer, nothing[1].incentive_kept) == (0, 1)
    with pytest.raises(PoolError, match="give as many"):
        compare(rules, [put_in], [cost], need=need, pooled=[])
