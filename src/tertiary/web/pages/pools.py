"""*Pools*: agreements to share a budget: who puts in what, what care cost, and what each partner pays.

A partner sees its own line, everybody's share of the contributions and the pool's totals; the host, who keeps the
accounts, sees all lines; who is no party sees nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.errors import PoolError
from tertiary.pennies import pounds
from tertiary.phasing import last_day
from tertiary.pool import Agreement, over_versions, rules
from tertiary.pool.tables import NAMES, compared_rows, statement_rows
from tertiary.publish.pools import Given, Version, compared, given, month_days, of_store, versions_of
from tertiary.publish.workbook import Column
from tertiary.web.decided import AbsentError, store_of
from tertiary.web.months import Asked, asked_of, plainly
from tertiary.web.pages.asked import on_page, query_of
from tertiary.web.render import answer
from tertiary.web.scope import ForbiddenError, kept
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
AGREEMENTS = (
    Column("number", "Number", "whole"), Column("name", "Agreement"), Column("host", "Host"),
    Column("partners", "Partners"), Column("from", "From", "day"), Column("to", "To", "day"),
)  # fmt: skip
TERMS = (Column("term", "What"), Column("says", "What was agreed"))
SHARES = (
    Column("partner", "Partner"), Column("contribution", "Contribution of the year (£)", "money"),
    Column("share", "Share", "share"),
)  # fmt: skip
HEADINGS = {
    "contribution": "Contribution (£)", "contingency": "Contingency (£)", "actual": "Cost of its patients (£)",
    "variance": "Above contribution (£)", "payment": "Payment (£)", "transfer": "Borne for others (£)",
    "reserve": "Reserve (£)", "balance": "Balance (£)", "movement": "Moved since the month before (£)",
}  # fmt: skip
STATEMENT = (
    Column("month", "To month", "whole"), Column("partner", "Partner"),
    *(Column(name, HEADINGS[name], "money") for name in (*NAMES, "movement")),
)  # fmt: skip
WITHOUT = (
    Column("partner", "Partner"), Column("without", "Without the pool (£)", "money"),
    Column("with", "With the pool (£)", "money"), Column("difference", "Difference (£)", "money"),
)  # fmt: skip
RULES = (
    Column("rule", "Rule"), Column("parameters", "With"), Column("transfer", "Changes hands (£)", "money"),
    Column("volatility_removed", "Unsteadiness removed", "share"),
    Column("incentive_kept", "Kept of a pound saved", "share"), Column("from_outside", "From outside (£)", "money"),
)  # fmt: skip
TOGETHER = ("all partners", "from outside")
YEARS, SEED = 100, 1
SEEN = (
    "A partner sees its own line and the pool's totals; the host sees all lines. Where two partners share a pool, "
    "each can tell the other's line from the totals."
)
ALONE = "Without a pool each pays what its own patients cost. Below 0, others bear the difference."
BALANCE = (
    "Balance: above 0 the partner still owes, below 0 it is owed. Payments and what comes from outside add up to cost."
)


@dataclass(frozen=True)
class Pool:
    """An agreement in force, as a person may see it. `lines`: partners whose own figures the person may see."""

    number: int
    agreement: Agreement
    lines: frozenset[str]


@router.get("/money/pools")
def pools(
    request: Request, year: str = "", month: int | None = None, agreement: int | None = None, compare: str = ""
) -> Response:
    """The agreements in force at the end of a month of which a person is part, and the statement of one of them."""
    asked = asked_of(request, year, month)
    day = last_day(asked.year, min(asked.last, 12))
    values: dict[str, Any] = {"asked": asked, "day": day, "compare": compare}
    grids: list[Grid] = []
    try:
        found = pools_of(request, asked, day)
        grids.append(_agreements(request, found, asked, day))
        if found or agreement is not None:
            chosen = _chosen(found, agreement)
            values |= {"chosen": chosen.agreement, "number": chosen.number}
            grids += _chosen_grids(request, asked, chosen, bool(compare), values)
    except (AbsentError, ForbiddenError) as error:
        if "format" in request.query_params:
            raise
        values["withheld"] = str(error)
    return answer(request, View(f"Pools to {asked.words}", "pools.html", on_page(request, grids), values=values))


def pools_of(request: Request, asked: Asked, day: date) -> list[Pool]:
    """Agreements in force on a day to which those are partner or host for whom a person acts. ForbiddenError,
    AbsentError without a store, UnavailableError when it cannot be read.
    """
    person, register = asked.person, asked.answers.register
    kept([], "pools", person, register)
    store = store_of(request)
    with plainly("The agreements"):
        held = [(d.decision_id, Agreement.of(d.terms)) for d in store.decisions("agreement", in_force_on=day)]
    found = []
    for number, agreed in held:
        everyone = dict.fromkeys([*agreed.partners, *agreed.succeeds])
        rows = [{"partner": code, "host": agreed.host} for code in everyone]
        # a host that is no partner is one by its own row
        if mine := kept([*rows, {"partner": "", "host": agreed.host}], "pools", person, register):
            found.append(Pool(number, agreed, frozenset(row["partner"] for row in mine)))
    return found


def _chosen(found: Sequence[Pool], number: int | None) -> Pool:
    for one in found:
        if number in (None, one.number):
            return one
    raise AbsentError("No agreement of that number is in force and yours. Choose one of the list.")


def _agreements(request: Request, found: Sequence[Pool], asked: Asked, day: date) -> Grid:
    rows = [
        {"number": p.number, "name": p.agreement.name, "host": p.agreement.host,
         "partners": ", ".join(p.agreement.partners), "from": p.agreement.valid_from, "to": p.agreement.valid_to}
        for p in found
    ]  # fmt: skip
    links = [query_of(request, year=asked.year, month=asked.last, agreement=p.number) for p in found]
    title = f"Agreements in force on {day.day} {day:%B %Y}"
    return Grid("agreements", title, AGREEMENTS, rows, "You are part of no agreement in force on that day.",
                links=links, blanks={"to": "further notice"})  # fmt: skip


def _chosen_grids(request: Request, asked: Asked, pool: Pool, compare: bool, values: dict[str, Any]) -> list[Grid]:
    """What was agreed, who puts in what, the statement, and with and without the pool."""
    grids = [Grid("terms", f"What {pool.agreement.name} says", TERMS, _terms(pool.agreement))]
    folder: Path | None = request.app.state.settings.papers.pools
    file = folder / f"partners-{pool.number}.csv" if folder else None
    if file is None or not file.is_file():
        values["no_figures"] = (
            f"What partners contribute is not known here. Put it into partners-{pool.number}.csv in the folder that "
            "this server is started with (--pools DIR)."
        )
        return grids
    stated = _given(request, asked, pool, file)
    known = [version.agreement.partners for version in stated.versions][-1]
    year = {code: Fraction(stated.yearly[-1][code]) for code in sorted(known)}
    whole = sum(year.values(), Fraction(0))
    shares = [
        {"partner": code, "contribution": pounds(put_in), "share": _share(put_in, whole)}
        for code, put_in in year.items()
    ]  # fmt: skip
    rows = [
        row for row in statement_rows(list(over_versions(stated.stretches))).to_pylist()
        if row["partner"] in pool.lines or row["partner"] in TOGETHER
    ]  # fmt: skip
    last = [row for row in rows if row["month"] == min(asked.last, 12)]
    grids += [
        Grid("shares", "Who puts in what", SHARES, shares, pence=True),
        Grid("statement", f"The statement to {asked.words}", STATEMENT, last, note=f"{SEEN} {BALANCE}", pence=True,
             blanks=dict.fromkeys((*NAMES, "movement"), "")),
        Grid("without_and_with", "Without the pool, and with it", WITHOUT, [
            {"partner": r["partner"], "without": r["actual"], "with": r["payment"], "difference": r["transfer"]}
            for r in last if r["partner"] != TOGETHER[1]
        ], note=ALONE, pence=True),
        Grid("every_month", "Month by month, each to date", STATEMENT, rows, pence=True,
             blanks=dict.fromkeys((*NAMES, "movement"), "")),
    ]  # fmt: skip
    if compare:
        grids.append(_compared(request, asked, stated))
    return grids


def _given(request: Request, asked: Asked, pool: Pool, file: Path) -> Given:
    """The statement's makings, worked out once for the terms and figures as they are."""
    last = min(asked.last, 12)
    try:
        versions = versions_of(of_store(store_of(request), pool.number, month_days(asked.year, last)), asked.year, last)
    except PoolError as error:
        raise AbsentError(str(error)) from error
    key = ("pool", pool.number, asked.year, last, _mark(versions), _stamp(file))
    with plainly("What partners state"):
        return asked.answers.made.of(key, lambda: given(asked.answers.run, asked.year, last, versions, file))


def _compared(request: Request, asked: Asked, stated: Given) -> Grid:
    """Rules side by side over simulated years: figures of the whole pool only."""
    agreed, known = stated.versions[-1].agreement, stated.known[-1]
    need = tuple(sorted((code, p.partner.need) for code, p in known.items()))
    key = ("compare", asked.year, stated.last, _mark(stated.versions), need)
    with plainly("The run"):
        found, left_out = asked.answers.made.of(
            key, lambda: compared(asked.answers.run, agreed, known, asked.year, stated.last, YEARS, SEED)
        )
    rows = [
        {**row, "rule": f"{row['rule']} {rules()[row['rule']].name}"} for row in compared_rows(found).to_pylist()
    ]  # fmt: skip
    note = f"{YEARS} simulated years, seed {SEED}: chance alone, no trend. {left_out}".strip()
    return Grid("rules", "Which rule? The pool under each, over simulated years", RULES, rows, note=note)


def _terms(agreed: Agreement) -> list[dict[str, str]]:
    def said(code: str, parameters: dict[str, Fraction]) -> str:
        rule = rules()[code]
        more = ", ".join(f"{name} {float(value):g}" for name, value in parameters.items())
        return f"{rule.name} ({code}): {rule.meaning}" + (f"; with {more}" if more else "")

    everything = {"services": agreed.services, "providers": agreed.providers, "components": agreed.components}
    rows = [
        ("Contributions", said(agreed.contribution, dict(agreed.contribution_parameters))),
        ("Risk share", said(agreed.risk, dict(agreed.risk_parameters))),
        *((name.capitalize(), ", ".join(codes) or "all") for name, codes in everything.items()),
        ("Contingency", f"{float(agreed.contingency):.2%} of the pool, what is left {agreed.unused}"),
        ("Value of activity", agreed.measure.replace("_", " ")),
        ("Spread over the year", agreed.profile.replace("_", " ")),
        ("Notice to leave", f"{agreed.notice_months} months"),
    ]
    if agreed.floor is not None and agreed.ceiling is not None:
        rows.append(("Limits of a payment", f"{float(agreed.floor):.2%} below to {float(agreed.ceiling):.2%} above"))
    return [{"term": term, "says": says} for term, says in rows]


def _mark(versions: Sequence[Version]) -> str:
    return json.dumps([[v.first, v.last, dict(v.raw)] for v in versions], sort_keys=True, default=str)


def _stamp(file: Path) -> tuple[str, int, int]:
    facts = file.stat()
    return str(file), facts.st_mtime_ns, facts.st_size


def _share(amount: Fraction, whole: Fraction) -> Decimal | None:
    return Decimal(f"{float(amount / whole):.6f}") if whole else None
