"""`tertiary decisions …`: what people decided, step by step, and the proof of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.commands import shared
from tertiary.commands.shared import STORE, By, Format, Url, Why
from tertiary.errors import DecisionError

if TYPE_CHECKING:
    from tertiary.decisions import Decision

decisions = typer.Typer(no_args_is_help=True, help="What people decided, step by step, and the proof of it.")


@decisions.command("list", short_help="List decisions.")
def list_(
    store: Url = STORE,
    kind: Annotated[str | None, typer.Option(help="agreement, contract …")] = None,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    on: Annotated[
        date | None, typer.Option(parser=shared.day, metavar="DATE", help="Only those in force then.")
    ] = None,
    format: Format = "table",
) -> None:
    """List decisions in their newest versions, or in those that are in force on a day."""
    import pyarrow as pa

    from tertiary.screen import print_rows

    with shared.open_store(store) as opened:
        found = opened.decisions(kind, state=state, in_force_on=on)
    columns: dict[str, list[Any]] = {
        "decision": [d.decision_id for d in found],
        "version": [d.version for d in found],
        "kind": [d.kind for d in found],
        "subject": [d.subject for d in found],
        "state": [d.state for d in found],
        "valid_from": [d.valid_from for d in found],
        "valid_to": [d.valid_to for d in found],
        "parties": [_parties(d) for d in found],
    }
    types = [pa.int64(), pa.int64(), *[pa.string()] * 3, pa.date32(), pa.date32(), pa.string()]
    made = [pa.array(values, kind) for values, kind in zip(columns.values(), types, strict=True)]
    print_rows(pa.table(made, names=list(columns)), format)


@decisions.command(short_help="Show a decision with all its steps.")
def show(
    decision: Annotated[int, typer.Argument(help="Number of the decision.")],
    version: Annotated[int | None, typer.Option(help="Another version than the newest.")] = None,
    store: Url = STORE,
) -> None:
    """Show a decision: terms, parties, and each step with who, when and why."""
    with shared.open_store(store) as opened:
        typer.echo(_told(opened.decision(decision, version)))


@decisions.command(short_help="Write down a new decision.")
def draft(
    file: Annotated[Path, typer.Argument(help="JSON with kind, subject, parties, valid_from, valid_to and terms.")],
    by: By,
    why: Why,
    store: Url = STORE,
) -> None:
    """Write down a new decision from a file. The terms of an agreement or a contract are checked first."""
    given, actor = _given(file), shared.actor(by)
    with shared.open_store(store, create=True) as opened:
        number = opened.draft(given.pop("kind"), given.pop("subject"), given.pop("terms"), by=actor, why=why, **given)
        typer.echo(_told(opened.decision(number)))


@decisions.command(short_help="Write down other terms of a decision.")
def revise(
    decision: Annotated[int, typer.Argument(help="Number of the decision.")],
    file: Annotated[Path, typer.Argument(help="JSON with parties, valid_from, valid_to and terms.")],
    by: By,
    why: Why,
    store: Url = STORE,
) -> None:
    """Write down other terms as a new version, a draft again. The former version stays as it was."""
    actor = shared.actor(by)
    with shared.open_store(store) as opened:
        given = _given(file, opened.decision(decision).kind)
        opened.revise(decision, given.pop("terms"), by=actor, why=why, **given)
        typer.echo(_told(opened.decision(decision)))


@decisions.command(short_help="Take a decision to its next state.")
def step(
    decision: Annotated[int, typer.Argument(help="Number of the decision.")],
    state: Annotated[str, typer.Argument(help="proposed, sense_checked, agreed, in_force or ended.")],
    by: By,
    why: Why,
    version: Annotated[int | None, typer.Option(help="Another version than the newest.")] = None,
    store: Url = STORE,
) -> None:
    """Take a decision to its next state. It is agreed once every party has said so."""
    actor = shared.actor(by)
    with shared.open_store(store) as opened:
        typer.echo(_told(opened.step(decision, state, by=actor, why=why, version=version)))


@decisions.command(short_help="Name an organisation and the role it acts in.")
def organisation(
    code: Annotated[str, typer.Argument(help="Organisation code.")],
    name: Annotated[str, typer.Argument(help="Its name.")],
    kind: Annotated[str, typer.Argument(help="icb, provider, region or national: the role in which it acts.")],
    begins: Annotated[date, typer.Option("--from", parser=shared.day, metavar="DATE", help="First day of that name.")],
    by: By,
    store: Url = STORE,
) -> None:
    """Name an organisation from a day on. One that is named can act in its own role only."""
    actor = shared.actor(by)
    with shared.open_store(store) as opened:
        opened.organisation(code, name, kind, begins, by=actor)
    typer.echo(f"{code} is {name} ({kind}) from {begins}.")


@decisions.command(short_help="Prove that nothing was changed.")
def verify(
    head: Annotated[str | None, typer.Option(metavar="ENTRIES:HASH", help="A head noted earlier.")] = None,
    store: Url = STORE,
) -> None:
    """Follow the chain of all entries, compare it with all rows, and print its head to note elsewhere."""
    from tertiary.decisions import Head

    noted = None
    if head is not None:
        entries, _, mark = head.partition(":")
        if not entries.isdigit() or not mark:
            raise DecisionError(f"--head {head!r} is not ENTRIES:HASH as an earlier verify printed it.")
        noted = Head(int(entries), mark)
    with shared.open_store(store) as opened:
        found = opened.verify(noted)
    typer.echo(f"The chain is whole and agrees with every row.\nhead {found.entries}:{found.hash}")


@decisions.command(short_help="Take the store to the version of this software.")
def upgrade(store: Url = STORE) -> None:
    """Take the tables of an existing store to the newest version. Make a copy of it first."""
    from tertiary.decisions.store import upgrade as upgrade_store

    typer.echo(f"The store is of version {upgrade_store(store)}.")


def _given(file: Path, kind: str | None = None) -> dict[str, Any]:
    """A decision as its file says, of a `kind` known beforehand or told in it. DecisionError says what is wrong."""
    read = shared.json_of(file)
    more = () if kind else ("kind", "subject")
    wanted = {*more, "parties", "valid_from", "terms"}
    if missing := sorted(wanted - set(read)):
        raise DecisionError(f"{file}: {', '.join(missing)} missing. Needed: {', '.join(sorted(wanted))}.")
    if unknown := sorted(set(read) - wanted - {"valid_to", "kind", "subject"}):
        raise DecisionError(f"{file}: {', '.join(unknown)} not known. Known: {', '.join(sorted(wanted))}, valid_to.")
    if not isinstance(read["terms"], dict):
        raise DecisionError(f"{file}: terms are {read['terms']!r:.60}; a JSON object with named terms is needed.")
    try:
        parties = [(str(code), str(part)) for code, part in read["parties"]]
        valid_from = date.fromisoformat(read["valid_from"])
        valid_to = date.fromisoformat(read["valid_to"]) if read.get("valid_to") else None
    except (TypeError, ValueError) as error:
        raise DecisionError(
            f'{file}: {error}. Parties are pairs such as ["QMJ", "host"], days are written 2026-04-01.'
        ) from error
    if (kind or read.get("kind")) == "agreement":
        _check_agreement(file, read["terms"], parties, valid_from, valid_to)
    if (kind or read.get("kind")) == "contract":
        _check_contract(file, read["terms"], parties, valid_from)
    said = {name: str(read[name]) for name in more}
    return {**said, "terms": read["terms"], "parties": parties, "valid_from": valid_from, "valid_to": valid_to}


def _check_agreement(
    file: Path, terms: Mapping[str, Any], parties: Sequence[tuple[str, str]], start: date, end: date | None
) -> None:
    """Terms must be sound, bind nobody who is not asked, and hold for the days of the decision."""
    from tertiary.pool import Agreement

    agreed = Agreement.of(terms)
    if absent := sorted({*agreed.partners, agreed.host} - {code for code, _ in parties}):
        raise DecisionError(f"{file}: {', '.join(absent)} stand in the terms but not among the parties. Add them.")
    if (agreed.valid_from, agreed.valid_to) != (start, end):
        raise DecisionError(
            f"{file}: the terms hold from {agreed.valid_from} to {agreed.valid_to or 'further notice'}, the decision "
            f"from {start} to {end or 'further notice'}. Write the same days in both."
        )


def _check_contract(file: Path, terms: Mapping[str, Any], parties: Sequence[tuple[str, str]], start: date) -> None:
    """Terms must be sound, and bind nobody who is not asked; version and days are those of the decision."""
    from tertiary.month_end import contracts_of

    (made,) = contracts_of([(str(file), {**terms, "version": 1, "valid_from": start})])
    bound = {made.provider_code, made.host_code, *(e.payer_code for e in made.elements)}
    if absent := sorted(bound - {code for code, _ in parties}):
        raise DecisionError(f"{file}: {', '.join(absent)} stand in the terms but not among the parties. Add them.")


def _parties(decision: Decision) -> str:
    return ", ".join(f"{code} ({part})" for code, part in decision.parties)


def _told(decision: Decision) -> str:
    until = f" to {decision.valid_to}" if decision.valid_to else ""
    lines = [
        f"Decision {decision.decision_id}, version {decision.version}: {decision.kind}, {decision.subject}",
        f"state    {decision.state}",
        f"valid    from {decision.valid_from}{until}",
        f"parties  {_parties(decision)}",
        "terms    " + json.dumps(decision.terms, ensure_ascii=False, sort_keys=True),
        "steps",
    ]
    lines += [
        f"  {s.at:%Y-%m-%d %H:%M}  {s.state:<14} {s.by.role} {s.by.organisation_code}"
        f"{' ' + s.by.account if s.by.account else ''}: {s.why}"
        for s in decision.steps
    ]
    return "\n".join(lines)
