"""Boundaries are those of the register's boards and meet without gaps; maps say what they do not show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import build_maps
from tertiary.errors import PublishError
from tertiary.publish import charts, maps
from tertiary.publish.charts import Words
from tertiary.register import Register
from tertiary.web.places import FIRST_DAY

WORDS = Words("Spend a head", "darker is more", ("label", *maps.ATTRIBUTION))
BOUNDARIES = Path(maps.__file__).with_name("boundaries")
FLOW = {
    "icb_code": "QMJ", "icb_name": "A", "provider_code": "RRV", "provider_name": "T", "home": True, "value": 9,
    "text": "£9", "from_longitude": -0.1, "from_latitude": 51.5, "to_longitude": -0.2, "to_latitude": 51.6,
}  # fmt: skip
# square kilometres of England to the mean high water mark, as the Office for National Statistics publishes it
ENGLAND = 130_279


def _shapes(name: str) -> Iterator[tuple[str, list[list[list[float]]]]]:
    """Code and rings in degrees, read without the code under test."""
    topology = json.loads((BOUNDARIES / f"{name}.json").read_text())
    scale = topology["transform"]["scale"][0]

    def arc(number: int) -> list[list[float]]:
        x = y = 0
        points = []
        for east, north in topology["arcs"][number if number >= 0 else ~number]:
            x, y = x + east, y + north
            points.append([x * scale, y * scale])
        return points if number >= 0 else points[::-1]

    for shape in topology["objects"]["areas"]["geometries"]:
        rings = []
        for polygon in shape["arcs"]:
            for ring in polygon:
                parts = [arc(number) for number in ring]
                assert all(a[-1] == b[0] for a, b in pairwise([*parts, parts[0]])), "arcs do not meet"
                rings.append([point for part in parts for point in part[:-1]])
        yield shape["id"], rings


def _km2(rings: list[list[list[float]]]) -> float:
    total = 0.0
    for ring in rings:
        for a, b in pairwise([*ring, ring[0]]):
            middle = radians((a[1] + b[1]) / 2)
            # east of a strip shrinks with latitude: integrate x dy, metres of both at that latitude
            total += (a[0] + b[0]) / 2 * 111.32 * cos(middle) * (b[1] - a[1]) * 111.2
    return -total


def _rows(footprint: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"icb_code": code, "name": f"Board {code}", "region_code": region, "state": "shown", "v": place, **more}
        for place, (code, region) in enumerate(maps._boards(footprint).items())
    ]


def _map(rows: list[dict[str, Any]], footprint: str = "2024", region: str = "") -> dict[str, Any]:
    return maps.by_icb(rows, WORDS, footprint=footprint, value="v", unit="£ a head", region=region)


def _features(spec: dict[str, Any]) -> dict[str, Any]:
    areas = spec["vconcat"][0]["layer"][0]["data"]["values"]["objects"]["areas"]["geometries"]
    return {shape["id"]: shape["properties"] for shape in areas}


@pytest.mark.parametrize("footprint", maps.FOOTPRINTS)
def test_boundaries_are_of_the_boards_of_the_register(register: Register, footprint: str) -> None:
    day = FIRST_DAY[footprint]
    boards = {
        r["icb_code"]: r["region_code"] for r in register["icbs"].to_pylist()
        if r["valid_from"] <= day and (r["valid_to"] is None or day < r["valid_to"])
    }  # fmt: skip
    assert maps._boards(footprint) == boards
    assert len(boards) == {"2024": 42, "2026": 36}[footprint]


@pytest.mark.parametrize("name", ["icb_2024", "icb_2026", "regions"])
def test_boundaries_are_small_and_hold_england(name: str) -> None:
    assert (BOUNDARIES / f"{name}.json").stat().st_size < 350_000
    whole = sum(_km2(rings) for _, rings in _shapes(name))
    assert whole == pytest.approx(ENGLAND, rel=0.01)


def test_regions_are_the_sum_of_their_boards() -> None:
    boards = {code: _km2(rings) for code, rings in _shapes("icb_2024")}
    for region, rings in _shapes("regions"):
        own = sum(size for code, size in boards.items() if maps._boards("2024")[code] == region)
        assert _km2(rings) == pytest.approx(own, rel=1e-3), region


def test_neighbours_keep_one_border_and_no_gap_opens(tmp_path: Path) -> None:
    wiggle = [(1000, y) if y % 200 else (1001, y) for y in range(0, 1001, 100)]
    left = build_maps._turned([(0, 0), *wiggle, (0, 1000)], clockwise=True)
    right = build_maps._turned([*wiggle[::-1], (2000, 0), (2000, 1000)], clockwise=True)
    build_maps.write({"L": [left], "R": [right]}, tmp_path / "two.json", {"L": "Y1", "R": "Y1"})
    made = json.loads((tmp_path / "two.json").read_text())
    assert len(made["arcs"]) == 3, "the border of both is one arc"
    border = next(arc for arc in made["arcs"] if abs(sum(step[1] for step in arc[1:])) == 1000 and len(arc) == 2)
    assert border, "its wiggles of 10 metres are gone"
    numbers = [n for g in made["objects"]["areas"]["geometries"] for n in g["arcs"][0][0]]
    assert len(numbers) == 4 and sorted({n if n >= 0 else ~n for n in numbers}) == [0, 1, 2]
    assert any(n < 0 for n in numbers)


def test_a_hole_is_drawn_as_a_hole(tmp_path: Path) -> None:
    outer = build_maps._turned([(0, 0), (9000, 0), (9000, 9000), (0, 9000)], clockwise=True)
    inner = [(3000, 3000), (6000, 3000), (6000, 6000), (3000, 6000)]
    hole, lake = build_maps._turned(inner, clockwise=False), build_maps._turned(inner, clockwise=True)
    build_maps.write({"A": [outer, hole], "B": [lake]}, tmp_path / "hole.json")
    shapes = {
        g["id"]: g["arcs"] for g in json.loads((tmp_path / "hole.json").read_text())["objects"]["areas"]["geometries"]
    }
    assert [len(polygon) for polygon in shapes["A"]] == [2] and [len(polygon) for polygon in shapes["B"]] == [1]


def test_regions_that_touch_in_a_point_are_rings_of_their_own() -> None:
    one, other = [(0, 0), (0, 10), (10, 10), (10, 0)], [(10, 10), (10, 20), (20, 20), (20, 10)]
    found = build_maps._dissolved({"A": [one], "B": [other]}, {"A": "Y1", "B": "Y1"})["Y1"]
    assert sorted(build_maps.area([ring]) for ring in found) == pytest.approx([build_maps.area([one])] * 2)


def test_a_map_puts_each_board_in_its_class_and_says_what_has_no_figure() -> None:
    rows = _rows("2024")
    rows[0]["state"], rows[1]["state"], rows[2]["state"] = "hidden", "not yours", "part"
    rows[3]["v"] = None
    features = _features(_map(rows))
    assert features[rows[0]["icb_code"]]["text"] == "hidden: small numbers"
    assert features[rows[1]["icb_code"]]["text"] == "not yours"
    assert features[rows[3]["icb_code"]]["kind"] == "no figure"
    # a figure that is hidden or another's is nowhere in what a browser is sent
    kept = [{**r, "v": 987654.0} if r["state"] in ("hidden", "not yours") else r for r in rows]
    assert _features(_map(kept)) == features
    kinds = [f["kind"] for f in features.values()]
    assert kinds.count("below 10.0") == 7 and "34.0 and above" in kinds


def test_every_class_of_the_legend_is_on_the_map_in_order_from_light_to_dark() -> None:
    spec = _map(_rows("2024"))
    scale = spec["vconcat"][0]["layer"][0]["encoding"]["color"]["scale"]
    assert set(scale["domain"]) == {f["kind"] for f in _features(spec).values()}
    assert scale["range"] == list(maps.SHADES)


@given(st.lists(st.floats(-1e9, 1e9), max_size=60))
def test_classes_are_in_order_and_none_is_empty_at_the_ends(values: list[float]) -> None:
    edges = maps.breaks(values)
    assert edges == sorted(set(edges)) and len(edges) < maps.MOST_CLASSES
    if edges:
        assert min(values) < edges[0] and edges[-1] <= max(values)


def test_a_value_that_equals_the_edge_of_a_class_is_in_it() -> None:
    """0.13 as a binary fraction is a little more than 0.13: such an edge would lie above its own value."""
    rows = _rows("2024")
    for place, r in enumerate(rows):
        r["v"] = Decimal("0.05") if place < 10 else Decimal("0.13")
    spec = maps.by_icb(rows, WORDS, footprint="2024", value="v", unit="£", written=str)
    kinds = {r["v"]: _features(spec)[r["icb_code"]]["kind"] for r in rows}
    assert kinds == {Decimal("0.05"): "below 0.13", Decimal("0.13"): "0.13 and above"}


def test_classes_that_would_read_alike_are_one() -> None:
    rows = [{**r, "v": 10 + r["v"] / 10} for r in _rows("2024")]
    spec = maps.by_icb(rows, WORDS, footprint="2024", value="v", unit="£", written="{:.0f}".format)
    domain = spec["vconcat"][0]["layer"][0]["encoding"]["color"]["scale"]["domain"]
    assert len(domain) == len(set(domain)) > 2


def test_a_region_holds_its_own_boards_only() -> None:
    spec = _map(_rows("2026"), "2026", "Y56")
    assert set(_features(spec)) == {code for code, region in maps._boards("2026").items() if region == "Y56"}
    assert len(json.dumps(spec)) < 40_000


def test_a_board_of_another_year_is_refused() -> None:
    with pytest.raises(PublishError, match="'QMJ' is not on the map of 2026"):
        _map([{"icb_code": "QMJ", "name": "x", "region_code": "Y56", "state": "shown", "v": 1}], "2026")
    with pytest.raises(PublishError, match="no map of 2031"):
        _map([], "2031")


def test_no_flow_has_no_scale() -> None:
    """A width without a line would have an endless scale, of which the browser warns."""
    drawn, empty = (str(maps.flows(rows, WORDS, "2024", unit="£")) for rows in ([FLOW], []))
    assert "'strokeWidth': {'field'" in drawn and "'strokeWidth': {'field'" not in empty


def test_flows_draw_the_largest_and_tell_home_from_away() -> None:
    rows = [{**FLOW, "provider_code": f"P{n}", "home": n % 2 == 0, "value": n, "text": str(n)} for n in range(1, 101)]
    spec = maps.flows(rows, WORDS, "2024", unit="£")
    lines = spec["vconcat"][0]["layer"][2]["data"]["values"]
    assert [line["value"] for line in lines] == [float(n) for n in range(100, 40, -1)]
    assert {line["way"] for line in lines if line["value"] % 2} == {maps.AWAY}


def test_names_of_providers_do_not_cover_each_other() -> None:
    near, far = {"provider_code": "NEAR", "to_latitude": 51.601}, {"provider_code": "FAR", "to_latitude": 51.9}
    rows = [{**FLOW, "value": 9}, {**FLOW, **near, "value": 8}, {**FLOW, **far, "value": 7}]
    layers = maps.flows(rows, WORDS, "2024", unit="£")["vconcat"][0]["layer"]
    assert [p["code"] for p in layers[3]["data"]["values"]] == ["RRV", "NEAR", "FAR"], "each has its dot"
    assert [p["code"] for p in layers[4]["data"]["values"]] == ["RRV", "FAR"]


@pytest.mark.skipif(not charts.draws(), reason="vl-convert-python is not installed")
def test_maps_are_drawn_without_a_browser(tmp_path: Path) -> None:
    rows = _rows("2024")
    rows[5]["state"] = "hidden"
    text = charts.save(_map(rows), tmp_path / "map.svg").read_text()
    assert text.count("<path") > 42 and "Open Government Licence" in text and "×" in text
    drawn = charts.save(maps.flows([FLOW], WORDS, "2024", unit="£"), tmp_path / "flows.svg").read_text()
    assert "RRV" in drawn and maps.HOME in drawn
