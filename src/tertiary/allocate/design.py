"""What a need model is made of, as data: the specification, and the arrays that it makes of a table of small areas."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import AllocationError
from tertiary.sheets import Line, lines, shipped

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Ints = np.ndarray[Any, np.dtype[np.int64]]

ROLES = ("expected", "need", "supply", "control", "check", "cluster")
MODELLED = ("need", "supply", "control")
TRANSFORMS = ("", "log", "log1p", "sqrt", "standard", "category")
CONSTANT = "constant"
CHOICES = {
    "role": ROLES, "transform": TRANSFORMS, "sign": ("", "+", "-"), "if_wrong": ("", "keep", "drop", "neutralise"),
    "confidence": ("", "illustrative", "derived", "official"),
}  # fmt: skip
FIELDS = ("variable", "role", "transform", "sign", "if_wrong", "coefficient", "held_at", "source", "confidence")
NUMBERS = ("coefficient", "held_at")
# a column whose part not explained by the others is smaller than this is a combination of them
COLLINEAR = 1e-8


@dataclass(frozen=True)
class Variable:
    """A row of a specification.

    `role`: need is kept in the index; supply and control are in the model and neutralised; expected is the column with
    spend expected from age and sex; check is in no model, residuals are shown by its tenths; cluster names the areas
    that share a shock. `sign` (+ or -) is what is plausible, `if_wrong` what is done with another estimate: keep (and
    warn), drop (and refit), neutralise (hold at its mean, as supply). `coefficient` fixes it instead of estimating it;
    `held_at` neutralises at this value of the variable instead of its mean.
    """

    variable: str
    role: str
    transform: str = ""
    sign: str = ""
    if_wrong: str = ""
    coefficient: float | None = None
    held_at: float | None = None
    source: str = ""
    confidence: str = ""


@dataclass(frozen=True)
class Column:
    """A column of the design: a variable, or one category of it. `of` is None for the constant."""

    name: str
    of: Variable | None


@dataclass(frozen=True)
class Design:
    """The arrays of a model: n areas, k columns, in the order of the areas' codes.

    `population` people; `spend` pounds; `base` pounds expected without any need or supply variable, scaled to the total
    of `spend`; `x` n by k with the constant first; `held` (k) where a neutralised column is held, NaN for need;
    `cluster` numbers into `clusters`. `levels`: name of a higher level to its code by area. `dropped`: code and reason.
    """

    codes: Sequence[str]
    population: Floats
    spend: Floats
    base: Floats
    x: Floats
    columns: tuple[Column, ...]
    held: Floats
    cluster: Ints
    clusters: Sequence[str]
    levels: Mapping[str, Sequence[str]]
    checks: Mapping[str, Floats]
    events: float | None
    dropped: tuple[tuple[str, str], ...]
    dropped_population: float


@cache
def limits() -> Mapping[str, float]:
    """Thresholds of need_limits.csv by name."""
    rows = shipped("tertiary.allocate", "need_limits.csv", AllocationError)
    return {row.text("limit"): float(row.text("value")) for row in rows}


def read_spec(file: Path | None = None) -> tuple[Variable, ...]:
    """The variables of a specification; the shipped, illustrative one without a file.

    A CSV with the columns of FIELDS, of which variable and role must be there. AllocationError names file, line and
    field of what cannot be used.
    """
    if file is None:
        name = "need_spec.csv"
        return _judged(tuple(_variable(line) for line in shipped("tertiary.allocate", name, AllocationError)), name)
    read = lines(file, AllocationError, ("variable", "role"))
    return _judged(tuple(_variable(line) for line in read), str(file))


def _variable(line: Line) -> Variable:
    if unknown := sorted(set(line.cells) - set(FIELDS)):
        raise AllocationError(
            f"{line.file} line {line.number}: column {', '.join(unknown)} not known. Columns: {', '.join(FIELDS)}."
        )
    if not line.text("variable", ""):
        line.refuse("variable", "a column of the areas")
    for name, choices in CHOICES.items():
        if line.text(name, "") not in choices:
            line.refuse(name, f"one of {', '.join(c or 'blank' for c in choices)}")
    variable, role, transform, sign, if_wrong, source, confidence = (
        line.text(name, "") for name in FIELDS if name not in NUMBERS
    )
    coefficient, held_at = (_number(line, name) for name in NUMBERS)
    return Variable(variable, role, transform, sign, if_wrong, coefficient, held_at, source, confidence)


def _number(line: Line, name: str) -> float | None:
    text = line.text(name, "")
    try:
        value = float(text or "0")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        line.refuse(name, "a number or blank")
    return value if text else None


def _judged(spec: tuple[Variable, ...], where: str) -> tuple[Variable, ...]:
    """The same, once it is seen to make one model."""
    for role, least in (("cluster", 1), ("expected", 0)):
        seen = [v.variable for v in spec if v.role == role]
        if not least <= len(seen) <= 1:
            raise AllocationError(
                f"{where}: {len(seen)} rows with role {role} ({', '.join(seen) or 'none'}); expected "
                f"{'one' if least else 'one or none'}."
            )
    modelled = [v.variable for v in spec if v.role in MODELLED]
    if twice := sorted({v for v in modelled if modelled.count(v) > 1}):
        raise AllocationError(f"{where}: {', '.join(twice)} stands twice among need, supply and control. Keep one row.")
    if not any(v.role == "need" for v in spec):
        raise AllocationError(f"{where}: no row with role need, so every area would get its expected spend. Add one.")
    for one in spec:
        if one.transform == "category" and (one.coefficient is not None or one.held_at is not None or one.sign):
            raise AllocationError(
                f"{where}: {one.variable} is a category, which has no sign, coefficient or value to be held at. "
                "Blank them, or give a number by category as a variable of its own."
            )
        if one.held_at is not None and one.role not in ("supply", "control"):
            raise AllocationError(f"{where}: {one.variable} is {one.role}; only supply and control are held. Blank it.")
    return spec


def design(areas: pa.Table, spec: Sequence[Variable], levels: Sequence[str] = ()) -> Design:
    """The arrays of a model of `areas`.

    `areas`: a row an area, key code; population (people), spend (pounds), the variables of `spec`, and perhaps events
    (records) and columns of `levels`. Areas without people or with an unknown value are set aside with their reason.
    AllocationError when columns are missing, codes repeat, people are below nought, a variable is constant or a
    combination of others, or the areas set aside hold more people than need_limits.csv allows.
    """
    import numpy as np

    _has(areas, ("code", "population", "spend", *levels), spec)
    codes = [str(code) for code in areas["code"].to_pylist()]
    if len(set(codes)) != len(codes):
        twice = sorted(code for code, n in _tally(codes).items() if n > 1)
        raise AllocationError(f"Areas {', '.join(twice[:5])} stand twice ({len(twice)} in all). One row an area.")
    population, spend = _floats(areas, "population"), _floats(areas, "spend")
    if (low := np.flatnonzero(population < 0)).size:
        raise AllocationError(
            f"Area {codes[low[0]]}: population is {population[low[0]]:g} ({low.size} such areas); expected people, "
            "nought or more."
        )
    unknown = _reasons(areas, spec, population, spend)
    keep = np.array([not reason for reason in unknown])
    away = float(np.nansum(population[~keep]) / max(np.nansum(population), 1e-300))
    if away > limits()["dropped_population"]:
        common = max(_tally([r for r in unknown if r]).items(), key=lambda item: item[1])
        raise AllocationError(
            f"{(~keep).sum():,} areas with {away:.1%} of the people would be set aside, {common[1]:,} of them for: "
            f"{common[0]}. The limit is {limits()['dropped_population']:.0%} (need_limits.csv). Complete the variable "
            "or take it out of the specification."
        )
    _enough(int(keep.sum()), spend[keep], _floats(areas, "events")[keep] if "events" in areas.column_names else None)
    kept = areas.filter(np.asarray(keep))
    columns, x, held = _columns(kept, spec, population[keep])
    if kept.num_rows < limits()["least_areas_a_term"] * len(columns):
        raise AllocationError(
            f"{kept.num_rows:,} areas for {len(columns)} terms; at least {limits()['least_areas_a_term']:g} a term are "
            "needed (need_limits.csv). Take fewer variables, or categories with fewer values."
        )
    estimated = [i for i, c in enumerate(columns) if c.of is None or c.of.coefficient is None]
    _independent(x[:, estimated], [columns[i] for i in estimated])
    expected = next((v.variable for v in spec if v.role == "expected"), "population")
    base = _floats(kept, expected)
    clustered = next(v.variable for v in spec if v.role == "cluster")
    clusters, cluster = np.unique(_texts(kept, clustered), return_inverse=True)
    if len(clusters) < limits()["least_clusters"]:
        raise AllocationError(
            f"{clustered} has {len(clusters)} values; at least {limits()['least_clusters']:g} clusters are needed for "
            "standard errors (need_limits.csv). Give a finer column the role cluster."
        )
    return Design(
        codes=[code for code, kept_one in zip(codes, keep, strict=True) if kept_one],
        population=population[keep],
        spend=spend[keep],
        base=base * spend[keep].sum() / base.sum(),
        x=x,
        columns=columns,
        held=held,
        cluster=cluster,
        clusters=[str(c) for c in clusters],
        levels={level: _texts(kept, level) for level in levels},
        checks={v.variable: _floats(kept, v.variable) for v in spec if v.role == "check"},
        events=float(_floats(kept, "events").sum()) if "events" in areas.column_names else None,
        dropped=tuple((code, reason) for code, reason in zip(codes, unknown, strict=True) if reason),
        dropped_population=away,
    )


def _has(areas: pa.Table, needed: Sequence[str], spec: Sequence[Variable]) -> None:
    wanted = dict.fromkeys([*needed, *(v.variable for v in spec)])
    if missing := [name for name in wanted if name not in areas.column_names]:
        raise AllocationError(
            f"The areas have no column {', '.join(missing)}. They have: {', '.join(areas.column_names)}. Add the "
            "column or take its row out of the specification."
        )


def _reasons(areas: pa.Table, spec: Sequence[Variable], population: Floats, spend: Floats) -> list[str]:
    """Why each area cannot be used; blank where it can."""
    import numpy as np

    found = np.where(population > 0, "", "no people").astype(object)
    found[np.isnan(population)] = "population not known"
    checks = [("spend", ~np.isfinite(spend))]
    for one in (v for v in spec if v.role != "check"):
        if one.role == "cluster" or one.transform == "category":
            checks.append((one.variable, np.array([not text for text in _texts(areas, one.variable)])))
        else:
            checks.append((one.variable, ~np.isfinite(_floats(areas, one.variable))))
    for name, bad in checks:
        found[(found == "") & bad] = f"{name} not known"
    for one in (v for v in spec if v.role == "expected"):
        found[(found == "") & (_floats(areas, one.variable) <= 0)] = f"{one.variable} is not above nought"
    return [str(reason) for reason in found]


def _enough(areas: int, spend: Floats, events: Floats | None) -> None:
    bound = limits()
    spending = int((spend != 0).sum())
    for found, name, what in (
        (areas, "least_areas", "areas that can be used"),
        (spending, "least_areas_with_spend", "areas with spend"),
        (None if events is None else float(events.sum()), "least_events", "records"),
    ):
        if found is not None and found < bound[name]:
            raise AllocationError(
                f"{found:,.0f} {what}; at least {bound[name]:,.0f} are needed (need_limits.csv). Take more months, a "
                "wider area or a group of services."
            )
    if spend.sum() <= 0:
        raise AllocationError(f"Spend adds up to {spend.sum():,.2f}; a need model wants a total above nought.")


def _columns(areas: pa.Table, spec: Sequence[Variable], people: Floats) -> tuple[tuple[Column, ...], Floats, Floats]:
    import numpy as np

    made: list[tuple[Column, Floats, float]] = [(Column(CONSTANT, None), np.ones(areas.num_rows), math.nan)]
    for one in (v for v in spec if v.role in MODELLED):
        if one.transform == "category":
            made += _categories(one, _texts(areas, one.variable), people)
            continue
        raw = _floats(areas, one.variable)
        if np.ptp(raw) == 0:
            raise AllocationError(f"{one.variable} is {raw[0]:g} in every area, so it explains nothing. Take it out.")
        values = _transformed(one, raw, raw, people)
        held = math.nan
        if one.role != "need":
            at = None if one.held_at is None else np.array([one.held_at])
            held = float(np.average(values, weights=people) if at is None else _transformed(one, at, raw, people)[0])
        made.append((Column(one.variable, one), values, held))
    return tuple(m[0] for m in made), np.column_stack([m[1] for m in made]), np.array([m[2] for m in made])


def _categories(one: Variable, values: Sequence[str], people: Floats) -> list[tuple[Column, Floats, float]]:
    """A column a category but the one with most people, which the constant stands for."""
    import numpy as np

    names, place = np.unique(np.asarray(values, dtype=object), return_inverse=True)
    if len(names) < 2:
        raise AllocationError(f"{one.variable} is {names[0]!r} in every area, so it explains nothing. Take it out.")
    most = int(np.argmax(np.bincount(place, weights=people)))
    found = []
    for number, name in enumerate(names):
        if number != most:
            flag = (place == number).astype(float)
            held = math.nan if one.role == "need" else float(np.average(flag, weights=people))
            found.append((Column(f"{one.variable}={name}", one), flag, held))
    return found


def _transformed(one: Variable, values: Floats, all_values: Floats, people: Floats) -> Floats:
    import numpy as np

    lowest = {"log": 0.0, "log1p": -1.0, "sqrt": 0.0}.get(one.transform)
    if lowest is not None and (values.min() < lowest or (values.min() == lowest and one.transform != "sqrt")):
        raise AllocationError(
            f"{one.variable} is {values.min():g} in some area; its transform {one.transform} takes numbers "
            f"{'from' if one.transform == 'sqrt' else 'above'} {lowest:g}. Choose another transform."
        )
    if one.transform == "standard":
        mean = np.average(all_values, weights=people)
        spread = math.sqrt(np.average((all_values - mean) ** 2, weights=people))
        return np.asarray((values - mean) / spread)
    plain = {"log": np.log, "log1p": np.log1p, "sqrt": np.sqrt}
    return np.asarray(plain[one.transform](values)) if one.transform else values


def _independent(x: Floats, columns: Sequence[Column]) -> None:
    """AllocationError naming a column that is a combination of those before it, and which these are."""
    import numpy as np

    scaled = x / np.linalg.norm(x, axis=0)
    if np.linalg.svd(scaled, compute_uv=False)[-1] > COLLINEAR:
        return
    for place in range(1, x.shape[1]):
        before = scaled[:, :place]
        weights, *_ = np.linalg.lstsq(before, scaled[:, place], rcond=None)
        if np.linalg.norm(scaled[:, place] - before @ weights) <= COLLINEAR * x.shape[1]:
            others = [columns[i].name for i in range(place) if abs(weights[i]) > 1e-6]
            raise AllocationError(
                f"{columns[place].name} is a combination of {', '.join(others[:6])}{' …' if len(others) > 6 else ''}, "
                "so their effects cannot be told apart. Take one of them out of the specification."
            )


def _floats(table: pa.Table, name: str) -> Floats:
    """A column as floats, NaN where null. AllocationError when it holds no numbers."""
    import pyarrow as pa

    column = table[name]
    try:
        read = column.cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise AllocationError(
            f"{name} holds {column.type}, such as {column[0].as_py()!r}; numbers are needed. A text can be a variable "
            "with the transform category."
        ) from error
    return read


def _texts(table: pa.Table, name: str) -> list[str]:
    return ["" if value is None else str(value) for value in table[name].to_pylist()]


def _tally(values: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found
