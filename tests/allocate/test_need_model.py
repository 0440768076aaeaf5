"""Planted need comes back from spend, supply is not taken for it, and what cannot be seen is not claimed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from planted_areas import CLUSTER, EXPECTED, NEED, SPEC, SUPPLY, Planted, by_code, changed, planted

from tertiary.allocate import Basis, Need, need_share
from tertiary.allocate.design import Variable, limits, read_spec
from tertiary.allocate.diagnostics import validation
from tertiary.allocate.fit import NeedModel, coefficients, fit, fit_each, need_index, supplied
from tertiary.errors import AllocationError
from tertiary.register import Register, schemas, valid_on


def of(truth: Planted, spec: tuple[Variable, ...] = SPEC, form: str = "linear", outcome: str = "all") -> NeedModel:
    return fit(truth.areas, truth.outcomes, spec, outcome, form=form)


def term(model: NeedModel, name: str) -> dict[str, float]:
    return next(r for r in coefficients(model).to_pylist() if r["term"] == name)


def lsoas(model: NeedModel, column: str = "need_index", neutralise: bool = True) -> np.ndarray:
    table = need_index(model, neutralise)
    return table.filter(pc.equal(table["level"], "lsoa"))[column].to_numpy()


def slope(values: np.ndarray, truth: Planted, name: str = "deprivation") -> float:
    """How the index moves with a column, by people: the gradient that money would follow."""
    return float(np.polyfit(truth.areas[name].to_numpy(), values, 1, w=np.sqrt(truth.population))[0])


@pytest.mark.parametrize("form", ["linear", "log"])
def test_intervals_cover_the_planted_gradient_and_index_as_often_as_they_say(form: str) -> None:
    covered, areas, boards = [], [], []
    for seed in range(200):
        truth = planted(seed, number=2000, form=form)
        model = of(truth, form=form)
        found = term(model, "deprivation")
        covered.append(found["low"] <= 0.15 <= found["high"])
        areas.append(np.mean((lsoas(model, "low") <= truth.index) & (truth.index <= lsoas(model, "high"))))
        table = need_index(model)
        low, high = by_code(table, "icb", "low"), by_code(table, "icb", "high")
        board = truth.areas["icb_code"].to_numpy(zero_copy_only=False)
        each = {b: truth.need[board == b].sum() / truth.population[board == b].sum() for b in low}
        whole = truth.need.sum() / truth.population.sum()
        boards.append(np.mean([low[b] <= each[b] / whole <= high[b] for b in low]))
    assert 0.90 <= np.mean(covered) <= 0.99
    assert 0.90 <= np.mean(areas) <= 0.99
    assert 0.90 <= np.mean(boards) <= 0.99


@pytest.mark.parametrize("form", ["linear", "log"])
def test_supply_that_goes_with_deprivation_is_not_taken_for_need(form: str) -> None:
    truth = planted(5, gradient=0.1, supply=0.25, with_need=0.8, form=form, noise=0.3)
    model = of(truth, form=form)
    real = slope(truth.index, truth)
    kept, naive = lsoas(model), lsoas(model, neutralise=False)
    without = lsoas(of(truth, (EXPECTED, NEED, CLUSTER), form=form))
    assert slope(kept, truth) == pytest.approx(real, rel=0.15)
    # the two naive ways: supply left in the index, and supply left out of the model
    assert slope(naive, truth) > 2 * real
    assert slope(without, truth) > 2 * real
    error = [float(np.average(np.abs(v - truth.index), weights=truth.population)) for v in (kept, naive, without)]
    assert error[0] < 0.03 and error[1] > 4 * error[0] and error[2] > 4 * error[0]


def test_need_that_is_not_met_is_not_seen_by_use_alone() -> None:
    """Deprived areas need more and use less: the gradient of use is the difference, not the need."""
    truth = planted(6, gradient=0.0, illness=0.3, unmet=0.3, noise=0.3)
    use = of(truth)
    assert slope(lsoas(use), truth) < 0 < slope(truth.index, truth)
    assert term(use, "deprivation")["high"] < 0
    assert any("deprivation" in told and "plausible sign +" in told for told in use.remarks)


def test_a_measure_independent_of_use_recovers_need_that_is_not_met() -> None:
    truth = planted(7, gradient=0.0, illness=0.3, unmet=0.3, noise=0.3)
    barrier = replace(NEED, role="control", sign="-")
    estimated = of(truth, (EXPECTED, Variable("prevalence", "need", sign="+"), barrier, SUPPLY, CLUSTER))
    found = term(estimated, "prevalence")
    assert found["low"] <= 0.3 <= found["high"]
    given = of(truth, (EXPECTED, Variable("prevalence", "need", coefficient=0.3), barrier, SUPPLY, CLUSTER))
    for model in (estimated, given):
        assert slope(lsoas(model), truth) == pytest.approx(slope(truth.index, truth), rel=0.15)
        assert np.average(np.abs(lsoas(model) - truth.index), weights=truth.population) < 0.03
    assert term(given, "prevalence")["status"] == "fixed" and term(given, "prevalence")["low"] is None


def test_a_given_coefficient_is_needed_when_use_cannot_tell_illness_from_barrier() -> None:
    truth = planted(8, gradient=0.0, illness=0.3, unmet=0.2, noise=0.3)
    # prevalence as a survey has it: nothing but a restated deprivation
    areas = changed(truth.areas, prevalence=2 * truth.areas["deprivation"].to_numpy())
    barrier = replace(NEED, role="control", sign="-")
    with pytest.raises(AllocationError, match=r"deprivation is a combination of .*prevalence"):
        fit(areas, truth.outcomes, (EXPECTED, Variable("prevalence", "need"), barrier, CLUSTER))
    need = truth.outcomes["expected"].to_numpy() * (1 + 0.1 * areas["prevalence"].to_numpy())
    spend = need * np.random.default_rng(3).gamma(9, 1 / 9, len(need))
    spend -= 0.2 * truth.outcomes["expected"].to_numpy() * truth.areas["deprivation"].to_numpy()
    outcomes = changed(truth.outcomes, spend=spend)
    model = fit(areas, outcomes, (EXPECTED, Variable("prevalence", "need", coefficient=0.1), barrier, CLUSTER))
    real = (need / truth.population) / (need.sum() / truth.population.sum())
    assert np.average(np.abs(lsoas(model) - real), weights=truth.population) < 0.03


def test_a_barrier_can_be_held_at_none_instead_of_its_mean() -> None:
    """Unmet need that is nowhere below nought: at the mean barrier everyone is short of a fifth, at none nobody is."""
    truth = planted(9, gradient=0.0, illness=0.3, noise=0.2)
    barrier = np.random.default_rng(9).uniform(0, 4, 3000)
    spend = truth.outcomes["spend"].to_numpy() - 0.1 * barrier * truth.outcomes["expected"].to_numpy()
    areas, outcomes = changed(truth.areas, barrier=barrier), changed(truth.outcomes, spend=spend)
    spec = (EXPECTED, Variable("prevalence", "need"), Variable("barrier", "control"), SUPPLY, CLUSTER)
    odd = replace(spec[2], held_at=0.0, sign="+", if_wrong="neutralise")
    kept = fit(areas, outcomes, (*spec[:2], odd, *spec[3:]))
    assert term(kept, "barrier")["held_at"] == 0, "an implausible sign does not undo where a barrier is held"
    mean = lsoas(fit(areas, outcomes, spec))
    none = lsoas(fit(areas, outcomes, (*spec[:2], replace(spec[2], held_at=0.0), *spec[3:])))
    real = slope(truth.index, truth, "prevalence")
    assert slope(none, truth, "prevalence") == pytest.approx(real, rel=0.05)
    assert slope(mean, truth, "prevalence") > 1.15 * real


def test_weighted_people_and_pounds_add_up_at_every_level() -> None:
    truth = planted(10)
    areas = changed(truth.areas, region_code=["north" if i % 2 else "south" for i in range(truth.areas.num_rows)])
    for form in ("linear", "log"):
        table = need_index(fit(areas, changed(truth.outcomes, spend=np.abs(truth.outcomes["spend"])), SPEC, form=form))
        assert set(table["level"].to_pylist()) == {"lsoa", "icb", "region"}
        for level in ("lsoa", "icb", "region"):
            rows = table.filter(pc.equal(table["level"], level))
            people = pc.sum(rows["population"]).as_py()
            assert pc.sum(rows["weighted_population"]).as_py() == pytest.approx(people, rel=1e-12)
            total = float(np.abs(truth.outcomes["spend"].to_numpy()).sum())
            assert pc.sum(rows["modelled_spend"]).as_py() == pytest.approx(total, rel=1e-12)
            assert pc.all(pc.less_equal(rows["low"], rows["need_index"])).as_py()
            assert pc.all(pc.less_equal(rows["need_index"], rows["high"])).as_py()


def test_the_least_squares_form_is_what_plain_arithmetic_gives() -> None:
    """Against normal equations of Fractions on a handful of numbers: an oracle without any library of models."""
    from fractions import Fraction

    number = int(limits()["least_areas"])
    rng = np.random.default_rng(4)
    people = rng.integers(500, 900, number)
    x, z = rng.integers(0, 9, number), rng.integers(0, 9, number)
    spend = people * (20 + x) + 100 * z + rng.integers(0, 900, number)
    codes = [str(i) for i in range(number)]
    areas = pa.table({"code": codes, "population": people, "x": x, "z": z, "g": [str(i % 20) for i in range(number)]})
    outcomes = pa.table({"outcome": ["all"] * number, "code": codes, "spend": spend})
    model = fit(areas, outcomes, (Variable("x", "need"), Variable("z", "supply"), Variable("g", "cluster")))
    national = Fraction(int(spend.sum()), int(people.sum()))
    rows = [
        (int(p) * national, [Fraction(1), Fraction(int(a)), Fraction(int(b))], int(s) / (int(p) * national))
        for p, a, b, s in zip(people, x, z, spend, strict=True)
    ]
    square = [[sum(w * v[i] * v[j] for w, v, _ in rows) for j in range(3)] for i in range(3)]
    right = [sum(w * v[i] * y for w, v, y in rows) for i in range(3)]
    b = _solved_exactly(square, right)
    assert [r["estimate"] for r in coefficients(model).to_pylist()] == pytest.approx([float(v) for v in b], rel=1e-9)
    mean = Fraction(int((people * z).sum()), int(people.sum()))
    need = [w * (b[0] + b[1] * v[1] + b[2] * mean) for w, v, _ in rows]
    whole = sum(need) / int(people.sum())
    index = by_code(need_index(model), "lsoa")
    for code, one, p in zip(codes, need, people, strict=True):
        assert index[code] == pytest.approx(float(one / int(p) / whole), rel=1e-9)


def _solved_exactly(square: list, right: list) -> list:
    rows = [[*line, value] for line, value in zip(square, right, strict=True)]
    for i in range(len(rows)):
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for j in range(len(rows)):
            if j != i:
                rows[j] = [a - rows[j][i] * c for a, c in zip(rows[j], rows[i], strict=True)]
    return [line[-1] for line in rows]


BOARDS = replace(CLUSTER, role="supply", transform="category")


@pytest.mark.parametrize(
    ("form", "spec", "tolerance"), [("linear", SPEC, 1e-9), ("linear", (*SPEC, BOARDS), 1e-9), ("log", SPEC, 0.1)]
)
def test_the_jackknife_is_what_refits_without_each_board_give(
    form: str, spec: tuple[Variable, ...], tolerance: float
) -> None:
    """Exactly for the linear form, even where a board's own effect goes with it; the other takes one Newton step."""
    truth = planted(11, number=600, boards=12)
    outcomes = changed(truth.outcomes, spend=np.abs(truth.outcomes["spend"]))
    whole = fit(truth.areas, outcomes, spec, form=form)
    terms = ("deprivation", "beds")
    moved = []
    for board in sorted(set(truth.areas["icb_code"].to_pylist())):
        seen = pc.not_equal(truth.areas["icb_code"], board)
        rest = fit(truth.areas.filter(seen), outcomes.filter(seen), spec, form=form)
        # expected spend is scaled to another total without the board; effects that add are in units of it
        first = whole.design.codes.index(rest.design.codes[0])
        unit = rest.design.base[0] / whole.design.base[first] if form == "linear" else 1.0
        moved.append([term(rest, n)["estimate"] * unit - term(whole, n)["estimate"] for n in terms])
    errors = np.sqrt((np.array(moved) ** 2).sum(axis=0) * (len(moved) - 1) / len(moved))
    assert [term(whole, n)["standard_error"] for n in terms] == pytest.approx(list(errors), rel=tolerance)


def test_intervals_of_the_index_agree_with_a_bootstrap_of_boards() -> None:
    truth = planted(12, number=1500, boards=40)
    model = of(truth)
    rng = np.random.default_rng(1)
    board = np.array(truth.areas["icb_code"].to_pylist())
    groups = [np.flatnonzero(board == b) for b in sorted(set(board))]
    made = model.design
    draws = []
    for _ in range(400):
        rows = np.concatenate([groups[i] for i in rng.integers(0, len(groups), len(groups))])
        root = np.sqrt(made.base[rows])
        b = np.linalg.lstsq(made.x[rows] * root[:, None], made.spend[rows] / root, rcond=None)[0]
        need = made.base * (np.where(np.isnan(made.held), made.x, made.held) @ b)
        draws.append((need / made.population) / (need.sum() / made.population.sum()))
    width = np.subtract(*np.percentile(draws, [97.5, 2.5], axis=0))
    ratio = np.median((lsoas(model, "high") - lsoas(model, "low")) / width)
    assert 0.85 < ratio < 1.3


@pytest.mark.parametrize(
    ("rule", "status", "held"),
    [("keep", "estimated", False), ("drop", "dropped", False), ("neutralise", "neutralised", True)],
)
def test_an_implausible_sign_is_named_and_its_rule_followed(rule: str, status: str, held: bool) -> None:
    truth = planted(13, noise=0.3)
    odd = changed(
        truth.areas, odd=-truth.areas["deprivation"].to_numpy() + np.random.default_rng(2).normal(0, 0.5, 3000)
    )
    spec = (EXPECTED, Variable("odd", "need", sign="+", if_wrong=rule), SUPPLY, CLUSTER)
    if rule == "drop":
        with pytest.raises(AllocationError, match="every need variable has the wrong sign"):
            fit(odd, truth.outcomes, spec)
        spec = (*spec, Variable("prevalence", "need"))
    model = fit(odd, truth.outcomes, spec)
    found = term(model, "odd")
    assert found["status"] == status and found["estimate"] < 0 and (found["held_at"] is not None) is held
    assert [told for told in model.remarks if told.startswith("odd ") and "plausible sign +" in told]
    if held:
        index = lsoas(model)
        relative = index * truth.population / truth.outcomes["expected"].to_numpy()
        assert np.ptp(relative) < 1e-9, "with its only need variable held, need is expected spend"


def test_the_surest_wrong_sign_is_dropped_first_and_may_put_the_other_right() -> None:
    """Alone, the weaker variable has a plausible sign; it has a wrong one only beside the variable it goes against."""
    truth = planted(23, gradient=0.0, noise=0.3)
    rng = np.random.default_rng(5)
    strong = np.clip(rng.normal(0, 1, 3000), -2, 2)
    weak = -0.7 * strong + 0.7 * np.clip(rng.normal(0, 1, 3000), -2, 2)
    areas = changed(truth.areas, strong=strong, weak=weak)
    moved = truth.outcomes["expected"].to_numpy() * (-0.3 * strong - 0.05 * weak)
    outcomes = changed(truth.outcomes, spend=truth.outcomes["spend"].to_numpy() + moved)
    both = [Variable(name, "need", sign="+", if_wrong="drop") for name in ("weak", "strong")]
    kept = fit(areas, outcomes, (EXPECTED, *(replace(v, if_wrong="keep") for v in both), SUPPLY, CLUSTER))
    assert term(kept, "weak")["estimate"] < 0 and term(kept, "strong")["estimate"] < 0
    model = fit(areas, outcomes, (EXPECTED, *both, SUPPLY, CLUSTER))
    assert [one.variable for one in model.away] == ["strong"]
    assert term(model, "weak")["status"] == "estimated" and term(model, "weak")["estimate"] > 0


@pytest.mark.parametrize("form", ["linear", "log"])
def test_a_coefficient_fixed_at_its_estimate_changes_no_other(form: str) -> None:
    truth = planted(24, form=form)
    free = of(truth, form=form)
    at = term(free, "deprivation")["estimate"]
    fixed = of(truth, (EXPECTED, replace(NEED, coefficient=at), SUPPLY, CLUSTER), form=form)
    assert term(fixed, "beds")["estimate"] == pytest.approx(term(free, "beds")["estimate"], rel=1e-6)
    assert lsoas(fixed) == pytest.approx(lsoas(free), rel=1e-6)
    # what is given is certain: only what is estimated widens an interval
    assert (lsoas(fixed, "high") - lsoas(fixed, "low")).max() < (lsoas(free, "high") - lsoas(free, "low")).max() / 2
    r2 = [
        next(r["r2"] for r in validation(m).to_pylist() if (r["model"], r["fold"]) == ("need", 0))
        for m in (free, fixed)
    ]
    assert r2[0] == pytest.approx(r2[1], abs=0.005)


def test_each_programme_is_fitted_or_refused_with_its_reason() -> None:
    truth = planted(14)
    rare = changed(
        truth.outcomes.slice(0, 40).set_column(0, "outcome", pa.array(["npoc_code=G"] * 40)), events=[1] * 40
    )
    quiet = changed(truth.outcomes.set_column(0, "outcome", pa.array(["npoc_code=C"] * 3000)), events=[0] * 2999 + [9])
    other = truth.outcomes.set_column(0, "outcome", pa.array(["npoc_code=B"] * 3000))
    names = truth.outcomes.column_names
    outcomes = pa.concat_tables(
        [t.select(names) for t in (truth.outcomes, rare, quiet, other)], promote_options="default"
    )
    models, refused = fit_each(truth.areas, outcomes, (NEED, SUPPLY, CLUSTER))
    assert [m.outcome for m in models] == ["all", "npoc_code=B"]
    told = {r["outcome"]: r["reason"] for r in refused.to_pylist()}
    assert set(told) == {"npoc_code=C", "npoc_code=G"}
    assert "9 records; at least 500" in told["npoc_code=C"]
    assert "40 areas with spend; at least 100" in told["npoc_code=G"]


def test_the_supplied_table_is_one_that_shares_are_made_from(register: Register) -> None:
    """Its rows go into Need as they are; people, shares and intervals of boards are those of the model."""
    truth = planted(15)
    boards = sorted(valid_on(register, "icbs", date(2025, 10, 1))["icb_code"].to_pylist())
    names = dict(zip(sorted(set(truth.areas["icb_code"].to_pylist())), boards, strict=True))
    areas = changed(truth.areas, icb_code=[names[c] for c in truth.areas["icb_code"].to_pylist()])
    model = fit(areas, truth.outcomes, SPEC)
    table = supplied(model, service="specialised", financial_year="202526")
    assert set(table.column_names) <= {c.name for c in schemas.columns("need_indices")}
    assert set(table["components"].to_pylist()) == {"activity;drugs"}
    assert set(table["confidence"].to_pylist()) == {"illustrative"}, "no row of the specification says better"
    asked = {"stream": "all", "financial_year": "202526"}
    shares = need_share(Need.from_index(table.to_pylist(), register, level="icb_2024", **asked))
    own = {r["code"]: r for r in need_index(model).to_pylist() if r["level"] == "icb"}
    assert shares.basis == Basis("specialised", frozenset({"activity", "drugs"}))
    wider = []
    for code, row in shares.rows.items():
        assert float(row.share) == pytest.approx(own[code]["weighted_population"] / truth.population.sum(), rel=1e-7)
        low, high = row.interval or (0.0, 0.0)
        width = (own[code]["high"] - own[code]["low"]) / own[code]["need_index"]
        wider.append((high - low) / float(row.share) / width)
    # errors of boards are taken as independent there: a little wider where a board's own is small, and not narrower
    assert min(wider) > 0.9 and np.median(wider) < 1.1
    small = [r for r in table.to_pylist() if r["level"] == "lsoa"]
    assert len(small) == 3000 and {(r["low"], r["high"]) for r in small} == {(None, None)}
    later = supplied(model, service="specialised", financial_year="202627")
    assert {"icb_2026", "lsoa"} == set(later["level"].to_pylist())


def test_areas_set_aside_are_told_and_not_many() -> None:
    truth = planted(16)
    gone = [None if i < 20 else v for i, v in enumerate(truth.areas["deprivation"].to_pylist())]
    empty = [0.0 if 20 <= i < 23 else v for i, v in enumerate(truth.areas["population"].to_pylist())]
    model = fit(changed(truth.areas, deprivation=gone, population=empty), truth.outcomes, SPEC)
    assert len(model.design.dropped) == 23 and model.design.dropped[0] == ("E00000000", "deprivation not known")
    assert any("23 areas" in told and "20 for deprivation not known, 3 for no people" in told for told in model.remarks)
    assert len(lsoas(model)) == 2977
    many = [None if i < 600 else v for i, v in enumerate(truth.areas["deprivation"].to_pylist())]
    with pytest.raises(AllocationError, match=r"600 areas with .*would be set aside, 600 of them for: deprivation not"):
        fit(changed(truth.areas, deprivation=many), truth.outcomes, SPEC)


def test_an_area_without_a_row_spent_nothing_and_one_of_unknown_spend_is_set_aside() -> None:
    truth = planted(17)
    spend = [None if i == 0 else v for i, v in enumerate(truth.outcomes["spend"].to_pylist())]
    model = fit(truth.areas, changed(truth.outcomes, spend=spend).slice(0, 2999), (NEED, SUPPLY, CLUSTER))
    assert model.design.dropped == (("E00000000", "spend not known"),)
    assert model.design.codes[-1] == "E00002999" and model.design.spend[-1] == 0


@pytest.mark.parametrize(
    ("change", "spec", "words"),
    [
        ({"beds": [4.0] * 3000}, SPEC, "beds is 4 in every area"),
        ({"beds": ["few"] * 3000}, (NEED, replace(SUPPLY, transform="category"), CLUSTER), "beds is 'few' in every"),
        ({"more": "deprivation"}, (*SPEC, Variable("more", "need")), "more is a combination of deprivation"),
        ({}, (*SPEC, Variable("income", "need")), "have no column income. They have: code, population"),
        ({"population": [-5.0] + [1000.0] * 2999}, SPEC, r"Area E00000000: population is -5 \(1 such areas\)"),
        ({"code": ["E1", "E1"] + [f"E{i}" for i in range(2, 3000)]}, SPEC, "Areas E1 stand twice"),
        ({"beds": ["many"] * 3000}, SPEC, "beds holds string, such as 'many'; numbers are needed"),
        ({"icb_code": ["Q1", "Q2"] * 1500}, SPEC, "icb_code has 2 values; at least 10 clusters"),
        ({"beds": [-1.0] + [1.0] * 2999}, (NEED, replace(SUPPLY, transform="log"), CLUSTER), "takes numbers above 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(change: dict, spec: tuple[Variable, ...], words: str) -> None:
    truth = planted(18)
    filled = {n: truth.areas[v].to_pylist() if isinstance(v, str) else v for n, v in change.items()}
    with pytest.raises(AllocationError, match=words):
        fit(changed(truth.areas, **filled), truth.outcomes, spec)


def test_too_few_areas_unknown_names_and_negative_need_are_said() -> None:
    truth = planted(19)
    with pytest.raises(AllocationError, match="150 areas that can be used; at least 200 are needed"):
        fit(truth.areas.slice(0, 150), truth.outcomes, SPEC)
    with pytest.raises(AllocationError, match=r"250 areas for \d+ terms; at least 10 a term"):
        fit(truth.areas.slice(0, 250), truth.outcomes, (*SPEC, BOARDS))
    with pytest.raises(AllocationError, match="no outcome 'drugs'"):
        of(truth, outcome="drugs")
    with pytest.raises(AllocationError, match="Form 'gamma' is not known"):
        of(truth, form="gamma")
    with pytest.raises(AllocationError, match="form log cannot take"):
        credit = changed(truth.outcomes, spend=[-1.0, *truth.outcomes["spend"].to_pylist()[1:]])
        fit(truth.areas, credit, SPEC, form="log")
    steep = planted(20, gradient=0.6)
    with pytest.raises(AllocationError, match=r"modelled need of .* not above nought, first of E.*Use form log"):
        of(steep)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("variable,role\nx,want\n", "line 2: role is 'want'; expected one of expected, need"),
        ("variable,role,colour\nx,need,red\n", "line 2: column colour not known"),
        ("variable,role,coefficient\nx,need,abc\n", "line 2: coefficient is 'abc'; expected a number"),
        ("variable,role\nx,need\n", "0 rows with role cluster"),
        ("variable\nx\n", "lacks the column role"),
        ("variable,role,source\nx,need,Survey, 2024\n", "line 2: '2024' stands after the last column. Put text"),
        ('variable,role,source\nx,need,"Survey\ng,cluster,\n', "A quote that is opened must be closed"),
        ("variable,role\nx,supply\ng,cluster\n", "no row with role need"),
        ("variable,role\nx,need\nx,supply\ng,cluster\n", "x stands twice"),
        ("variable,role,held_at\nx,need,1\ng,cluster,\n", "x is need; only supply and control are held"),
        ("variable,role,transform,sign\nx,need,category,+\ng,cluster,,\n", "x is a category"),
    ],
)
def test_a_specification_that_makes_no_model_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "spec.csv"
    file.write_text(text)
    with pytest.raises(AllocationError, match=words) as caught:
        read_spec(file)
    assert str(file) in str(caught.value)


def test_the_shipped_specification_and_limits_are_sound_and_sourced() -> None:
    spec = read_spec()
    assert {v.role for v in spec} >= {"expected", "need", "supply", "cluster"}
    assert all(v.source and v.confidence for v in spec)
    assert all(value > 0 for value in limits().values())
