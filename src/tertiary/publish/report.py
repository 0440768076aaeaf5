"""The month for a board, as one page that prints: position, forecast, risks, activity, decisions, method.

One HTML file with everything in it: no script, no address outside. Each chart has its figures in a table beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import PublishError
from tertiary.month_end.forecast import three
from tertiary.publish.charts import Words, drawn
from tertiary.publish.methods import FIELDS, methods
from tertiary.publish.money_charts import months, waterfall
from tertiary.publish.risks import risks
from tertiary.publish.stated import Month
from tertiary.publish.statement import SUMMED, steps, title
from tertiary.show import label

if TYPE_CHECKING:
    from tertiary.decisions import Decision

# services shown, by size of their variance; all stand in the statement
MOST_SERVICES = 15
NOT_YET = ("draft", "proposed", "sense_checked", "agreed")


def board_report(month: Month, out: Path, decisions: Sequence[Decision] = (), body: str = "") -> Path:
    """Write the report of a month for a board; returns its path. `body` is the name of the body it is for.

    PublishError when it cannot be written.
    """
    heading = f"Specialised services: {title(month)}"
    parts = [
        f"<p class=label>{escape(label(month.run))}</p><h1>{escape(heading)}</h1>",
        f"<p>{escape(body)}</p>" if body else "",
        _position(month), _forecast(month), _risks(month), _activity(month), _decisions(decisions), _method(),
    ]  # fmt: skip
    style = resources.files("tertiary.publish").joinpath("report.css").read_text(encoding="utf-8")
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(heading)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style></head><body><main>'
        + "\n".join(parts) + "</main></body></html>\n"
    )  # fmt: skip
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        raise PublishError(f"{out} cannot be written: {error.strerror}. Choose another folder.") from error
    return out


def _position(month: Month) -> str:
    found = month.position
    over, paid = found.total("payment") - found.total("plan"), found.total("payment")
    word = "above" if over >= 0 else "below"
    state = f"as closed ({month.close})" if month.close else "not closed: a draft"
    told = (
        f"To date <strong>{_pounds(paid)}</strong> is owed, {_pounds(abs(over))} {word} plan. Activity is worth "
        f"{_pounds(found.total('activity_value'))}, {_pounds(abs(found.total('activity_variance')))} "
        f"{'above' if found.total('activity_variance') >= 0 else 'below'} plan; what of that moves cash is "
        f"{_pounds(found.total('cash_effect'))}. The position is {escape(state)}; its data are "
        f"{month.when.state(month.on)}."
    )
    shown = steps(found)
    words = Words("From plan to payment", f"to {title(month)}; the axis does not begin at nothing", (label(month.run),))
    picture = drawn(waterfall(shown, words))
    rows = [{"step": name, "pounds": _pounds(amount)} for name, amount in shown]
    return (
        f"<h2>Position</h2><p>{told}</p>"
        + _table("By kind of element, to date", [("kind", "Kind"), *SUMMED], found.by("kind"), total=True)
        + _figure(picture, "Columns from plan to payment; the table beside it has the figures.",
                  _table("From plan to payment", [("step", "Step"), ("pounds", "Pounds")], rows))
        + _table("By payer, to date", [("payer_code", "Payer"), *SUMMED], found.by("payer_code"), total=True)
    )  # fmt: skip


def _forecast(month: Month) -> str:
    found = month.position
    by_plan, by_trend, by_recent = three(found.outturns)
    low, high = min(by_plan, by_trend, by_recent), max(by_plan, by_trend, by_recent)
    agreed = sum((o.plan_year for o in found.outturns), Decimal(0))
    told = (
        f"By the trend to date the year ends at <strong>{_pounds(by_trend)}</strong> against an agreed "
        f"{_pounds(agreed)}. Three simple methods give between {_pounds(low)} and {_pounds(high)}: a range of methods, "
        "not a statistical interval."
    )
    rows = [
        {"method": "What is left goes by plan", "pounds": _pounds(by_plan)},
        {"method": "By plan, times what arrived against its plan", "pounds": _pounds(by_trend)},
        {"method": "The same with the last three months", "pounds": _pounds(by_recent)},
    ]
    picture = drawn(months(found, Words("Payments by month", "columns: payment; line: plan", (label(month.run),))))
    by_month = found.by("financial_month")
    heads = [
        ("financial_month", "Month"),
        ("plan", "Plan"),
        ("payment", "Payment"),
        ("accrued", "of its value accrued"),
    ]
    return (
        f"<h2>Forecast</h2><p>{told}</p>" + _table("Outturn", [("method", "Method"), ("pounds", "Pounds")], rows)
        + _figure(picture, "Payments by month against plan; the table beside it has the figures.",
                  _table("Payments by month", heads, by_month))
    )  # fmt: skip


def _risks(month: Month) -> str:
    prior = sum((m.moved for m in month.movements if m.what == "prior month"), Decimal(0))
    rows = [{**vars(r), "pounds": _pounds(r.pounds)} for r in risks(month.position, prior, month.challenged)]
    heads = [("name", "What"), ("pounds", "Pounds that rest on it"), ("evidence", "Evidence"), ("action", "What to do")]
    return "<h2>Risks</h2><p>Found in the data, the largest first. They overlap and are not to be added.</p>" + _table(
        "What could change the position", heads, rows
    )


def _activity(month: Month) -> str:
    sums: dict[str, dict[str, Any]] = {}
    for row in month.position.cells.services.to_pylist():
        own = sums.setdefault(
            row["service_line_final"], dict.fromkeys(("plan", "actual", "planned", "done"), Decimal(0))
        )
        for name in own:
            own[name] += row[name]
    order = sorted(sums, key=lambda line: -abs(sums[line]["actual"] - sums[line]["plan"]))[:MOST_SERVICES]
    rows = [
        {"line": line or "not specialised", **sums[line], "variance": sums[line]["actual"] - sums[line]["plan"],
         "planned": f"{sums[line]['planned']:,.0f}", "done": f"{sums[line]['done']:,.0f}"}
        for line in order
    ]  # fmt: skip
    heads = [
        ("line", "Service line"), ("plan", "Plan loaded"), ("actual", "Activity value"), ("variance", "Above plan"),
        ("planned", "Planned activity"), ("done", "Activity"),
    ]  # fmt: skip
    return "<h2>Activity</h2>" + _table(f"The {len(rows)} service lines farthest from plan, to date", heads, rows)


def _decisions(decisions: Sequence[Decision]) -> str:
    waiting = [d for d in decisions if d.state in NOT_YET]
    if not waiting:
        return "<h2>Decisions</h2><p>None are waiting in the store that was read.</p>"
    rows = [
        {"n": d.decision_id, "kind": d.kind, "subject": d.subject, "state": d.state.replace("_", " "),
         "from": d.valid_from, "since": f"{d.steps[-1].at:%Y-%m-%d}" if d.steps else ""}
        for d in waiting
    ]  # fmt: skip
    heads = [
        ("n", "Number"),
        ("kind", "Kind"),
        ("subject", "Subject"),
        ("state", "State"),
        ("since", "Since"),
        ("from", "To hold from"),
    ]
    return "<h2>Decisions</h2>" + _table("Waiting to be taken", heads, rows)


def _method() -> str:
    return "<h2>Method and sources</h2>" + _table(
        "How each figure came about", [(f, f.capitalize()) for f in FIELDS], methods()
    )


def _table(
    caption: str, heads: Sequence[tuple[str, str]], rows: Iterable[Mapping[str, Any]], total: bool = False
) -> str:
    kept = list(rows)
    if not kept:
        return f"<p>{escape(caption)}: nothing to show.</p>"
    if total:
        sums = {n: sum((r[n] for r in kept), Decimal(0)) for n, _ in heads[1:]}
        kept.append({heads[0][0]: "Total", **sums})
    top = "".join(
        f'<th scope="col"{_side(kept[0][n]) if at else ""}>{escape(h)}</th>' for at, (n, h) in enumerate(heads)
    )
    lines = []
    for at, row in enumerate(kept):
        first, *rest = [(n, row[n]) for n, _ in heads]
        cells = "".join(f"<td{_side(v)}>{escape(_cell(v))}</td>" for _, v in rest)
        mark = ' class="total"' if total and at == len(kept) - 1 else ""
        lines.append(f'<tr{mark}><th scope="row">{escape(_cell(first[1]))}</th>{cells}</tr>')
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )  # fmt: skip


def _figure(picture: str, words: str, table: str) -> str:
    if not picture:
        return table
    return f'<figure><div role="img" aria-label="{escape(words)}">{picture}</div></figure>{table}'


def _side(value: Any) -> str:
    return (
        ' class="n"'
        if isinstance(value, Decimal) or str(value)[:1] in "£−+" or str(value).replace(",", "").isdigit()
        else ""
    )


def _cell(value: Any) -> str:
    return _pounds(value) if isinstance(value, Decimal) else str(value)


def _pounds(amount: Decimal) -> str:
    return f"{'−' if round(amount) < 0 else ''}£{abs(amount):,.0f}"
