"""Charts are plain specifications that can be drawn, say what they show, and do not rest on colour alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertiary.errors import PublishError
from tertiary.publish import charts
from tertiary.publish.charts import Spec, Words
from tertiary.publish.labels import LETTER, LINE, ROOM, placed

WORDS = Words("Why spend differs", "A line under it", ("Spend: a run.", "SYNTHETIC DATA: no real patient."))
ROWS: list[dict[str, Any]] = [
    {"name": "North Central London", "own": True, "access": 1.2, "intensity": 0.9, "difference": 2.1, "value": 4.4,
     "flag": "higher", "ratio": 1.2, "low": 1.1, "high": 1.3},
    {"name": "Adult specialist neurosciences services: a name much longer than any chart can hold in one line",
     "own": False, "access": 0.8, "intensity": 1.0, "difference": -1.0, "value": 3.1, "flag": "like", "ratio": 0.8,
     "low": 0.5, "high": None},
    {"name": "Nobody treated", "own": False, "access": 0.01, "intensity": 9.0, "difference": 0.0, "value": 0.0,
     "flag": "", "ratio": 0.0, "low": 0.0, "high": 0.4},
]  # fmt: skip
MADE: dict[str, Callable[[], Spec]] = {
    "bars": lambda: charts.bars(ROWS, WORDS, value="value", unit="pounds per head", mark=3.4),
    "split": lambda: charts.split_bars(ROWS, WORDS, unit="pounds per head"),
    "ratios": lambda: charts.ratios(ROWS, WORDS, unit="ratio"),
    "mountain": lambda: charts.mountain(ROWS, WORDS),
    "many": lambda: charts.mountain(ROWS * 3, WORDS),
}


def texts(spec: Any) -> set[str]:
    """Every text in a specification."""
    if isinstance(spec, dict):
        return set().union(*(texts(v) for v in spec.values()))
    if isinstance(spec, list):
        return set().union(*(texts(v) for v in spec))
    return {spec} if isinstance(spec, str) else set()


@pytest.mark.parametrize("kind", MADE)
def test_a_chart_says_what_it_shows_and_can_be_drawn(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    spec = json.loads(json.dumps(MADE[kind]()))  # plain data, nothing else
    assert spec["$schema"].endswith("/vega-lite/v6.json")
    assert {"Why spend differs", "A line under it", *WORDS.foot} <= texts(spec)
    drawn = charts.save(spec, tmp_path / "chart.svg").read_text(encoding="utf-8")
    for text in ("Why spend differs", "SYNTHETIC DATA: no real patient."):
        assert text in drawn
    assert charts.save(spec, tmp_path / "chart.png").read_bytes()[:4] == b"\x89PNG"


def test_units_stand_at_the_axes() -> None:
    assert "pounds per head" in texts(MADE["bars"]()) & texts(MADE["split"]())
    assert {t for t in texts(MADE["mountain"]()) if t.startswith(("access:", "intensity:"))}


def test_flags_have_shapes_of_their_own_and_words() -> None:
    assert len(set(charts.SHAPES.values())) == len(charts.SHAPES) == len(charts.WORDS) == len(charts.COLOURS)
    flagged = charts._flagged([{"flag": charts.WORDS[key]} for key in ("lower", "like")])
    assert flagged["shape"]["scale"] == {"domain": [charts.WORDS["lower"], charts.WORDS["like"]],
                                         "range": ["triangle-down", "circle"]}  # fmt: skip


spot = st.tuples(st.floats(0, 560), st.floats(0, 560))


@settings(deadline=None)
@given(st.lists(spot, min_size=1, max_size=12), st.integers(1, 24))
def test_no_name_hides_a_point_or_another_name(points: list[tuple[float, float]], letters: int) -> None:
    """A dozen numbers find a place even when all points are one; of long names those that found none stand alike."""
    found = placed(points, ["x" * letters] * len(points), 560)
    boxes = [(x, y - LINE / 2, x + LETTER * letters + ROOM, y + LINE / 2) for (x, y), _ in found]
    clashes = [
        (one, two) for at, one in enumerate(boxes) for two in boxes[:at]
        if one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
    ]  # fmt: skip
    assert not clashes or letters > 2
    for (x, y), (left, top, right, bottom), (_, end) in zip(points, boxes, found, strict=True):
        # the line from a point ends at the edge of its own text, or in the point when they stand together
        touches = left - 1e-6 <= end[0] <= right + 1e-6 and top <= end[1] <= bottom
        assert touches or end == (x, y)


def test_a_lone_name_stands_right_of_its_point_and_needs_no_line() -> None:
    (((x, y), end),) = placed([(280.0, 280.0)], ["North West London"], 560)
    assert x > 280 and abs(y - 280) < LINE and end == (280, 280)


def test_slopes_of_the_mountain_hold_equal_spend_and_stay_inside() -> None:
    for high in (1.2, 1.5, 3.0):
        lines, ends = charts._slopes(1 / high, high)
        assert {line["spend"] for line in lines} >= {1.0}
        for line in lines:
            assert line["x"] * line["y"] == pytest.approx(line["spend"])
            for side in ("x", "y"):
                assert 1 / high - 1e-9 <= line[side] <= high + 1e-9
        assert all(e["x"] * e["y"] == pytest.approx(float(e["text"].split()[-1])) for e in ends)


def test_points_beyond_the_scale_stand_at_the_edge_and_say_so() -> None:
    points = [p for layer in MADE["mountain"]()["vconcat"][0]["layer"] for p in layer["data"]["values"] if "own" in p]
    by_name = {p["name"]: p for p in points}
    assert by_name["Nobody treated »"]["x"] == pytest.approx(1 / charts.WIDEST)
    assert by_name["▶ North Central London"]["y"] == 0.9
    assert "Nobody treated »" in texts(MADE["ratios"]())


def test_many_points_get_numbers_and_a_key() -> None:
    assert "9  Nobody treated »" in texts(MADE["many"]())
    assert "hconcat" in MADE["many"]()["vconcat"][0]


def test_long_names_are_cut_at_a_word() -> None:
    assert charts.short("Adult specialist services: complex", 26) == "Adult specialist…"
    assert charts.short("Short", 26) == "Short"


def test_data_stand_beside_the_chart(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    files = charts.save_with_data(MADE["bars"](), pa.table({"name": ["a"], "value": [1.5]}), tmp_path, "1_spend")
    assert [f.name for f in files] == ["1_spend.csv", "1_spend.png", "1_spend.svg"]
    assert files[0].read_text() == '"name","value"\n"a",1.5\n'


def test_without_the_extra_the_message_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(PublishError, match=r"with its extra charts: pip install \"tertiary\[charts\]\""):
        charts.save(MADE["bars"](), tmp_path / "x.png")


def test_what_cannot_be_drawn_is_told(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    with pytest.raises(PublishError, match=r"ends with \.pdf; a chart is written as \.png or \.svg"):
        charts.save(MADE["bars"](), tmp_path / "x.pdf")
    with pytest.raises(PublishError, match="cannot be drawn"):
        charts.save({"mark": "no such mark"}, tmp_path / "x.svg")
