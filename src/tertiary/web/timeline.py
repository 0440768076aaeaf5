"""Who performed each function of a service, from 2013 on, and what is drafted to follow; as rows and as a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from tertiary.publish import charts
from tertiary.web.delegation import BESIDE, headings, regions, words
from tertiary.web.views import Chart

if TYPE_CHECKING:
    from tertiary.register import Register

# where the chart ends that what has no end is drawn to: a year after the latest draft
ENDS = date(2028, 4, 1)
EVERYWHERE = "every region"
# colours told apart without red and green; words stand in each bar too
PALETTE = ("#56B4E9", "#E69F00", "#F0E442", "#CC79A7", "#999999", "#D8DDE0", "#B8CBDA", "#FFFFFF", "#C8E6C9")


def timeline(register: Register, pss_line: str) -> list[dict[str, Any]]:
    """Who performed each function of a service over time, as the register knows it.

    Grain and key: part (set of codes), function, where (regions that went alike), valid_from, status. A row lasts as
    long as the same kind of body did; one without an end goes on until a draft is enacted. Drafts have status draft.
    """
    spans: dict[tuple[str, str, tuple[Any, ...]], list[str]] = {}
    by_place = _spans(register, pss_line)
    for (part, function, region), rows in by_place.items():
        spans.setdefault((part, function, tuple(rows)), []).append(region)
    named = regions(register)
    texts = {r["service_set"]: r["description"] for r in register["service_sets"].to_pylist()}
    order, rules = list(words("function")), words("body_rule")
    made = []
    for (part, function, rows), codes in spans.items():
        where = EVERYWHERE if len(codes) == len(named) else ", ".join(sorted(named[c] for c in codes))
        for row in rows:
            made.append(
                {**dict(zip(FIELDS, row, strict=True)), "part": part, "about": texts[part], "function": function,
                 "does": headings()[function], "where": where, "who": rules[row[2]]}
            )  # fmt: skip
    return sorted(
        made, key=lambda r: (r["part"], order.index(r["function"]), r["where"], r["valid_from"], r["status"] == "draft")
    )


FIELDS = ("valid_from", "valid_to", "body_rule", "status", "legal_basis", "source", "confidence")


def _spans(register: Register, pss_line: str) -> dict[tuple[str, str, str], list[tuple[Any, ...]]]:
    """Rows in order of FIELDS by part, function and region, within the days on which the service had such codes."""
    held = [r for r in register["service_set_members"].to_pylist() if r["pss_line"] == pss_line]
    parts = {r["service_set"] for r in held}
    parts = parts - {BESIDE} or parts
    first = {p: min(r["valid_from"] for r in held if r["service_set"] == p) for p in parts}
    ends = {p: [r["valid_to"] for r in held if r["service_set"] == p] for p in parts}
    found: dict[tuple[str, str, str], list[tuple[Any, ...]]] = {}
    rows = [r for r in register["responsibility"].to_pylist() if r["service_set"] in parts]
    for row in sorted(rows, key=lambda r: (r["status"] == "draft", r["valid_from"])):
        part = row["service_set"]
        last = None if None in ends[part] else max(ends[part])
        begins = max(row["valid_from"], first[part])
        stops = min((d for d in (row["valid_to"], last) if d), default=None)
        if stops and stops <= begins:
            continue
        said = found.setdefault((part, row["function"], row["region_code"]), [])
        status = "draft" if row["status"] == "draft" else "in force"
        new = (begins, stops, row["body_rule"], status, row["legal_basis"], row["source"], row["confidence"])
        if said and said[-1][1] == begins and said[-1][2:4] == new[2:4]:
            said[-1] = _joined(said[-1], new)
        else:
            said.append(new)
    return found


def _joined(one: tuple[Any, ...], two: tuple[Any, ...]) -> tuple[Any, ...]:
    """Two spans of one body as one: sources of both, and the lower confidence."""
    source = one[5] if one[5] == two[5] else f"{one[5]} | {two[5]}"
    lower = max(one[6], two[6], key=("high", "medium", "low").index)
    return (one[0], two[1], *one[2:5], source, lower)


def timeline_chart(rows: Sequence[Mapping[str, Any]], service: str, foot: Sequence[str]) -> Chart:
    """The timeline of the functions as bars from day to day, numbered by who; drafts are pale and edged with dashes."""
    parts = {row["part"] for row in rows}
    seen = list(dict.fromkeys(row["who"] for row in rows))
    data = []
    for row in rows:
        label = row["does"] + ("" if row["where"] == EVERYWHERE else f" ({row['where']})")
        ends = row["valid_to"] or _next(rows, row) or ENDS
        number = seen.index(row["who"]) + 1
        data.append(
            {"label": charts.short((f"{row['part']}: " if len(parts) > 1 else "") + label), "number": str(number),
             "who": f"{number} {row['who']}", "from": row["valid_from"].isoformat(), "to": ends.isoformat(),
             "draft": row["status"] == "draft"}
        )  # fmt: skip
    axis = {"format": "%Y", "tickCount": "year", "labelAngle": 0}
    x = {"field": "from", "type": "temporal", "title": None, "axis": axis}
    colour = {
        "field": "who", "type": "nominal", "title": None,
        "scale": {"domain": [f"{n} {who}" for n, who in enumerate(seen, 1)], "range": list(PALETTE)},
        "legend": {"orient": "bottom", "columns": 2},
    }  # fmt: skip
    draft = {"test": "datum.draft", "value": [4, 3]}
    bar: charts.Spec = {
        "mark": {"type": "bar", "stroke": charts.INK, "height": {"band": 0.85}},
        "encoding": {
            "x": x, "x2": {"field": "to"}, "color": colour, "strokeDash": {"condition": draft, "value": [1, 0]},
            "opacity": {"condition": {"test": "datum.draft", "value": 0.6}, "value": 1},
        },
    }  # fmt: skip
    number_text: charts.Spec = {
        "mark": {"type": "text", "align": "left", "dx": 4, "color": charts.INK, "fontWeight": "bold"},
        "encoding": {"x": x, "text": {"field": "number"}},
    }
    y = {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 320, "ticks": False}}
    body: charts.Spec = {
        "data": {"values": data}, "width": charts.WIDTH, "height": {"step": 24}, "encoding": {"y": y},
        "layer": [bar, number_text],
    }  # fmt: skip
    title = charts.Words(
        charts.short(service), "Who did what, from when to when; pale with dashes: a draft that is not in force", tuple(foot)
    )
    said = f"Bars from 2013 on show who performed each function of {service}; the table says the same."
    return Chart("timeline", said, charts.framed(body, title), "timeline")


def _next(rows: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> date | None:
    """When a draft would take over from a row that has no end."""
    after = [
        r["valid_from"] for r in rows
        if r["status"] == "draft" and row["status"] != "draft"
        and all(r[k] == row[k] for k in ("part", "function", "where"))
    ]  # fmt: skip
    return min(after, default=None)
