"""The application: pages and a JSON API over finished runs, for people who may each see their own part.

Nothing is fetched from elsewhere: style and script come with the package. Pages are whole without script. What goes
wrong is said in a sentence; traces stay in the log.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from tertiary import __version__
from tertiary.errors import TertiaryError
from tertiary.web.answers import Answers
from tertiary.web.scope import ForbiddenError

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.runs import Run

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LARGEST_BODY = 1_000_000


@dataclass(frozen=True)
class Settings:
    """How the application is run. `demo`: people choose who to be; only for a server on loopback."""

    demo: bool = True
    organisation: str = "Tertiary"
    secret: bytes = b""


def create_app(runs: Mapping[str, Run], register: Register, settings: Settings | None = None) -> FastAPI:
    """The application over runs by name, the first of which is shown unless another is asked for."""
    from tertiary.web.api import api
    from tertiary.web.pages import pages

    if not runs:
        raise TertiaryError("There is no run to show. Give at least one run folder.")
    chosen = settings or Settings()
    answers = {name: Answers(run, register) for name, run in runs.items()}

    @asynccontextmanager
    async def life(_: FastAPI) -> Any:
        yield
        for one in answers.values():
            one.close()

    app = FastAPI(
        title="tertiary", version=__version__, lifespan=life, docs_url=None, redoc_url=None,
        openapi_url="/api/openapi.json",
    )  # fmt: skip
    app.state.answers, app.state.register, app.state.settings = answers, register, chosen
    app.state.secret = chosen.secret or secrets.token_bytes(32)
    static = resources.files("tertiary.web").joinpath("static")
    app.mount("/static", StaticFiles(directory=str(static)), name="static")
    app.include_router(api)
    app.include_router(pages)
    _guard(app)
    return app


def _guard(app: FastAPI) -> None:
    from tertiary.web.pages import failure

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            response = failure(request, 413, "That is too much to send at once.")
        else:
            response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    @app.exception_handler(ForbiddenError)
    async def forbidden(request: Request, error: ForbiddenError) -> Response:
        return failure(request, 403, str(error))

    @app.exception_handler(TertiaryError)
    async def mistaken(request: Request, error: TertiaryError) -> Response:
        return failure(request, 400, str(error))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        return failure(request, error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        fields = ", ".join(sorted({str(e["loc"][-1]) for e in error.errors()}))
        return failure(request, 422, f"These cannot be used: {fields}.")

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        return failure(request, 500, "Something went wrong here. It was logged.")


def names_of(runs: Sequence[str]) -> list[str]:
    """Names for run folders: the folder's own, with a number where two are alike."""
    made: list[str] = []
    for path in runs:
        base = path.rstrip("/").rsplit("/", 1)[-1] or "run"
        made.append(base if base not in made else f"{base}-{len(made) + 1}")
    return made
