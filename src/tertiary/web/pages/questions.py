"""What a run *newly questions*, to be looked at and raised by its host, and the *worklists* beside the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from tertiary.challenges import Log, Raised, run_label, worklist
from tertiary.challenges.worklists import kinds
from tertiary.errors import ContractError
from tertiary.month_end import Contract, contract_pairs
from tertiary.privacy import names_patient
from tertiary.publish.months import known_contracts
from tertiary.publish.workbook import Column
from tertiary.web.access import actor, checked_form, person_of
from tertiary.web.decided import store_of
from tertiary.web.months import plainly
from tertiary.web.pages.asked import Text
from tertiary.web.pages.challenges import title_of
from tertiary.web.render import answer, answers_of
from tertiary.web.scope import ForbiddenError, kept
from tertiary.web.shared_log import hosts, month_in_words, questioned, with_run
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
LONGEST = 1000
# steps of the data in words
STEPS = {
    "raise": "new", "change": "its pounds changed", "reopen": "pounds were added to a closed one",
    "leave": "no longer in the data", "note": "later data differ from a closed one",
}  # fmt: skip
MONEY = (
    Column("records", "Records", "whole"), Column("value", "Questioned (£)", "money"),
    Column("first_claim", "Counted once (£)", "money"), Column("cash_effect", "Cash effect (£)", "money"),
)  # fmt: skip
COUNTS, BESIDE = ("records",), ("value", "first_claim", "cash_effect")
TOGETHER = (
    Column("title", "What is questioned"), Column("rule_id", "Rule"), Column("provider_code", "Provider"),
    Column("host_code", "Host"), Column("new", "New", "whole"), Column("changed", "Changed", "whole"), *MONEY,
)  # fmt: skip
EACH = (
    Column("challenge_id", "Challenge"), Column("news", "What is new"), Column("provider_code", "Provider"),
    Column("payer_code", "Payer"), Column("period", "Month"), Column("service_line", "Service line"),
    Column("component", "Component"), *MONEY,
)  # fmt: skip
LISTED = (
    Column("host_code", "Host"), Column("provider_code", "Provider"), Column("payer_code", "Payer"),
    Column("payer_kind", "Kind of payer"), Column("period", "Month"), Column("service_line_final", "Service line"),
    Column("charging_category", "Charging category"), Column("administrative_category", "Administrative category"),
    Column("flow", "Flow"), Column("counted", "Counts"), Column("records", "Records", "whole"),
    Column("price_submitted", "Submitted (£)", "money"), Column("price_expected", "Expected (£)", "money"),
)  # fmt: skip


@router.get("/challenges/new")
def new(request: Request, rule: Text = "", provider: Text = "", host: Text = "") -> Response:
    """What a run questions that the log does not hold; of one rule and provider each challenge, and a button."""
    return _page(request, {"rule": rule, "provider": provider, "host": host})


@router.post("/challenges/new")
async def raised(request: Request) -> Response:
    """Write what a run questions of a provider by a rule into the log."""
    form = await checked_form(request)
    return await run_in_threadpool(_raise, request, form)


@router.get("/challenges/worklists")
def worklists(request: Request, kind: Text = "uncontracted") -> Response:
    """Spend without a contract, patients of other countries, and visitors: totals a host works through."""
    asked, person = answers_of(request), person_of(request)
    if kind not in kinds():
        raise ContractError(f"There is no worklist {kind!r}. Worklists: {', '.join(kinds())}.")
    # nobody waits for what they may not see
    kept([], "worklists", person, asked.register)
    contracts = _contracts(request)
    with plainly("The run"):
        found = worklist(asked.run, kind, asked.register, contract_pairs(contracts) if contracts else None)
    rows = kept(found.to_pylist(), "worklists", person, asked.register)
    for row in rows:
        row["period"] = month_in_words(row["financial_year"], row["financial_month"])
        if "counted" in row:
            row["counted"] = "yes" if row["counted"] else "no"
    columns = [column for column in LISTED if column.name == "period" or column.name in found.column_names]
    about = kinds()[kind]
    grid = Grid("worklist", about["title"], columns, rows, "Nothing of that kind is yours.", pence=True,
                blanks={"payer_code": "nobody", "service_line_final": "not specialised"}, counts=COUNTS,
                beside=[column.name for column in columns if column.kind == "money"])  # fmt: skip
    values = {"kind": kind, "about": about, "choices": [(k, v["title"]) for k, v in kinds().items()],
              "told": bool(contracts)}  # fmt: skip
    return answer(request, View("Worklists", "worklists.html", [grid], values=values))


def _raise(request: Request, form: FormData) -> Response:
    given = {name: str(form.get(name, "")).strip() for name in ("rule", "provider", "host", "why")}
    errors = {}
    if not given["why"] or len(given["why"]) > LONGEST:
        errors["why"] = f"Say why, in at most {LONGEST:,} characters."
    elif names_patient(given["why"]):
        given["why"] = ""
        errors["why"] = "The reason held ten digits that pass the check of an NHS number. The log is shared."
    if errors:
        return _page(request, given, errors)
    asked, by = answers_of(request), actor(person_of(request), _host(request, given["host"]))
    part = questioned(asked, _contracts(request)).part(given["rule"], given["provider"])
    if not part.rules:
        raise ContractError("Choose a rule and a provider of the list of what the run newly questions.")
    written = Log(store_of(request)).record(part, by=by, run_label=run_label(asked.run), why=given["why"])
    address = with_run(
        request, "/challenges/new", rule=given["rule"], provider=given["provider"], host=by.organisation_code,
        written=str(sum(written.by_step.values())),
    )  # fmt: skip
    return RedirectResponse(address, status_code=303)


def _page(request: Request, given: Mapping[str, str], errors: Mapping[str, str] | None = None) -> Response:
    host = _host(request, given["host"])
    contracts, log = _contracts(request), Log(store_of(request))
    found = questioned(answers_of(request), contracts)
    person, register = person_of(request), answers_of(request).register
    news = kept(_news(log, found, host), "challenges", person, register)
    together = _together(news)
    chosen = [r for r in news if (r["rule_id"], r["provider_code"]) == (given["rule"], given["provider"])]
    links = [
        with_run(request, "/challenges/new", rule=row["rule_id"], provider=row["provider_code"], host=host)
        for row in together
    ]
    note = "Two rules may question the same pounds: add up what is counted once. The dearest stand first."
    grids = [
        Grid("found", f"What the run newly questions for {host}", TOGETHER, together,
             "The log holds all that the run questions.", note, links, pence=True, counts=COUNTS, beside=BESIDE),
    ]  # fmt: skip
    if given["rule"]:
        title = f"{given['rule']} {title_of(given['rule'])}: provider {given['provider']}"
        grids.append(Grid("look", title, EACH, chosen, "The log holds all of that kind.", pence=True,
                          blanks={"service_line": "none", "payer_code": "none"}, counts=COUNTS,
                          beside=BESIDE))  # fmt: skip
    written = request.query_params.get("written", "")
    values = {
        "given": given, "errors": errors or {}, "host": host, "hosts": hosts(person), "chosen": chosen,
        "host_choices": [(code, code) for code in hosts(person)],
        "written": int(written) if written.isascii() and written.isdigit() and len(written) < 7 else None,
        "contracts": bool(contracts),
    }  # fmt: skip
    made = answer(request, View("What is newly questioned", "challenges_new.html", grids, values=values))
    made.status_code = 400 if errors else made.status_code
    return made


def _host(request: Request, asked: str) -> str:
    """The organisation for which a person raises. ForbiddenError when it is none of theirs, or they raise for none."""
    own = hosts(person_of(request))
    if not own or (asked and asked not in own):
        raise ForbiddenError("Challenges are raised by the host of a contract, for its own organisation.")
    return asked or own[0]


def _contracts(request: Request) -> Sequence[Contract]:
    with plainly("The contracts"):
        return known_contracts(request.app.state.settings.papers.contracts, request.app.state.store)


def _news(log: Log, found: Raised, host: str) -> list[dict[str, Any]]:
    """What the run says to a host that the log does not: facts and pounds of each challenge, dearest first."""
    facts = {row["challenge_id"]: row for row in found.challenges.to_pylist()}
    held = {one.challenge_id: one for one in log.challenges(host)}
    rows = []
    for code, step, pounds in log.news(found, host):
        about = facts.get(code) or {
            name: getattr(held[code], name) for name in ("rule_id", "provider_code", "host_code", "payer_code",
            "financial_year", "financial_month", "service_line", "component")
        }  # fmt: skip
        told = {"challenge_id": code, "step": step, "news": STEPS[step], "title": title_of(about["rule_id"])}
        period = month_in_words(about["financial_year"], about["financial_month"])
        rows.append({**about, **pounds, **told, "period": period})
    return sorted(rows, key=lambda row: (-row["first_claim"], row["challenge_id"]))


def _together(news: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By rule and provider, dearest first; no cash effect where one of them has none."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in news:
        groups.setdefault((row["rule_id"], row["provider_code"]), []).append(row)
    made = []
    for rows in groups.values():
        first = {name: rows[0][name] for name in ("title", "rule_id", "provider_code", "host_code")}
        sums = {name: sum((r[name] for r in rows), Decimal(0)) for name in ("value", "first_claim")}
        cash = None if any(r["cash_effect"] is None for r in rows) else sum(r["cash_effect"] for r in rows)
        counts = {"new": sum(r["step"] == "raise" for r in rows), "records": sum(r["records"] for r in rows)}
        made.append({**first, **sums, **counts, "cash_effect": cash, "changed": len(rows) - counts["new"]})
    return sorted(made, key=lambda row: (-row["first_claim"], row["rule_id"], row["provider_code"]))
