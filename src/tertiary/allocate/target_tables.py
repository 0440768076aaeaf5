"""Need, targets, distances and paths as tables for people, and what is said about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tertiary.pennies import apportioned

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.allocate import Distance, Pot, Range, Shares, Step, Targets
    from tertiary.register import Register

NAMES = {"sub_icb": ("sub_icbs", "sub_icb_code"), "icb_2024": ("icbs", "icb_code"), "icb_2026": ("icbs", "icb_code"),
         "region": ("regions", "region_code")}  # fmt: skip


def label(register: Register, made: Sequence[Shares], pots: Sequence[Pot] = ()) -> str:
    """What the figures rest on: synthetic or not, register, needs and pots with source and confidence."""
    synthetic = any(o.synthetic for o in register.overlays)
    names = ", ".join(o.name for o in register.overlays) or "none"
    lines = [
        f"{'SYNTHETIC DATA: no real figure. ' if synthetic else ''}Register {register.version} as known on "
        f"{register.as_known}; overlays: {names}."
    ]
    lines += [
        f"Need of {s.stream} {s.financial_year}, modelled on {s.basis}; shares of {_area(s)} by {s.level}. "
        f"Source: {s.source}; confidence {s.confidence}."
        for s in made
    ]
    lines += [
        f"Pot of {p}: {p.amount:,} pounds. Source: {p.source or 'as given'}; confidence {p.confidence or 'as given'}."
        for p in pots
    ]
    if any(row.standard_error is not None for s in made for row in s.rows.values()):
        from tertiary.allocate.shares import METHOD

        lines.append(f"low, high: {METHOD}.")
    return "\n".join(lines)


def range_text(found: Range) -> str:
    """The range statistic in words that cannot be taken for a shortfall."""
    return (
        f"Range of distance from target: {float(found.points):.2f} percentage points, from {found.lowest} "
        f"({float(found.lowest_distance):+.2%}) to {found.highest} ({float(found.highest_distance):+.2%}). It is the "
        "gap between two places, no one's shortfall."
    )


def need_rows(register: Register, made: Sequence[Shares], digits: int) -> pa.Table:
    """A row for each stream and place."""
    rows = []
    for s in made:
        shown, names = s.rounded(digits), place_names(register, s.level)
        people = apportioned({c: r.population for c, r in s.rows.items()}, Decimal("0.1"))
        weighted = apportioned({c: r.weighted_population for c, r in s.rows.items()}, Decimal("0.1"))
        for code, row in s.rows.items():
            low, high = row.interval or (None, None)
            rows.append(
                {"stream": s.stream, "code": code, "name": names.get(code, ""), "population": people[code],
                 "weighted_population": weighted[code], "need_share": shown[code],
                 "index": _number(row.index, 5), "low": _number(low, digits), "high": _number(high, digits)}
            )  # fmt: skip
    places = {
        "population": 1,
        "weighted_population": 1,
        "need_share": digits,
        "index": 5,
        "low": digits,
        "high": digits,
    }
    return _table(rows, ("stream", "code", "name"), places)


def target_rows(made: Sequence[Targets]) -> pa.Table:
    """A row for each pot and place."""
    from tertiary.allocate.basis import components_text

    rows = []
    for t in made:
        shown = apportioned({c: r.share for c, r in t.rows.items()}, Decimal("0.00000001"))
        for code, row in t.rows.items():
            low, high = row.interval or (None, None)
            rows.append(
                {"financial_year": t.pot.financial_year, "service": t.pot.service,
                 "components": components_text(t.pot.components), "delegation_status": t.pot.delegation_status,
                 "basis": "wider than the pot" if t.wider else "same as the pot", "code": code, "share": shown[code],
                 "target": row.amount, "per_head": row.per_head, "low": low, "high": high}
            )  # fmt: skip
    text = ("financial_year", "service", "components", "delegation_status", "basis", "code")
    return _table(rows, text, {"share": 8, "target": 2, "per_head": 2, "low": 2, "high": 2})


def distance_rows(found: Sequence[Distance]) -> pa.Table:
    """A row for each place; distances in percent."""
    rows = [
        {
            "code": d.code, "opening": d.opening, "target": d.target, "gap": d.gap,
            "distance_percent": _percent(d.distance), "low_percent": _percent(d.low), "high_percent": _percent(d.high),
            "opening_per_head": d.opening_per_head, "target_per_head": d.target_per_head,
        }
        for d in found
    ]  # fmt: skip
    places = {"opening": 2, "target": 2, "gap": 2, "distance_percent": 4, "low_percent": 4, "high_percent": 4,
              "opening_per_head": 2, "target_per_head": 2}  # fmt: skip
    return _table(rows, ("code",), places)


def step_rows(steps: Sequence[Step], years: Sequence[str]) -> pa.Table:
    """A row for each year and place; growth and distances in percent."""
    rows = [
        {"financial_year": years[s.number - 1], "code": s.code, "transfer": s.transfer, "opening": s.opening,
         "opening_distance_percent": _percent(s.opening_distance), "growth_percent": _percent(s.growth),
         "allocation": s.allocation, "target": s.target, "distance_percent": _percent(s.distance),
         "per_head": s.per_head, "bound": s.bound}
        for s in steps
    ]  # fmt: skip
    places = {"transfer": 2, "opening": 2, "opening_distance_percent": 4, "growth_percent": 4, "allocation": 2,
              "target": 2, "distance_percent": 4, "per_head": 2}  # fmt: skip
    return _table(rows, ("financial_year", "code", "bound"), places)


def arrival_rows(reached: Mapping[str, int | None], years: Sequence[str], tolerance: Fraction) -> pa.Table:
    """A row for each place: the year in which it comes within the tolerance."""
    rows = [
        {"code": code, "tolerance_percent": _percent(tolerance), "years_to_target": number,
         "financial_year": "not in these years" if number is None else years[number - 1] if number else "at the start"}
        for code, number in reached.items()
    ]  # fmt: skip
    return _table(rows, ("code", "financial_year"), {"tolerance_percent": 2, "years_to_target": 0})


def _area(made: Shares) -> str:
    from tertiary.allocate.basis import WHOLE

    return {WHOLE: "England", "": "the places given"}.get(made.area, made.area)


def place_names(register: Register, level: str) -> dict[str, str]:
    """Names of the places of a level, as the register has them; empty where it has none."""
    from datetime import date

    from tertiary.register import valid_on

    if level not in NAMES:
        return {}
    table, key = NAMES[level]
    rows = valid_on(register, table, date(2026 if level == "icb_2026" else 2025, 10, 1)).to_pylist()
    return {r[key]: r["name"] for r in rows}


def _number(value: Fraction | float | None, digits: int) -> Decimal | None:
    return None if value is None else Decimal(round(Fraction(value) * 10**digits)).scaleb(-digits)


def _percent(value: Fraction | None) -> Decimal | None:
    return None if value is None else _number(value * 100, 4)


def _table(rows: Sequence[Mapping[str, Any]], text: Sequence[str], places: Mapping[str, int]) -> pa.Table:
    """Rows as typed columns in their own order; columns that are blank throughout are left out."""
    import pyarrow as pa

    names = [n for n in (rows[0] if rows else ()) if any(row[n] not in (None, "") for row in rows)]
    columns = {
        name: pa.array([row[name] for row in rows], pa.string() if name in text else pa.decimal128(38, places[name]))
        for name in names
    }
    return pa.table(columns)
