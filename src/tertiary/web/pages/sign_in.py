"""Signing on, in the development mode: people choose who to be."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from tertiary.errors import TertiaryError
from tertiary.web.access import checked_form
from tertiary.web.people import COOKIE, HOLDS, demo_people, roles, signed
from tertiary.web.render import answer
from tertiary.web.views import View

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    """Choose who to be, in the development mode."""
    if not request.app.state.settings.demo:
        raise TertiaryError("There are no demonstration people on this server.")
    people = [{"person": p, "meaning": roles()[p.role]["meaning"]} for p in demo_people().values()]
    return answer(request, View("Choose who to be", "sign_in.html", values={"people": people}))


@router.post("/sign-in")
async def signed_in(request: Request) -> Response:
    """Be somebody of the development mode."""
    form = await checked_form(request)
    account = str(form.get("account", ""))
    if not request.app.state.settings.demo or account not in demo_people():
        raise TertiaryError("There is nobody of that name. Choose one of the list.")
    given = RedirectResponse("/", status_code=303)
    cookie = signed(account, request.app.state.secret)
    given.set_cookie(
        COOKIE, cookie, max_age=HOLDS, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return given
