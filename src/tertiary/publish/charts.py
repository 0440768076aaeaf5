"""Charts as Vega-Lite specifications: plain dictionaries, drawn as PNG or SVG with the data beside them.

Every chart carries a title that says what is seen, units, the source and the label of the run. Nothing is told by
colour alone: shapes, outlines, positions or words say it too. Colours are those of Okabe and Ito (2008), which people
who do not see red and green apart can tell. Schema: Vega-Lite 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import exp, log
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import PublishError
from tertiary.publish.labels import placed

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
VEGA_LITE = "6.4"
BLUE, ORANGE, GREY, INK, PALE = "#0072B2", "#E69F00", "#8C8C8C", "#222222", "#E4E4E4"
WIDTH, SQUARE = 620, 560
LONGEST_LABEL = 58
# spend ratios of which the mountain draws a line, where its axes are narrow or wide
FINE, COARSE = (0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5), (0.25, 0.5, 0.8, 1.0, 1.25, 2.0, 4.0)
WIDEST = 3.0
# beyond this ratio, or one over it, a point of `ratios` stands at the edge
FURTHEST = 4.0
# with more points than this the mountain writes numbers and a key beside it
MOST_NAMES = 6
SHAPES = {"higher": "triangle-up", "lower": "triangle-down", "like": "circle", "not tested": "cross"}
COLOURS = {"higher": "#B04A00", "lower": BLUE, "like": "#5A5A5A", "not tested": GREY}
WORDS = {
    "higher": "higher, beyond chance", "lower": "lower, beyond chance", "like": "like the comparator",
    "not tested": "not tested",
}  # fmt: skip

Spec = dict[str, Any]


@dataclass(frozen=True)
class Words:
    """What is written around a chart: title, a line under it, and the lines of source and label at its foot."""

    title: str
    subtitle: str
    foot: tuple[str, ...]


def bars(rows: Sequence[Mapping[str, Any]], words: Words, *, value: str, unit: str, mark: float | None) -> Spec:
    """Horizontal bars of `value`, the longest first; the row whose `own` is true is dark and marked with an arrow.

    Rows: name, own and `value` (float). `mark` is the comparator, a dashed line.
    """
    order = sorted(rows, key=lambda r: -r[value])
    data = [
        {"name": ("▶ " if r["own"] else "") + short(r["name"]), "value": r[value], "own": bool(r["own"]),
         "text": f"{r[value]:,.2f}"}
        for r in order
    ]  # fmt: skip
    y = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 440, "ticks": False}}
    x = {"field": "value", "type": "quantitative", "title": unit, "axis": {"grid": True, "tickCount": 6}}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.7}, "stroke": INK},
            "encoding": {
                "x": x,
                "color": {"condition": {"test": "datum.own", "value": BLUE}, "value": "#B8CBDA"},
                "strokeWidth": {"condition": {"test": "datum.own", "value": 1.5}, "value": 0},
            },
        },
    ]
    if mark is not None:
        line = {"values": [{"x": mark, "text": f"comparator {mark:,.2f}"}]}
        at = {"x": {"field": "x", "type": "quantitative"}, "y": None}
        layers.append(
            {"data": line, "mark": {"type": "rule", "strokeDash": [6, 4], "size": 2, "color": INK}, "encoding": at}
        )
        text = {"type": "text", "align": "center", "baseline": "bottom", "y": -4, "color": INK, "fontStyle": "italic"}
        layers.append({"data": line, "mark": text, "encoding": {**at, "text": {"field": "text"}}})
    # written last and edged in white, so that the comparator's line does not strike a value out
    value_text: Spec = {"type": "text", "align": "left", "dx": 5, "color": INK}
    for mark_of in ({**value_text, "stroke": "white", "strokeWidth": 4}, value_text):
        layers.append({"mark": mark_of, "encoding": {"x": x, "text": {"field": "text"}}})
    body: Spec = {
        "width": WIDTH, "height": {"step": 26}, "encoding": {"y": y}, "layer": layers, "data": {"values": data},
    }  # fmt: skip
    return framed(body, words)


def split_bars(rows: Sequence[Mapping[str, Any]], words: Words, *, unit: str) -> Spec:
    """For each name two bars, access over intensity, and a diamond where the two together end.

    Rows: name, access, intensity, difference (floats, same unit).
    """
    parts, totals = [], []
    for row in rows:
        name = short(row["name"])
        parts += [{"name": name, "part": part, "value": row[part]} for part in ("access", "intensity")]
        totals.append({"name": name, "value": row["difference"], "part": "difference"})
    y = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 440, "ticks": False}}
    x = {"field": "value", "type": "quantitative", "title": unit, "axis": {"grid": True, "tickCount": 7}}
    legend = {"title": None, "orient": "top", "symbolType": "square", "symbolSize": 160, "labelFontSize": 12}
    told = {
        "access": "access (upper bar): more or fewer people treated",
        "intensity": "intensity (lower bar, outlined): more or less for each",
    }
    scale = {"domain": list(told.values()), "range": [BLUE, ORANGE]}
    for part in parts:
        part["told"] = told[part["part"]]
    body: Spec = {
        "width": WIDTH,
        # of a name with both its bars: a step of a bar would be another one for layers without bars
        "height": {"step": 37.5, "for": "position"},
        "layer": [
            {
                "data": {"values": parts},
                "mark": {"type": "bar", "stroke": INK},
                "encoding": {
                    "y": y, "x": x, "yOffset": {"field": "part", "sort": ["access", "intensity"]},
                    "color": {"field": "told", "type": "nominal", "scale": scale, "legend": legend},
                    "strokeWidth": {"condition": {"test": "datum.part == 'intensity'", "value": 1.2}, "value": 0},
                },
            },
            {
                "data": {"values": totals},
                "mark": {"type": "point", "shape": "diamond", "filled": True, "size": 90, "color": INK},
                "encoding": {"y": y, "x": x},
            },
            {"data": {"values": [{}]}, "mark": {"type": "rule", "color": INK}, "encoding": {"x": {"datum": 0}}},
        ],
    }  # fmt: skip
    return framed(body, words)


def ratios(rows: Sequence[Mapping[str, Any]], words: Words, *, unit: str) -> Spec:
    """Ratios with their limits on a logarithmic scale; the shape says whether the difference is beyond chance.

    Rows: name, ratio, low, high, flag (higher, lower, like or blank); a high that is None is open. A ratio beyond
    FURTHEST stands at the edge, marked ».
    """
    least = min([r["low"] for r in rows if r["low"]] + [r["ratio"] for r in rows if r["ratio"]] + [0.8])
    most = max([r["high"] for r in rows if r["high"]] + [r["ratio"] for r in rows] + [1.25])
    lowest, highest = max(least * 0.95, 1 / FURTHEST), min(most * 1.05, FURTHEST)
    data = [
        {"name": short(r["name"]) + ("" if lowest <= r["ratio"] <= highest else " »"),
         "ratio": _within(r["ratio"], lowest, highest),
         "low": _within(r["low"] or lowest, lowest, highest), "high": _within(r["high"] or highest, lowest, highest),
         "flag": WORDS[r["flag"] or "not tested"]}
        for r in rows
    ]  # fmt: skip
    # a little room at both ends, so that a point at the edge does not cover its name
    scale = {"type": "log", "domain": [lowest * 0.94, highest / 0.94], "nice": False}
    axis = {"values": _ticks(lowest, highest), "format": ".3~g", "grid": True}
    x = {"field": "low", "type": "quantitative", "scale": scale, "title": unit, "axis": axis}
    y = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 440, "ticks": False}}
    body: Spec = {
        "width": WIDTH,
        "height": {"step": 24},
        "data": {"values": data},
        "encoding": {"y": y},
        "layer": [
            {"mark": {"type": "rule", "size": 2, "color": GREY}, "encoding": {"x": x, "x2": {"field": "high"}}},
            {"mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
             "encoding": {"x": {**x, "field": "ratio"}, **_flagged(data)}},
            {"data": {"values": [{}]}, "mark": {"type": "rule", "color": INK, "strokeDash": [6, 4]},
             "encoding": {"x": {"datum": 1, "type": "quantitative", "scale": scale}, "y": None}},
        ],
    }  # fmt: skip
    return framed(body, words)


def mountain(rows: Sequence[Mapping[str, Any]], words: Words) -> Spec:
    """Access across, intensity up, spend along the slopes: three linked axes, all ratios to the comparator.

    Both scales are logarithmic, so every slope on which access x intensity, which is spend, stays the same is a
    straight line. A ratio beyond WIDEST stands at the edge, marked ». Rows: name, own, access, intensity (ratios above
    0), flag (of spend).
    """
    logs = [abs(log(r[part])) for r in rows for part in ("access", "intensity")]
    high = min(exp(max([*logs, log(1.12)]) * 1.18), WIDEST)
    low = 1 / high
    scale = {"type": "log", "domain": [low, high], "nice": False}
    axis = {"values": _ticks(low, high), "format": ".3~g", "grid": False}
    x = {
        "type": "quantitative",
        "scale": scale,
        "axis": axis,
        "title": "access: patients per head, ratio to the comparator",
    }
    y = {**x, "title": "intensity: spend per patient, ratio to the comparator"}
    at = {"x": {**x, "field": "x"}, "y": {**y, "field": "y"}}
    lines, ends = _slopes(low, high)
    points = []
    for number, r in enumerate(rows, 1):
        inside = all(low <= r[part] <= high for part in ("access", "intensity"))
        name = ("▶ " if r["own"] else "") + r["name"] + ("" if inside else " »")
        points.append(
            {"name": name, "number": str(number), "own": bool(r["own"]), "flag": WORDS[r["flag"] or "not tested"],
             "x": _within(r["access"], low, high), "y": _within(r["intensity"], low, high)}
        )  # fmt: skip
    numbered = len(points) > MOST_NAMES
    names = _names(points, "number" if numbered else "name", low, high)
    cross = {"type": "rule", "color": GREY, "strokeDash": [2, 3]}
    one = {"datum": 1, "type": "quantitative", "scale": scale}
    body: Spec = {
        "width": SQUARE,
        "height": SQUARE,
        "layer": [
            {"data": {"values": [{}]}, "mark": cross, "encoding": {"x": one}},
            {"data": {"values": [{}]}, "mark": cross, "encoding": {"y": one}},
            {"data": {"values": lines}, "mark": {"type": "line"},
             "encoding": {**at, "detail": {"field": "spend"}, "color": {"value": "#9A9A9A"},
                          "strokeWidth": {"condition": {"test": "datum.spend == 1", "value": 2.2}, "value": 0.8}}},
            # both axes are equally long, so every slope falls at 45 degrees
            {"data": {"values": ends},
             "mark": {"type": "text", "angle": 45, "align": "left", "dy": -5, "fontSize": 10.5, "color": "#555555"},
             "encoding": {**at, "text": {"field": "text"}}},
            {"data": {"values": points}, "mark": {"type": "point", "filled": True, "opacity": 1, "stroke": INK},
             "encoding": {**at, **_flagged(points),
                          "size": {"condition": {"test": "datum.own", "value": 260}, "value": 120},
                          "strokeWidth": {"condition": {"test": "datum.own", "value": 2}, "value": 0}}},
            {"data": {"values": names}, "mark": {"type": "rule", "color": GREY, "strokeWidth": 0.6},
             "encoding": {"x": {**x, "field": "from_x"}, "y": {**y, "field": "from_y"}, "x2": {"field": "to_x"},
                          "y2": {"field": "to_y"}}},
            {"data": {"values": names}, "mark": {"type": "text", "align": "left", "baseline": "middle", "fontSize": 12},
             "encoding": {**at, "text": {"field": "text"}, "color": {"value": INK}}},
        ],
    }  # fmt: skip
    return framed({"hconcat": [body, _key(points)], "spacing": 20} if numbered else body, words)


def _slopes(low: float, high: float) -> tuple[list[Spec], list[Spec]]:
    """Lines of equal spend within the square from `low` to `high`, and what is written on each."""
    lines, ends = [], []
    for spend in FINE if high < 1.6 else COARSE:
        left, right = max(low, spend / high), min(high, spend / low)
        if left < right:
            lines += [{"spend": spend, "x": at, "y": spend / at} for at in (left, right)]
            start = exp(log(left) + 0.06 * (log(high) - log(low)))
            if start < right:
                ends.append({"x": start, "y": spend / start, "text": f"spend × {spend:g}"})
    return lines, ends


def _names(points: Sequence[Mapping[str, Any]], field: str, low: float, high: float) -> list[Spec]:
    """What is written beside points and where, in ratios; a thin line goes from the point to `to_x` and `to_y`."""
    wide = log(high / low)

    def back(place: tuple[float, float]) -> tuple[float, float]:
        return low * exp(place[0] * wide / SQUARE), high / exp(place[1] * wide / SQUARE)

    at = [(SQUARE * log(p["x"] / low) / wide, SQUARE * log(high / p["y"]) / wide) for p in points]
    found = [(back(text), back(end)) for text, end in placed(at, [p[field] for p in points], SQUARE)]
    return [
        {"text": p[field], "x": text[0], "y": text[1], "from_x": p["x"], "from_y": p["y"],
         "to_x": end[0], "to_y": end[1]}
        for p, (text, end) in zip(points, found, strict=True)
    ]  # fmt: skip


def _key(points: Sequence[Mapping[str, Any]]) -> Spec:
    """Names of numbered points."""
    return {
        "width": 330,
        "height": 20 * len(points),
        "view": {"stroke": None},
        "data": {"values": [{"line": f"{p['number']}  {short(p['name'], 50)}", "at": p["number"]} for p in points]},
        "mark": {"type": "text", "align": "left", "baseline": "middle", "fontSize": 12, "color": INK, "x": 0},
        "encoding": {"text": {"field": "line"}, "y": {"field": "at", "type": "nominal", "sort": None, "axis": None}},
    }


def draws() -> bool:
    """Whether charts can be drawn as PNG and SVG here."""
    return find_spec("vl_convert") is not None


def drawn(spec: Spec) -> str:
    """The chart as SVG text to stand in a page; blank where the extra that draws is not installed."""
    try:
        return _svg(spec)
    except PublishError:
        return ""


def save(spec: Spec, path: Path) -> Path:
    """Draw a chart into a PNG or SVG file, by the ending of its name. PublishError when it cannot be drawn."""
    if path.suffix not in (".png", ".svg"):
        raise PublishError(f"{path} ends with {path.suffix or 'nothing'}; a chart is written as .png or .svg.")
    try:
        if path.suffix == ".png":
            path.write_bytes(_converter().vegalite_to_png(spec, vl_version=VEGA_LITE, scale=2))
        else:
            path.write_text(_svg(spec), encoding="utf-8")
    except (OSError, ValueError) as error:
        raise PublishError(f"{path} cannot be drawn: {str(error)[:300]}") from error
    return path


def _svg(spec: Spec) -> str:
    return str(_converter().vegalite_to_svg(spec, vl_version=VEGA_LITE))


def _converter() -> Any:
    try:
        import vl_convert
    except ImportError as error:
        raise PublishError(
            "Charts are drawn with vl-convert-python, which is not installed. Install tertiary with its extra charts: "
            'pip install "tertiary[charts]". The tables are written without it.'
        ) from error
    return vl_convert


def save_with_data(spec: Spec, data: pa.Table, folder: Path, name: str) -> list[Path]:
    """The chart as PNG and SVG and its data as CSV, side by side in `folder`. PublishError as of `save`."""
    import pyarrow.csv as pc

    table = folder / f"{name}.csv"
    pc.write_csv(data, table)
    return [table, save(spec, folder / f"{name}.png"), save(spec, folder / f"{name}.svg")]


def short(text: str, longest: int = LONGEST_LABEL) -> str:
    """A label that fits: cut at a word, with an ellipsis."""
    if len(text) <= longest:
        return text
    return text[: longest - 1].rsplit(" ", 1)[0].rstrip(" ,:;(") + "…"


def framed(body: Spec, words: Words) -> Spec:
    """The chart with its title above and its source and label below."""
    foot = {
        "width": WIDTH,
        "height": 14 * len(words.foot),
        "view": {"stroke": None},
        "data": {"values": [{"line": line, "at": place} for place, line in enumerate(words.foot)]},
        "mark": {"type": "text", "align": "left", "baseline": "top", "fontSize": 10.5, "color": "#444444", "x": 0},
        "encoding": {
            "text": {"field": "line"},
            "y": {"field": "at", "type": "ordinal", "axis": None},
        },
    }
    title = {
        "text": words.title, "subtitle": words.subtitle, "anchor": "start", "fontSize": 16, "subtitleFontSize": 12,
        "subtitleColor": "#444444", "offset": 14,
    }  # fmt: skip
    return {
        "$schema": SCHEMA,
        "title": title,
        "vconcat": [body, foot],
        "spacing": 12,
        "background": "white",
        "padding": 14,
        "config": {
            "font": "DejaVu Sans, Arial, sans-serif",
            "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": PALE},
            "view": {"stroke": None},
            "legend": {"labelLimit": 420},
        },
    }


def _flagged(rows: Sequence[Mapping[str, Any]]) -> Spec:
    """Shape and colour by flag, in one legend of the words that occur."""
    seen = {row["flag"] for row in rows}
    kept = [key for key, words in WORDS.items() if words in seen]
    legend = {"title": None, "orient": "top", "symbolSize": 120, "symbolStrokeWidth": 0, "labelFontSize": 12}
    names = [WORDS[key] for key in kept]
    look = {"field": "flag", "type": "nominal", "legend": legend}
    return {
        "shape": {**look, "scale": {"domain": names, "range": [SHAPES[key] for key in kept]}},
        "color": {**look, "scale": {"domain": names, "range": [COLOURS[key] for key in kept]}},
    }


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _ticks(low: float, high: float) -> list[float]:
    """Round ratios for a logarithmic axis: finer when the range is narrow."""
    fine = [0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5, 1.7]
    coarse = [0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 1, 1.25, 1.5, 2, 3, 5, 7, 10]
    chosen = fine if high / low < 2.5 else coarse
    return [t for t in chosen if low <= t <= high]
