"""What every request passes before anything else: by which host it came, how much it sends, how it is answered.

A page of another site can have its own name point at this machine (DNS rebinding): only the Host header then tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException

from tertiary.web.render import failure

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LARGEST_BODY = 1_000_000
# pages that take more than that
LIMITS = {"/check": 250_000_000}
TOO_MUCH = "That is too much to send at once."


class Guard:
    """Around the application: other hosts and large bodies are refused, HEAD is answered as GET without the body."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        most = LIMITS.get(scope["path"], LARGEST_BODY)
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, TOO_MUCH)
            return message

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "public, max-age=3600"
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        request = Request(scope)
        if not self._is_ours(request.headers.get("host", "")):
            await failure(request, 421, "This server is not called that.")(scope, receive, dressed)
        elif not _is_small(request.headers.get("content-length", "0"), most):
            await failure(request, 413, TOO_MUCH)(scope, receive, dressed)
        else:
            await self.app({**scope, "method": "GET"} if head else scope, limited, dressed)

    def _is_ours(self, host: str) -> bool:
        try:
            return urlsplit(f"//{host}").hostname in self.hosts
        except ValueError:
            return False


def _is_small(length: str, most: int) -> bool:
    return length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= most
