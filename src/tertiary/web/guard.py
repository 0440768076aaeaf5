"""What every request passes before anything else: by which host it came, how much it sends, how often, how it is told.

A page of another site can have its own name point at this machine (DNS rebinding): only the Host header then tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException

from tertiary.web.access import LOG, about, session_of
from tertiary.web.people import PUBLIC
from tertiary.web.rates import LARGEST_BODY
from tertiary.web.render import failure

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tertiary.web.rates import Rates
    from tertiary.web.settings import Settings

__all__ = ["HEADERS", "LARGEST_BODY", "Guard"]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
TOO_MUCH = "That is too much to send at once: {:,} bytes are taken here."


class Guard:
    """Around the application: other hosts, large bodies and too many requests are refused, HEAD is GET without a body.

    `settings.hosts` are the names it answers to. With `settings.is_https` all answers say that https is meant.
    """

    def __init__(self, app: ASGIApp, settings: Settings, rates: Rates) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in settings.hosts)
        self.settings = settings
        self.rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.settings.is_https:
            scope["scheme"] = "https"
        head = scope["method"] == "HEAD"
        method = "GET" if head else scope["method"]
        largest = self.rates.largest_body(method, scope["path"])
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > largest:
                raise HTTPException(413, TOO_MUCH.format(largest))
            return message

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, **(HTTPS_ONLY if scope["scheme"] == "https" else {})}.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "public, max-age=3600"
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        request = Request(scope)
        if not self._is_ours(request.headers.get("host", "")):
            LOG.warning("host refused: %r; %s", request.headers.get("host", "")[:100], about(request))
            await failure(request, 421, "This server is not called that.")(scope, receive, dressed)
        elif not _is_small(request.headers.get("content-length", "0"), largest):
            LOG.warning("body refused: more than %s bytes; %s", largest, about(request))
            await failure(request, 413, TOO_MUCH.format(largest))(scope, receive, dressed)
        elif wait := self._wait(request, method):
            LOG.warning("rate refused: for %s seconds; %s", wait, about(request))
            words = f"You asked for this too often. Try again in {wait} second{'s'[: wait > 1]}."
            await failure(request, 429, words, {"Retry-After": str(wait)})(scope, receive, dressed)
        else:
            await self.app({**scope, "method": method}, limited, dressed)

    def _is_ours(self, host: str) -> bool:
        try:
            return urlsplit(f"//{host}").hostname in self.hosts
        except ValueError:
            return False

    def _wait(self, request: Request, method: str) -> int:
        """Seconds until this may be asked again. People on one address who have not signed on share their number."""
        if not self.settings.is_limited:
            return 0
        address = f"address {request.client.host if request.client else 'unknown'}"
        person = session_of(request).person
        who = {"address": address, "person": address if person == PUBLIC else f"person {person.account}"}
        return self.rates.wait(method, request.scope["path"], request.query_params, who)


def _is_small(length: str, largest: int) -> bool:
    return length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= largest
