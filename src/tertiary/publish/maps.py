"""Maps of England by ICB as Vega-Lite specifications: areas in classes, and flows from populations to providers.

Boundaries come with the package (`boundaries/`, made by tools/build_maps.py) and stand in the specification, so that a
map is drawn the same on a server and in a browser. Classes go from light to dark, which a grey print keeps; what has no
figure is grey and carries a sign. Source of the boundaries: ATTRIBUTION, which belongs in the foot of every map.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

from tertiary.errors import PublishError
from tertiary.publish.charts import BLUE, INK, ORANGE, Spec, Words, framed

FOOTPRINTS = ("2024", "2026")
ATTRIBUTION = (
    "Boundaries: Office for National Statistics licensed under the Open Government Licence v3.0.",
    "Contains OS data © Crown copyright and database right.",
)
WIDTH, HEIGHT, NEAR = 560, 620, 500
MOST_CLASSES, MOST_LINES, MOST_NAMES = 5, 60, 8
# how much of the map the code of a provider takes, in its width and its height
NAMED = {"longitude": 0.12, "latitude": 0.05}
SHADES = ("#DEEBF7", "#9ECAE1", "#5BA3D0", "#2171B5", "#08306B")
# colours of kinds, which have no order: light, middle and dark, so that grey keeps them apart
KINDS = ("#F0E442", "#56B4E9", "#0B3D63", ORANGE, "#CC79A7")
# what an area says that has no figure of its own, or not all of it: words, and the sign drawn on it
STATES = {
    "shown": ("", ""), "part": ("only a part is yours", "◐"), "none": ("no figure", "–"),
    "hidden": ("hidden: small numbers", "×"), "not yours": ("not yours", "·"),
}  # fmt: skip
EMPTY = {"none": "#D9D9D9", "hidden": "#D9D9D9", "not yours": "#FFFFFF"}
HOME, AWAY = "to a provider in the own ICB", "to a provider elsewhere"
# the shape people know from British maps
PROJECTION = {"type": "transverseMercator", "rotate": [2, 0, 0]}


def by_icb(
    rows: Sequence[Mapping[str, Any]], words: Words, *, footprint: str, value: str, unit: str, region: str = "",
    written: Callable[[Any], str] = "{:,.1f}".format,
) -> Spec:  # fmt: skip
    """A map of ICBs coloured by `value`: numbers in classes of about equally many boards, texts as kinds.

    Rows: icb_code, name, region_code, state (one of STATES) and `value`, None where there is none. `footprint`: boards
    of 2024 or 2026. `region` keeps to the boards of a region. `written` writes a number as people read it, in classes
    and tooltips. PublishError for another footprint, state or code.
    """
    kept = _checked([r for r in rows if not region or r["region_code"] == region], footprint)
    told = [r[value] for r in kept if r["state"] in ("shown", "part") and r[value] is not None]
    kinds = sorted({v for v in told if isinstance(v, str)})
    # an edge is dropped that would read as the one before
    edges = [] if kinds else list({written(edge): edge for edge in reversed(breaks(told))}.values())[::-1]
    names = kinds or _classes(told, edges, written)
    shades = [KINDS[place % len(KINDS)] for place in range(len(names))] if kinds else _shades(len(names))
    properties = {}
    for r in kept:
        state = r["state"] if r[value] is not None or r["state"] not in ("shown", "part") else "none"
        number = r[value] if state in ("shown", "part") else None
        kind = STATES[state][0] if number is None else number if kinds else names[sum(number >= e for e in edges)]
        text = STATES[state][0] if number is None else str(number) if kinds else written(number)
        properties[r["icb_code"]] = {"name": r["name"], "kind": kind, "text": text, "sign": STATES[state][1]}
    empty = {STATES[state][0]: colour for state, colour in EMPTY.items()}
    seen = {p["kind"] for p in properties.values()}
    domain = [*names, *(word for word in empty if word in seen)]
    colours = [*shades, *(colour for word, colour in empty.items() if word in seen)]
    legend = {"title": unit, "orient": "right", "titleLimit": 320, "symbolType": "square", "symbolSize": 220,
              "symbolStrokeColor": INK, "symbolStrokeWidth": 0.5, "labelFontSize": 13, "titleFontSize": 13}  # fmt: skip
    tooltip = [{"field": "properties.name", "title": "ICB"}, {"field": "properties.text", "title": unit}]
    areas: Spec = {
        "data": _areas(f"icb_{footprint}", properties),
        "mark": {"type": "geoshape", "stroke": "#4A4A4A", "strokeWidth": 0.6},
        "encoding": {
            "color": {"field": "properties.kind", "type": "nominal", "legend": legend,
                      "scale": {"domain": domain, "range": colours}},
            "tooltip": tooltip,
        },
    }  # fmt: skip
    signs = [
        {**dict(zip(("longitude", "latitude"), middle(footprint, code), strict=True)), "sign": p["sign"]}
        for code, p in properties.items() if p["sign"]
    ]  # fmt: skip
    layers = [areas, _outlines({region} if region else set(_boards(footprint).values()))]
    if signs:
        at = {"longitude": {"field": "longitude", "type": "quantitative"},
              "latitude": {"field": "latitude", "type": "quantitative"}}  # fmt: skip
        sign = {"type": "text", "fontSize": 15, "color": INK}
        layers += [
            {"data": {"values": signs}, "mark": mark, "encoding": {**at, "text": {"field": "sign"}}}
            for mark in ({**sign, "stroke": "white", "strokeWidth": 3}, sign)
        ]
    if any(p["sign"] == STATES["part"][1] for p in properties.values()):
        words = replace(words, subtitle="; ".join(filter(None, (words.subtitle, " ".join(reversed(STATES["part"]))))))
    return framed(_map(layers, HEIGHT if not region else NEAR), words)


def flows(rows: Sequence[Mapping[str, Any]], words: Words, footprint: str, *, unit: str, region: str = "") -> Spec:
    """A map of lines from where people live to where they are treated; the width tells the amount.

    Rows: icb_code, icb_name, provider_code, provider_name, home (whether the provider lies in that ICB), value (a
    number above 0), text (as it is read), and from_longitude, from_latitude, to_longitude, to_latitude. The MOST_LINES
    largest are drawn; the caller says what is not. `region` keeps the boards in the background to a region.
    PublishError for another footprint.
    """
    drawn = sorted(rows, key=lambda r: (-r["value"], r["icb_code"], r["provider_code"]))[:MOST_LINES]
    lines = [
        {**{name: r[name] for name in ("from_longitude", "from_latitude", "to_longitude", "to_latitude", "text")},
         "from": r["icb_name"], "to": r["provider_name"], "value": float(r["value"]),
         "way": HOME if r["home"] else AWAY}
        for r in drawn
    ]  # fmt: skip
    places: dict[str, Spec] = {}
    for r in drawn:
        place = places.setdefault(r["provider_code"], {
            "longitude": r["to_longitude"], "latitude": r["to_latitude"], "to": r["provider_name"],
            "code": r["provider_code"], "value": 0.0,
        })  # fmt: skip
        place["value"] += float(r["value"])
    largest = sorted(places.values(), key=lambda p: -p["value"])
    seen = [way for way in (HOME, AWAY) if any(line["way"] == way for line in lines)]
    colours, dashes = {HOME: BLUE, AWAY: "#B04A00"}, {HOME: [1, 0], AWAY: [7, 5]}
    legend = {"title": None, "orient": "right", "labelFontSize": 13, "titleFontSize": 13}
    way = {"field": "way", "type": "nominal", "legend": {**legend, "symbolStrokeWidth": 3, "symbolSize": 500}}
    at = {"longitude": {"field": "longitude", "type": "quantitative"},
          "latitude": {"field": "latitude", "type": "quantitative"}}  # fmt: skip
    ends = {
        f"{axis}{end}": {"field": f"{name}_{axis}", **({"type": "quantitative"} if not end else {})}
        for name, end in (("from", ""), ("to", "2")) for axis in ("longitude", "latitude")
    }  # fmt: skip
    tooltip = [{"field": "from", "title": "People of"}, {"field": "to", "title": "Treated by"},
               {"field": "text", "title": unit}]  # fmt: skip
    # no more of England than the boards of those who are treated, so that a part of it fills the map
    boards = _boards(footprint)
    codes = (
        {c for c, own in boards.items() if own == region} if region else {r["icb_code"] for r in drawn} or set(boards)
    )
    whole = set(boards.values()) - {own for c, own in boards.items() if c not in codes}
    background: Spec = {
        "data": _areas(f"icb_{footprint}", {code: {} for code in sorted(codes)}),
        "mark": {"type": "geoshape", "fill": "#F4F4F4", "stroke": "#B0B0B0", "strokeWidth": 0.6},
    }
    layers: list[Spec] = [
        background,
        _outlines(whole),
        {
            "data": {"values": lines},
            "mark": {"type": "rule", "opacity": 0.75, "strokeCap": "round"},
            "encoding": {
                **ends, "tooltip": tooltip,
                "color": {**way, "scale": {"domain": seen, "range": [colours[each] for each in seen]}},
                "strokeDash": {**way, "scale": {"domain": seen, "range": [dashes[each] for each in seen]}},
                "strokeWidth": {
                    "field": "value", "type": "quantitative", "scale": {"domainMin": 0, "range": [0.6, 9]},
                    "legend": {**legend, "title": unit, "format": ",.0f", "tickCount": 4, "symbolStrokeColor": INK},
                },
            },
        },
        {
            "data": {"values": largest},
            "mark": {"type": "circle", "color": INK, "size": 36, "opacity": 1, "stroke": "white", "strokeWidth": 1},
            "encoding": {**at, "tooltip": [{"field": "to", "title": "Provider"}, {"field": "code", "title": "Code"}]},
        },
    ]  # fmt: skip
    # a width has no scale where there is no line
    if not lines:
        del layers[2:]
    text = {"type": "text", "align": "left", "dx": 6, "dy": -5, "fontSize": 12, "fontWeight": "bold", "color": INK}
    for mark in ({**text, "stroke": "white", "strokeWidth": 4}, text):
        layers.append({"data": {"values": _apart(largest, lines)[:MOST_NAMES]}, "mark": mark,
                       "encoding": {**at, "text": {"field": "code"}}})  # fmt: skip
    return framed(_map(layers, HEIGHT if len(whole) > 3 else NEAR), words)


def _apart(places: Sequence[Spec], lines: Sequence[Mapping[str, Any]]) -> list[Spec]:
    """Places whose names do not cover each other on the map of these lines; of those too near, the first."""
    spans = {
        axis: max(values, default=0) - min(values, default=0)
        for axis in NAMED
        for values in [[line[f"{end}_{axis}"] for line in lines for end in ("from", "to")]]
    }
    found: list[Spec] = []
    for place in places:
        if all(any(abs(place[a] - one[a]) > NAMED[a] * spans[a] for a in NAMED) for one in found):
            found.append(place)
    return found


def breaks(values: Iterable[Any], most: int = MOST_CLASSES) -> list[Decimal]:
    """Where classes of about equally many values begin, the first left out: numbers of two digits, in order."""
    held = sorted(Decimal(v) for v in values)
    found = {_two_digits(held[len(held) * place // most]) for place in range(1, most)} if held else set()
    return sorted(edge for edge in found if held[0] < edge <= held[-1])


def _two_digits(value: Decimal) -> Decimal:
    """A number to its first two digits that count; exact, so that a value which equals it is not below it."""
    return round(value, 1 - value.adjusted()) if value else value


def _classes(told: Sequence[Any], edges: Sequence[Decimal], written: Callable[[Any], str]) -> list[str]:
    """Classes in words: from one edge to below the next."""
    if not told:
        return []
    if not edges:
        least, most = written(min(told)), written(max(told))
        return [least if least == most else f"{least} to {most}"]
    between = [f"{written(low)} to below {written(high)}" for low, high in pairwise(edges)]
    return [f"below {written(edges[0])}", *between, f"{written(edges[-1])} and above"]


def _shades(count: int) -> list[str]:
    """Shades for so many classes, from light to dark, over the whole range."""
    if count < 2:
        return [SHADES[2]] * count
    return [SHADES[round(place * (len(SHADES) - 1) / (count - 1))] for place in range(count)]


def middle(footprint: str, code: str) -> tuple[float, float]:
    """Longitude and latitude of the middle of a board's largest part, where a sign is drawn."""
    topology = _topology(f"icb_{footprint}")
    shape = next(g for g in topology["objects"]["areas"]["geometries"] if g["id"] == code)
    rings = [_points(topology, polygon[0]) for polygon in shape["arcs"]]
    ring = min(rings, key=_twice)
    weight = _twice(ring) * 3
    found = [0.0, 0.0]
    for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = a[0] * b[1] - b[0] * a[1]
        found = [found[0] + (a[0] + b[0]) * cross, found[1] + (a[1] + b[1]) * cross]
    scale = topology["transform"]["scale"]
    return round(found[0] / weight * scale[0], 4), round(found[1] / weight * scale[1], 4)


def _twice(ring: Sequence[tuple[int, int]]) -> int:
    """Twice the extent of a ring on the grid, negative for an outer one, which goes clockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))


def _points(topology: Mapping[str, Any], ring: Sequence[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for number in ring:
        x = y = 0
        points = []
        for east, north in topology["arcs"][number if number >= 0 else ~number]:
            x, y = x + east, y + north
            points.append((x, y))
        found += (points if number >= 0 else points[::-1])[:-1]
    return found


def _checked(rows: list[Mapping[str, Any]], footprint: str) -> list[Mapping[str, Any]]:
    known = _boards(footprint)
    for r in rows:
        if r["icb_code"] not in known:
            raise PublishError(f"ICB {r['icb_code']!r} is not on the map of {footprint}. Give boards of that year.")
        if r["state"] not in STATES:
            raise PublishError(f"An area of a map is one of {', '.join(STATES)}, not {r['state']!r}.")
    return rows


def _boards(footprint: str) -> dict[str, str]:
    """Codes of the boards on a footprint, each with its region."""
    if footprint not in FOOTPRINTS:
        raise PublishError(f"There is no map of {footprint}. Choose from {', '.join(FOOTPRINTS)}.")
    shapes = _topology(f"icb_{footprint}")["objects"]["areas"]["geometries"]
    return {shape["id"]: shape["region"] for shape in shapes}


def _map(layers: list[Spec], height: int) -> Spec:
    return {"width": WIDTH, "height": height, "projection": PROJECTION, "layer": layers}


def _outlines(regions: Set[str]) -> Spec:
    return {
        "data": _areas("regions", {code: {} for code in sorted(regions)}),
        "mark": {"type": "geoshape", "fill": "none", "stroke": INK, "strokeWidth": 1.1},
    }


def _areas(name: str, properties: Mapping[str, Mapping[str, Any]]) -> Spec:
    """Areas of a map with what is to be known of each; only the borders that they need."""
    topology = _topology(name)
    arcs: list[Any] = []
    numbers: dict[int, int] = {}

    def renumbered(number: int) -> int:
        own = number if number >= 0 else ~number
        if own not in numbers:
            numbers[own] = len(arcs)
            arcs.append(topology["arcs"][own])
        return numbers[own] if number >= 0 else ~numbers[own]

    shapes = [
        {"type": "MultiPolygon", "id": shape["id"], "properties": dict(properties[shape["id"]]),
         "arcs": [[[renumbered(n) for n in ring] for ring in polygon] for polygon in shape["arcs"]]}
        for shape in topology["objects"]["areas"]["geometries"] if shape["id"] in properties
    ]  # fmt: skip
    objects = {"areas": {"type": "GeometryCollection", "geometries": shapes}}
    values = {"type": "Topology", "transform": deepcopy(topology["transform"]), "arcs": arcs, "objects": objects}
    return {"values": values, "format": {"type": "topojson", "feature": "areas"}}


@cache
def _topology(name: str) -> Mapping[str, Any]:
    text = resources.files("tertiary.publish").joinpath("boundaries", f"{name}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))
