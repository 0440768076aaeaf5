"""Signing on and out: at the provider, or in the development mode by choosing who to be."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from tertiary.errors import TertiaryError
from tertiary.web.access import LOG, about, checked_form, give_session, session_of
from tertiary.web.people import Person, demo_people, roles
from tertiary.web.provider import Provider
from tertiary.web.render import answer
from tertiary.web.scope import ForbiddenError
from tertiary.web.sessions import COOKIE, Session
from tertiary.web.views import View

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    """Where to sign on; in the development mode, whom to be."""
    if not request.app.state.settings.demo:
        sign_on = request.app.state.settings.sign_on
        return answer(request, View("Sign on", "sign_on.html", values={"provider": sign_on.name or sign_on.issuer}))
    people = [{"person": p, "meaning": roles()[p.role]["meaning"]} for p in demo_people().values()]
    return answer(request, View("Choose who to be", "sign_in.html", values={"people": people}))


@router.post("/sign-in")
async def signed_in(request: Request) -> Response:
    """Be somebody of the development mode."""
    form = await checked_form(request)
    account = str(form.get("account", ""))
    if not request.app.state.settings.demo or account not in demo_people():
        raise TertiaryError("There is nobody of that name. Choose one of the list.")
    return _begun(request, demo_people()[account])


@router.get("/sign-on")
async def sign_on(request: Request) -> Response:
    """Go to the provider."""
    return await _provider(request).send(request, str(request.url_for("signed_on")))


@router.get("/sign-on/done")
async def signed_on(request: Request) -> Response:
    """Come back from the provider: a session of one's own begins, or a sentence says why not."""
    provider = _provider(request)
    claims = await provider.claims(request)
    try:
        person = provider.sign_on.person(claims)
    except ForbiddenError:
        LOG.warning("sign-on refused: no role, organisation or account for %r", str(claims.get("sub", ""))[:100])
        raise
    return _begun(request, person)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session here."""
    await checked_form(request)
    LOG.info("signed out; %s", about(request))
    request.app.state.sessions.end(session_of(request))
    given = RedirectResponse("/signed-out", status_code=303)
    given.delete_cookie(COOKIE)
    return given


@router.get("/signed-out")
async def signed_out(request: Request) -> Response:
    """Signed out here; the provider is a link away, for it may keep its own session.

    A redirect of the form to the provider is what the content security policy forbids.
    """
    provider, onward = request.app.state.provider, ""
    if provider is not None:
        onward = await provider.sign_out_address(str(request.url_for("sign_in")))
    return answer(request, View("You have signed out", "signed_out.html", values={"onward_out": onward}))


def _provider(request: Request) -> Provider:
    found: Provider | None = request.app.state.provider
    if found is None:
        raise TertiaryError("This server has no sign-ons: choose who to be.")
    return found


def _begun(request: Request, person: Person) -> Response:
    """A new session, with an id of its own; the one before it has ended."""
    request.app.state.sessions.end(session_of(request))
    LOG.info(
        "signed on: %s %r for %s; was %s",
        person.role, person.account, " ".join(person.organisations) or "nobody else", about(request),
    )  # fmt: skip
    given = RedirectResponse("/", status_code=303)
    give_session(request, given, Session(person))
    return given
