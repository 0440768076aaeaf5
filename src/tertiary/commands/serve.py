"""`tertiary serve RUN…`: the pages and the API of finished runs, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tertiary.commands import shared
from tertiary.commands.shared import Overlays
from tertiary.errors import TertiaryError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; loopback only until there are sign-ons.")
    ] = "127.0.0.1",
    organisation: Annotated[str, typer.Option(help="Name in the header of each page.")] = "Tertiary",
    register: Overlays = None,
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

        from tertiary.web.app import Settings, create_app, names_of
    except ImportError as error:
        raise TertiaryError(
            f'The pages need the extra web ({error.name} is missing): pip install "tertiary[web]".'
        ) from error
    from tertiary.runs import open as open_run
    from tertiary.show import label

    opened = [open_run(run) for run in runs]
    known = shared.register_of(opened[0], register or ())
    names = names_of([str(run) for run in runs])
    app = create_app(dict(zip(names, opened, strict=True)), known, Settings(organisation=organisation))
    typer.echo(label(opened[0]), err=True)
    typer.echo(f"http://{host}:{port}", err=True)
    uvicorn.run(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=5)
