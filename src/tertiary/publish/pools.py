"""From a run, an agreement in its versions and what partners state to statements: what commands and pages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import PoolError
from tertiary.phasing import MONTHS, Weights, first_day, last_day, weight
from tertiary.pool import (
    Agreement,
    Compared,
    Partner,
    Stretch,
    compare,
    contributions,
    phased,
    simulated,
    simulated_high_cost,
)
from tertiary.pool.calls import calls, cases, high_cost_cases, pooled_calls
from tertiary.pool.compare import choices
from tertiary.sheets import Line, lines

if TYPE_CHECKING:
    from tertiary.decisions import Decision, Store
    from tertiary.pennies import Amount
    from tertiary.runs import Run

MONEY = ("contribution", "historic", "reserve")
MEASURED = (*MONEY, "need", "population")


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


def given(
    run: Run, year: str, last: int, versions: Sequence[Version], partners: Path, *, total: Decimal | None = None,
    profile: str | None = None, profiles: Weights | None = None,
) -> Given:  # fmt: skip
    """Bring together terms, figures and costs of each version of a year to a month. PoolError when they do not fit.

    `partners`: file of what contributions go by; `total`: pounds of the year's pool to be split by the rule;
    `profile`: phasing instead of the agreed one.
    """
    known = known_of(partners, versions, year)
    if total is not None and len({version.agreement.partners for version in versions}) > 1:
        raise PoolError("Partners change within the year, and the pool with them: fill the column contribution.")
    yearly, stretches = [], []
    for version, figures in zip(versions, known, strict=True):
        agreed, months = version.agreement, slice(version.first - 1, version.last)
        yearly.append(_contributions(agreed, figures, partners, total))
        pooled = pooled_calls(run, agreed, year, version.last)[months] if agreed.risk == "R6" else None
        put_in = phased(yearly[-1], _weights(profile or agreed.profile, year, profiles))[months]
        costs = calls(run, agreed, year, version.last)[months]
        stretches.append(Stretch(agreed, put_in, costs, _need(agreed.risk, figures, partners), pooled))
    return Given(run, year, last, versions, known, yearly, stretches)


def _weights(profile: str, year: str, own: Weights | None) -> list[Amount]:
    return [weight(profile, year, month, own, PoolError) for month in MONTHS]


def _told(versions: Sequence[Version]) -> str:
    if len(versions) == 1:
        return versions[0].told
    spans = [f"Month {v.first}" if v.first == v.last else f"Months {v.first} to {v.last}" for v in versions]
    return "\n".join(f"{span}: {v.told}" for span, v in zip(spans, versions, strict=True))


@dataclass(frozen=True)
class Held:
    """Versions of an agreement, and which of them holds on each first and last day of months; None: none of them."""

    versions: Sequence[Version]
    by_day: Mapping[date, int | None]


def month_days(year: str, last: int) -> list[date]:
    """First and last days of the months 1 to `last` of a year, month by month."""
    return [day for month in MONTHS[:last] for day in (first_day(year, month), last_day(year, month))]


def versions_of(held: Held, year: str, last: int) -> list[Version]:
    """The versions that hold in months 1 to `last`, in order. PoolError when a month has none, or more than one."""
    by_month = {
        month: {held.by_day[day] for day in (first_day(year, month), last_day(year, month))} for month in MONTHS[:last]
    }
    if any(None in at or len(at) > 1 for at in by_month.values()):
        _refuse([one.agreement for one in held.versions], year, last)
    made = []
    for (at,), group in groupby(by_month, key=lambda month: tuple(by_month[month])):
        months = list(group)
        made.append(replace(held.versions[at or 0], first=months[0], last=months[-1]))
    return made


def of_terms(terms: Sequence[tuple[Mapping[str, Any], str]], days: Sequence[date]) -> Held:
    """The versions of terms that are in no store, each with what is told of it, by their first day. PoolError."""
    found = [Version(Agreement.of(raw), raw, told) for raw, told in terms]
    found.sort(key=lambda one: one.agreement.valid_from)
    names, firsts = ({getattr(one.agreement, name) for one in found} for name in ("name", "valid_from"))
    if len(names) > 1 or len(firsts) < len(found):
        said = ", ".join(f"{one.agreement.name} from {one.agreement.valid_from}" for one in found)
        raise PoolError(f"The terms given are {said}; versions of one agreement have one name and begin one by one.")
    begun = {day: [n for n, one in enumerate(found) if one.agreement.valid_from <= day] for day in days}
    return Held(found, {day: _holding(found, at[-1] if at else None, day) for day, at in begun.items()})


def of_store(store: Store, number: int, days: Sequence[date]) -> Held:
    """The versions of an agreement of a store that hold on some of the days, in order. PoolError when none does.

    DecisionError when the store has no decision of that number.
    """
    newest, end = store.decision(number), days[-2]
    governing: dict[date, Decision | None] = {day: store.governing(number, day) for day in days}
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
    return Held(found, {day: _holding(found, n, day) for day, n in at.items()})


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
    made = []
    for line in lines(file, PoolError):
        number, row = line.number, dict(line.cells)
        code, since = row.get("partner", ""), row.get("valid_from", "")
        held = {
            name: _amount(file, number, name, text)
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


def _contributions(agreed: Agreement, known: Known, file: Path, total: Decimal | None) -> Mapping[str, Amount]:
    if total is not None:
        partners = [line.partner for line in known.values()]
        return contributions(agreed.contribution, total, partners, agreed.contribution_parameters)
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


def compared(
    run: Run, agreed: Agreement, known: Known, year: str, last: int, years: int, seed: int
) -> tuple[list[Compared], str]:  # fmt: skip
    """The usual rules and the agreed one over simulated years of chance, and why rule R6 was left out, if it was.

    Each partner contributes its cost in the run. Only numbers, sums and sums of squares by partner leave the engine.
    PoolError as in `cases`.
    """
    need = {code: p.partner.need for code, p in known.items() if p.partner.need is not None}
    by_need = need if len(need) == len(known) else None
    looked_at = [c for c in choices() if c[0] != "R2" or by_need]
    own_choice = (agreed.risk, dict(agreed.risk_parameters))
    if agreed.risk != "R6" and own_choice not in looked_at:
        looked_at.append(own_choice)
    patients = cases(run, agreed, year, last)
    left_out, pooled, high_cost = "", None, None
    if by_need and (agreed.threshold is not None or agreed.listed):
        high_cost = high_cost_cases(run, agreed, year, last)
    if high_cost:
        put_in = {code: Decimal(f"{own.cost:.2f}") for code, own in high_cost.items()}
        drawn, pooled = simulated_high_cost(high_cost, years, seed)
        looked_at.append(("R6", {} if agreed.threshold is None else {"threshold": Fraction(agreed.threshold)}))
    else:
        put_in = {code: Decimal(f"{own.cost:.2f}") for code, own in patients.items()}
        drawn = simulated(patients, years, seed)
        left_out = _without_high_cost(agreed, by_need is not None)
    return compare(looked_at, [put_in] * years, drawn, need=by_need, pooled=pooled), left_out


def _without_high_cost(agreed: Agreement, has_need: bool) -> str:
    if agreed.threshold is None and not agreed.listed:
        why = "it needs a threshold, agreed or given as --threshold, or listed services"
    elif not has_need:
        why = "it shares by need, and the column need is not filled"
    else:
        why = "fewer patients are above the threshold or in listed services than can say how far their costs differ"
    return f"Rule R6 is left out: {why}."


def paid_of(file: Path) -> dict[tuple[str, int], Decimal]:
    """What payers paid a host, by payer and month, 0 for the opening balance. PoolError as for other files."""
    made: dict[tuple[str, int], Decimal] = {}
    for line in lines(file, PoolError):
        number, row = line.number, line.cells
        payer, month = row.get("payer", ""), row.get("month", "")
        if not payer or not month.isdigit() or int(month) > 12:
            raise PoolError(f"{file} line {number}: payer {payer!r}, month {month!r}; expected a code and 0 to 12.")
        amount = _amount(file, number, "paid", row.get("paid", ""))
        made[payer, int(month)] = made.get((payer, int(month)), Decimal(0)) + amount
    return made


def _amount(file: Path, number: int, name: str, text: str) -> Decimal:
    return Line(str(file), number, {name: text.strip()}, PoolError).number_of(name)
