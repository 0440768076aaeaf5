"""`tertiary release RUN`: totals of a run that may be published, made safe together and kept in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tertiary.commands.shared import By, RunFolder, Why, actor


def release(
    run: RunFolder,
    table: Annotated[list[str], typer.Option(metavar="COLUMNS", help="Columns of a table; once a table.")],
    out: Annotated[Path, typer.Option(help="New folder for the tables.")],
    by: By,
    why: Why,
    rule: Annotated[str, typer.Option(help="Disclosure rule; see docs/how-to/publish-safely.md.")] = "hes_2018_strict",
) -> None:
    """Write totals of the ledger that may be published, treated together so that none tells what another hides.

    `tertiary serve --released` shows the folder that holds such folders to everybody.
    """
    from tertiary.publish.releases import release_run
    from tertiary.runs import open as open_run

    who = actor(by)
    opened = open_run(run)
    wanted = [[name.strip() for name in text.split(",") if name.strip()] for text in table]
    named = ":".join(part for part in (who.role, who.organisation_code, who.account) if part)
    found = release_run(opened, wanted, out, by=named, why=why, rule=rule)
    typer.echo(found.label, err=True)
    for one in found.tables:
        typer.echo(f"{out / one.name}.csv: {one.note}")
