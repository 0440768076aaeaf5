"""`tertiary pool leave` and `tertiary pool merge`: partners that go, and partners that become one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.commands import shared
from tertiary.commands.pool_files import Number, Profile, Profiles, Terms, Total, given_of
from tertiary.commands.shared import STORE, Format, Overlays, RunFolder, Url, day
from tertiary.errors import PoolError
from tertiary.phasing import MONTHS, last_day

if TYPE_CHECKING:
    from tertiary.pool.merging import Succession
    from tertiary.publish.pools import Given, Known

SIXTH_PLACE = Decimal("0.000001")
Partners = Annotated[Path, typer.Option(help="CSV as for a statement; reserve: what is held of earlier years.")]
Host = Annotated[str, typer.Option(help="Who is host from then on, where the host goes.")]
Out = Annotated[Path | None, typer.Option(help="Folder for terms.json and partners.csv of the next version.")]


def leave(
    run: RunFolder,
    partners: Partners,
    partner: Annotated[str, typer.Option(metavar="CODE", help="Partner that leaves.")],
    on: Annotated[date, typer.Option(parser=day, metavar="DATE", help="Its last day, the last of a month.")],
    agreement: Number = None,
    terms: Terms = None,
    notice: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="Day on which notice was given.")
    ] = None,
    waived: Annotated[bool, typer.Option("--waived", help="The others agreed to less notice.")] = False,
    paid: Annotated[
        str | None, typer.Option(metavar="POUNDS", help="What it paid this year; what was asked unless told.")
    ] = None,
    stranded: Annotated[
        str, typer.Option(metavar="POUNDS", help="A year's fixed cost of services that it leaves behind.")
    ] = "0",
    total: Total = None,
    profile: Profile = None,
    profiles: Profiles = None,
    others: Annotated[bool, typer.Option("--others", help="Who stays instead, and with what.")] = False,
    host: Host = "",
    out: Out = None,
    store: Url = STORE,
    format: Format = "table",
) -> None:
    """State what a partner that leaves owes or gets, above 0 due from it, below 0 due to it.

    The settlement to its last day by the agreed rules; what it paid beyond what was asked; its part of reserve and kept
    contingency; its stranded cost over the agreed taper. The last day must not lie before notice has run.
    """
    from tertiary import pool as rules
    from tertiary.pool.tables import account_rows, staying_rows
    from tertiary.screen import print_rows
    from tertiary.show import label

    year, month = _month(on)
    given = given_of(run, agreement, terms, partners, year, month, store, total, profile, profiles)
    version = given.versions[-1]
    if partner not in version.agreement.partners:
        raise PoolError(
            f"{partner} is no partner of agreement {version.agreement.name} on {on}: "
            f"{', '.join(version.agreement.partners)} are."
        )
    _judge_notice(given, on, notice, waived)
    account = rules.leave(
        given.stretches, partner, on, given.yearly[-1],
        paid=None if paid is None else _pounds("--paid", paid), stranded=_pounds("--stranded", stranded),
        reserves=_reserves(given),
    )  # fmt: skip
    begins = on + timedelta(days=1)
    made = rules.terms_without(version.raw, partner, begins, host) if out else None
    typer.echo(f"{label(given.run)}\n{given.told}", err=True)
    print_rows(staying_rows(account) if others else account_rows(account), format)
    if out:
        figures = {code: figures.held for code, figures in given.known[-1].items() if code != partner}
        _write(out, made, partners, figures, begins)


def merge(
    run: RunFolder,
    partners: Partners,
    on: Annotated[date, typer.Option(parser=day, metavar="DATE", help="First day of the successors, of a month.")],
    agreement: Number = None,
    terms: Terms = None,
    into: Annotated[
        list[str] | None,
        typer.Option(metavar="OLD=NEW", help="Who succeeds whom; the register's succession of boards unless told."),
    ] = None,
    total: Total = None,
    profile: Profile = None,
    profiles: Profiles = None,
    host: Host = "",
    out: Out = None,
    register: Overlays = None,
    store: Url = STORE,
    format: Format = "table",
) -> None:
    """Carry what partners put in, hold and owe to their successors: summed, never averaged, before as after.

    Positions are those at the end of the month before. A board that was divided is split by the register's shares of
    registered people, to the penny.
    """
    from tertiary import pool as rules
    from tertiary.pool import over_versions
    from tertiary.pool.tables import merged_rows
    from tertiary.screen import print_rows
    from tertiary.show import label

    year, month = _month(on - timedelta(days=1))
    given = given_of(run, agreement, terms, partners, year, month, store, total, profile, profiles)
    version = given.versions[-1]
    heirs = _successors(given, into, on, register or ())
    made = rules.merged_terms(version.raw, heirs, on, host) if out else None
    settlement, _ = list(over_versions(given.stretches))[-1]
    divided = [code for code in version.agreement.partners if len(heirs.get(code, {})) > 1]
    typer.echo(f"{label(given.run)}\n{given.told}", err=True)
    for code in divided:
        parts = ", ".join(f"{new} {float(share):.4%}" for new, share in heirs[code].items())
        typer.echo(f"{code} is divided by registered people: {parts} (derived).", err=True)
    print_rows(merged_rows(settlement.lines, rules.merged_lines(settlement.lines, heirs)), format)
    if out:
        _write(out, made, partners, _merged(given.known[-1], heirs, partners), on)


def _month(on: date) -> tuple[str, int]:
    """Financial year and month that end on a day. PoolError when it is no last day of a month."""
    begin = on.year - (on.month < 4)
    year = f"{begin}{(begin + 1) % 100:02d}"
    for month in MONTHS:
        if last_day(year, month) == on:
            return year, month
    raise PoolError(f"{on} is not the last day of a month; costs are counted by month, so partners change between two.")


def _judge_notice(given: Given, on: date, notice: date | None, waived: bool) -> None:
    from tertiary.pool import earliest

    agreed = given.versions[-1].agreement
    if waived or not agreed.notice_months:
        return
    if notice is None:
        raise PoolError(
            f"Agreement {agreed.name} asks for {agreed.notice_months} months' notice: give --notice with the day it "
            "was given, or --waived where the others agreed to less."
        )
    if on < (first := earliest(agreed, notice)):
        raise PoolError(
            f"{agreed.notice_months} months' notice from {notice} run until {first}, after {on}. Leave then, or give "
            "--waived where the others agreed to less."
        )


def _reserves(given: Given) -> dict[str, Decimal]:
    """What each partner holds of earlier years' reserve, as the figures of the last version say."""
    return {code: figures.held["reserve"] for code, figures in given.known[-1].items() if "reserve" in figures.held}


def _pounds(option: str, text: str) -> Decimal:
    return shared.amount(Path(option), 1, "POUNDS", text)


def _successors(given: Given, into: Sequence[str] | None, on: date, overlays: Sequence[Path]) -> Succession:
    from tertiary.pool import successors

    if into:
        pairs = [one.partition("=") for one in into]
        if odd := [f"{old}{sign}{new}" for old, sign, new in pairs if not (old and sign and new)]:
            raise PoolError(f"--into {odd[0]!r} is not OLD=NEW, such as QMF=Z9B2Z.")
        found = [(old.strip(), new.strip(), 1) for old, _, new in pairs]
    else:
        rows = shared.register_of(given.run, overlays)["icb_succession"].to_pylist()
        found = [
            (r["predecessor"], r["successor"], r["share_of_predecessor_registered"]) for r in rows
            if r["effective_date"] == on
        ]  # fmt: skip
    mine = given.versions[-1].agreement.partners
    heirs = {old: parts for old, parts in successors(found).items() if old in mine}
    strange = [old for old, _, _ in found if old not in mine]
    if not heirs or (into and strange):
        said = ", ".join(strange) if into else f"none of {', '.join(mine)} in the register's succession"
        raise PoolError(f"Nobody to merge on {on}: {said}. Give --into OLD=NEW for partners of the agreement.")
    return heirs


def _merged(known: Known, heirs: Succession, file: Path) -> dict[str, dict[str, Decimal]]:
    """Every column summed by successor; a column that only some of a successor's predecessors have is refused."""
    from tertiary.pool import merged
    from tertiary.publish.pools import MONEY

    made: dict[str, dict[str, Decimal]] = {
        heir: {} for code in known for heir in heirs.get(code, {code: Decimal(1)})
    }  # fmt: skip
    for name in dict.fromkeys(name for figures in known.values() for name in figures.held):
        held = {code: figures.held[name] for code, figures in known.items() if name in figures.held}
        after = merged(held, heirs, Decimal("0.01") if name in MONEY else SIXTH_PLACE)
        for code in known:
            if code not in held and (short := [heir for heir in heirs.get(code, {code: 1}) if heir in after]):
                raise PoolError(f"{file}: {name} of {code} is blank, so that of {short[0]} is not known. Fill it.")
        for heir, amount in after.items():
            made[heir][name] = amount
    return made


def _write(
    folder: Path, terms: Mapping[str, Any] | None, partners: Path, figures: Mapping[str, Mapping[str, Decimal]],
    begins: date,
) -> None:  # fmt: skip
    """The terms of the next version, and the file of partners with their lines from its first day on."""
    from tertiary.publish.pools import rows_of

    if terms is None:
        typer.echo(f"No terms go on from {begins}: fewer than two partners are left, or the agreement ends.", err=True)
        return
    before = [row for row in rows_of(partners) if row.since is None or row.since < begins]
    columns = dict.fromkeys(name for held in [*(r.figures.held for r in before), *figures.values()] for name in held)
    text = io.StringIO(newline="")
    lines = csv.DictWriter(text, ["valid_from", "partner", *columns], lineterminator="\n", restval="")
    lines.writeheader()
    lines.writerows({"valid_from": row.since or "", "partner": row.code, **row.figures.held} for row in before)
    lines.writerows({"valid_from": begins, "partner": code, **held} for code, held in figures.items())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "terms.json").write_text(json.dumps(dict(terms), indent=2) + "\n", encoding="utf-8")
    (folder / "partners.csv").write_text(text.getvalue(), encoding="utf-8")
    typer.echo(f"Wrote {folder}/terms.json and {folder}/partners.csv, from {begins} on.", err=True)
