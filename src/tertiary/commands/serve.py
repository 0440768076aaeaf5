"""`tertiary serve RUN…`: the pages and the API of finished runs, on this machine."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from tertiary.commands import shared
from tertiary.commands.shared import Overlays
from tertiary.errors import TertiaryError
from tertiary.web import LOOPBACK


def serve(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; loopback only until there are sign-ons.")
    ] = "127.0.0.1",
    organisation: Annotated[str, typer.Option(help="Name in the header of each page.")] = "Tertiary",
    contact: Annotated[str, typer.Option(help="Where people tell of a problem with the pages.")] = "",
    register: Overlays = None,
    contracts: Annotated[Path | None, typer.Option(help="CSV of contracts; else those in force in --store.")] = None,
    closes: Annotated[Path | None, typer.Option(help="Folder of closed months.")] = None,
    store: Annotated[
        str, typer.Option(envvar="TERTIARY_DECISIONS", metavar="URL", help="Database of the decisions.")
    ] = "",
) -> None:
    """Show finished runs as pages and as a JSON API, to whoever you choose to be. Stop it with Ctrl-C.

    People are made up and prove nothing, so the server listens on this machine only.
    """
    if host not in LOOPBACK:
        raise TertiaryError(
            f"--host {host} would show runs to others, and there are no sign-ons yet. Use one of {', '.join(LOOPBACK)}."
        )
    try:
        import uvicorn

        from tertiary.web.app import create_app, names_of
        from tertiary.web.settings import Papers, Settings
    except ImportError as error:
        raise TertiaryError(
            f'The pages need the extra web ({error.name} is missing): pip install "tertiary[web]".'
        ) from error
    from tertiary.runs import open as open_run
    from tertiary.show import label

    opened = [open_run(run) for run in runs]
    known = [(run, shared.register_of(run, register or ())) for run in opened]
    listening = _listening(host, port)
    settings = Settings(organisation=organisation, contact=contact, papers=Papers(contracts, closes, store))
    app = create_app(dict(zip(names_of(runs), known, strict=True)), settings)
    for run in opened:
        typer.echo(label(run), err=True)
    taken = listening.getsockname()[1]
    typer.echo(f"http://[{host}]:{taken}" if ":" in host else f"http://{host}:{taken}", err=True)
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=5, proxy_headers=False, server_header=False
    )
    # stopped by Ctrl-C, the server says so again once all is closed
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    """A socket on a port, taken before the address is told. TertiaryError when it cannot be had."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise TertiaryError(
            f"Port {port} of {host} cannot be used ({error.strerror}). Give another with --port; 0 takes a free one."
        ) from error
