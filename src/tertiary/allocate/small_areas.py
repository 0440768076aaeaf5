"""Small areas of a run: their people and what the register says of them, and what was spent on them.

Records are added up within the engine; only sums by area and outcome leave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.allocate.design import limits
from tertiary.allocate.need import Need
from tertiary.allocate.places import NEW_BOARDS
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.engine import Engine
    from tertiary.register import Register
    from tertiary.runs import Run

LEVELS = {"lsoa": "lsoa21_code", "practice": "gp_practice_code"}
MEASURES = ("price_submitted", "price_expected")
# what an outcome may be split by, and what it may be kept to
DIMENSIONS = ("npoc_code", "component", "delegation_status", "pss_line", "service_line_final")
OLDEST, UNKNOWN_AGE = 90, 999
ALL = "all"
# kilometres
EARTH = 6371.0
# a share of spend not worth a remark
NEGLIGIBLE = 0.0005
GROUPS = ("asian", "black", "mixed", "other")


@dataclass(frozen=True)
class SmallAreas:
    """`areas`: a row an area, key code. `outcomes`: a row an outcome and area. `facts`: what they rest on."""

    areas: pa.Table
    outcomes: pa.Table
    facts: Mapping[str, Any]
    remarks: tuple[str, ...]


def small_areas(
    run: Run,
    level: str = "lsoa",
    *,
    by: Sequence[str] = (),
    only: Mapping[str, Sequence[str]] | None = None,
    icbs: Sequence[str] = (),
    measure: str = "price_submitted",
    more: pa.Table | None = None,
    register: Register | None = None,
) -> SmallAreas:
    """The areas of a run that a need model is fitted to.

    `level` lsoa (residence) or practice (registration). Spend is what counts of specialised care in the run, by
    `measure`, of the dimensions' values in `only`; outcomes are all of it, and each value of each dimension in `by`.
    `icbs` keeps to areas of these boards. `more`: further variables, key code.
    `register`: where people and variables are from, the shipped one as the run knew it unless given.

    Areas, key code: population; icb_code, sub_icb_code, region_code (on the footprint of the run's last year),
    lad_code, msoa21_code, urban_rural, imd2025_score, imd2025_decile, shares of ethnic groups and of people over 64 in
    residents of 2021; distance_km, a straight line to the nearest provider with at least a hundredth of the run's
    spend. A practice has these of the LSOA it stands in, which is not where all its patients live.

    Outcomes, key outcome and code, every area in each: spend (pounds), events (records), components, and for LSOAs
    expected (pounds): people by age times the spend a head of their age over all areas. People are those of mid-2020,
    without sex, which the register does not have by LSOA; spend of unknown age is spread as the rest.

    AllocationError when the run holds no such spend, none of it has an area, or a name is not known.
    """
    from tertiary.engine import DuckDBEngine
    from tertiary.register import Register

    if level not in LEVELS:
        raise AllocationError(f"Level {level!r} is not known. Choose lsoa or practice.")
    if measure not in MEASURES:
        raise AllocationError(f"Measure {measure!r} is not known. Choose {' or '.join(MEASURES)}.")
    if unknown := sorted({*by, *(only or {})} - set(DIMENSIONS)):
        raise AllocationError(f"{', '.join(unknown)} not known. Outcomes go by {', '.join(DIMENSIONS)}.")
    register = register or Register.load(as_known=date.fromisoformat(run.manifest["register"]["as_known"]))
    with DuckDBEngine() as engine:
        rows = engine.materialise(
            "spent", _spent(engine.scan("records", run.records.paths), level, measure, only or {})
        )
        facts = _facts(engine, rows, run, level)
        years = ", ".join(facts["financial_years"])
        places = _places(engine, register, level, facts["financial_years"][-1])
        if icbs:
            places = places.filter(places.icb_code.isin(list(icbs)))
        nearest = _nearest(engine, rows, register, places)
        areas = engine.materialise("areas", places.left_join(nearest, "code").drop("code_right"))
        outcomes = engine.fetch(_outcomes(engine, register, rows, areas, by, level))
        kept = engine.fetch(areas.drop("latitude", "longitude").order_by("code"))
        boards = _boards(engine, rows, areas)
    if strange := sorted({*icbs} - {*kept["icb_code"].to_pylist()}):
        raise AllocationError(f"No area belongs to {', '.join(strange)} in {years}. Give codes of boards such as QMF.")
    if more is not None:
        kept = _with(kept, more)
    kept_to = "".join(f", {name} {' or '.join(values)}" for name, values in (only or {}).items())
    made_up = run.manifest.get("synthetic") or any(o.synthetic for o in register.overlays)
    basis = f"{'SYNTHETIC DATA, ' if made_up else ''}spend of {years} ({measure}{kept_to})"
    scope = {"basis": basis, "level": level, "measure": measure, "only": dict(only or {}), "boards": list(icbs),
             "register": register.record()}  # fmt: skip
    facts = {**scope, **facts, "spend_in_areas": sum(b["spend"] for b in boards)}
    return SmallAreas(kept, outcomes, facts, _thin(boards, facts))


def registered(register: Register, financial_year: str, icbs: Sequence[str] = ()) -> dict[str, float]:
    """People registered with practices by code of sub-ICB, board (on the footprint of the year) and region.

    They are of the last year of the register table practice_need; of a region, those in `icbs` where these are given.
    """
    found: dict[str, float] = {}
    board = "icb_2026" if financial_year >= NEW_BOARDS else "icb_2024"
    for place in Need.from_practices(register, "core").places:
        if icbs and place.within[board] not in icbs:
            continue
        for level in ("sub_icb", board, "region"):
            code = place.within[level]
            found[code] = found.get(code, 0.0) + float(place.population)
    return found


def read_areas(file: Path) -> pa.Table:
    """Further variables of areas from a CSV with the column code. AllocationError when it cannot be read."""
    import pyarrow as pa
    import pyarrow.csv as pc

    try:
        read = pc.read_csv(file, convert_options=pc.ConvertOptions(column_types={"code": pa.string()}))
    except (OSError, pa.ArrowInvalid) as error:
        raise AllocationError(f"{file} cannot be read as CSV UTF-8: {error}.") from error
    if "code" not in read.column_names:
        raise AllocationError(f"{file} has no column code; it has: {', '.join(read.column_names)}.")
    return read


def _spent(records: Any, level: str, measure: str, only: Mapping[str, Sequence[str]]) -> Any:
    """Counted spend on specialised care by area, age, provider and dimensions."""
    import ibis

    rows = records.filter(records.counted, records.service_line_final != "")
    for name, values in only.items():
        rows = rows.filter(rows[name].isin(list(values)))
    years = ibis.ifelse(rows.age >= OLDEST, OLDEST, ibis.ifelse(rows.age < 1, 0, rows.age // 5 * 5))
    band = ibis.ifelse(rows.age.between(1, 4), 1, years)
    age = ibis.ifelse(rows.age.isnull() | (rows.age < 0) | (rows.age == UNKNOWN_AGE), ibis.null("int64"), band)
    rows = rows.mutate(code=rows[LEVELS[level]], age_from=age.cast("int64"))
    return rows.group_by("code", "age_from", "provider_code", "financial_year", *DIMENSIONS).aggregate(
        spend=rows[measure].sum(), events=rows.count()
    )


def _facts(engine: Engine, rows: Any, run: Run, level: str) -> dict[str, Any]:
    """Years, pounds and pounds without an area. AllocationError when there is nothing to fit."""
    total = rows.aggregate(
        spend=rows.spend.sum().fill_null(0), nowhere=rows.spend.sum(where=rows.code == "").fill_null(0)
    )
    found = engine.fetch(total).to_pylist()[0]
    years = engine.fetch(rows.select("financial_year").distinct().order_by("financial_year"))
    if not found["spend"]:
        raise AllocationError(f"{run.path} holds no such spend that counts. Check what the outcome is kept to.")
    if found["nowhere"] == found["spend"]:
        other = " or ".join(name for name in LEVELS if name != level)
        raise AllocationError(
            f"No record with spend in {run.path} has a {LEVELS[level]}, so nothing can be told by {level}. Try --level "
            f"{other}, or files that carry it."
        )
    return {
        "financial_years": years.column("financial_year").to_pylist(),
        "spend": found["spend"],
        "spend_without_area": found["nowhere"],
    }


def _places(engine: Engine, register: Register, level: str, year: str) -> Any:
    """People and what is known of each area."""
    when = "2026" if year >= NEW_BOARDS else "2024"
    lsoas = engine.load("lsoas", register["lsoas"])
    shares = {f"{g}_share": lsoas[f"residents_{g}"] / lsoas.residents_2021 for g in GROUPS}
    known = lsoas.select(
        "region_code", "lad_code", "msoa21_code", "urban_rural", "imd2025_score", "imd2025_decile", "latitude",
        "longitude", code="lsoa21_code", icb_code=f"icb_code_{when}", sub_icb_code=f"sub_icb_code_{when}",
        over_64_share=lsoas.residents_65_plus / lsoas.residents_2021, **shares,
    )  # fmt: skip
    if level == "lsoa":
        ages = engine.load("lsoa_populations", register["lsoa_populations"])
        people = ages.group_by(code=ages.lsoa21_code).aggregate(population=ages.population.cast("float64").sum())
        return known.inner_join(people, "code")
    practices = engine.load("practices", register["practices"])
    practices = practices.filter(practices.registered_population > 0, practices.english == "Y")
    own = practices.select(
        "lsoa21_code", own_region="region_code", practice="practice_code",
        population=practices.registered_population.cast("float64"),
        own_icb=practices.icb_code_2026 if when == "2026" else practices.icb_code,
        own_sub_icb=practices.commissioner_code,
    )  # fmt: skip
    joined = own.inner_join(known, own.lsoa21_code == known.code)
    return joined.drop("code", "icb_code", "sub_icb_code", "region_code", "lsoa21_code").rename(
        code="practice", icb_code="own_icb", sub_icb_code="own_sub_icb", region_code="own_region"
    )


def _nearest(engine: Engine, rows: Any, register: Register, places: Any) -> Any:
    """Kilometres from each area to the nearest provider with a large share of spend."""
    providers = engine.load("providers", register["providers"])
    by = rows.group_by("provider_code").aggregate(spend=rows.spend.sum())
    least = rows.aggregate(least=rows.spend.sum().cast("float64") * limits()["large_provider"])
    large = by.cross_join(least)
    large = large.filter(large.spend.cast("float64") >= large.least).select("provider_code")
    sites = providers.inner_join(large, "provider_code").select(there="latitude", across="longitude")
    pairs = places.select("code", "latitude", "longitude").cross_join(sites)
    north, east = (pairs.there - pairs.latitude).radians(), (pairs.across - pairs.longitude).radians()
    half = (north / 2).sin() ** 2 + pairs.latitude.radians().cos() * pairs.there.radians().cos() * (east / 2).sin() ** 2
    pairs = pairs.mutate(distance=half.sqrt().asin() * (2 * EARTH))
    return pairs.group_by("code").aggregate(distance_km=pairs.distance.min())


def _outcomes(engine: Engine, register: Register, rows: Any, areas: Any, by: Sequence[str], level: str) -> Any:
    """Spend, records and expected spend of every area for every outcome."""
    import ibis

    columns = ("code", "age_from", "component", "spend", "events")
    rows = rows.semi_join(areas, "code")
    parts = [rows.select(*columns, outcome=ibis.literal(ALL))]
    parts += [rows.select(*columns, outcome=ibis.literal(f"{d}=") + rows[d]) for d in dict.fromkeys(by)]
    told = engine.materialise("told", ibis.union(*parts) if len(parts) > 1 else parts[0])
    sums = told.group_by("outcome", "code").aggregate(spend=told.spend.sum(), events=told.events.sum())
    kinds = told.group_by("outcome").aggregate(components=told.component.collect(distinct=True).sort().join(";"))
    full = kinds.cross_join(areas.select("code")).left_join(sums, ["outcome", "code"])
    full = full.select(
        "outcome", "code", "components", spend=full.spend.cast("float64").fill_null(0.0),
        events=full.events.cast("int64").fill_null(0),
    )  # fmt: skip
    if level != "lsoa":
        return full.order_by("outcome", "code")
    ages = engine.table("lsoa_populations").semi_join(areas, [("lsoa21_code", "code")])
    first = ages.age_band.re_extract(r"^(\d+)", 1).cast("int64")
    people = engine.materialise("people", ages.select(code="lsoa21_code", age_from=first, n="population"))
    band = people.group_by("age_from").aggregate(n=people.n.cast("float64").sum())
    spent = told.filter(told.age_from.notnull()).group_by("outcome", "age_from").aggregate(spend=told.spend.sum())
    spent = spent.inner_join(band, "age_from")
    rate = spent.spend.cast("float64") / spent.n
    rates = engine.materialise("rates", spent.select("outcome", "age_from", rate=rate))
    each = people.inner_join(rates, "age_from")
    expected = each.group_by("outcome", "code").aggregate(expected=(each.n * each.rate).sum())
    joined = full.left_join(expected, ["outcome", "code"])
    return joined.select(*full.columns, "expected").order_by("outcome", "code")


def _boards(engine: Engine, rows: Any, areas: Any) -> list[dict[str, Any]]:
    """People and spend of each board."""
    spent = rows.group_by("code").aggregate(spend=rows.spend.sum().cast("float64"))
    joined = areas.left_join(spent, "code")
    return list(
        engine.fetch(
            joined.group_by("icb_code").aggregate(
                population=joined.population.sum(), spend=joined.spend.sum().fill_null(0.0)
            )
        ).to_pylist()
    )


def _thin(boards: Iterable[Mapping[str, Any]], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Remarks on spend without an area, and on boards that the data hardly cover."""
    boards = list(boards)
    told = []
    if (away := 1 - facts["spend_in_areas"] / float(facts["spend"])) > NEGLIGIBLE:
        told.append(f"{away:.1%} of the run's spend has no area, or one that is not looked at, and is left out.")
    average = facts["spend_in_areas"] / sum(b["population"] for b in boards)
    thin = sorted(b["icb_code"] for b in boards if b["spend"] < limits()["covered_icb"] * average * b["population"])
    if thin:
        told.append(
            f"{len(thin)} boards have less than {limits()['covered_icb']:.0%} of the spend a head of all: "
            f"{', '.join(thin[:8])}{' …' if len(thin) > 8 else ''}. The run hardly covers them, and a model would take "
            "that for little need. Keep to boards that are covered."
        )
    return tuple(told)


def _with(areas: pa.Table, more: pa.Table) -> pa.Table:
    """Areas with further columns. AllocationError when a column is there already or a code stands twice."""
    if both := sorted({*areas.column_names} & {*more.column_names} - {"code"}):
        raise AllocationError(f"{', '.join(both)} is a column of the areas already. Give it another name.")
    if len(set(more["code"].to_pylist())) != more.num_rows:
        raise AllocationError("An area stands twice in the file of further variables. One row an area.")
    return areas.join(more, "code").sort_by("code")
