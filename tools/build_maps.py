"""Boundaries of ICBs and NHS regions for maps: TopoJSON, small enough to stand in a page.

    python tools/build_maps.py --source DIR      writes src/tertiary/publish/boundaries and says how much area changed

DIR holds icb_boundaries_2024.geojson and icb_boundaries_2026.geojson (dissolved from ONS boundaries of LSOA 2021). A
border that two boards share is one arc, simplified once (Visvalingam and Whyatt 1993: the point whose triangle is
smallest goes first), so that no gap opens between neighbours. Regions are dissolved from the boards of 2024, so that
their borders lie on the boards'. The build is deterministic.
"""

from __future__ import annotations

import argparse
import heapq
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parents[1] / "src" / "tertiary" / "publish" / "boundaries"
# degrees of one step of the grid: about 11 m to the north, 7 m to the east
GRID = 0.0001
# a point goes while its triangle is smaller, square kilometres: the eye sees no less at the size maps are drawn
SMALLEST = 0.12
KM_A_DEGREE = 111.2
# what a degree to the east is worth beside one to the north, in the middle of England
EAST = cos(radians(53))

Point = tuple[int, int]
Ring = list[Point]
# rings by the code of their area
Areas = Mapping[str, list[Ring]]


def main() -> None:
    """Write the three maps."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--source", type=Path, required=True)
    source = asked.parse_args().source
    for year in ("2024", "2026"):
        areas, regions = _read(source / f"icb_boundaries_{year}.geojson")
        write(areas, OUT / f"icb_{year}.json", regions)
        if year == "2024":
            write(_dissolved(areas, regions), OUT / "regions.json")


def _read(path: Path) -> tuple[Areas, dict[str, str]]:
    """Rings of each board, on the grid, and the region of each."""
    areas: dict[str, list[Ring]] = {}
    regions = {}
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        shape, code = feature["geometry"], feature["properties"]["icb_ods"]
        parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        areas[code] = []
        for part in parts:
            for at, ring in enumerate(part):
                points = [(round(x / GRID), round(y / GRID)) for x, y in ring[:-1]]
                areas[code].append(_turned(points, clockwise=at == 0))
        regions[code] = feature["properties"]["nhs_region_ods"]
    return areas, regions


def _turned(ring: Ring, clockwise: bool) -> Ring:
    """On a sphere the inside is what lies to the right: outer rings go clockwise, holes the other way."""
    return ring if (area([ring]) < 0) == clockwise else ring[::-1]


def area(rings: Iterable[Sequence[Point]]) -> float:
    """Square kilometres inside rings, negative where they go clockwise."""
    twice = sum(
        a[0] * b[1] - b[0] * a[1] for ring in rings for a, b in pairwise([*ring, ring[0]])
    )  # fmt: skip
    return twice / 2 * (GRID * KM_A_DEGREE) ** 2 * EAST


def _dissolved(areas: Areas, regions: Mapping[str, str]) -> Areas:
    """Rings of each region: the edges of its boards that no other board of it has, put end to end."""
    found = {}
    for region in sorted(set(regions.values())):
        edges = {
            edge for code, rings in areas.items() if regions[code] == region
            for ring in rings for edge in pairwise([*ring, ring[0]])
        }  # fmt: skip
        onward: dict[Point, list[Point]] = defaultdict(list)
        for start, end in sorted(edges):
            if (end, start) not in edges:
                onward[start].append(end)
        found[region] = _closed(onward)
    return found


def _closed(onward: dict[Point, list[Point]]) -> list[Ring]:
    """Edges put end to end; where rings touch, a ring ends at the first point that it meets again."""
    rings = []
    while any(onward.values()):
        walk = [next(p for p in sorted(onward) if onward[p])]
        while True:
            there = onward[walk[-1]].pop()
            if there in walk:
                at = walk.index(there)
                rings.append(walk[at:])
                del walk[at + 1 :]
                if not onward[there]:
                    break
            else:
                walk.append(there)
        while len(walk) > 1 and onward[walk[-1]]:
            walk.pop()
    return rings


def write(areas: Areas, path: Path, regions: Mapping[str, str] | None = None) -> None:
    """Areas as TopoJSON, each board with its region, and what became of their extent."""
    joints = _joints(areas)
    arcs: list[Sequence[Point]] = []
    known: dict[tuple[Point, Point, Point], int] = {}
    shapes = []
    for code, rings in sorted(areas.items()):
        made: list[list[int]] = []
        for ring in rings:
            made.append([_arc(part, arcs, known) for part in _parts(ring, joints)])
        shapes.append((code, made))
    small = [_simplified(arc) for arc in arcs]
    geometries = [
        {**_geometry(code, made, small), **({"region": regions[code]} if regions else {})} for code, made in shapes
    ]
    topology = {
        "type": "Topology",
        "transform": {"scale": [GRID, GRID], "translate": [0, 0]},
        "arcs": [[list(arc[0]), *([b[0] - a[0], b[1] - a[1]] for a, b in pairwise(arc))] for arc in small],
        "objects": {"areas": {"type": "GeometryCollection", "geometries": geometries}},
    }
    path.write_text(json.dumps(topology, separators=(",", ":")) + "\n", encoding="utf-8")
    _tell(path, areas, shapes, small)


def _joints(areas: Areas) -> set[Point]:
    """Points at which an arc ends: where three edges meet, or where a border's neighbours change."""
    beside: dict[Point, set[Point]] = defaultdict(set)
    sides: dict[frozenset[Point], set[str]] = defaultdict(set)
    for code, rings in areas.items():
        for ring in rings:
            for a, b in pairwise([*ring, ring[0]]):
                beside[a].add(b)
                beside[b].add(a)
                sides[frozenset((a, b))].add(code)
    return {
        point for point, others in beside.items()
        if len(others) != 2 or len({frozenset(sides[frozenset((point, other))]) for other in others}) > 1
    }  # fmt: skip


def _parts(ring: Ring, joints: set[Point]) -> list[list[Point]]:
    """A ring cut at its joints; a ring without any is one arc that begins at its least point."""
    places = [at for at, point in enumerate(ring) if point in joints] or [ring.index(min(ring))]
    turned = ring[places[0] :] + ring[: places[0]] + [ring[places[0]]]
    cuts = [at - places[0] for at in places] + [len(ring)]
    return [turned[a : b + 1] for a, b in pairwise(cuts)]


def _arc(part: list[Point], arcs: list[Sequence[Point]], known: dict[tuple[Point, Point, Point], int]) -> int:
    """The number of an arc; one that goes the other way along a known arc has the complement of its number."""
    key, back = (part[0], part[1], part[-1]), (part[-1], part[-2], part[0])
    if back in known:
        return ~known[back]
    if key not in known:
        known[key] = len(arcs)
        arcs.append(part)
    return known[key]


def _simplified(arc: Sequence[Point]) -> Sequence[Point]:
    """The arc without points whose triangle is smaller than SMALLEST; its ends stay, and a ring stays a ring."""
    least = 4 if arc[0] == arc[-1] else 2
    before, after = list(range(-1, len(arc) - 1)), list(range(1, len(arc) + 1))
    gone: set[int] = set()
    heap = [(_triangle(arc, at - 1, at, at + 1), at) for at in range(1, len(arc) - 1)]
    heapq.heapify(heap)
    while heap and len(arc) - len(gone) > least:
        size, at = heapq.heappop(heap)
        if at in gone or size != _triangle(arc, before[at], at, after[at]):
            continue
        if size >= SMALLEST:
            break
        gone.add(at)
        after[before[at]], before[after[at]] = after[at], before[at]
        for near in (before[at], after[at]):
            if 0 < near < len(arc) - 1:
                heapq.heappush(heap, (_triangle(arc, before[near], near, after[near]), near))
    return [point for at, point in enumerate(arc) if at not in gone]


def _triangle(arc: Sequence[Point], a: int, b: int, c: int) -> float:
    return abs(area([[arc[a], arc[b], arc[c]]]))


def _geometry(code: str, rings: list[list[int]], arcs: Sequence[Sequence[Point]]) -> dict[str, Any]:
    """Each outer ring with the holes that lie in it."""
    drawn = [(ring, unrolled(ring, arcs)) for ring in rings]
    polygons = [([ring], points) for ring, points in drawn if area([points]) < 0]
    for ring, points in drawn:
        if area([points]) > 0:
            next(held for held, outer in polygons if _inside(points[0], outer) or points[0] in outer).append(ring)
    return {"type": "MultiPolygon", "id": code, "arcs": [held for held, _ in polygons]}


def unrolled(ring: Sequence[int], arcs: Sequence[Sequence[Point]]) -> list[Point]:
    """The points of a ring, each once."""
    found: list[Point] = []
    for number in ring:
        points = arcs[number] if number >= 0 else arcs[~number][::-1]
        found += points[:-1]
    return found


def _inside(point: Point, ring: Sequence[Point]) -> bool:
    x, y = point
    return sum(
        (a[1] > y) != (b[1] > y) and x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]
        for a, b in pairwise([*ring, ring[0]])
    ) % 2 == 1  # fmt: skip


def _tell(path: Path, areas: Areas, shapes: Sequence[tuple[str, list[list[int]]]], arcs: Sequence[Any]) -> None:
    changes = {
        code: area(unrolled(ring, arcs) for ring in made) / area(areas[code]) - 1 for code, made in shapes
    }  # fmt: skip
    before, after = (
        -sum(map(area, areas.values())),
        -sum(area(unrolled(ring, arcs) for ring in made) for _, made in shapes),
    )
    worst = max(changes, key=lambda code: abs(changes[code]))
    print(
        f"{path.name}: {len(areas)} areas, {sum(map(len, arcs)):,} points, {path.stat().st_size:,} bytes; "
        f"{before:,.0f} square km became {after:,.0f}; most changed {worst}, by {changes[worst]:+.2%}"
    )


if __name__ == "__main__":
    main()
