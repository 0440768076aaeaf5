"""A plain chart of CPU time a record, as SVG without scripts or fonts of its own; the table stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

# colours that people who see colour differently can tell apart (Okabe and Ito), each with a label of its own
COLOURS = {"floor": "#0072B2", "ours": "#D55E00", "pandas": "#009E73", "case": "#CC79A7"}
NAMES = {"floor": "floor", "ours": "tertiary", "pandas": "pandas", "case": "one CASE"}
WIDTH, BAR, GAP, LEFT, RIGHT, TOP = 760, 18, 4, 150, 90, 56


def svg(medians: Sequence[dict[str, Any]], rows: dict[str, int]) -> str:
    """Bars of CPU microseconds a record, on a logarithmic axis, grouped by size. Spark's CPU is not known."""
    shown = [r for r in medians if r["status"] == "ok" and r["task"] in COLOURS and r["size"] and r["cpu_s"]]
    values = [r["cpu_s"] / rows[f"{r['size']:g}"] * 1e6 for r in shown]
    if not shown:
        return _page(80, [_text(10, 30, "Nothing to show was measured in this run.")])
    low, high = floor(log10(min(values))), max(ceil(log10(max(values))), floor(log10(min(values))) + 1)
    parts, y, size = [_text(10, 22, "CPU microseconds a record (logarithmic; shorter is faster)", 15)], TOP, None
    for row, value in zip(shown, values, strict=True):
        if row["size"] != size:
            size, y = row["size"], y + (14 if size is not None else 0)
            parts.append(_text(10, y + 13, f"{size:g} million", 13))
        long = max(2.0, (log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT))
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{long:.1f}" height="{BAR}" fill="{COLOURS[row["task"]]}"/>')
        parts.append(_text(LEFT - 6, y + 13, NAMES[row["task"]], 12, "end"))
        parts.append(_text(LEFT + long + 6, y + 13, f"{value:.2f}", 12))
        y += BAR + GAP
    for power in range(low, high + 1):
        x = LEFT + (power - low) / (high - low) * (WIDTH - LEFT - RIGHT)
        parts.insert(0, f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{y}" stroke="#cccccc"/>')
        parts.append(_text(x, TOP - 12, f"{10.0**power:g}", 11, "middle"))
    return _page(y + 12, parts)


def _page(height: float, parts: Sequence[str]) -> str:
    about = "CPU time a record of each way of doing the work, by number of records; the same figures are in the table."
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{about}" font-family="Arial, Helvetica, sans-serif">'
    )
    return "\n".join(
        [head, f"<title>{about}</title>", '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"]
    )


def _text(x: float, y: float, words: str, size: int = 13, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#212b32">{escape(words)}</text>'
    )
