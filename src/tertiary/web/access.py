"""Who sends a request, whether a form came from a page of this server, and in whose name its person acts.

What is refused is said in the log `tertiary.web.access`: who, from where, what; never a cookie, token or code.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from tertiary.web.people import PUBLIC, Person, roles
from tertiary.web.scope import ForbiddenError
from tertiary.web.sessions import COOKIE, HOLDS, Session, Sessions

if TYPE_CHECKING:
    from fastapi import Request
    from fastapi.responses import Response
    from starlette.datastructures import FormData

    from tertiary.decisions import Actor

# the hidden field of every form that changes something
TOKEN = "form_token"
LOG = logging.getLogger("tertiary.web.access")


def session_of(request: Request) -> Session:
    """The session of a request; a new one of nobody when it names none."""
    if not hasattr(request.state, "session"):
        sessions: Sessions = request.app.state.sessions
        found = sessions.session(request.cookies.get(COOKIE, ""))
        request.state.session, request.state.is_new = found or Session(), found is None
    session: Session = request.state.session
    return session


def person_of(request: Request) -> Person:
    """Who asks, as the session says; anybody without one. With the contracts that their organisations host."""
    person = session_of(request).person
    hosted = request.app.state.hosted
    return replace(person, hosts=tuple(key for code in person.organisations for key in hosted.get(code, ())))


def signed_on(request: Request) -> Person:
    """Who asks. ForbiddenError when it may be anybody."""
    person = person_of(request)
    if person.role == PUBLIC.role:
        raise ForbiddenError("This is for people who have signed on. Sign on first.")
    return person


def token_of(request: Request) -> str:
    """What a form of this request's person must carry. Who has no session yet is given one with the answer."""
    session = session_of(request)
    request.state.is_token_told = True
    sessions: Sessions = request.app.state.sessions
    return sessions.form_token(session)


def give_session(request: Request, response: Response, session: Session | None = None) -> None:
    """Put a session, or the one in which the answer's forms were made, into the cookie of an answer."""
    told = getattr(request.state, "is_new", False) and getattr(request.state, "is_token_told", False)
    if session is None and not told:
        return
    sessions: Sessions = request.app.state.sessions
    response.set_cookie(
        COOKIE, sessions.cookie(session or session_of(request)), max_age=HOLDS, httponly=True,
        # back from the provider's site, a strict cookie would stay at home and its person seem nobody
        samesite="strict" if request.app.state.settings.demo else "lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip


async def checked_form(request: Request) -> FormData:
    """The form that was sent. ForbiddenError when it did not come from a page that this person was given."""
    if not _is_of_this_site(request):
        LOG.warning("form refused: of another site; %s", about(request))
        raise ForbiddenError("The form came from another site.")
    form = await request.form()
    if not hmac.compare_digest(str(form.get(TOKEN, "")).encode(), token_of(request).encode()):
        LOG.warning("form refused: token of another session; %s", about(request))
        raise ForbiddenError("The form is older than your sign-on. Open the page again and send it anew.")
    return form


def actor_of(request: Request, organisation: str = "") -> Actor:
    """In whose name the person of a request acts in the decision store: role, organisation and account.

    `organisation`: which of their own, for people who act for several; the first unless told. ForbiddenError when
    nobody has signed on, or it is none of theirs.
    """
    return actor(signed_on(request), organisation)


def actor(person: Person, organisation: str = "") -> Actor:
    """As `actor_of`, of a person."""
    from tertiary.decisions import Actor

    own = person.organisations or tuple(roles()[person.role]["signs_as"].split())
    if not own or (organisation and organisation not in own):
        raise ForbiddenError(f"You act for {', '.join(own) or 'no organisation'}, not for {organisation or 'any'}.")
    return Actor(person.role, organisation or own[0], person.account)


def about(request: Request) -> str:
    """Who asks from where and for what, for the log."""
    person = session_of(request).person
    address = request.client.host if request.client else "unknown"
    return f"{person.role} {person.account!r} from {address}: {request.method} {request.scope['path']!r}"


def _is_of_this_site(request: Request) -> bool:
    """What browsers say of where a form was; programs, which carry nobody's cookies, say nothing."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    return origin in (None, f"{request.url.scheme}://{request.url.netloc}") and site in (None, "same-origin", "none")
