"""One *challenge*: its history, its rule, and the steps that its person may take now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from tertiary.challenges import Challenge, Event, Log, OvertakenError, rules
from tertiary.challenges.steps import verbs, words
from tertiary.errors import TertiaryError
from tertiary.privacy import names_patient
from tertiary.publish.workbook import Column
from tertiary.web.access import checked_form, person_of
from tertiary.web.decided import store_of
from tertiary.web.pages.challenges import title_of
from tertiary.web.render import answer, answers_of
from tertiary.web.scope import ForbiddenError
from tertiary.web.shared_log import acting, log_of, month_in_words, overdue_in_words, with_run
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
LONGEST = 1000
HISTORY = (
    Column("when", "When"), Column("who", "Who"), Column("step", "Step"), Column("pounds", "Pounds", "money"),
    Column("why", "Why"), Column("evidence", "Evidence"), Column("stands", "Stands then"), Column("run", "Run"),
)  # fmt: skip
POUNDS = (
    Column("raised", "Questioned (£)", "money"), Column("accepted", "Accepted, not settled (£)", "money"),
    Column("credited", "Credited (£)", "money"), Column("corrected", "Corrected in the data (£)", "money"),
    Column("rejected", "Rejected (£)", "money"), Column("withdrawn", "Withdrawn (£)", "money"),
    Column("lapsed", "Lapsed (£)", "money"), Column("open", "Open (£)", "money"),
)  # fmt: skip


@router.get("/challenges/{challenge_id}")
def challenge(request: Request, challenge_id: str) -> Response:
    """A challenge with its history and what may be done with it."""
    done = request.query_params.get("done", "")
    return _page(request, _mine(request, challenge_id), done=done if done in verbs() else "")


@router.post("/challenges/{challenge_id}")
async def stepped(request: Request, challenge_id: str) -> Response:
    """Take a step; back to the challenge, or to the form with what is wrong with it."""
    form = await checked_form(request)
    # waits for other writers of the store
    return await run_in_threadpool(_step, request, challenge_id, form)


def _step(request: Request, challenge_id: str, form: FormData) -> Response:
    found = _mine(request, challenge_id)
    own = acting(person_of(request), found)
    if own is None:
        raise ForbiddenError("You may read this challenge; its provider and its host take the steps.")
    given = {name: str(form.get(name, "")).strip() for name in ("step", "seen", "amount", "why", "evidence")}
    verb = given["step"]
    errors = _errors(given)
    if not errors:
        try:
            Log(store_of(request)).step(
                challenge_id, verb, by=own[0], why=given["why"], amount=given["amount"] or None,
                evidence=given["evidence"], seen=int(given["seen"]),
            )  # fmt: skip
        except OvertakenError as error:
            return _page(request, _mine(request, challenge_id), {"": str(error)}, given, status=409)
        except TertiaryError as error:
            errors["amount" if given["amount"] or "amount" in str(error) else "why"] = str(error)
    if errors:
        return _page(request, found, errors, given, status=400)
    return RedirectResponse(with_run(request, f"/challenges/{challenge_id}", done=verb), status_code=303)


def _errors(given: dict[str, str]) -> dict[str, str]:
    """What is wrong with a form by itself; a text with a patient in it is taken out of what is shown again."""
    errors = {}
    if given["step"] not in verbs() or not (given["seen"].isascii() and given["seen"].isdigit()):
        errors[""] = "Choose a step of this page."
    if not given["why"]:
        errors["why"] = "Say why."
    if given["step"] == "evidence" and not given["evidence"]:
        errors["evidence"] = "Name the paper or the place where the evidence is."
    for name in ("why", "evidence", "amount"):
        if len(given[name]) > LONGEST:
            errors[name] = f"At most {LONGEST:,} characters are kept; these are {len(given[name]):,}."
        if names_patient(given[name]):
            given[name] = ""
            errors[name] = (
                "This held ten digits that pass the check of an NHS number. The log is shared: name the file or paper "
                "in which the case stands, never a patient."
            )
    return errors


def _mine(request: Request, challenge_id: str) -> Challenge:
    """A challenge that its person may see; one of others and one that is not there are answered alike."""
    for one in log_of(store_of(request), person_of(request), answers_of(request).register):
        if one.challenge_id == challenge_id:
            return one
    raise HTTPException(404, "There is no such challenge among yours.")


def _page(
    request: Request, found: Challenge, errors: Mapping[str, str] | None = None,
    given: Mapping[str, str] | None = None, done: str = "", status: int = 200,
) -> Response:  # fmt: skip
    today, own = date.today(), acting(person_of(request), found)
    given = given or {}
    ways = found.ways(own[1], today) if own else []
    # fields of the forms of all steps are on one page: theirs are told apart by the step
    marked = {f"{name}-{given.get('step')}" if name else "": text for name, text in (errors or {}).items()}
    values = {
        "one": found, "rule": rules().get(found.rule_id), "title": title_of(found.rule_id),
        "state": words()[found.state], "month": month_in_words(found.financial_year, found.financial_month),
        "ways": ways,
        "late": overdue_in_words(found, today), "own": own and own[0], "part": own and own[1], "errors": marked,
        "given": given, "done": done, "most": found.balance.open + found.balance.refused,
    }  # fmt: skip
    history = [_told(event) for event in found.events]
    b = found.balance
    grids = [
        Grid("pounds", "What became of the pounds", POUNDS, [{c.name: getattr(b, c.name) for c in POUNDS}], pence=True),
        Grid("history", "What happened, oldest first; times are those of London", HISTORY, history, pence=True,
             blanks={"pounds": "", "evidence": "", "run": ""}),
    ]  # fmt: skip
    made = answer(request, View(f"Challenge {found.challenge_id}", "challenge.html", grids, values=values))
    made.status_code = status if status != 200 else made.status_code
    return made


def _told(event: Event) -> dict[str, Any]:
    by = event.by
    pounds = event.amount if event.amount is not None else event.value
    return {
        "when": _when(event.at), "who": " ".join(filter(None, (by.role, by.organisation_code, by.account))),
        "step": event.step, "pounds": pounds, "why": event.why, "evidence": event.evidence,
        "stands": words()[event.reached][0], "run": event.run_label,
    }  # fmt: skip


def _when(at: datetime) -> str:
    from zoneinfo import ZoneInfo

    here = at.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/London"))
    return f"{here.day} {here:%B %Y, %H:%M}"
