"""`tertiary serve RUN…`: the pages and the API of finished runs, on this machine."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from tertiary.commands import shared
from tertiary.commands.shared import Overlays
from tertiary.errors import TertiaryError
from tertiary.web import LOOPBACK

# seconds that answers in the making have once the server is to stop
PATIENCE = 30


def serve(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; other than loopback needs --sign-on, --https and --public-host.")
    ] = "127.0.0.1",
    sign_on: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML that names a provider of OpenID Connect, and its claims.")
    ] = None,
    public_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A name by which people call it; may be given again.")
    ] = None,
    https: Annotated[
        bool, typer.Option("--https", help="People reach it by https, which a proxy in front ends.")
    ] = False,
    proxy: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The proxy whose X-Forwarded-For tells who asks; else nobody's does.")
    ] = "",
    limits: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV of how much and how often routes may be asked.")
    ] = None,
    organisation: Annotated[str, typer.Option(help="Name in the header of each page.")] = "Tertiary",
    contact: Annotated[str, typer.Option(help="Where people tell of a problem with the pages.")] = "",
    register: Overlays = None,
    contracts: Annotated[Path | None, typer.Option(help="CSV of contracts; else those in force in --store.")] = None,
    closes: Annotated[Path | None, typer.Option(help="Folder of closed months.")] = None,
    store: Annotated[
        str, typer.Option(envvar="TERTIARY_DECISIONS", metavar="URL", help="Database of the decisions.")
    ] = "",
    released: Annotated[
        Path | None, typer.Option(help="Folder of releases (tertiary release), shown to everybody.")
    ] = None,
    disclosure: Annotated[str, typer.Option(metavar="RULE", help="Rule for files that leave.")] = "hes_2018",
    pools: Annotated[
        Path | None, typer.Option(help="Folder with partners-N.csv for agreement N and paid-HOST.csv.")
    ] = None,
    inbox: Annotated[
        Path | None, typer.Option(help="Folder for checked files that people ask to keep; without it nothing is kept.")
    ] = None,
) -> None:
    """Show finished runs as pages and as a JSON API, to each their own part. Stop it with Ctrl-C.

    Without --sign-on people choose who to be and prove nothing, so the server listens on this machine only.
    """
    _judge(host, sign_on, public_host or (), https)
    if inbox is not None and not inbox.is_dir():
        raise TertiaryError(f"--inbox {inbox} is not a folder. Make it, for this user alone to read, or leave it out.")
    try:
        import uvicorn

        from tertiary.web.app import create_app, names_of
        from tertiary.web.settings import Papers, Settings
        from tertiary.web.sign_on import cookie_secret, read_sign_on
        from tertiary.web.warm import warm
    except ImportError as error:
        raise TertiaryError(
            f'The pages need the extra web ({error.name} is missing): pip install "tertiary[web]".'
        ) from error
    from tertiary.runs import open as open_run
    from tertiary.show import label

    opened = [open_run(run) for run in runs]
    known = [(run, shared.register_of(run, register or ())) for run in opened]
    settings = Settings(
        organisation=organisation, contact=contact, secret=cookie_secret(), hosts=(*LOOPBACK, *(public_host or ())),
        papers=Papers(contracts, closes, store, pools), released=released, inbox=inbox,
        disclosure=disclosure, sign_on=read_sign_on(sign_on) if sign_on else None, is_https=https,
        is_limited=sign_on is not None or limits is not None, limits=limits,
    )  # fmt: skip
    listening = _listening(host, port)
    app = create_app(dict(zip(names_of(runs), known, strict=True)), settings)
    warm(app.state.answers.values())
    for run in opened:
        typer.echo(label(run), err=True)
    taken = listening.getsockname()[1]
    typer.echo(f"http://[{host}]:{taken}" if ":" in host else f"http://{host}:{taken}", err=True)
    _log_access()
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=PATIENCE, proxy_headers=bool(proxy),
        forwarded_allow_ips=proxy or None, server_header=False,
    )  # fmt: skip
    # the server ends what it is answering, closes all and passes the signal on; SIGTERM is then as good as Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def _judge(host: str, sign_on: Path | None, names: Sequence[str], https: bool) -> None:
    """TertiaryError when others could reach what is not safe to be reached."""
    is_open = host not in LOOPBACK
    if (is_open or names) and sign_on is None:
        raise TertiaryError(
            f"{f'--host {host}' if is_open else '--public-host'} would show runs to others, and without --sign-on "
            f"nobody proves who they are. Give --sign-on FILE, or stay on {', '.join(LOOPBACK)}."
        )
    if is_open and not https:
        raise TertiaryError(
            f"--host {host} would send sessions over the network unprotected. Put something in front of it that ends "
            "https, and say --https."
        )
    if is_open and not names:
        raise TertiaryError(
            f"--host {host} is an address; say by which name people call the server: --public-host figures.example.org."
        )


def _log_access() -> None:
    """Sign-ons, refusals and limits, on standard error with the time."""
    log, out = logging.getLogger("tertiary.web.access"), logging.StreamHandler()
    out.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(out)
    log.setLevel(logging.INFO)
    log.propagate = False


def _listening(host: str, port: int) -> socket.socket:
    """A socket on a port, taken before the address is told. TertiaryError when it cannot be had."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise TertiaryError(
            f"Port {port} of {host} cannot be used ({error.strerror}). Give another with --port; 0 takes a free one."
        ) from error
