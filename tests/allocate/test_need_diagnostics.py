"""Diagnostics find what was planted, keep quiet where nothing was, and agree with other ways to compute them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import statsmodels.api as sm
from planted_areas import CLUSTER, EXPECTED, NEED, SPEC, SUPPLY, changed, planted
from statsmodels.stats.diagnostic import het_breuschpagan
from statsmodels.stats.outliers_influence import variance_inflation_factor

from tertiary.allocate.design import Variable
from tertiary.allocate.diagnostics import diagnostics, remarks, statement, validation
from tertiary.allocate.fit import NeedModel, coefficients, fit
from tertiary.errors import AllocationError


def told(model: NeedModel) -> list[str]:
    return remarks(model, diagnostics(model), validation(model))


def values(model: NeedModel, name: str, column: str = "value") -> dict[str, float]:
    return {r["subject"]: r[column] for r in diagnostics(model).to_pylist() if r["diagnostic"] == name}


def score(model: NeedModel, **options: Any) -> dict[tuple[str, int], dict[str, float]]:
    return {(r["model"], r["fold"]): r for r in validation(model, **options).to_pylist()}


def test_heteroskedasticity_influence_and_inflation_are_those_of_statsmodels() -> None:
    truth = planted(31, number=800)
    model = fit(truth.areas, truth.outcomes, SPEC)
    made, root = model.design, np.sqrt(model.design.base)
    result = sm.WLS(made.spend / made.base, made.x, weights=made.base).fit()
    assert coefficients(model)["estimate"].to_pylist() == pytest.approx(list(result.params), rel=1e-9)
    assert values(model, "heteroskedasticity_p")[""] == pytest.approx(
        het_breuschpagan(result.wresid, made.x)[1], rel=1e-6
    )
    cook = sm.OLS(made.spend / made.base * root, made.x * root[:, None]).fit().get_influence().cooks_distance[0]
    largest = np.argsort(-cook)[:10]
    assert values(model, "influence") == pytest.approx({made.codes[i]: cook[i] for i in largest}, rel=1e-6)
    even = fit(changed(truth.areas, population=np.full(800, 1500.0)), truth.outcomes, (NEED, SUPPLY, CLUSTER))
    found = [variance_inflation_factor(even.design.x, i) for i in (1, 2)]
    assert list(values(even, "vif").values()) == pytest.approx(found, rel=1e-6)


def test_the_test_of_form_finds_a_bend_and_seldom_cries_without_one() -> None:
    bent = planted(32, noise=0.3)
    wrong = bent.outcomes["expected"].to_numpy() * 0.15 * bent.areas["deprivation"].to_numpy() ** 2
    model = fit(bent.areas, changed(bent.outcomes, spend=bent.outcomes["spend"].to_numpy() + wrong), SPEC)
    assert values(model, "reset_p")[""] < 0.001
    assert any("form is doubtful" in words for words in told(model))
    cries = 0
    for seed in range(60):
        truth = planted(seed, number=1000)
        cries += values(fit(truth.areas, truth.outcomes, SPEC), "reset_p")[""] < 0.05
    assert 0 < cries <= 8


def test_a_tenth_the_model_misses_is_named_with_its_interval() -> None:
    truth = planted(33, noise=0.3)
    deprived = truth.areas["deprivation"].to_numpy()
    most = deprived > np.quantile(deprived, 0.9)
    spend = truth.outcomes["spend"].to_numpy() * np.where(most, 1.5, 1.0)
    spec = (*SPEC, Variable("deprivation", "check"))
    model = fit(truth.areas, changed(truth.outcomes, spend=spend), spec)
    ratio, low = values(model, "actual_over_fitted"), values(model, "actual_over_fitted", "low")
    assert len(ratio) == 10 and ratio["deprivation 10"] > 1.1 and low["deprivation 10"] > 1
    assert any("in tenth deprivation 10" in words for words in told(model))
    fine = fit(truth.areas, truth.outcomes, spec)
    assert not any("in tenth" in words for words in told(fine))
    assert all(abs(r - 1) < 0.1 for r in values(fine, "actual_over_fitted").values())


def test_a_tenth_seldom_looks_missed_by_chance_when_boards_share_shocks() -> None:
    outside = []
    for seed in range(40):
        truth = planted(seed, number=1000, shock=0.2, noise=0.3)
        model = fit(truth.areas, truth.outcomes, (*SPEC, Variable("beds", "check")))
        low, high = (values(model, "actual_over_fitted", end) for end in ("low", "high"))
        outside += [not low[tenth] <= 1 <= high[tenth] for tenth in low]
    assert 0.015 < np.mean(outside) < 0.09


def test_an_odd_area_and_an_odd_board_are_found() -> None:
    truth = planted(34, noise=0.3)
    spend = truth.outcomes["spend"].to_numpy().copy()
    spend[17] *= 40
    model = fit(truth.areas, changed(truth.outcomes, spend=spend), SPEC)
    assert next(iter(values(model, "influence"))) == "E00000017"
    board = np.array(truth.areas["icb_code"].to_pylist())
    deprived = truth.areas["deprivation"].to_numpy()
    odd = max(sorted(set(board)), key=lambda b: (board == b).sum())
    steep = (
        truth.outcomes["spend"].to_numpy()
        + np.where(board == odd, 1.5 * deprived, 0) * truth.outcomes["expected"].to_numpy()
    )
    model = fit(truth.areas, changed(truth.outcomes, spend=steep), SPEC)
    assert f"deprivation without {odd}" in values(model, "cluster_influence")


def test_areas_not_seen_are_foretold_as_a_refit_without_them_foretells() -> None:
    truth = planted(35, number=900, boards=15)
    model = fit(truth.areas, truth.outcomes, SPEC)
    made = model.design
    dealt = np.random.default_rng(3).permutation(len(made.clusters)) % 5
    fold = dealt[made.cluster]
    foretold = np.zeros(900)
    for number in range(5):
        seen = fold != number
        root = np.sqrt(made.base[seen])
        b = np.linalg.lstsq(made.x[seen] * root[:, None], made.spend[seen] / made.base[seen] * root, rcond=None)[0]
        foretold[~seen] = (made.base * (made.x @ b))[~seen]
    error = np.abs(made.spend - foretold).sum() / made.population.sum()
    found = score(model, folds=5, seed=3)
    assert found["need", 0]["mae"] == pytest.approx(error, rel=1e-9)
    assert sum(found["need", k]["areas"] for k in range(1, 6)) == found["need", 0]["areas"] == 900
    for number in range(5):
        assert found["need", number + 1]["areas"] == (fold == number).sum()
    assert score(model, folds=5, seed=3) == found
    assert score(model, folds=5, seed=4) != found
    with pytest.raises(AllocationError, match="1 folds; expected two or more"):
        validation(model, folds=1)


def test_need_beats_expected_spend_on_unseen_areas_only_where_there_is_need() -> None:
    truth = planted(36, noise=0.3)
    found = score(fit(truth.areas, truth.outcomes, SPEC))
    assert found["need", 0]["r2"] > found["base", 0]["r2"] + 0.05
    assert found["need", 0]["mae"] < found["base", 0]["mae"]
    nothing = planted(37, gradient=0.0, supply=0.0, number=600)
    model = fit(nothing.areas, nothing.outcomes, SPEC)
    assert any("foretells no better than expected spend alone" in words for words in told(model))


def test_a_category_only_unseen_areas_have_stands_at_its_mean() -> None:
    """Boards as a category, and folds of boards: every unseen board's effect is unknown."""
    truth = planted(38, noise=0.3, shock=0.3)
    boards = (*SPEC, replace(CLUSTER, role="supply", transform="category"))
    found = score(fit(truth.areas, truth.outcomes, boards))
    plain = score(fit(truth.areas, truth.outcomes, SPEC))
    assert found["need", 0]["r2"] == pytest.approx(plain["need", 0]["r2"], abs=0.02)
    assert found["need", 0]["r2"] > found["base", 0]["r2"]


def test_variables_that_say_nearly_the_same_and_few_clusters_are_told() -> None:
    truth = planted(39, boards=12)
    again = truth.areas["deprivation"].to_numpy() + np.random.default_rng(1).normal(0, 0.02, 3000)
    model = fit(changed(truth.areas, again=again), truth.outcomes, (*SPEC, Variable("again", "need")))
    words = " ".join(told(model))
    assert "Condition number" in words and "again is largely foretold by the other variables" in words
    assert "Only 12 clusters: intervals are rough." in words
    assert not [w for w in told(fit(*_tables(planted(40)), SPEC)) if "Condition" in w or "largely" in w or "Only" in w]


def _tables(truth: Any) -> tuple[pa.Table, pa.Table]:
    return truth.areas, truth.outcomes


def test_the_statement_is_enough_to_make_the_model_again() -> None:
    truth = planted(41)
    spec = (EXPECTED, replace(NEED, transform="standard", source="planted", confidence="derived"), SUPPLY, CLUSTER)
    gone = [None if i < 5 else v for i, v in enumerate(truth.areas["beds"].to_pylist())]
    areas = changed(truth.areas, beds=gone)
    model = fit(areas, truth.outcomes, spec, form="linear", basis="planted")
    said = json.loads(json.dumps(statement(model, folds=5, seed=9)))
    again = fit(
        areas.filter(pc.invert(pc.is_in(areas["code"], pa.array([r["code"] for r in said["set_aside"]])))),
        truth.outcomes, [Variable(**row) for row in said["specification"]], said["outcome"],
    )  # fmt: skip
    assert coefficients(again)["estimate"].to_pylist() == coefficients(model)["estimate"].to_pylist()
    assert said["set_aside"][0] == {"code": "E00000000", "reason": "beds not known"} and len(said["set_aside"]) == 5
    assert said["validation"] == {"folds": 5, "seed": 9}
    assert said["formula"] == "spend / base = constant + b1*deprivation + b2*beds"
    assert set(said["software"]) == {"tertiary", "statsmodels", "scipy", "numpy"}
    assert said["neutralised"]["beds"] == pytest.approx(model.design.held[2])
