"""Who sends a request, and whether a form came from a page of this server."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from tertiary.web.people import COOKIE, PUBLIC, Person, account_of, demo_people, form_token
from tertiary.web.scope import ForbiddenError

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.datastructures import FormData

    from tertiary.decisions import Actor

# the hidden field of every form that changes something
TOKEN = "form_token"


def person_of(request: Request) -> Person:
    """Who asks: as the signed cookie says in development, else anybody."""
    account = account_of(request.cookies.get(COOKIE, ""), request.app.state.secret)
    if not request.app.state.settings.demo:
        return PUBLIC
    return demo_people().get(account, PUBLIC)


def token_of(request: Request) -> str:
    """What a form of this request's person must carry."""
    return form_token(request.cookies.get(COOKIE, ""), request.app.state.secret)


async def checked_form(request: Request) -> FormData:
    """The form that was sent. ForbiddenError when it did not come from a page that this person was given."""
    if not _is_of_this_site(request):
        raise ForbiddenError("The form came from another site.")
    form = await request.form()
    if not hmac.compare_digest(str(form.get(TOKEN, "")).encode(), token_of(request).encode()):
        raise ForbiddenError("The form is older than your sign-on. Open the page again and send it anew.")
    return form


def actor(person: Person, organisation: str = "") -> Actor:
    """In whose name a person acts in the decision store: role, organisation and account.

    `organisation`: which of their own, for people who act for several; the first unless told. ForbiddenError when it
    is none of theirs.
    """
    from tertiary.decisions import Actor
    from tertiary.register.responsibility import NHS_ENGLAND

    own = person.organisations or ((NHS_ENGLAND,) if person.role == "national" else ())
    if not own or (organisation and organisation not in own):
        raise ForbiddenError(f"You act for {', '.join(own) or 'no organisation'}, not for {organisation or 'any'}.")
    return Actor(person.role, organisation or own[0], person.account)


def _is_of_this_site(request: Request) -> bool:
    """What browsers say of where a form was; programs, which carry nobody's cookies, say nothing."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    return origin in (None, f"{request.url.scheme}://{request.url.netloc}") and site in (None, "same-origin", "none")
