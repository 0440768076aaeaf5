"""What to believe of a need model: tests of its form, its unusual areas, and how it does on areas it has not seen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tertiary.allocate.design import CONSTANT, FIELDS, limits
from tertiary.allocate.estimate import deletions, pounds, quantile, solved
from tertiary.allocate.fit import NeedModel
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.allocate.design import Floats

FOLDS = 10
SEED = 1
TENTHS = 10
SHOWN = 10
Row = tuple[str, str, float, float | None, float | None]


def diagnostics(model: NeedModel) -> pa.Table:
    """Tests and measures; key outcome, diagnostic and subject.

    areas, clusters, parameters, records, spend; r2 of spend a head (weighted by people) and r2_base of expected spend
    alone; condition_number of scaled columns and vif by term; reset_p (powers 2 and 3 of the fitted effect, a Wald test
    with the cluster jackknife: below 0.05 the form is doubtful); heteroskedasticity_p (Breusch-Pagan; standard errors
    do not lean on even spread); actual_over_fitted by tenth of people of each check variable, with its 95 per cent
    interval; influential_areas (Cook's distance above 4/n: how many) and influence of the largest; cluster_influence:
    the cluster whose leaving out moves a need term most, in standard errors. `low` and `high` are null but for ratios.
    """
    import pyarrow as pa

    rows = [*_fit(model), *_columns(model), *_form(model), *_calibration(model), *_influence(model)]
    return pa.table(
        {
            "outcome": pa.array([model.outcome] * len(rows), pa.string()),
            "diagnostic": pa.array([r[0] for r in rows], pa.string()),
            "subject": pa.array([r[1] for r in rows], pa.string()),
            "value": pa.array([r[2] for r in rows], pa.float64()),
            "low": pa.array([r[3] for r in rows], pa.float64()),
            "high": pa.array([r[4] for r in rows], pa.float64()),
        }
    )


def validation(model: NeedModel, folds: int = FOLDS, seed: int = SEED) -> pa.Table:
    """How well areas of clusters that were left out are foretold; key outcome, model and fold.

    Clusters are dealt to `folds` at random (`seed`); a category that only left-out areas have stands at its mean.
    `model`: need (need and supply) and base (expected spend alone, without need). `fold` 0 is all. `mae` pounds a
    head and `r2` of spend a head are weighted by people. AllocationError with fewer than two folds.
    """
    import numpy as np
    import pyarrow as pa

    made = model.design
    if folds < 2:
        raise AllocationError(f"{folds} folds; expected two or more.")
    folds = min(folds, len(made.clusters))
    dealt = np.random.default_rng(seed).permutation(len(made.clusters)) % folds
    fold = dealt[made.cluster]
    told = {"need": np.zeros(len(fold)), "base": np.zeros(len(fold))}
    for number in range(folds):
        out = fold == number
        told["base"][out] = made.base[out] * made.spend[~out].sum() / made.base[~out].sum()
        told["need"][out] = _foretold(model, ~out)[out]
    rows = []
    for name, values in told.items():
        for number in range(folds + 1):
            chosen = fold == number - 1 if number else np.ones(len(fold), dtype=bool)
            mae = np.abs(made.spend - values)[chosen].sum() / made.population[chosen].sum()
            rows.append(
                {
                    "outcome": model.outcome, "model": name, "fold": number, "areas": int(chosen.sum()),
                    "mae": float(mae), "r2": _r2(made.spend, values, made.population, chosen),
                }
            )  # fmt: skip
    kinds = {"outcome": pa.string(), "model": pa.string(), "fold": pa.int64(), "areas": pa.int64()}
    return pa.Table.from_pylist(rows, pa.schema([*kinds.items(), ("mae", pa.float64()), ("r2", pa.float64())]))


def remarks(model: NeedModel, found: pa.Table, held_out: pa.Table) -> list[str]:
    """What a reader must know before using the model, in words; from its `diagnostics` and `validation`."""
    bound = limits()
    told = list(model.remarks)
    rows = {(r["diagnostic"], r["subject"]): r for r in found.to_pylist()}
    value = {key: row["value"] for key, row in rows.items()}
    if (condition := value["condition_number", ""]) > bound["high_condition_number"]:
        told.append(
            f"Condition number {condition:,.0f}: some variables say nearly the same; coefficients are unsteady."
        )
    for (name, subject), number in value.items():
        if name == "vif" and number > bound["high_vif"]:
            told.append(f"{subject} is largely foretold by the other variables (variance inflation {number:,.1f}).")
        if name == "actual_over_fitted" and abs(number - 1) > bound["calibration"]:
            low, high = rows[name, subject]["low"], rows[name, subject]["high"]
            if not low <= 1 <= high:
                told.append(
                    f"Actual spend is {number:.2f} of fitted (95 per cent interval {low:.2f} to {high:.2f}) in tenth "
                    f"{subject}: the form misses something there."
                )
    if (p := value["reset_p", ""]) < bound["test_level"]:
        told.append(f"The form is doubtful (RESET p = {p:.3g}): try form log, a transform or another variable.")
    r2 = {r["model"]: r["r2"] for r in held_out.to_pylist() if r["fold"] == 0}
    if r2["need"] <= r2["base"]:
        told.append(
            f"On areas not seen it foretells no better than expected spend alone (R² {r2['need']:.3f} against "
            f"{r2['base']:.3f})."
        )
    return told


def statement(model: NeedModel, folds: int = FOLDS, seed: int = SEED) -> dict[str, Any]:
    """How the model was made, so that anyone can make it again: a mapping that JSON can hold."""
    made = model.design
    wide = len(made.columns)
    expected = next((v.variable for v in model.spec if v.role == "expected"), "population x national spend a head")
    effect = " + ".join([CONSTANT, *(f"b{i}*{c.name}" for i, c in enumerate(made.columns[1:], 1))])
    return {
        "outcome": model.outcome,
        "components": model.components,
        "basis": model.basis,
        "level": model.level,
        "formula": f"spend / base = {effect}" if model.form == "linear" else f"log(spend / base) = {effect}",
        "base": f"{expected}, scaled to total spend",
        "estimation": "least squares weighted by base" if model.form == "linear" else "Poisson quasi-likelihood",
        "standard_errors": "jackknife leaving out a cluster at a time (CV3), t of clusters - 1",
        "neutralised": {c.name: float(h) for c, h in zip(made.columns, made.held, strict=True) if not math.isnan(h)},
        "index": "modelled spend a head / that of all areas; scaled to total actual spend",
        "specification": [{name: getattr(v, name) for name in FIELDS} for v in model.spec],
        "limits": dict(limits()),
        "areas": len(made.codes),
        "clusters": len(made.clusters),
        "parameters": wide,
        "records": made.events,
        "spend": float(made.spend.sum()),
        "population": float(made.population.sum()),
        "set_aside": [{"code": code, "reason": reason} for code, reason in made.dropped],
        "remarks": list(model.remarks),
        "validation": {"folds": min(folds, len(made.clusters)), "seed": seed},
        "software": {name: version(name) for name in ("tertiary", "statsmodels", "scipy", "numpy")},
    }


def _foretold(model: NeedModel, seen: Any) -> Floats:
    """Pounds of every area by a model of the areas seen."""
    import numpy as np

    made, found = model.design, model.estimate
    # a category of which no area is seen stands at its mean, and so do all columns of its variable in such an area
    x = made.x.copy()
    means = made.population[seen] @ x[seen] / made.population[seen].sum()
    for one in {c.of for c in made.columns if c.of is not None and c.of.transform == "category"}:
        places = np.flatnonzero([c.of == one for c in made.columns])
        kind = np.where(x[:, places].any(axis=1), x[:, places].argmax(axis=1), -1)
        x[np.ix_(~np.isin(kind, kind[seen]), places)] = means[places]
    free = found.free
    given = x[:, ~free] @ found.coefficients[~free]
    unit = made.spend[seen].mean()
    fresh = solved(x[seen][:, free], made.spend[seen] / unit, made.base[seen] / unit, given[seen], model.form)
    return pounds(made.base, x[:, free] @ fresh + given, model.form)


def _r2(actual: Floats, fitted: Floats, people: Floats, chosen: Any) -> float:
    """Share of the spread of spend a head that is foretold, weighted by people."""
    import numpy as np

    weight, a, f = people[chosen], (actual / people)[chosen], (fitted / people)[chosen]
    return float(1 - (weight @ (a - f) ** 2) / (weight @ (a - np.average(a, weights=weight)) ** 2))


def _fit(model: NeedModel) -> Iterator[Row]:
    import numpy as np

    made, found = model.design, model.estimate
    everyone = np.ones(len(made.codes), dtype=bool)
    yield "areas", "", float(len(made.codes)), None, None
    yield "clusters", "", float(len(made.clusters)), None, None
    yield "parameters", "", float(found.free.sum()), None, None
    yield "records", "", math.nan if made.events is None else made.events, None, None
    yield "spend", "", float(made.spend.sum()), None, None
    yield "r2", "", _r2(made.spend, found.fitted, made.population, everyone), None, None
    yield "r2_base", "", _r2(made.spend, made.base, made.population, everyone), None, None


def _weighted(model: NeedModel) -> Floats:
    """The estimated columns times the root of their weight."""
    import numpy as np

    return np.asarray(model.design.x[:, model.estimate.free] * np.sqrt(model.estimate.weight)[:, None])


def _columns(model: NeedModel) -> Iterator[Row]:
    import numpy as np

    x = _weighted(model)
    yield "condition_number", "", float(np.linalg.cond(x / np.linalg.norm(x, axis=0))), None, None
    names = [c.name for c, free in zip(model.design.columns, model.estimate.free, strict=True) if free]
    rest = x[:, 1:] - np.outer(x[:, 0], x[:, 0] @ x[:, 1:] / (x[:, 0] @ x[:, 0]))
    spread = np.linalg.norm(rest, axis=0)
    inflation = np.diag(np.linalg.inv((rest / spread).T @ (rest / spread)))
    for name, value in zip(names[1:], inflation, strict=True):
        yield "vif", name, float(value), None, None


def _form(model: NeedModel) -> Iterator[Row]:
    import numpy as np
    from scipy.stats import chi2, f

    made, found = model.design, model.estimate
    effect = made.x @ found.coefficients
    effect = (effect - effect.mean()) / (effect.std() or 1.0)
    free = made.x[:, found.free]
    x = np.column_stack([free, effect**2, effect**3])
    given = made.x[:, ~found.free] @ found.coefficients[~found.free]
    unit = made.spend.mean()
    fresh = solved(x, made.spend / unit, made.base / unit, given, model.form)
    fitted = pounds(made.base, x @ fresh + given, model.form)
    weight = made.base if model.form == "linear" else fitted
    moved = deletions(x, made.spend - fitted, weight, made.cluster, len(made.clusters))[:, -2:]
    added, spread = fresh[-2:], found.degrees / len(made.clusters) * moved.T @ moved
    wald = float(added @ np.linalg.pinv(spread) @ added) / 2
    yield "reset_p", "", float(f.sf(wald, 2, found.degrees)), None, None
    squares = (made.spend - found.fitted) ** 2 / found.weight
    explained = free @ np.linalg.lstsq(free, squares, rcond=None)[0]
    share = 1 - ((squares - explained) ** 2).sum() / ((squares - squares.mean()) ** 2).sum()
    yield "heteroskedasticity_p", "", float(chi2.sf(len(squares) * share, free.shape[1] - 1)), None, None


def _calibration(model: NeedModel) -> Iterator[Row]:
    import numpy as np

    made, found = model.design, model.estimate
    for name, values in made.checks.items():
        known = np.flatnonzero(np.isfinite(values))
        order = known[np.argsort(values[known], kind="stable")]
        people = made.population[order]
        tenth = np.minimum((np.cumsum(people) - people / 2) * TENTHS // people.sum(), TENTHS - 1).astype(int)
        actual = np.bincount(tenth, made.spend[order], TENTHS)
        fitted = np.bincount(tenth, found.fitted[order], TENTHS)
        # sums by cluster, because neighbours depart from the model together, less what the fit takes back of them
        cell = tenth * len(made.clusters) + made.cluster[order]
        apart = np.bincount(cell, (made.spend - found.fitted)[order], TENTHS * len(made.clusters))
        slopes = [np.bincount(tenth, (found.weight * column)[order], TENTHS) for column in made.x.T]
        own = apart.reshape(TENTHS, -1) + np.transpose(slopes) @ found.deletions.T
        error = np.sqrt((own**2).sum(axis=1)) / fitted * quantile(found.degrees)
        for number, ratio in enumerate(actual / fitted):
            low, high = float(ratio - error[number]), float(ratio + error[number])
            yield "actual_over_fitted", f"{name} {number + 1}", float(ratio), low, high


def _influence(model: NeedModel) -> Iterator[Row]:
    import numpy as np

    made, found = model.design, model.estimate
    x = _weighted(model)
    leverage = np.einsum("ij,ji->i", x, np.linalg.pinv(x))
    residual = (made.spend - found.fitted) / np.sqrt(found.weight)
    wide = x.shape[1]
    even = (residual**2).sum() / (len(residual) - wide)
    cook = residual**2 / (wide * even) * leverage / np.maximum(1 - leverage, 1e-12) ** 2
    yield "influential_areas", "", float((cook > 4 / len(cook)).sum()), None, None
    for place in np.argsort(-cook, kind="stable")[:SHOWN]:
        yield "influence", made.codes[place], float(cook[place]), None, None
    errors = np.sqrt(np.diag(found.covariance))
    for place, column in enumerate(made.columns):
        if column.of is not None and column.of.role == "need" and found.free[place]:
            most = int(np.argmax(np.abs(found.deletions[:, place])))
            moved = found.deletions[most, place] / errors[place]
            yield "cluster_influence", f"{column.name} without {made.clusters[most]}", float(moved), None, None
