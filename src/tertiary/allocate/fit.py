"""Need models: what an area would spend if supply were the same everywhere, from what areas did spend.

The approach of the English small-area formulas (York 1994, AREA 2002, person-based resource allocation since 2011):
utilisation is regressed on need and supply together, so that the effect of supply is not taken for need; then supply is
held at its national mean and what is left, scaled to the total, is need. Nothing of this can see need that is not met
by any use: see docs/how-to/fit-need.md for what a variable measured independently of use can do about it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tertiary.allocate.basis import RECORDED
from tertiary.allocate.design import CONSTANT, MODELLED, Column, Design, Variable, design, limits
from tertiary.allocate.estimate import FORMS, Estimate, estimate, pounds, quantile
from tertiary.allocate.places import NEW_BOARDS
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.allocate.design import Floats

# decimals of an index in the register table need_indices
PLACES = 9
HIGHER = ("icb_code", "sub_icb_code", "region_code")
SUPPLIED = (
    "financial_year", "level", "code", "stream", "service", "components", "registered_population", "need_index", "low",
    "high", "source", "confidence",
)  # fmt: skip


@dataclass(frozen=True)
class NeedModel:
    """A fitted model of one outcome. Its tables are made by `coefficients`, `need_index` and those of diagnostics.

    `basis`: where the spend is from. `away`: variables taken out by their stated rule, with the estimate they had;
    `neutralised`: need variables that are held like supply by that rule; `remarks`: what was done or is doubtful.
    """

    outcome: str
    level: str
    form: str
    components: str
    basis: str
    spec: tuple[Variable, ...]
    design: Design
    estimate: Estimate
    away: Mapping[Variable, float]
    neutralised: tuple[Variable, ...]
    remarks: tuple[str, ...]


def fit(
    areas: pa.Table,
    outcomes: pa.Table,
    spec: Sequence[Variable],
    outcome: str = "all",
    *,
    level: str = "lsoa",
    form: str = "linear",
    basis: str = "",
) -> NeedModel:
    """The need model of one outcome.

    `areas`: a row a small area, key code: population and the variables of `spec`; icb_code, sub_icb_code and
    region_code become higher levels of the index. `outcomes`: key outcome and code: spend (pounds), events (records),
    expected (pounds by age and sex) and components. `basis` says where they are from. An area without a row of the
    outcome spent nothing.

    `form` linear (default): spend over expected spend is a sum of effects, by least squares with weights of expected
    spend. It adds up to the total by construction, takes areas without spend and with credits, reads in per cent of
    expected spend, and is how the national person-based models are built. `form` log: effects multiply (Poisson
    quasi-likelihood, robust to any spread); it cannot give negative need. Standard errors are those of the jackknife
    that leaves out a cluster at a time (CV3), with t of clusters less one.

    AllocationError as `design` says, and when the outcome is not there, need comes out below nought, or the optional
    dependencies of models are missing.
    """
    if form not in FORMS:
        raise AllocationError(f"Form {form!r} is not known. Choose linear or log.")
    joined, components, remarks = _joined(areas, outcomes, outcome)
    levels = [name for name in HIGHER if name in areas.column_names]
    left, away = tuple(spec), dict[Variable, float]()
    while True:
        made = design(joined, left, levels)
        found = estimate(made, form)
        wrong = _wrong(made, found)
        out = [(one, value) for one, value, _ in wrong if one.if_wrong == "drop"]
        if not out:
            break
        away[out[0][0]] = out[0][1]
        left = tuple(v for v in left if v is not out[0][0])
        if not any(v.role == "need" for v in left):
            raise AllocationError(f"{outcome}: every need variable has the wrong sign and was dropped by its rule.")
    held = tuple(one for one, _, _ in wrong if one.if_wrong == "neutralise")
    model = NeedModel(
        outcome, level, form, components, basis, tuple(spec), _with_held(made, held), found, away, held,
        (*remarks, *_remarks(made, away, wrong)),
    )  # fmt: skip
    _positive(model)
    return model


def fit_each(
    areas: pa.Table,
    outcomes: pa.Table,
    spec: Sequence[Variable],
    *,
    level: str = "lsoa",
    form: str = "linear",
    basis: str = "",
) -> tuple[list[NeedModel], pa.Table]:
    """A model of every outcome, such as all care and each programme of care, and what was refused.

    Returns the models and a table with key outcome and the reason in words: too few areas, records or clusters, or
    whatever else `fit` refuses. A specification or areas that no outcome can be fitted with are an AllocationError.
    """
    import pyarrow as pa

    models, refused = [], []
    names = sorted(set(outcomes["outcome"].to_pylist()), key=lambda name: (name != "all", name))
    for name in names:
        try:
            models.append(fit(areas, outcomes, spec, name, level=level, form=form, basis=basis))
        except AllocationError as error:
            refused.append({"outcome": name, "reason": str(error)})
    if not models:
        raise AllocationError(refused[0]["reason"] if refused else "There are no outcomes to fit a model to.")
    return models, pa.Table.from_pylist(refused, pa.schema([("outcome", pa.string()), ("reason", pa.string())]))


def _joined(areas: pa.Table, outcomes: pa.Table, outcome: str) -> tuple[pa.Table, str, list[str]]:
    """Areas with their spend of an outcome, its components, and remarks on what has no area."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if "code" not in areas.column_names:
        raise AllocationError(f"The areas have no column code; they have: {', '.join(areas.column_names)}.")
    if not {"outcome", "code", "spend"} <= set(outcomes.column_names):
        raise AllocationError(
            "Outcomes need the columns outcome, code and spend, and may have events, expected and components; they "
            f"have: {', '.join(outcomes.column_names)}."
        )
    rows = outcomes.filter(pc.equal(outcomes["outcome"], outcome))
    if not rows.num_rows:
        known = ", ".join(sorted(set(outcomes["outcome"].to_pylist()))) or "none"
        raise AllocationError(f"There is no outcome {outcome!r}. Outcomes: {known}.")
    if len(set(rows["code"].to_pylist())) != rows.num_rows:
        raise AllocationError(f"Outcome {outcome!r} has two rows of one area. One row an outcome and area.")
    remarks = []
    stray = rows.filter(pc.invert(pc.is_in(rows["code"], value_set=areas["code"].combine_chunks())))
    if stray.num_rows:
        remarks.append(
            f"{stray.num_rows:,} areas with spend of {float(pc.sum(stray['spend']).as_py() or 0):,.0f} pounds are not "
            "among the areas and are left out."
        )
    told = rows["components"].unique().to_pylist() if "components" in rows.column_names else []
    components = sorted({part for text in told for part in (text or "").split(";") if part})
    kept = [n for n in ("code", "spend", "events", "expected") if n in rows.column_names]
    if twice := [n for n in kept[1:] if n in areas.column_names]:
        raise AllocationError(f"{', '.join(twice)} stands among the areas and the outcomes. Keep it with the outcomes.")
    # a spend that is not known is not one of nought, as the spend of an area without a row is
    spend = pc.fill_null(rows["spend"].cast(pa.float64()), math.nan)
    rows = rows.set_column(rows.column_names.index("spend"), "spend", spend)
    order = pa.array(range(areas.num_rows), pa.int64())
    joined = areas.append_column("_row", order).join(rows.select(kept), "code").sort_by("_row").drop_columns("_row")
    for name in ("spend", "events"):
        if name in joined.column_names:
            filled = pc.fill_null(joined[name].cast(pa.float64()), 0.0)
            joined = joined.set_column(joined.column_names.index(name), name, filled)
    return joined, ";".join(components), remarks


def _wrong(made: Design, found: Estimate) -> list[tuple[Variable, float, bool]]:
    """Variables whose estimate has not the plausible sign, surest first, with the estimate and whether it is sure."""
    import numpy as np

    wrong = []
    errors = np.sqrt(np.diag(found.covariance))
    for place, column in enumerate(made.columns):
        if column.of is not None and column.of.sign and found.free[place]:
            value = float(found.coefficients[place])
            if value * (1 if column.of.sign == "+" else -1) < 0:
                ratio = abs(value) / errors[place]
                wrong.append((ratio, (column.of, value, bool(ratio > quantile(found.degrees)))))
    return [told for _, told in sorted(wrong, key=lambda item: -item[0])]


def _remarks(made: Design, away: Mapping[Variable, float], wrong: list[tuple[Variable, float, bool]]) -> list[str]:
    told = []
    for one, value in away.items():
        told.append(
            f"{one.variable} was dropped by its rule: estimate {value:.4g}, plausible sign {one.sign}. Intervals do "
            "not know of this choice."
        )
    for one, value, sure in wrong:
        done = "held at its mean by its rule" if one.if_wrong == "neutralise" else "kept"
        how = "and its interval excludes nought" if sure else "though its interval includes nought"
        told.append(f"{one.variable} has estimate {value:.4g}, plausible sign {one.sign}, {how}: {done}.")
    if made.dropped:
        reasons: dict[str, int] = {}
        for _, reason in made.dropped:
            reasons[reason] = reasons.get(reason, 0) + 1
        words = ", ".join(f"{n:,} for {reason}" for reason, n in sorted(reasons.items()))
        told.append(
            f"{len(made.dropped):,} areas with {made.dropped_population:.2%} of the people are set aside: {words}."
        )
    if len(made.clusters) < limits()["few_clusters"]:
        told.append(f"Only {len(made.clusters)} clusters: intervals are rough.")
    if (credits := int((made.spend < 0).sum())) > 0:
        told.append(f"{credits:,} areas have spend below nought (credits); they are used as they are.")
    return told


def _with_held(made: Design, held: Sequence[Variable]) -> Design:
    import numpy as np

    means = made.population @ made.x / made.population.sum()
    chosen = np.array([column.of in held for column in made.columns]) & np.isnan(made.held)
    return replace(made, held=np.where(chosen, means, made.held))


def _need(model: NeedModel, neutralise: bool = True) -> tuple[Floats, Floats]:
    """Pounds of need of each area before scaling, and how they move with each coefficient (n by k)."""
    import numpy as np

    made, found = model.design, model.estimate
    x = np.where(np.isnan(made.held), made.x, made.held) if neutralise else made.x
    need = pounds(made.base, x @ found.coefficients, model.form)
    return need, x * (made.base if model.form == "linear" else need)[:, None]


def _positive(model: NeedModel) -> None:
    import numpy as np

    need, _ = _need(model)
    if (low := np.flatnonzero(need <= 0)).size:
        raise AllocationError(
            f"{model.outcome}: modelled need of {low.size:,} areas is not above nought, first of "
            f"{model.design.codes[low[0]]}. Use form log, in which effects multiply, or a transform that tames the "
            "extremes of a variable."
        )


def coefficients(model: NeedModel) -> pa.Table:
    """What each variable does; key outcome and term.

    `status`: estimated, fixed (given by the specification), neutralised (need held like supply by its rule) or dropped
    (by its rule; the estimate is that before). `estimate` is the change of spend as a share of expected spend (linear)
    or of its logarithm (log) for one unit of the transformed variable, with a 95 per cent interval and `p` from the
    cluster jackknife. `held_at` is where a neutralised term is held.
    """
    import pyarrow as pa
    from scipy.stats import t

    made, found = model.design, model.estimate
    reach = quantile(found.degrees)
    rows = []
    for place, column in enumerate(made.columns):
        value, error = float(found.coefficients[place]), math.sqrt(found.covariance[place, place])
        free = bool(found.free[place])
        row = _about(model, column)
        row |= {"status": "estimated" if free else "fixed", "estimate": value}
        if column.of in model.neutralised:
            row["status"] = "neutralised"
        if free:
            p = float(2 * t.sf(abs(value) / error, found.degrees)) if error else None
            row |= {"standard_error": error, "low": value - reach * error, "high": value + reach * error, "p": p}
        if not math.isnan(made.held[place]):
            row["held_at"] = float(made.held[place])
        rows.append(row)
    for one, value in model.away.items():
        rows.append(_about(model, Column(one.variable, one)) | {"status": "dropped", "estimate": value})
    texts = ("outcome", "term", "role", "transform", "status", "plausible_sign", "source", "confidence")
    numbers = ("estimate", "standard_error", "low", "high", "p", "held_at")
    order = (*texts[:6], *numbers, *texts[6:])
    return pa.Table.from_pylist(
        rows, pa.schema([(name, pa.float64() if name in numbers else pa.string()) for name in order])
    )


def _about(model: NeedModel, column: Column) -> dict[str, Any]:
    one = column.of or Variable(CONSTANT, CONSTANT, source="estimated", confidence="derived")
    return {
        "outcome": model.outcome, "term": column.name, "role": one.role, "transform": one.transform,
        "plausible_sign": one.sign, "source": one.source, "confidence": one.confidence,
    }  # fmt: skip


def need_index(model: NeedModel, neutralise: bool = True) -> pa.Table:
    """Need of each area and higher level; key outcome, level and code.

    `need_index`: modelled spend per head over that of all areas, with supply and control held; `low` and `high`: its 95
    per cent interval by the delta method from the cluster jackknife. It is the interval of what the model says on
    average of such areas, not of the spend of one. `modelled_spend`: pounds, scaled so that the small areas add up to
    actual spend. `weighted_population`: people times index, which adds up to people within each level. `neutralise` off
    leaves supply as it is, to see what it does; such an index is of use, not of need. Areas
    set aside are in no level.
    """
    import numpy as np
    import pyarrow as pa

    made = model.design
    need, moves = _need(model, neutralise)
    people, total = made.population, made.population.sum()
    scale = made.spend.sum() / need.sum()
    whole = moves.sum(axis=0) / need.sum()
    reach = quantile(model.estimate.degrees)
    base = {"outcome": model.outcome, "components": model.components, "source": _source(model)}
    base["confidence"] = _confidence(model)
    parts = []
    for level, codes in ((model.level, made.codes), *made.levels.items()):
        names, place = np.unique(np.asarray(codes, dtype=object), return_inverse=True)
        sums = [np.bincount(place, weights=values) for values in (people, need)]
        slopes = np.column_stack([np.bincount(place, weights=column) for column in moves.T]) / sums[1][:, None] - whole
        spread = np.sqrt(np.einsum("ij,jk,ik->i", slopes, model.estimate.covariance, slopes))
        index = (sums[1] / sums[0]) / (need.sum() / total)
        numbers = {
            "population": sums[0], "need_index": index, "low": index * np.exp(-reach * spread),
            "high": index * np.exp(reach * spread), "weighted_population": sums[0] * index,
            "modelled_spend": sums[1] * scale,
        }  # fmt: skip
        texts = {"level": level.removesuffix("_code"), **base}
        columns = {name: pa.array([text] * len(names)) for name, text in texts.items()}
        columns |= {"code": pa.array([str(n) for n in names])} | {n: pa.array(v) for n, v in numbers.items()}
        parts.append(pa.table(columns))
    order = ("outcome", "level", "code", *numbers, "components", "source", "confidence")
    return pa.concat_tables(parts).select(order)


def supplied(
    model: NeedModel, *, service: str, financial_year: str, people: Mapping[str, float] | None = None
) -> pa.Table:
    """The index as rows of the register table need_indices, from which shares and targets are worked out.

    Key level and code; the stream is the outcome. `service` is the line or set of services that the spend was of,
    `financial_year` that of the need, which also says on which footprint the boards are. Small areas carry no interval:
    the errors of all of them are those of the same few coefficients, and shares that add them up as independent would
    have an interval many times too narrow. Sub-ICBs, boards and regions have their own rows, with their own interval;
    `people` registered in each of them by code stand for those of the model, who may be residents of another year.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = need_index(model)
    boards = "icb_2026" if financial_year >= NEW_BOARDS else "icb_2024"
    small = pc.equal(rows["level"], model.level)
    ends = {n: pc.if_else(small, pa.scalar(None, pa.float64()), pc.round(rows[n], PLACES)) for n in ("low", "high")}
    components = ";".join(RECORDED.get(part, part) for part in model.components.split(";"))
    texts = {"financial_year": financial_year, "stream": model.outcome, "service": service, "components": components}
    columns = {name: pa.array([text] * rows.num_rows, pa.string()) for name, text in texts.items()}
    columns |= {name: rows[name] for name in ("code", "source", "confidence")}
    columns["level"] = pc.if_else(pc.equal(rows["level"], "icb"), boards, rows["level"])
    counted = [
        None if s else (people or {}).get(c) for s, c in zip(small.to_pylist(), rows["code"].to_pylist(), strict=True)
    ]
    columns["registered_population"] = pc.round(pc.coalesce(pa.array(counted, pa.float64()), rows["population"]), 3)
    columns["need_index"] = pc.round(rows["need_index"], PLACES)
    return pa.table({**columns, **ends}).select(SUPPLIED)


def _source(model: NeedModel) -> str:
    made = model.design
    return (
        f"{model.basis + ': ' if model.basis else ''}need model of {model.outcome}, form {model.form}, fitted to "
        f"{len(made.codes):,} areas in {len(made.clusters)} clusters"
    )


def _confidence(model: NeedModel) -> str:
    """That of the weakest variable used; a model is never more than derived."""
    used = {v.confidence for v in model.spec if v.role in ("expected", *MODELLED) and v not in model.away}
    return "illustrative" if used & {"", "illustrative"} else "derived"
