"""Who performed each function of a service, from 2013 on, and what is drafted to follow; as rows and as a chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    alike: dict[tuple[Any, ...], dict[str, list[Span]]] = {}
    for (part, function, region), spans in _spans(register, pss_line).items():
        alike.setdefault((part, function, *(span.said for span in spans)), {})[region] = spans
    named, rules, order = regions(register), words("body_rule"), list(words("function"))
    made = []
    for (part, function, *_), places in alike.items():
        where = EVERYWHERE if len(places) == len(named) else ", ".join(sorted(named[code] for code in places))
        for same in zip(*places.values(), strict=True):
            begins, ends, rule, status = same[0].said
            made.append(
                {"part": part, "about": words("service_set")[part], "function": function, "does": headings()[function],
                 "where": where, "valid_from": begins, "valid_to": ends, "who": rules[rule], "status": status,
                 "legal_basis": _told(s.basis for s in same), "source": _told(s.source for s in same),
                 "confidence": _least(s.confidence for s in same)}
            )  # fmt: skip
    return sorted(
        made, key=lambda r: (r["part"], order.index(r["function"]), r["where"], r["valid_from"], r["status"] == "draft")
    )


SURE = ("high", "medium", "low")


@dataclass(frozen=True)
class Span:
    """What was said of one part, function and region: from when to when, by which rule and status; and by whom."""

    said: tuple[date, date | None, str, str]
    basis: str
    source: str
    confidence: str


def _told(texts: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(text for text in texts if text))


def _least(confidences: Iterable[str]) -> str:
    """The lowest confidence; words of an overlay's own are the lowest."""
    return max(confidences, key=lambda c: SURE.index(c) if c in SURE else len(SURE))


def _spans(register: Register, pss_line: str) -> dict[tuple[str, str, str], list[Span]]:
    """Spans by part, function and region, within the days on which the service had such codes; drafts last."""
    held: dict[str, list[Mapping[str, Any]]] = {}
    for row in register["service_set_members"].to_pylist():
        if row["pss_line"] == pss_line:
            held.setdefault(row["service_set"], []).append(row)
    held = {part: rows for part, rows in held.items() if part != BESIDE} or held
    found: dict[tuple[str, str, str], list[Span]] = {}
    rows = [r for r in register["responsibility"].to_pylist() if r["service_set"] in held]
    for row in sorted(rows, key=lambda r: (r["status"] == "draft", r["valid_from"])):
        days = _days(row, held[row["service_set"]])
        if days is None:
            continue
        spans = found.setdefault((row["service_set"], row["function"], row["region_code"]), [])
        status = "draft" if row["status"] == "draft" else "in force"
        new = Span((*days, row["body_rule"], status), row["legal_basis"], row["source"], row["confidence"])
        if spans and spans[-1].said[1:] == (days[0], row["body_rule"], status):
            spans[-1] = _joined(spans[-1], new)
        else:
            spans.append(new)
    return found


def _days(row: Mapping[str, Any], members: Sequence[Mapping[str, Any]]) -> tuple[date, date | None] | None:
    """When a statement held for some code of the service; None when for none."""
    gone = [m["valid_to"] for m in members]
    begins = max(row["valid_from"], min(m["valid_from"] for m in members))
    ends = min((d for d in (row["valid_to"], None if None in gone else max(gone)) if d), default=None)
    return None if ends and ends <= begins else (begins, ends)


def _joined(one: Span, two: Span) -> Span:
    """Two spans of one body, one after the other, as one: sources of both, and the lower confidence."""
    said = (one.said[0], two.said[1], *one.said[2:])
    sure = _least((one.confidence, two.confidence))
    return Span(said, _told((one.basis, two.basis)), _told((one.source, two.source)), sure)


def timeline_chart(rows: Sequence[Mapping[str, Any]], service: str, foot: Sequence[str]) -> Chart:
    """The timeline of the functions as bars from day to day, numbered by who; drafts are pale and edged with dashes."""
    parts = {row["part"] for row in rows}
    seen = list(dict.fromkeys(row["who"] for row in rows))
    data = []
    for row in rows:
        label = (f"{row['about']}: " if len(parts) > 1 else "") + row["does"]
        label += _where(row["where"])
        ends = row["valid_to"] or _next(rows, row) or ENDS
        number = seen.index(row["who"]) + 1
        data.append(
            {"label": charts.short(label), "number": str(number),
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
    under = "Who did what, from when to when; pale with dashes: a draft that is not in force"
    title = charts.Words(charts.short(service), under, tuple(foot))
    said = f"Bars from 2013 on show who performed each function of {service}; the table says the same."
    return Chart("timeline", said, charts.framed(body, title), "timeline")


def _where(where: str) -> str:
    """Regions, for a label: one or two by name."""
    several = where.count(",") + 1
    return "" if where == EVERYWHERE else f" ({where if several < 3 else f'{several} regions'})"


def _next(rows: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> date | None:
    """When a draft would take over from a row that has no end."""
    after = [
        r["valid_from"] for r in rows
        if r["status"] == "draft" and row["status"] != "draft"
        and all(r[k] == row[k] for k in ("part", "function", "where"))
    ]  # fmt: skip
    return min(after, default=None)
