"""The statement of a month as a workbook: position, variance, forecast, movements, checks, challenges, method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary import __version__
from tertiary.month_end import (
    Movement,
    Outturn,
    Position,
    Posting,
    Tie,
    invoice_gaps,
)
from tertiary.month_end.forecast import three
from tertiary.publish.methods import methods
from tertiary.publish.stated import SERVICES, Checks, Month
from tertiary.publish.workbook import HEADER, LINE, Column, Workbook
from tertiary.show import label

if TYPE_CHECKING:
    import pyarrow as pa


OWNER = ("provider_code", "host_code", "payer_code", "contract", "version", "element", "kind")
MONEY = ("Decimal",)
SUMMED = (
    ("plan", "Plan to date"), ("activity_value", "Activity value"), ("accrued", "of it accrued"),
    ("activity_variance", "Activity above plan"), ("cash_effect", "Cash effect"), ("payment", "Payment to date"),
)  # fmt: skip
# rows of the comparison with hospital data, which may have very many; `tertiary month reconcile --hospital` has all
LONGEST = 5000
# a payer that is not known, in a word: a formula finds no blank
NOBODY = "(nobody)"


def statement(month: Month, out: Path) -> Path:
    """Write the statement to a workbook; returns its path. PublishError when it cannot be written."""
    found = month.position
    checks = month.checks or Checks.of(month.run, found.financial_year, found.financial_month)
    with Workbook(out, label(month.run)) as book:
        _summary(book, month)
        _elements(book, month)
        _waterfall(book, month)
        _months(book, month)
        _services(book, found, checks)
        _forecast(book, month)
        _rows(
            book,
            "Movements",
            "What has moved since the former close",
            month.movements,
            Movement,
            ("before", "now", "moved"),
        )
        _rows(book, "Plan and contract", "Does the loaded plan tie to the contracts", month.position.ties, Tie,
              ("annual_value", "phased", "loaded", "difference"))  # fmt: skip
        _checks(book, month, checks)
        _challenges(book, month)
        _uncovered(book, month)
        _rows(book, "Journal", "Postings since the former close; each body's lines balance", month.journal, Posting,
              ("debit", "credit"))  # fmt: skip
        _method(book, month)
    return out


def title(month: Month) -> str:
    """Month and year in words, such as month 3 of 2025/26."""
    year = month.position.financial_year
    return f"month {month.position.financial_month} of {year[:4]}/{year[4:]}"


def steps(position: Position) -> list[tuple[str, Decimal]]:
    """From plan to payment, to date: what each kind of element adds. The first and the last are totals."""
    names = {
        "fixed": "Fixed and block", "block": "Fixed and block", "variable": "Variable",
        "pass_through": "Drugs, devices", "adjustment": "Adjustments", "uncontracted": "No contract",
        "not_payable": "Not payable",
    }  # fmt: skip
    moved: dict[str, Decimal] = {}
    for row in position.by("kind"):
        name = names.get(row["kind"], row["kind"])
        moved[name] = moved.get(name, Decimal(0)) + row["cash_effect"]
    between = [(n, moved[n]) for n in dict.fromkeys(names.values()) if moved.get(n)]
    return [("Plan to date", position.total("plan")), *between, ("Payment to date", position.total("payment"))]


def _summary(book: Workbook, month: Month) -> None:
    found = month.position
    note = "Activity value is what care is worth; cash effect is what its difference from plan moves in money."
    by_plan, by_trend, by_recent = three(found.outturns)
    place = book.page("Summary", f"Statement for {title(month)}", note)
    rows: list[tuple[str, Any, str]] = [
        ("Closed as", month.close or "not closed: a draft", "text"),
        ("Made on", month.on, "day"),
        ("Data are", f"{month.when.state(month.on)} (flex {month.when.flex}, freeze {month.when.freeze}; "
         f"{month.when.confidence})", "text"),
        ("Valued by", found.measure, "text"),
        ("Contracts", len(month.contracts), "whole"),
        ("Agreed for the year", sum((o.plan_year for o in found.outturns), Decimal(0)), "money"),
        ("Outturn by trend", by_trend, "money"),
        ("Outturn, least of three methods", min(by_plan, by_trend, by_recent), "money"),
        ("Outturn, most of three methods", max(by_plan, by_trend, by_recent), "money"),
    ]  # fmt: skip
    for at, (heading, value, kind) in enumerate(rows, HEADER):
        place.line(at, heading, value, kind)
    top = HEADER + len(rows) + 1
    latest = {r["kind"]: r["payment"] for r in found.by("kind", month=found.financial_month)}
    by_kind = [{**row, "month": latest.get(row["kind"], Decimal(0))} for row in found.by("kind")]
    by_payer = [{**row, "payer_code": row["payer_code"] or NOBODY} for row in found.by("payer_code")]
    last = Column("month", "Payment of the month", "money", total=True)
    _, end = place.table(top, [*_summed(book, found, "kind", "Kind of element"), last], by_kind, filtered=False)
    place.table(end + 3, _summed(book, found, "payer_code", "Payer"), by_payer, filtered=False)
    place.page.set_column(0, 0, 34)


def _summed(book: Workbook, found: Position, name: str, heading: str) -> list[Column]:
    """Columns whose money is the sum of the rows of the sheet Statement that have the same `name`."""
    letters = book.letters(_element_columns())
    first, last = HEADER + 2, HEADER + 1 + len(_shown(found))

    def column(of: str) -> str:
        return f"Statement!${letters[of]}${first}:${letters[of]}${last}"

    return [
        Column(name, heading),
        *[Column(n, h, "money", f"=SUMIF({column(name)},{{{name}}},{column(n)})", total=True) for n, h in SUMMED],
    ]


def _waterfall(book: Workbook, month: Month) -> None:
    """From plan to payment as columns that hang where the former one ended, drawn from the table above them."""
    shown = steps(month.position)
    ends = [shown[0][1], shown[-1][1]]
    note = "The axis does not begin at nothing, so that the steps can be seen."
    place = book.page("Waterfall", f"From plan to payment, to {title(month)}", note)
    columns = [
        Column("step", "Step"), Column("amount", "Pounds", "money"), Column("base", "Begins at", "money"),
        Column("up", "More", "money"), Column("down", "Less", "money"), Column("whole", "Plan or payment", "money"),
    ]  # fmt: skip
    reached, rows = ends[0], [{"step": shown[0][0], "amount": ends[0], "whole": ends[0]}]
    for name, amount in shown[1:-1]:
        rows.append({
            "step": name, "amount": amount, "base": min(reached, reached + amount), "up": max(amount, Decimal(0)),
            "down": max(-amount, Decimal(0)),
        })  # fmt: skip
        reached += amount
    rows.append({"step": shown[-1][0], "amount": ends[1], "whole": ends[1]})
    first, after = place.table(HEADER, columns, rows, filtered=False)
    chart = book.chart({"type": "column", "subtype": "stacked"})
    for at, colour in enumerate((None, "#007f3b", "#d5281b", LINE), 2):
        fill = {"none": True} if colour is None else {"color": colour}
        chart.add_series({
            "name": [place.name, HEADER, at], "categories": [place.name, first, 0, after - 1, 0],
            "values": [place.name, first, at, after - 1, at], "fill": fill, "gap": 40,
        })  # fmt: skip
    moved = sum((abs(amount) for _, amount in shown[1:-1]), Decimal(0))
    chart.set_title({"name": f"From plan to payment, to {title(month)} (pounds)", "name_font": {"size": 12}})
    chart.set_legend({"position": "bottom", "delete_series": [0]})
    chart.set_y_axis({"num_format": "£#,##0", "min": float(_floor(min(ends) - moved))})
    chart.set_size({"width": 900, "height": 420})
    told = {"description": "Waterfall from plan to payment; its figures stand in the table above."}
    place.page.insert_chart(after + 1, 0, chart, told)


def _floor(amount: Decimal) -> Decimal:
    """A round number below an amount, to three figures."""
    step = Decimal(10) ** max(amount.adjusted() - 2, 0)
    return (amount / step).to_integral_value(ROUND_FLOOR) * step


def _checked(columns: Sequence[Column]) -> list[Column]:
    """Variance and payment as formulas over the cells they come from."""
    own = {"activity_variance": "={activity_value}-{plan}", "payment": "={plan}+{cash_effect}"}
    return [Column(c.name, c.heading, c.kind, own.get(c.name, c.formula), c.total) for c in columns]


def _elements(book: Workbook, month: Month) -> None:
    bases: dict[tuple[Any, ...], set[str]] = {}
    for entry in month.position.entries:
        bases.setdefault(tuple(getattr(entry, n) for n in OWNER), set()).add(entry.basis)
    rows = _shown(month.position)
    told = [
        {**r, "payer_code": r["payer_code"] or NOBODY, "basis": ", ".join(sorted(bases[tuple(r[n] for n in OWNER)]))}
        for r in rows
    ]
    note = "Elements without plan, activity or payment are left out; they stand in the register of contracts."
    book.sheet("Statement", f"By provider, payer and element, to {title(month)}", _element_columns(), told, note)


def _shown(found: Position) -> list[dict[str, Any]]:
    """Elements with any pounds at all."""
    return [row for row in found.by(*OWNER) if any(row[name] for name, _ in SUMMED)]


def _element_columns() -> list[Column]:
    return _checked([
        *[Column(n, _words(n), "whole" if n == "version" else "text") for n in OWNER],
        *[Column(n, h, "money", total=True) for n, h in SUMMED], Column("basis", "Where the value is from"),
    ])  # fmt: skip


def _months(book: Workbook, month: Month) -> None:
    found = month.position
    numbers = range(1, found.financial_month + 1)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for row in found.by("payer_code", "kind", "financial_month"):
        key = (row["payer_code"], row["kind"])
        own = rows.setdefault(key, {"payer_code": key[0], "kind": key[1], **{f"m{n}": Decimal(0) for n in numbers}})
        own[f"m{row['financial_month']}"] += row["payment"]
    for own in rows.values():
        own["all"] = sum((own[f"m{n}"] for n in numbers), Decimal(0))
    across = f"=SUM({{m1}}:{{m{found.financial_month}}})"
    columns = [
        Column("payer_code", "Payer"), Column("kind", "Kind"),
        *[Column(f"m{n}", f"Month {n}", "money", total=True) for n in numbers],
        Column("all", "To date", "money", across, total=True),
    ]  # fmt: skip
    book.sheet("Months", "Payments by month", columns, [rows[k] for k in sorted(rows)])


def _services(book: Workbook, found: Position, checks: Checks) -> None:
    """By service line: value and activity against plan, with the coverage that says how far to trust it."""
    known = {tuple(r[n] for n in SERVICES): r for r in checks.services.to_pylist()}
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for row in found.cells.services.to_pylist():
        key = (row["service_line_final"], row["component"])
        own = sums.setdefault(
            key,
            {
                **dict(zip(SERVICES, key, strict=True)),
                **dict.fromkeys(("plan", "actual", "planned", "done"), Decimal(0)),
            },
        )
        for name in ("plan", "actual", "planned", "done"):
            own[name] += row[name]
    rows = []
    for key in sorted(sums, key=lambda k: -abs(sums[k]["actual"] - sums[k]["plan"])):
        cover = known.get(key, {})
        rows.append({
            **sums[key], "variance": sums[key]["actual"] - sums[key]["plan"], "coverage": cover.get("coverage"),
            "reason": cover.get("reason", ""),
        })  # fmt: skip
    columns = [
        Column("service_line_final", "Service line"), Column("component", "Component"),
        Column("plan", "Plan (loaded)", "money", total=True), Column("actual", "Activity value", "money", total=True),
        Column("variance", "Above plan", "money", "={actual}-{plan}", total=True),
        Column("planned", "Planned activity", "number"), Column("done", "Activity", "number"),
        Column("coverage", "Coverage", "share"), Column("reason", "Why figures per patient are not shown"),
    ]  # fmt: skip
    book.sheet("Services", "By service line, largest variance first", columns, rows, "A blank line is not specialised.")


def _forecast(book: Workbook, month: Month) -> None:
    note = (
        "Low and high are the least and most of three simple methods: a range of methods, not a statistical interval."
    )
    money = ("plan_year", "payment_to_date", "by_plan", "by_trend", "by_recent", "low", "high")
    _rows(book, "Forecast", "How the year may end", month.position.outturns, Outturn, money, note)


def _checks(book: Workbook, month: Month, checks: Checks) -> None:
    year, last = month.position.financial_year, month.position.financial_month
    kinds = {"coverage": "share", "acm_activity": "number", "hospital_activity": "number", "financial_month": "whole"}
    _arrow(
        book,
        "Flows",
        "Aggregate against patient level, plan and hospital data",
        checks.flows,
        kinds,
        {"gap": "={acm}-{patient_level}"},
    )
    heading = "Activity of the aggregate and of hospital data that differ"
    if checks.hospital is None:
        told = "Not part of this statement: hospital data do not say who pays. Ask the provider."
        book.sheet("Hospital data", heading, [Column("none", "Hospital data")], [], told)
    else:
        gaps = checks.hospital
        told = f"The {LONGEST:,} largest of {gaps.num_rows:,}." if gaps.num_rows > LONGEST else ""
        numbers = dict.fromkeys(("acm_activity", "hospital_activity", "gap"), "number") | {"financial_month": "whole"}
        _arrow(book, "Hospital data", heading, gaps.slice(0, LONGEST), numbers, note=told)
    hosts = {(c.provider_code, e.payer_code): c.host_code for c in month.contracts for e in c.elements}
    invoiced = invoice_gaps(month.run, month.invoices, year, last, hosts) if month.invoices else []
    columns = [
        Column("provider_code", "Provider"), Column("financial_month", "Month", "whole"), Column("payer_code", "Payer"),
        Column("acm", "Aggregate", "money", total=True), Column("invoiced", "Invoiced", "money", total=True),
        Column("gap", "Gap", "money", "={acm}-{invoiced}", total=True), Column("reference", "Invoices"),
    ]  # fmt: skip
    note = "" if month.invoices else "No invoices were given (--invoices)."
    book.sheet("Invoices", "Aggregate against invoices", columns, invoiced, note)


def _challenges(book: Workbook, month: Month) -> None:
    if month.challenges is None:
        book.sheet(
            "Challenges",
            "Challenges",
            [Column("none", "Challenges")],
            [],
            "Challenges are not part of this statement: none were given.",
        )
        return
    kinds = {"financial_month": "whole", "records": "whole", "value": "money", "cash_effect": "money"}
    _arrow(book, "Challenges", "Challenges and what is at stake", month.challenges, kinds)


def _uncovered(book: Workbook, month: Month) -> None:
    kinds = {"financial_month": "whole", "records": "whole"}
    note = "contracted: the pair has a contract, but no element of it covers this."
    _arrow(
        book, "Not covered", "What no element of a contract covers", month.position.cells.uncovered, kinds, note=note
    )


def _method(book: Workbook, month: Month) -> None:
    facts = month.run.manifest
    columns = [
        Column("figure", "Figure"), Column("rule", "How it is worked out"), Column("source", "Source"),
        Column("confidence", "Confidence"),
    ]  # fmt: skip
    about = [
        # the folder's name alone: the workbook goes to others, the folders of this machine do not
        {"figure": "Run", "rule": month.run.path.resolve().name,
         "source": f"register {facts['register']['version']} as known on {facts['register']['as_known']}",
         "confidence": "synthetic" if facts["synthetic"] else "as loaded"},
        {"figure": "Software", "rule": f"tertiary {__version__}", "source": "", "confidence": ""},
    ]  # fmt: skip
    book.sheet("Method and sources", "How each figure came about", columns, [*about, *methods()])


def _rows(
    book: Workbook, name: str, heading: str, rows: Sequence[Any], kind: type, money: Sequence[str], note: str = ""
) -> None:
    columns = []
    for field in fields(kind):
        shape = "money" if str(field.type) in MONEY else "whole" if str(field.type) == "int" else "text"
        columns.append(Column(field.name, _words(field.name), shape, total=field.name in money))
    book.sheet(name, heading, columns, [asdict(row) for row in rows], note)


def _arrow(
    book: Workbook, name: str, heading: str, rows: pa.Table, kinds: Mapping[str, str],
    formulas: Mapping[str, str] | None = None, note: str = "",
) -> None:  # fmt: skip
    import pyarrow as pa

    columns = []
    for field in rows.schema:
        kind = kinds.get(field.name) or ("money" if pa.types.is_decimal(field.type) else "text")
        columns.append(
            Column(field.name, _words(field.name), kind, (formulas or {}).get(field.name, ""), kind == "money")
        )
    book.sheet(name, heading, columns, rows.to_pylist(), note)


def _words(name: str) -> str:
    return name.removesuffix("_code").replace("_", " ").capitalize()
