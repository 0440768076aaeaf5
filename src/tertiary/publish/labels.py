"""Where the names of points stand in a square chart, so that none hides another."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom

# pixels: width of a letter, room behind a text, height of a line, half a point, and how far from it a text may stand
LETTER, ROOM, LINE, DOT = 6.8, 4.0, 15.0, 7.0
REACHES = (13.0, 20.0, 32.0, 46.0, 64.0)
# right and up first, as one reads; then round
DIRECTIONS = (-pi / 4, 0.0, pi / 4, -3 * pi / 4, pi, 3 * pi / 4, -pi / 2, pi / 2)


def placed(points: Sequence[Point], texts: Sequence[str], side: float) -> list[tuple[Point, Point]]:
    """For each point the left end of its text, at half height, and where a line from the point to the text ends.

    Pixels from the top left of a square of `side` pixels. A text takes the nearest place that no point and no other
    text has, the one beside its point where there is none. A text next to its point needs no line: it ends there.
    """
    dots = [(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in points]
    taken: list[Box] = []
    made = []
    for (x, y), text in zip(points, texts, strict=True):
        width = LETTER * len(text) + ROOM
        boxes = [_beside(x, y, width, reach, turn) for reach in REACHES for turn in DIRECTIONS]
        free = [place for place in boxes if not any(_meet(place, box) for box in (*dots, *taken))]
        inside = [place for place in free if place[0] >= 0 and place[1] >= 0 and place[3] <= side]
        box = (inside or free or boxes)[0]
        taken.append(box)
        end = (min(max(x, box[0]), box[2]), (box[1] + box[3]) / 2)
        near = box in boxes[: len(DIRECTIONS)]
        made.append(((box[0], end[1]), (x, y) if near else end))
    return made


def _beside(x: float, y: float, width: float, reach: float, turn: float) -> Box:
    across, down = reach * cos(turn), reach * sin(turn)
    # to the left of its point a text ends there; above and below it stands centred
    back = width if across < -1 else width / 2 if across < 1 else 0.0
    left, middle = x + across - back, y + down
    return left, middle - LINE / 2, left + width, middle + LINE / 2


def _meet(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
