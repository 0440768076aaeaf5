"""Charts of how sound the data are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tertiary.publish.charts import BLUE, INK, ORANGE, WIDTH, Spec, Words, framed

LOOKS = {"error": ("#B04A00", "triangle-up"), "warning": (ORANGE, "circle"), "information": (BLUE, "square")}


def findings_by_month(rows: Sequence[Mapping[str, Any]], words: Words) -> Spec:
    """A line a severity, told apart by shape too. Rows: month (text, in order) and the findings of each severity."""
    data = [{"month": row["month"], "severity": name, "findings": row[name]} for row in rows for name in LOOKS]
    order = list(LOOKS)
    colours, shapes = zip(*LOOKS.values(), strict=True)
    legend = {"title": None, "orient": "top", "labelFontSize": 12, "symbolSize": 120}
    kind = {"field": "severity", "type": "nominal", "legend": legend}
    body: Spec = {
        "width": WIDTH, "height": 240, "data": {"values": data},
        "mark": {"type": "line", "point": {"size": 90, "filled": True, "stroke": INK, "strokeWidth": 0.6}},
        "encoding": {
            "x": {"field": "month", "type": "ordinal", "sort": None, "title": None, "axis": {"labelAngle": 0}},
            "y": {"field": "findings", "type": "quantitative", "title": "findings", "axis": {"tickMinStep": 1}},
            "color": {**kind, "scale": {"domain": order, "range": list(colours)}},
            "shape": {**kind, "scale": {"domain": order, "range": list(shapes)}},
        },
    }  # fmt: skip
    return framed(body, words)
