"""Charts of what places should have: distance from target, and the path towards it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tertiary.publish.charts import BLUE, GREY, INK, ORANGE, WIDTH, Spec, Words, framed, short

ABOVE, BELOW = "above target", "below target"
# room beside a bar for its number, as a share of the axis
ROOM = 0.16


def distances(rows: Sequence[Mapping[str, object]], words: Words) -> Spec:
    """Bars of distance from target, the highest first; the row whose `own` is true is edged and marked with an arrow.

    Rows: name, own, distance (per cent, float).
    """
    data: list[Spec] = []
    for row in sorted(rows, key=lambda r: (-_number(r["distance"]), str(r["name"]))):
        value = _number(row["distance"])
        data.append({
            "name": ("▶ " if row["own"] else "") + short(str(row["name"]), 46), "distance": value,
            "side": ABOVE if value > 0 else BELOW, "own": bool(row["own"]), "text": f"{value:+.2f}%".replace("-", "−"),
        })  # fmt: skip
    furthest = max((abs(d["distance"]) for d in data), default=1.0) or 1.0
    ends = [-furthest * (1 + 2 * ROOM), furthest * (1 + 2 * ROOM)]
    y = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 340, "ticks": False}}
    x = {
        "field": "distance",
        "type": "quantitative",
        "title": "per cent of the target",
        "scale": {"domain": ends, "nice": False},
    }
    look = {
        "field": "side", "type": "nominal", "scale": {"domain": [ABOVE, BELOW], "range": [ORANGE, BLUE]},
        "legend": {"title": None, "orient": "top"},
    }  # fmt: skip
    text: Spec = {"type": "text", "color": INK, "fontSize": 11}
    body: Spec = {
        "width": WIDTH - 120, "height": {"step": 20}, "data": {"values": data}, "encoding": {"y": y},
        "layer": [
            {"mark": {"type": "bar", "height": {"band": 0.7}, "stroke": INK},
             "encoding": {"x": x, "color": look,
                          "strokeWidth": {"condition": {"test": "datum.own", "value": 2}, "value": 0}}},
            {"mark": {**text, "align": "left", "dx": 5}, "transform": [{"filter": "datum.distance > 0"}],
             "encoding": {"x": x, "text": {"field": "text"}}},
            {"mark": {**text, "align": "right", "dx": -5}, "transform": [{"filter": "datum.distance <= 0"}],
             "encoding": {"x": x, "text": {"field": "text"}}},
            {"data": {"values": [{}]}, "mark": {"type": "rule", "color": INK},
             "encoding": {"x": {"datum": 0}, "y": None}},
        ],
    }  # fmt: skip
    return framed(body, words)


def paths(rows: Sequence[Mapping[str, object]], words: Words, *, unit: str) -> Spec:
    """Lines of a value by year, one a place; those whose `own` is true are dark and thick, and named at their end.

    Where none is one's own, the highest and the lowest of the last year are named. Rows: name, own, year, value.
    """
    years = sorted({str(r["year"]) for r in rows})
    own = {str(r["name"]) for r in rows if r["own"]}
    last = sorted((r for r in rows if str(r["year"]) == years[-1]), key=lambda r: _number(r["value"])) if years else []
    named = own or {str(r["name"]) for r in (*last[:1], *last[-1:])}
    data = [
        {"name": str(r["name"]), "year": str(r["year"]), "value": _number(r["value"]), "own": str(r["name"]) in own}
        for r in rows
    ]
    ends = [
        {**row, "text": ("▶ " if row["own"] else "") + short(str(row["name"]), 34)}
        for row in data if row["year"] == years[-1] and row["name"] in named
    ]  # fmt: skip
    x = {
        "field": "year",
        "type": "ordinal",
        "sort": years,
        "title": None,
        "axis": {"labelAngle": 0},
        "scale": {"padding": 0.1},
    }
    y = {"field": "value", "type": "quantitative", "title": unit, "scale": {"zero": False}}
    wide = {"condition": {"test": "datum.own", "value": 3}, "value": 1}
    dark = {"condition": {"test": "datum.own", "value": INK}, "value": GREY}
    body: Spec = {
        "width": WIDTH - 160, "height": 380,
        "layer": [
            {"data": {"values": data}, "mark": {"type": "line", "point": {"size": 18, "color": GREY}},
             "encoding": {"x": x, "y": y, "detail": {"field": "name"}, "color": dark, "strokeWidth": wide}},
            {"data": {"values": ends}, "mark": {"type": "text", "align": "left", "dx": 8, "color": INK},
             "encoding": {"x": x, "y": y, "text": {"field": "text"}}},
            {"data": {"values": [{}]}, "mark": {"type": "rule", "color": INK, "strokeDash": [6, 4]},
             "encoding": {"y": {"datum": 0}}},
        ],
    }  # fmt: skip
    return framed(body, words)


def _number(value: object) -> float:
    return float(str(value))
