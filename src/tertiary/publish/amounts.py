"""Charts of amounts by name or by month, such as totals of a ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tertiary.publish.charts import BLUE, INK, WIDTH, Spec, Words, framed

# from so many pounds on, a chart says them in units of so many
UNITS = ((1_000_000, "£ million"), (1_000, "£ thousand"), (1, "£"))
MOST_BARS = 15


def amounts(rows: Sequence[Mapping[str, Any]], words: Words, *, months: bool = False) -> Spec:
    """Pounds as bars in the order given, MOST_BARS at most; with `months` as columns, all of them, from left to right.

    Rows: name (each once) and pounds (None counts as nothing).
    """
    shown = rows if months else rows[:MOST_BARS]
    largest = max((abs(r["pounds"] or 0) for r in shown), default=0)
    size, unit = next((u for u in UNITS if largest >= u[0]), UNITS[-1])
    data = [
        {"name": r["name"], "value": float((r["pounds"] or 0) / Decimal(size)),
         "text": f"{(r['pounds'] or 0) / Decimal(size):,.1f}"}
        for r in shown
    ]  # fmt: skip
    axis = {"labelLimit": 330, "labelAngle": 0, "ticks": False}
    names = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": axis}
    values = {"field": "value", "type": "quantitative", "title": unit, "axis": {"tickCount": 6}}
    tooltip = [{"field": "name", "title": "What"}, {"field": "text", "title": unit}]
    across, up = (names, values) if months else (values, names)
    beside = {"baseline": "bottom", "dy": -4} if months else {"align": "left", "dx": 5}
    body: Spec = {
        **({"width": {"step": 56}, "height": 260} if months else {"width": WIDTH, "height": {"step": 26}}),
        "data": {"values": data},
        "encoding": {"x": across, "y": up, "tooltip": tooltip},
        "layer": [
            {"mark": {"type": "bar", "color": BLUE}},
            {"mark": {"type": "text", "color": INK, **beside}, "encoding": {"text": {"field": "text"}}},
        ],
    }  # fmt: skip
    return framed(body, words)
