"""The application: pages and a JSON API over finished runs, for people who may each see their own part.

Nothing is fetched from elsewhere: style and script come with the package. Pages are whole without script. What goes
wrong is said in a sentence; traces stay in the log.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware

from tertiary import __version__
from tertiary.decisions import Store
from tertiary.errors import TertiaryError
from tertiary.publish.disclosure import rule_named
from tertiary.publish.months import known_contracts
from tertiary.publish.releases import read_releases
from tertiary.web.access import LOG, about
from tertiary.web.answers import Answers, UnavailableError
from tertiary.web.desk import Desk
from tertiary.web.hosting import hosted
from tertiary.web.scope import ForbiddenError
from tertiary.web.sessions import Sessions
from tertiary.web.settings import Settings

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.runs import Run

ABOUT = (
    "The answers of the pages for programs, to each caller their own part. Tables that count people, or what was done "
    "for them, are given with exact figures to those who have signed on: their label says that they are for use inside "
    "the caller's organisation. To pass figures on, take a page's CSV or Excel file, in which small numbers are "
    "hidden, or what `/api/v1/published` holds."
)


def create_app(runs: Mapping[str, tuple[Run, Register]], settings: Settings | None = None) -> FastAPI:
    """The application over runs by name, each with the register it knew; the first is shown unless one is asked for."""
    from tertiary.web.api import api
    from tertiary.web.guard import Guard
    from tertiary.web.pages import routers
    from tertiary.web.provider import WAY, Provider
    from tertiary.web.rates import Rates

    if not runs:
        raise TertiaryError("There is no run to show. Give at least one run folder.")
    chosen = settings or Settings()
    rates = Rates(chosen.limits)
    store = Store.open(chosen.papers.store, create=False) if chosen.papers.store else None
    hosts = hosted(known_contracts(chosen.papers.contracts, store))
    for _, register in runs.values():
        _read(register)
    answers = {name: Answers(run, register) for name, (run, register) in runs.items()}

    @asynccontextmanager
    async def life(_: FastAPI) -> Any:
        yield
        for one in answers.values():
            one.close()
        if store is not None:
            store.close()

    app = FastAPI(
        title="tertiary", version=__version__, lifespan=life, docs_url=None, redoc_url=None,
        openapi_url="/api/openapi.json", description=ABOUT,
    )  # fmt: skip
    app.state.answers, app.state.settings = answers, chosen
    rule_named(chosen.disclosure)
    app.state.releases = read_releases(chosen.released) if chosen.released else []
    app.state.desk, app.state.rates = Desk(), rates
    app.state.store, app.state.hosted = store, hosts
    app.state.sessions = Sessions(chosen.secret or secrets.token_bytes(32), demo=chosen.demo)
    app.state.provider = Provider(chosen.sign_on) if chosen.sign_on else None
    static = resources.files("tertiary.web").joinpath("static")
    app.mount("/static", StaticFiles(directory=str(static)), name="static")
    app.include_router(api)
    for router in routers():
        app.include_router(router)
    if chosen.sign_on:
        # names a sign-on while its person is at the provider; they come back by a link of another site
        app.add_middleware(
            SessionMiddleware, secret_key=secrets.token_hex(32), session_cookie="tertiary_sign_on", path="/sign-on",
            max_age=WAY, same_site="lax", https_only=chosen.is_https,
        )  # fmt: skip
    app.add_middleware(Guard, settings=chosen, rates=rates)
    _tell_failures(app)
    return app


def _read(register: Register) -> None:
    """Read the tables of overlays, for the server's keeper is who can mend them. RegisterError."""
    for table in register:
        if any(overlay.provides(table) for overlay in register.overlays):
            register[table]


def _tell_failures(app: FastAPI) -> None:
    from tertiary.web.guard import HEADERS
    from tertiary.web.render import failure

    @app.exception_handler(ForbiddenError)
    async def forbidden(request: Request, error: ForbiddenError) -> Response:
        LOG.warning("refused: %s", about(request))
        return failure(request, 403, str(error))

    @app.exception_handler(UnavailableError)
    async def unavailable(request: Request, error: UnavailableError) -> Response:
        return failure(request, 503, str(error))

    @app.exception_handler(TertiaryError)
    async def mistaken(request: Request, error: TertiaryError) -> Response:
        return failure(request, 400, str(error))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        return failure(request, error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        said = [(e["loc"][-1], str(e["input"])[:50], e["msg"].removeprefix("Value error, ")) for e in error.errors()]
        wrong = "; ".join(f"{name}={value!r}: {why}" for name, value, why in said)
        return failure(request, 422, f"These cannot be used: {wrong}.")

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        # the framework answers this one outside of the guard
        return failure(request, 500, "Something went wrong here. It was logged.", HEADERS)


def names_of(runs: Sequence[Path]) -> list[str]:
    """Names for run folders: the folder's own, with a number where two are alike."""
    made: list[str] = []
    for path in runs:
        base = path.resolve().name or "run"
        numbered = (f"{base}-{n}" for n in count(2))
        made.append(base if base not in made else next(name for name in numbered if name not in made))
    return made
