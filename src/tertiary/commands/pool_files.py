"""What `tertiary pool` reads: the agreement in its versions, and the files in which partners state their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tertiary.commands import shared
from tertiary.errors import PoolError
from tertiary.period import period
from tertiary.phasing import MONTHS, Weights, first_day, last_day, read_profiles, weight

if TYPE_CHECKING:
    from tertiary.decisions import Decision
    from tertiary.pennies import Amount
    from tertiary.pool import Agreement, Partner, Stretch
    from tertiary.runs import Run

MONEY = ("contribution", "historic", "reserve")
MEASURED = (*MONEY, "need", "population")

Number = Annotated[int | None, typer.Option("--agreement", help="Number of the agreement in the store.")]
Terms = Annotated[
    list[Path] | None,
    typer.Option("--terms", metavar="FILE", help="JSON with terms that are in no store; once a version of them."),
]
Year = Annotated[str | None, typer.Option("--year", help="Financial year; the run's last unless told.")]
Month = Annotated[int | None, typer.Option("--month", min=1, max=12, help="Last month; the run's last unless told.")]
Total = Annotated[
    str | None, typer.Option("--total", metavar="POUNDS", help="The year's pool, to be split by the rule.")
]
Profile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Phasing of contributions, instead of the agreed one.")
]
Profiles = Annotated[
    Path | None, typer.Option("--profiles", metavar="FILE", help="CSV with your own phasing: profile, month, weight.")
]


@dataclass(frozen=True)
class Version:
    """A version of an agreement, and from which to which month of a year it holds. `raw`: its JSON terms."""

    agreement: Agreement
    raw: Mapping[str, Any]
    told: str
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class Figures:
    """A partner's line in the file of partners: `held` by column, and what contribution rules measure by."""

    held: Mapping[str, Decimal]
    partner: Partner

    @property
    def contribution(self) -> Decimal | None:
        return self.held.get("contribution")


Known = Mapping[str, Figures]


@dataclass(frozen=True)
class Row:
    """A line of the file of partners as it stands there, and the day from which it holds, None since ever."""

    number: int
    since: date | None
    code: str
    figures: Figures


@dataclass(frozen=True)
class Given:
    """What the commands about a statement have in common. `known` and `yearly` go with `versions`, one each."""

    run: Run
    year: str
    last: int
    versions: Sequence[Version]
    known: Sequence[Known]
    yearly: Sequence[Mapping[str, Amount]]
    stretches: Sequence[Stretch]

    @property
    def told(self) -> str:
        """A line a version that says which terms hold, and when there are several, in which months."""
        return _told(self.versions)


def given_of(
    run: Path, number: int | None, files: Sequence[Path] | None, partners: Path, year: str | None, month: int | None,
    store: str, total: str | None = None, profile: str | None = None, profiles: Path | None = None,
) -> Given:  # fmt: skip
    """Open a run and bring together terms, figures and costs of each version from the year's first month on."""
    from tertiary.pool import Stretch, phased
    from tertiary.pool.calls import calls, pooled_calls
    from tertiary.runs import open as open_run

    opened = open_run(run)
    year, last = period(opened, year, month)
    versions = versions_of(number, files, store, year, last)
    known = known_of(partners, versions, year)
    own = read_profiles(profiles, PoolError) if profiles else None
    if total is not None and len({version.agreement.partners for version in versions}) > 1:
        raise PoolError("Partners change within the year, and the pool with them: fill the column contribution.")
    yearly, stretches = [], []
    for version, figures in zip(versions, known, strict=True):
        agreed, months = version.agreement, slice(version.first - 1, version.last)
        yearly.append(_contributions(agreed, figures, partners, total))
        pooled = pooled_calls(opened, agreed, year, version.last)[months] if agreed.risk == "R6" else None
        put_in = phased(yearly[-1], _weights(profile or agreed.profile, year, own))[months]
        costs = calls(opened, agreed, year, version.last)[months]
        stretches.append(Stretch(agreed, put_in, costs, _need(agreed.risk, figures, partners), pooled))
    return Given(opened, year, last, versions, known, yearly, stretches)


def _weights(profile: str, year: str, own: Weights | None) -> list[Amount]:
    return [weight(profile, year, month, own, PoolError) for month in MONTHS]


def _told(versions: Sequence[Version]) -> str:
    if len(versions) == 1:
        return versions[0].told
    spans = [f"Month {v.first}" if v.first == v.last else f"Months {v.first} to {v.last}" for v in versions]
    return "\n".join(f"{span}: {v.told}" for span, v in zip(spans, versions, strict=True))


def versions_of(number: int | None, files: Sequence[Path] | None, store: str, year: str, last: int) -> list[Version]:
    """The versions that hold in months 1 to `last`, in order. PoolError when a month has none, or more than one."""
    if (number is None) == (not files):
        raise PoolError("Give either --agreement with its number in the store, or --terms with a file.")
    ends = {month: (first_day(year, month), last_day(year, month)) for month in MONTHS[:last]}
    days = [day for both in ends.values() for day in both]
    found, by_day = _of_files(files, days) if files else _of_store(int(number or 0), store, days, ends[last][0])
    by_month = {month: {by_day[day] for day in both} for month, both in ends.items()}
    if any(None in held or len(held) > 1 for held in by_month.values()):
        _refuse([one.agreement for one in found], year, last)
    made = []
    for (at,), group in groupby(by_month, key=lambda month: tuple(by_month[month])):
        months = list(group)
        made.append(replace(found[at or 0], first=months[0], last=months[-1]))
    return made


ByDay = Mapping[date, int | None]


def _of_files(files: Sequence[Path], days: Sequence[date]) -> tuple[list[Version], ByDay]:
    """The versions in files, by their first day, and which of them holds on each day."""
    from tertiary.pool import Agreement

    found = []
    for file in files:
        raw = shared.json_of(file)
        told = f"Terms of {file}, which nobody agreed as far as this tells."
        found.append(Version(Agreement.of(raw), raw, told))
    found.sort(key=lambda one: one.agreement.valid_from)
    names, firsts = ({getattr(one.agreement, name) for one in found} for name in ("name", "valid_from"))
    if len(names) > 1 or len(firsts) < len(found):
        said = ", ".join(f"{one.agreement.name} from {one.agreement.valid_from}" for one in found)
        raise PoolError(f"The terms given are {said}; versions of one agreement have one name and begin one by one.")
    begun = {day: [n for n, one in enumerate(found) if one.agreement.valid_from <= day] for day in days}
    return found, {day: _holding(found, at[-1] if at else None, day) for day, at in begun.items()}


def _of_store(number: int, store: str, days: Sequence[date], end: date) -> tuple[list[Version], ByDay]:
    """The versions of a decision that hold on some of the days, in order, and which of them holds on each day."""
    from tertiary.pool import Agreement

    with shared.open_store(store) as opened:
        newest = opened.decision(number)
        governing: dict[date, Decision | None] = {day: opened.governing(number, day) for day in days}
    if governing[end] is None or newest.kind != "agreement":
        raise PoolError(
            f"Decision {number} is no agreement in force on {end}: of kind {newest.kind}, {newest.state} in "
            f"version {newest.version}. tertiary decisions list --on {end} shows what is."
        )
    held = {one.version: one for one in governing.values() if one is not None}
    numbers = sorted(held)
    found = [
        Version(Agreement.of(held[n].terms), held[n].terms, f"Agreement {number}, version {n}: {held[n].subject}.")
        for n in numbers
    ]
    at = {day: None if one is None else numbers.index(one.version) for day, one in governing.items()}
    return found, {day: _holding(found, n, day) for day, n in at.items()}


def _holding(found: Sequence[Version], at: int | None, day: date) -> int | None:
    if at is None:
        return None
    agreed = found[at].agreement
    return at if agreed.valid_from <= day and (agreed.valid_to is None or day < agreed.valid_to) else None


def _refuse(agreed: Sequence[Agreement], year: str, last: int) -> None:
    first, newest = agreed[0], agreed[-1]
    raise PoolError(
        f"Agreement {newest.name} holds from {first.valid_from} to {newest.valid_to or 'further notice'}"
        + (f", in versions from {', '.join(str(a.valid_from) for a in agreed)}" if len(agreed) > 1 else "")
        + f", not for months 1 to {last} of {year}, each of them whole: costs are counted by month. Give the versions "
        "of those months, from a month's first day on, or another --year or --month."
    )


def rows_of(file: Path) -> tuple[Row, ...]:
    """The lines of a file of partners. PoolError names line and column of what cannot be used."""
    from tertiary.pool import Partner

    made = []
    for number, row in shared.rows(file):
        code, since = row.get("partner", ""), row.get("valid_from", "")
        held = {
            name: shared.amount(file, number, name, text)
            for name, text in row.items() if (name in MEASURED and text) or name.startswith("use_")
        }  # fmt: skip
        use = tuple(held[name] for name in sorted(held) if name.startswith("use_"))
        partner = Partner(code, held.get("historic"), held.get("need"), held.get("population"), use)
        try:
            day = date.fromisoformat(since) if since else None
        except ValueError:
            raise PoolError(
                f"{file} line {number}: valid_from is {since!r}; expected a day such as 2025-10-01."
            ) from None
        made.append(Row(number, day, code, Figures(held, partner)))
    return tuple(made)


def known_of(file: Path, versions: Sequence[Version], year: str) -> list[Known]:
    """The partners' figures of each version: of the lines that hold on its first day, those that began last.

    PoolError when a partner has no line or two, a code is no partner, or lines begin within a version's months.
    """
    rows = rows_of(file)
    everyone = sorted({code for version in versions for code in version.agreement.partners})
    made: list[Known] = []
    for version in versions:
        first, end = first_day(year, version.first), last_day(year, version.last)
        if late := [row for row in rows if row.since is not None and first < row.since <= end]:
            raise PoolError(
                f"{file} line {late[0].number}: valid_from is {late[0].since}, within months {version.first} to "
                f"{version.last} of one version. Contributions change with a new version of the agreement."
            )
        begun = [row for row in rows if row.since is None or row.since <= first]
        newest = max((row.since or date.min for row in begun), default=date.min)
        found: dict[str, Figures] = {}
        for row in begun:
            if (row.since or date.min) != newest:
                continue
            if row.code not in everyone or row.code in found:
                wanted = ", ".join(version.agreement.partners)
                raise PoolError(f"{file} line {row.number}: partner {row.code!r}; expected each once of {wanted}.")
            found[row.code] = row.figures
        if missing := [code for code in version.agreement.partners if code not in found]:
            raise PoolError(f"{file} lacks partner {', '.join(missing)}. Add a line for each partner of the agreement.")
        made.append({code: own for code, own in found.items() if code in version.agreement.partners})
    return made


def _contributions(agreed: Agreement, known: Known, file: Path, total: str | None) -> Mapping[str, Amount]:
    from tertiary.pool import contributions

    if total is not None:
        amount = shared.amount(Path("--total"), 1, "POUNDS", total)
        partners = [line.partner for line in known.values()]
        return contributions(agreed.contribution, amount, partners, agreed.contribution_parameters)
    given = {code: line.contribution for code, line in known.items() if line.contribution is not None}
    if missing := [code for code in known if code not in given]:
        raise PoolError(f"{file}: no contribution for {', '.join(missing)}. Fill the column, or give --total.")
    return given


def _need(rule: str, known: Known, file: Path) -> dict[str, Amount] | None:
    """The partners' need where the rule shares by it."""
    if rule not in ("R2", "R6"):
        return None
    need = {code: line.partner.need for code, line in known.items() if line.partner.need is not None}
    if missing := [code for code in known if code not in need]:
        raise PoolError(f"{file}: no need for {', '.join(missing)}, by which rule {rule} shares. Fill the column need.")
    return dict(need)


def paid_of(file: Path) -> dict[tuple[str, int], Decimal]:
    """What payers paid a host, by payer and month, 0 for the opening balance. PoolError as for other files."""
    made: dict[tuple[str, int], Decimal] = {}
    for number, row in shared.rows(file):
        payer, month = row.get("payer", ""), row.get("month", "")
        if not payer or not month.isdigit() or int(month) > 12:
            raise PoolError(f"{file} line {number}: payer {payer!r}, month {month!r}; expected a code and 0 to 12.")
        amount = shared.amount(file, number, "paid", row.get("paid", ""))
        made[payer, int(month)] = made.get((payer, int(month)), Decimal(0)) + amount
    return made
