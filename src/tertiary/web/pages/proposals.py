"""*Proposals*: versions of specifications and pathways, from those who write them to those who approve them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from tertiary.errors import TertiaryError
from tertiary.publish.workbook import Column
from tertiary.web.access import LOG, actor_of, checked_form, signed_on
from tertiary.web.decided import store_of
from tertiary.web.people import roles
from tertiary.web.proposing import Draft, Proposal, decide, kinds, proposals, propose
from tertiary.web.render import answer, answers_of, shown
from tertiary.web.scope import ForbiddenError
from tertiary.web.views import Grid, View

if TYPE_CHECKING:
    from tertiary.web.people import Person

router = APIRouter(include_in_schema=False)
COLUMNS = (
    Column("number", "Number"), Column("version", "Version", "whole"), Column("title", "Title"), Column("kind", "Kind"),
    Column("service", "Service"), Column("group", "Proposed by"), Column("valid_from", "Holds from"),
    Column("state", "Where it stands"),
)  # fmt: skip
HISTORY = (
    Column("at", "When (UTC)"), Column("step", "Step"), Column("role", "Role"), Column("organisation", "Organisation"),
    Column("account", "Account"), Column("why", "Why"),
)  # fmt: skip
DONE = {"draft": "written", "proposed": "proposed", "in_force": "approved", "ended": "ended"}
# as they stand in the form
FIELDS = ("kind", "service", "replaces", "title", "summary", "document", "valid_from", "why")
LONGEST = {"title": 200, "summary": 4000, "document": 300, "why": 1000}
WORDS = {"title": "title", "summary": "summary", "document": "address of its text", "why": "reason"}


@router.get("/proposals")
def listed(request: Request) -> Response:
    """What was proposed, as far as its person may read it."""
    person, found = signed_on(request), _all(request)
    rows = [_row(one, request) for one in found]
    links = [f"/proposals/{p.decision.decision_id}?{_onward(request, version=p.decision.version)}" for p in found]
    grid = Grid("proposals", "Specifications and pathways, newest first", COLUMNS, rows, "Nothing has been proposed.",
                links=links)  # fmt: skip
    return answer(request, View("Proposals", "proposals.html", [grid], values={"may_propose": person.role == "crg"}))


@router.get("/proposals/new")
def new(request: Request) -> Response:
    """The form of a new proposal."""
    return _form(request, _proposer(request), {}, {})


@router.post("/proposals")
async def put(request: Request) -> Response:
    """Put a proposal to the national team."""
    form = await checked_form(request)
    person = _proposer(request)
    given = {name: str(value).strip() for name, value in form.items()}
    services = _services(request, person)
    wrong = {
        name: f"Give a {words} of at most {LONGEST[name]:,} characters" for name, words in WORDS.items()
        if len(given.get(name, "")) > LONGEST[name] or (name != "document" and not given.get(name))
    }  # fmt: skip
    if given.get("kind") not in kinds():
        wrong["kind"] = "Choose what it is"
    if given.get("service") not in services:
        wrong["service"] = "Choose one of your services"
    if given.get("document") and urlsplit(given["document"]).scheme != "https":
        wrong["document"] = "Give the address of its text as https://…, or leave it blank"
    replaced = {str(p.decision.decision_id): p.decision.kind for p in _replaceable(request)}
    if given.get("replaces") and replaced.get(given["replaces"]) != given.get("kind"):
        wrong["replaces"] = "Choose one of the same kind, or none"
    if (day := _day(given.get("valid_from", ""))) is None:
        wrong["valid_from"] = "Give the day from which it holds"
    if wrong or day is None:
        return _form(request, person, given, {name: wrong[name] for name in FIELDS if name in wrong})
    draft = Draft(given["kind"], given["title"], given["service"], given["summary"], given.get("document", ""), day)
    by = actor_of(request, given.get("organisation", ""))
    replaces = int(given["replaces"]) if given.get("replaces") else None
    number = propose(store_of(request), draft, by=by, why=given["why"], replaces=replaces)
    LOG.info("proposal %s put by %s %r", number, by.organisation_code, by.account)
    return RedirectResponse(f"/proposals/{number}?{_onward(request)}", status_code=303)


@router.get("/proposals/{number}")
def one(request: Request, number: int, version: int | None = None) -> Response:
    """One version of a proposal, the newest unless told: what it says, and every step with who, when and why."""
    found = _one(request, number, version)
    decision = found.decision
    history = [
        {"at": _moment(s.at), "step": DONE.get(s.state, s.state), "role": roles()[s.by.role]["name"],
         "organisation": s.by.organisation_code, "account": s.by.account if found.is_own else None, "why": s.why}
        for s in decision.steps
    ]  # fmt: skip
    grid = Grid("history", "What happened", HISTORY, history, blanks={"account": "not shown to you"})
    values = {"proposal": found, "row": _row(found, request), "terms": decision.terms}
    return answer(request, View(decision.terms["title"], "proposal.html", [grid], values=values))


@router.post("/proposals/{number}")
async def step(request: Request, number: int) -> Response:
    """Approve, reject, withdraw or end one version of a proposal, with a reason."""
    form = await checked_form(request)
    signed_on(request)
    version, verb, why = str(form.get("version", "")), str(form.get("step", "")), str(form.get("why", "")).strip()
    if not version.isdecimal() or not why or len(why) > LONGEST["why"]:
        raise TertiaryError(f"Give a reason of at most {LONGEST['why']:,} characters. Go back and write one.")
    found = _one(request, number, int(version))
    if verb not in found.steps:
        raise ForbiddenError(f"You cannot {verb or 'change'} this proposal: it is {found.words}.")
    by = actor_of(request, found.group if signed_on(request).role == "crg" else "")
    decide(store_of(request), number, int(version), verb, by=by, why=why)
    LOG.info("proposal %s version %s: %s by %s %r", number, version, verb, by.organisation_code, by.account)
    return RedirectResponse(f"/proposals/{number}?{_onward(request, version=version)}", status_code=303)


def _all(request: Request) -> list[Proposal]:
    return proposals(store_of(request), signed_on(request), answers_of(request).register)


def _one(request: Request, number: int, version: int | None) -> Proposal:
    for found in _all(request):
        if found.decision.decision_id == number and version in (None, found.decision.version):
            return found
    raise ForbiddenError(f"There is no proposal {number} that you may read.")


def _replaceable(request: Request) -> list[Proposal]:
    """Their own approved ones of which nothing newer waits."""
    seen: set[int] = set()
    found = []
    for one in _all(request):
        if one.is_own and one.decision.state == "in_force" and one.decision.decision_id not in seen:
            found.append(one)
        seen.add(one.decision.decision_id)
    return found


def _proposer(request: Request) -> Person:
    person = signed_on(request)
    if person.role != "crg":
        raise ForbiddenError("Clinical reference groups propose; the national team approves.")
    return person


def _services(request: Request, person: Person) -> dict[str, str]:
    """Names of the services of a clinical reference group, by manual line."""
    rows = answers_of(request).register["services"].select(["pss_line", "service_name", "crg_code"]).to_pylist()
    return {row["pss_line"]: row["service_name"] for row in rows if row["crg_code"] in person.organisations}


def _form(request: Request, person: Person, given: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    old = [(str(p.decision.decision_id), f"{p.decision.decision_id}: {p.decision.terms['title']}")
           for p in _replaceable(request)]  # fmt: skip
    values = {
        "given": given, "wrong": wrong, "kinds": list(kinds().items()), "replaceable": old,
        "groups": [(code, code) for code in person.organisations],
        "services": [(line, f"{line} {name}") for line, name in _services(request, person).items()],
    }  # fmt: skip
    made = answer(request, View("Propose a specification or pathway", "proposal_new.html", values=values))
    made.status_code = 400 if wrong else 200
    return made


def _row(found: Proposal, request: Request) -> dict[str, Any]:
    one, known = found.decision, answers_of(request).register["services"].to_pylist()
    names = {row["pss_line"]: row["service_name"] for row in known}
    groups = {row["crg_code"]: row["crg_name"] for row in known}
    line = one.terms.get("service", "")
    return {
        "number": str(one.decision_id), "version": one.version, "title": one.terms.get("title", one.subject),
        "kind": kinds()[one.kind], "service": f"{line} {names.get(line, '')}".strip(),
        "group": f"{found.group} {groups.get(found.group, '')}".strip(),
        "valid_from": one.valid_from, "state": found.words,
    }  # fmt: skip


def _onward(request: Request, **more: object) -> str:
    run = request.query_params.get("run", "")
    return urlencode({**({"run": run} if run else {}), **more})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(at: datetime) -> str:
    return f"{shown(at.date())}, {at:%H:%M}"
