"""How sound a run's data are, within what a person may see: findings, and agreement of derived with submitted.

Findings know a submission, and so a provider; through the record they are about they also know a population and a
payer. Those about a whole file, a submission or a row that was set aside have no population: only their provider, its
region and the national team see them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from tertiary.errors import RunError, TertiaryError
from tertiary.sheets import shipped
from tertiary.web.answers import MOST_ROWS, Answers
from tertiary.web.people import Person
from tertiary.web.scope import sees_all

if TYPE_CHECKING:
    import ibis.expr.types as ir

# columns by which findings may be sliced and totalled; those of SENT are known of submissions too
SENT = ("provider_code", "financial_year", "financial_month", "flow")
DIMENSIONS = ("rule_id", "severity", "level", *SENT, "population_icb")
SEVERITIES = ("error", "warning", "information")
CELL = ("flow", "provider_code", "financial_year", "financial_month", "population_icb", "payer_code")
# what the assignment method says of a submitted commissioner: never valid, another one
COMMISSIONER_RULES = ("R03", "A01")


@cache
def comparisons() -> Mapping[str, Mapping[str, str]]:
    """What is compared, by kind: name and meaning (agreement.csv)."""
    return {line.text("kind"): line.cells for line in shipped("tertiary.web", "agreement.csv", TertiaryError)}


@cache
def rule_words() -> Mapping[tuple[str, str], Mapping[str, str]]:
    """What each rule expects and advises, by rule and severity; severity blank for any."""
    from tertiary.flows.checks import checks

    said: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
    for check in checks().values():
        for key in ((check.rule_id, check.severity), (check.rule_id, "")):
            words = said.setdefault(key, {"expected": {}, "advice": {}})
            # a rule of several checks expects several things; each is said once, in order
            words["expected"].update({check.expected: None} if check.expected else {})
            words["advice"].update({check.advice: None} if check.advice else {})
    return {key: {"expected": "; ".join(w["expected"]), "advice": " ".join(w["advice"])} for key, w in said.items()}


def findings(
    answers: Answers, person: Person, by: Sequence[str], only: Mapping[str, str], limit: int = MOST_ROWS
) -> tuple[list[dict[str, Any]], bool]:
    """Findings by `by`, most first, and whether there are more than `limit`.

    Columns: `by`, findings, received, per_thousand (findings of a thousand rows received). One row of everything
    without `by`. `received` counts rows of the same provider, month and flow, whatever the rule; it is null where what
    was received is not the person's to see. RunError when a column is not one of DIMENSIONS.
    """
    import ibis

    if wrong := [name for name in (*by, *only) if name not in DIMENSIONS]:
        raise RunError(f"Findings cannot be sliced by {', '.join(wrong)}. Choose from {', '.join(DIMENSIONS)}.")
    cells = _kept_to(_finding_cells(answers, person), only)
    groups = list(dict.fromkeys(by))
    total = ibis.coalesce(cells.findings.sum(), 0)
    found = cells.group_by(*groups).aggregate(findings=total) if groups else cells.aggregate(findings=total)
    order = [ibis.desc("findings"), *groups]
    rows = answers.fetch(found.order_by(*order).limit(limit + 1)).to_pylist()
    received = _received(answers, person, groups, only)
    for row in rows:
        sent = received.get(tuple(row[g] for g in groups if g in SENT)) if received is not None else None
        row["received"] = sent
        row["per_thousand"] = per_thousand(row["findings"], sent)
    return rows[:limit], len(rows) > limit


def per_thousand(found: int, received: int | None) -> Decimal | None:
    """Findings of a thousand rows received; None when none were, or it is not known."""
    return round(Decimal(1000 * found) / received, 3) if received else None


def movement(answers: Answers, person: Person, only: Mapping[str, str]) -> list[dict[str, Any]]:
    """Findings month by month: by severity, in all, and the change of all from the month before.

    Key: financial_year and financial_month. Findings whose year or month could not be read are left out.
    """
    by = ("financial_year", "financial_month", "severity")
    months: dict[tuple[str, int], dict[str, Any]] = {}
    for row in findings(answers, person, by, only)[0]:
        key = (row["financial_year"], row["financial_month"])
        if not all(key):
            continue
        month = months.setdefault(key, {
            "financial_year": key[0], "financial_month": key[1], **dict.fromkeys(SEVERITIES, 0), "findings": 0,
            "received": row["received"],
        })  # fmt: skip
        month[row["severity"]] += row["findings"]
        month["findings"] += row["findings"]
    made, before = [], None
    for _, month in sorted(months.items()):
        month["per_thousand"] = per_thousand(month["findings"], month["received"])
        month["change"] = None if before is None else month["findings"] - before
        before = month["findings"]
        made.append(month)
    return made


def agreement(
    answers: Answers, person: Person, only: Mapping[str, str], by: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Records compared, agreeing and differing by kind of comparison and `by`; most that differ first.

    Columns: kind, `by`, compared, agreed, differing, share (agreed of compared), pounds (submitted, of those that
    differ). Kinds: agreement.csv. RunError when a column is not one of CELL, submitted or found.
    """
    import ibis

    choices = (*CELL, "submitted", "found")
    if wrong := [name for name in (*by, *only) if name not in choices]:
        raise RunError(f"Agreement cannot be sliced by {', '.join(wrong)}. Choose from {', '.join(choices)}.")
    cells = _kept_to(answers.worked("agreement_cells", person, ("records", "findings"), _agreement), only)
    found = cells.group_by("kind", *by).aggregate(
        compared=cells.compared.sum(), agreed=cells.agreed.sum(), pounds=cells.pounds.sum()
    )
    found = found.mutate(differing=found.compared - found.agreed)
    rows = answers.fetch(found.order_by(ibis.desc("differing"), ibis.desc("compared"), "kind", *by)).to_pylist()
    return [{**row, "share": round(Decimal(row["agreed"]) / row["compared"], 6)} for row in rows if row["compared"]]


def _finding_cells(answers: Answers, person: Person) -> ir.Table:
    return answers.worked("finding_cells", person, ("findings", "submissions", "records"), _cells)


def _cells(tables: Mapping[str, ir.Table]) -> ir.Table:
    """Findings by rule, severity, level and CELL; a blank or 0 where it is not known."""
    from tertiary.joins import attach

    found = tables["findings"].select("submission_id", "record_id", "rule_id", "severity", "level", "flow")
    sent = tables["submissions"].select("submission_id", *(name for name in SENT if name != "flow"))
    # the few records that findings are about, before they are joined
    told = tables["records"].select("record_id", "population_icb", "payer_code").semi_join(found, "record_id")
    rows = attach(attach(found, sent, ["submission_id"]), told, ["record_id"])
    texts = {name: rows[name].fill_null("") for name in CELL if name != "financial_month"}
    rows = rows.mutate(**texts, financial_month=rows.financial_month.fill_null(0))
    return rows.group_by("rule_id", "severity", "level", *CELL).aggregate(findings=rows.count())


def _agreement(tables: Mapping[str, ir.Table]) -> ir.Table:
    """Comparisons by kind, CELL and, of those that differ, what was submitted and what was found instead."""
    import ibis

    from tertiary.price import Materiality
    from tertiary.price.differences import differs, with_submitted
    from tertiary.summary import has_two_lines, same_line

    accepted = tables["records"].filter(tables["records"].fate == "accepted")
    lines = accepted.filter(has_two_lines(accepted))
    lines = _judged(lines, "line", same_line(lines), "service_line_submitted", "service_line_derived")

    about = tables["findings"]
    about = about.filter((about.level == "commissioner") & about.rule_id.isin(COMMISSIONER_RULES))
    told = about.select("record_id").distinct().mutate(is_wrong=True)
    payers = accepted.filter(accepted.commissioner_submitted != "").left_join(told, "record_id")
    payers = payers.filter((payers.commissioner_code != "") | payers.is_wrong.fill_null(False))
    is_same = ~payers.is_wrong.fill_null(False)
    payers = _judged(payers, "commissioner", is_same, "commissioner_submitted", "commissioner_code")

    prices = with_submitted(tables["records"]).filter(lambda t: t.counted)
    is_same = ~differs(prices, Materiality.usual())
    prices = _judged(prices.mutate(none=ibis.literal("")), "price", is_same, "none", "price_basis")
    return lines.union(payers).union(prices)


def _judged(rows: ir.Table, kind: str, is_same: ir.BooleanValue, submitted: str, found: str) -> ir.Table:
    import ibis

    money = rows.price_submitted.cast("decimal(38, 8)").fill_null(ibis.literal(0).cast("decimal(38, 8)"))
    rows = rows.select(
        *CELL,
        kind=ibis.literal(kind),
        submitted=ibis.ifelse(is_same, "", rows[submitted]),
        found=ibis.ifelse(is_same, "", rows[found]),
        is_same=is_same,
        money=ibis.ifelse(is_same, ibis.literal(0).cast("decimal(38, 8)"), money),
    )
    return rows.group_by("kind", *CELL, "submitted", "found").aggregate(
        compared=rows.count(), agreed=rows.count(where=rows.is_same), pounds=rows.money.sum()
    )


def _kept_to(rows: ir.Table, only: Mapping[str, str]) -> ir.Table:
    for name, value in only.items():
        rows = rows.filter(rows[name].cast("string") == value)
    return rows


def _received(
    answers: Answers, person: Person, by: Sequence[str], only: Mapping[str, str]
) -> Mapping[tuple[Any, ...], int] | None:
    """Rows received by those of `by` that submissions know.

    None where findings are seen of which the rows received are not the person's to see.
    """
    if "population_icb" in (*by, *only) or not (sees_all(person) or person.role == "provider"):
        return None
    rows = _kept_to(answers.rows("submissions", person), {n: v for n, v in only.items() if n in SENT})
    groups = [name for name in by if name in SENT]
    total = rows.received.sum().fill_null(0)
    found = rows.group_by(*groups).aggregate(received=total) if groups else rows.aggregate(received=total)
    return {tuple(row[name] for name in groups): row["received"] for row in answers.fetch(found).to_pylist()}
