"""Charts of a position: from plan to payment, and month by month."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tertiary.publish.charts import BLUE, GREY, INK, ORANGE, WIDTH, Spec, Words, framed

if TYPE_CHECKING:
    from tertiary.month_end import Position

FEWER = "#B04A00"


def waterfall(
    steps: Sequence[tuple[str, Decimal]], words: Words, *, ends: str = "plan or payment", small: bool = False
) -> Spec:
    """Columns from the first total to the last; each step hangs where the one before it ended, with its pounds.

    `steps`: name and pounds; the first and the last are totals, which `ends` names. `small` pounds are written with
    pence, others in thousands and millions. The axis does not begin at nothing.
    """
    data: list[Spec] = []
    reached = steps[0][1]
    for at, (name, amount) in enumerate(steps):
        whole = at in (0, len(steps) - 1)
        start, end = (Decimal(0), amount) if whole else (reached, reached + amount)
        reached = end
        kind = ends if whole else "more" if amount >= 0 else "less"
        sign = "" if whole else "+" if amount >= 0 else "−"
        size = abs(amount)
        text = sign + (f"£{size:,.2f}" if small else f"£{size / 1_000_000:,.2f}m" if whole else f"£{size / 1000:,.0f}k")
        data.append({
            "name": name, "from": float(start), "to": float(end), "top": float(max(start, end)), "kind": kind,
            "text": text,
        })  # fmt: skip
    heights = [row["top"] for row in data] + [row["from"] for row in data[1:-1]]
    room = max(max(heights) - min(heights), max(heights) * 0.002)
    low = max(min(heights) - room, 0)
    data[0]["from"] = data[-1]["from"] = low
    scale = {"domain": [low, max(heights) + room * 0.4], "zero": False, "nice": False}
    y = {"field": "from", "type": "quantitative", "scale": scale, "title": "pounds",
         "axis": {"format": "~s", "labelExpr": "'£' + replace(format(datum.value, '.5~s'), 'G', 'bn')"}}  # fmt: skip
    x = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelAngle": 0, "labelLimit": 110}}
    kinds = [ends, "more", "less"]
    colour = {"field": "kind", "type": "nominal", "scale": {"domain": kinds, "range": [BLUE, ORANGE, FEWER]},
              "legend": {"title": None, "orient": "top"}}  # fmt: skip
    body: Spec = {
        "width": WIDTH, "height": 300, "data": {"values": data}, "encoding": {"x": x},
        "layer": [
            {"mark": {"type": "bar", "stroke": INK, "strokeWidth": 0.6, "clip": True},
             "encoding": {"y": y, "y2": {"field": "to"}, "color": colour}},
            {"mark": {"type": "text", "dy": -8, "color": INK},
             "encoding": {"y": {**y, "field": "top"}, "text": {"field": "text"}}},
        ],
    }  # fmt: skip
    return framed(body, words)


def months(found: Position, words: Words) -> Spec:
    """Payment of each month as columns, plan as a line with dots."""
    data = [
        {"month": f"{row['financial_month']}", "payment": float(row["payment"]), "plan": float(row["plan"])}
        for row in found.by("financial_month")
    ]
    x = {"field": "month", "type": "ordinal", "sort": None, "title": "financial month", "axis": {"labelAngle": 0}}
    axis = {"labelExpr": "'£' + replace(format(datum.value, '.3~s'), 'G', 'bn')"}
    y = {"field": "payment", "type": "quantitative", "title": "pounds", "axis": axis}
    body: Spec = {
        "width": WIDTH, "height": 240, "data": {"values": data}, "encoding": {"x": x},
        "layer": [
            {"mark": {"type": "bar", "color": "#B8CBDA", "stroke": GREY}, "encoding": {"y": y}},
            {"mark": {"type": "line", "color": INK, "point": {"size": 60, "color": INK}},
             "encoding": {"y": {**y, "field": "plan"}}},
        ],
    }  # fmt: skip
    return framed(body, words)
