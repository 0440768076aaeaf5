"""*Challenges*: the log that provider and host share, each person's part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tertiary.challenges import SYNTHETIC, Challenge, balance_rows, log_rows, rules, totals
from tertiary.challenges.steps import words
from tertiary.errors import ContractError
from tertiary.publish.workbook import Column
from tertiary.web.access import person_of
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.decided import store_of
from tertiary.web.render import answer, answers_of
from tertiary.web.shared_log import hosts, log_of, month_in_words, overdue_in_words, with_run
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
PAGE_ROWS = 300
COLUMNS = (
    Column("challenge", "Challenge"), Column("rule", "Rule"), Column("title", "What is questioned"),
    Column("provider", "Provider"), Column("host", "Host"), Column("payer", "Payer"), Column("period", "Month"),
    Column("service_line", "Service line"), Column("component", "Component"), Column("records", "Records", "whole"),
    Column("value", "Questioned (£)", "money"), Column("first_claim", "Counted once (£)", "money"),
    Column("cash_effect", "Cash effect (£)", "money"), Column("open", "Open (£)", "money"), Column("stands", "Stands"),
    Column("respond_by", "Answer by", "day"), Column("settle_by", "Settle by", "day"), Column("overdue", "Overdue"),
)  # fmt: skip
BALANCE = (
    Column("rule", "Rule"), Column("title", "What is questioned"), Column("challenges", "Challenges", "whole"),
    Column("raised", "Questioned (£)", "money"), Column("first_claim", "Counted once (£)", "money"),
    Column("accepted", "Accepted, not settled (£)", "money"), Column("credited", "Credited (£)", "money"),
    Column("corrected", "Corrected in the data (£)", "money"), Column("rejected", "Rejected (£)", "money"),
    Column("withdrawn", "Withdrawn (£)", "money"), Column("lapsed", "Lapsed (£)", "money"),
    Column("open", "Open (£)", "money"),
)  # fmt: skip
# what the programs get: the columns of the log, codes as they are
CODED = (
    "challenge", "rule", "provider", "host", "payer", "year", "month", "service_line", "component", "records", "value",
    "first_claim", "cash_effect", "cash_reason", "state", "accepted", "open", "respond_by", "settle_by", "overdue",
)  # fmt: skip
FILTERS = ("state", "provider", "rule", "month", "overdue")


@router.get("/challenges")
def challenges(request: Request) -> Response:
    """The challenges that are somebody's, what became of their pounds, and what is overdue."""
    person, today, query = person_of(request), date.today(), request.query_params
    mine = log_of(store_of(request), person, answers_of(request).register)
    chosen = {name: query.get(name, "") for name in FILTERS}
    found = filtered(mine, chosen, today)
    rows = [_row(one, today) for one in found]
    shown = rows if "format" in query else rows[:PAGE_ROWS]
    links = [with_run(request, f"/challenges/{row['challenge']}") for row in shown]
    title = f"{len(rows):,} challenge{'' if len(rows) == 1 else 's'}"
    note = "Two rules may question the same pounds: add up what is counted once. No cash effect: no contract says it."
    log = Grid("challenges", title, COLUMNS, shown, "No challenge of that kind is yours.", note, links, pence=True,
               counts=("records",), beside=("value", "first_claim", "cash_effect", "open"))  # fmt: skip
    values = {
        "chosen": chosen, "choices": _choices(mine), "cut": len(rows) - len(shown), "may_raise": bool(hosts(person)),
        "late": sum(bool(one.overdue(today)) for one in found), "whole": totals(found), "any": bool(mine),
        "synthetic": any(one.seen.run_label.startswith(SYNTHETIC) for one in found),
    }  # fmt: skip
    return answer(request, View("Challenges", "challenges.html", [_balance(found), log], values=values))


@api.get("/challenges", responses=FAILURES)
def challenges_api(
    request: Request,
    state: Annotated[str, Query(max_length=20, description="Only those in this state, such as raised.")] = "",
    provider: Annotated[str, Query(max_length=16, description="Only of this provider.")] = "",
    rule: Annotated[str, Query(max_length=16, description="Only of this rule, such as CH09.")] = "",
    month: Annotated[str, Query(max_length=9, description="Only of this month, such as 202526-01.")] = "",
    overdue: Annotated[str, Query(pattern="^(yes)?$", description="`yes`: only what is overdue today.")] = "",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Rows:
    """The challenges that are the caller's, one row each, as they stand today."""
    mine = log_of(store_of(request), person_of(request), answers_of(request).register)
    given = {"state": state, "provider": provider, "rule": rule, "month": month, "overdue": overdue}
    found = filtered(mine, given, date.today())
    rows = log_rows(found, date.today()).to_pylist()
    told = "SYNTHETIC DATA" if any(c.seen.run_label.startswith(SYNTHETIC) for c in found) else "Log of challenges"
    grid = Grid("challenges", "", [Column(name, name) for name in CODED], rows, counts=("records",))
    return rows_of(grid, told, limit)


def filtered(found: Sequence[Challenge], chosen: Mapping[str, str], on: date) -> list[Challenge]:
    """Challenges as a filter says; blank is all. ContractError when there is no such state."""
    if chosen["state"] and chosen["state"] not in words():
        raise ContractError(f"There is no state {chosen['state']!r}. States: {', '.join(words())}.")
    return [
        c for c in found
        if chosen["state"] in ("", c.state) and chosen["provider"] in ("", c.provider_code)
        and chosen["rule"] in ("", c.rule_id) and chosen["month"] in ("", _month(c))
        and (not chosen["overdue"] or c.overdue(on))
    ]  # fmt: skip


def title_of(rule_id: str) -> str:
    """What a rule questions, in words."""
    return rules()[rule_id].title if rule_id in rules() else "a rule of another version"


def _month(challenge: Challenge) -> str:
    return f"{challenge.financial_year}-{challenge.financial_month:02d}"


def _row(one: Challenge, on: date) -> dict[str, Any]:
    return {
        "challenge": one.challenge_id, "rule": one.rule_id, "title": title_of(one.rule_id),
        "provider": one.provider_code, "host": one.host_code, "payer": one.payer_code,
        "period": month_in_words(one.financial_year, one.financial_month), "service_line": one.service_line,
        "component": one.component, "records": one.seen.records, "value": one.seen.value,
        "first_claim": one.seen.first_claim, "cash_effect": one.seen.cash_effect, "open": one.balance.open,
        "stands": words()[one.state][0], "respond_by": one.respond_by, "settle_by": one.settle_by,
        "overdue": overdue_in_words(one, on) or "no",
    }  # fmt: skip


def _balance(found: Sequence[Challenge]) -> Grid:
    rows = balance_rows(found).to_pylist()
    for row in rows:
        own = [one for one in found if row["rule"] in ("all", one.rule_id)]
        row["accepted"] = totals(own).accepted
        if row["rule"] == "all":
            row |= {"rule": "All", "title": "all of these"}
    note = "Questioned is credited + corrected + rejected + withdrawn + lapsed + open; what is accepted is within open."
    return Grid("balance", "What became of the pounds", BALANCE, rows if found else [], note=note, pence=True)


def _choices(mine: Sequence[Challenge]) -> dict[str, list[tuple[str, str]]]:
    """What may be chosen of each filter, of what is somebody's."""
    months = sorted({(_month(c), month_in_words(c.financial_year, c.financial_month)) for c in mine})
    states = [(state, name) for state, (name, _) in words().items() if any(c.state == state for c in mine)]
    return {
        "state": [("", "Any"), *states],
        "provider": [("", "Any"), *((code, code) for code in sorted({c.provider_code for c in mine}))],
        "rule": [("", "Any"), *((code, f"{code} {title_of(code)}") for code in sorted({c.rule_id for c in mine}))],
        "month": [("", "Any"), *months], "overdue": [("", "Overdue or not"), ("yes", "Only what is overdue")],
    }  # fmt: skip
