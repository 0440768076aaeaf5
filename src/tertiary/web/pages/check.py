"""*Check a file*: what is wrong with a file, before anyone submits it. Nothing of it is kept unless asked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from tertiary.errors import TertiaryError
from tertiary.folders import Workplace
from tertiary.publish.workbook import Column
from tertiary.web import inbox
from tertiary.web.access import checked_form, person_of
from tertiary.web.answers import FATES
from tertiary.web.checking import MOST_FINDINGS, MOST_OF_A_RULE, RULE
from tertiary.web.desk import BusyError, Desk, GoneError, NotCheckedError, Result, safe_name, with_note
from tertiary.web.people import Person
from tertiary.web.render import answer, answers_of, failure
from tertiary.web.scope import ForbiddenError
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
CHECKERS = ("provider", "icb", "region", "national")
UPLOAD_SECONDS = 600
PAGE_ROWS = 50
EXAMPLES = 5
CONTENTS = (
    Column("file", "File"), Column("flow_name", "Recognised as"), Column("rows", "Rows", "whole"),
    Column("bytes", "Bytes", "whole"), Column("why", "Why it cannot be read"),
)  # fmt: skip
RULES = (
    Column("rule_id", "Rule"), Column("severity", "Severity"), Column("findings", "Findings", "whole"),
    Column("rows", "Rows", "whole"), Column("examples", "Such as rows"), Column("fields", "Fields"),
    Column("expected", "What is expected"), Column("advice", "What to do"),
)  # fmt: skip
FINDINGS = (
    Column("row_number", "Row", "whole"), Column("field", "Field"), Column("value", "Value seen"),
    Column("expected", "What is expected"), Column("repair", "Read as"), Column("advice", "What to do"),
    Column("rule_id", "Rule"), Column("severity", "Severity"), Column("file", "File"),
)  # fmt: skip
MONTHS = (
    Column("provider_code", "Provider"), Column("financial_year", "Year"), Column("financial_month", "Month", "whole"),
    Column("flow", "Flow"), *(Column(name, name.capitalize(), "whole") for name in FATES),
)  # fmt: skip


@router.get("/check")
def form(request: Request) -> Response:
    """The form that takes a file."""
    _person(request)
    return _form(request)


@router.post("/check")
async def take(request: Request) -> Response:
    """Take a file in, check it, forget it, and go to the page that tells what was found."""
    person, desk = _person(request), request.app.state.desk
    try:
        with desk.upload():
            result = await _checked(request, desk, person)
    except (BusyError, NotCheckedError) as error:
        return failure(request, 503, str(error), {"Retry-After": "120"})
    except TimeoutError:
        return failure(
            request, 408, f"The file took longer than {UPLOAD_SECONDS // 60} minutes to arrive. Send it as .gz."
        )
    except GoneError:
        return Response(status_code=499)
    if result is None:
        return _form(request, "Choose a file.", 400)
    name = desk.results.put(person.account, result)
    return RedirectResponse(f"/check/{name}?{request.url.query}".rstrip("?"), 303)


@router.get("/check/{name}")
def found(request: Request, name: str) -> Response:
    """What was found in a file, as long as it is held."""
    result = request.app.state.desk.results.get(_person(request).account, name)
    if result is None:
        return failure(
            request,
            404,
            "This result is gone: it is held for 15 minutes, and for whoever sent the file. Check the file again.",
        )
    told, findings = result.told, result.findings.to_pylist()
    shown = findings if "format" in request.query_params else findings[:PAGE_ROWS]
    whole = sum(rule["findings"] for rule in told["rules"])
    grids = [
        Grid("contents", "What the file is", CONTENTS, _contents(told, findings), blanks={"why": "–"}),
        Grid("months", "What it holds", MONTHS, told["months"], "No row could be placed.", blanks={
            "provider_code": "not readable", "financial_year": "not readable", "flow": "not recognised",
        }),
        Grid("rules", "What is wrong, by rule", RULES, _rules(told, findings), "Nothing was found wrong.",
             blanks={"examples": "the file as a whole", "fields": "–", "expected": "–"}),
        Grid("findings", "What is wrong, row by row", FINDINGS, shown, "Nothing was found wrong.",
             _cut(shown, findings, whole), blanks={"field": "–", "value": "blank", "expected": "–", "repair": "–"}),
    ]  # fmt: skip
    values = {
        "name": result.name, "counts": told["counts"], "whole": whole, "kept_as": result.kept_as, "note": result.note,
        "errors": sum(rule["findings"] for rule in told["rules"] if rule["severity"] == "error"),
        "is_read": any(one["flow"] for one in told["contents"]), "others": _others(told, _person(request)),
    }  # fmt: skip
    return answer(
        request, View("What was found in your file", "checked.html", grids, values=values, label=told["label"])
    )


async def _checked(request: Request, desk: Desk, person: Person) -> Result | None:
    """The result for the file of a form; None when the form has none. The file is gone afterwards, whatever happens."""
    place = Workplace()
    try:
        async with asyncio.timeout(UPLOAD_SECONDS), request.form(max_files=1, max_fields=4) as sent:
            await checked_form(request)
            file, is_to_keep = sent.get("file"), sent.get("keep") == "yes"
            if not isinstance(file, UploadFile) or not file.filename:
                return None
            path = place.path / safe_name(file.filename)
            await run_in_threadpool(_save, file.file, path)
        result = await desk.check(path, answers_of(request).register, request.is_disconnected)
        return await run_in_threadpool(_kept, request, person, path, result) if is_to_keep else result
    finally:
        place.close()


def _save(source: IO[bytes], path: Path) -> None:
    with path.open("xb") as out:
        shutil.copyfileobj(source, out, 1 << 20)


def _kept(request: Request, person: Person, path: Path, result: Result) -> Result:
    folder = request.app.state.settings.inbox
    if folder is None:
        return with_note(result, "", "Nothing is kept on this server.")
    if not any(one["flow"] for one in result.told["contents"]):
        return with_note(result, "", "The file was not kept: nothing in it could be recognised.")
    try:
        return with_note(result, inbox.keep(folder, path, person), "")
    except TertiaryError as error:
        return with_note(result, "", str(error))


def _person(request: Request) -> Person:
    person = person_of(request)
    if person.role not in CHECKERS:
        raise ForbiddenError(
            "Files are checked for providers, ICBs, regions and the national team. Sign in as one of them."
        )
    return person


def _form(request: Request, error: str = "", status: int = 200) -> Response:
    most = request.app.state.rates.largest_body("POST", "/check") // 1_000_000
    values = {"error": error, "most": most, "may_keep": request.app.state.settings.inbox is not None}
    made = answer(request, View("Check a file", "check.html", values=values))
    made.status_code = status
    return made


def _contents(told: Mapping[str, Any], findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from tertiary.flows import contracts

    flows = contracts()
    why: dict[str, list[str]] = {}
    for one in findings:
        if one["level"] == "file" and one["severity"] == "error" and not one["row_number"]:
            why.setdefault(one["file"], []).append(f"{one['rule_id']}: {one['value']}. Expected: {one['expected']}.")
    return [
        {**one, "flow_name": f"{flows[one['flow']].name} ({one['flow']})" if one["flow"] else "not recognised",
         "why": " ".join(why.get(one["file"], ()))}
        for one in told["contents"]
    ]  # fmt: skip


def _rules(told: Mapping[str, Any], findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules, errors first, with some rows and the fields they are about."""
    rows: dict[tuple[str, ...], dict[int, None]] = {}
    fields: dict[tuple[str, ...], dict[str, None]] = {}
    for one in findings:
        key = tuple(one[name] for name in RULE)
        rows.setdefault(key, {}).update({one["row_number"]: None} if one["row_number"] else {})
        fields.setdefault(key, {}).update({one["field"]: None} if one["field"] else {})
    order = ("error", "warning", "information")
    made = []
    for rule in sorted(told["rules"], key=lambda r: (order.index(r["severity"]), -r["findings"], r["rule_id"])):
        key = tuple(rule[name] for name in RULE)
        examples = ", ".join(f"{n:,}" for n in list(rows.get(key, ()))[:EXAMPLES])
        made.append({**rule, "examples": examples, "fields": "; ".join(list(fields.get(key, ()))[:EXAMPLES])})
    return made


def _cut(shown: list[Any], findings: list[Any], whole: int) -> str:
    told = []
    if len(shown) < len(findings):
        told.append(f"The first {len(shown)} of {whole:,} findings; the download has {len(findings):,}.")
    if len(findings) < whole:
        told.append(
            f"Of each rule the first {MOST_OF_A_RULE:,} findings are listed, and {MOST_FINDINGS:,} in all; the rules "
            "above count all of them."
        )
    return " ".join(told)


def _others(told: Mapping[str, Any], person: Person) -> list[str]:
    """Providers in the file that are not the one who sent it."""
    if person.role != "provider":
        return []
    return sorted({row["provider_code"] for row in told["months"]} - {"", *person.organisations})
