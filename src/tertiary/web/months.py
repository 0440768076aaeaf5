"""The month of a run for a person: what is owed, how sure it is and how the year may end, cut to what they may see.

A whole position is worked out once for a run, year, month and measure; each person gets the rows that are theirs, and
sums of no others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from tertiary.errors import ContractError, TertiaryError
from tertiary.month_end.cells import MEASURES
from tertiary.phasing import last_day
from tertiary.publish.months import Given, contracts_in_force, days_of, given
from tertiary.web.access import person_of
from tertiary.web.answers import UnavailableError
from tertiary.web.decided import AbsentError, store_of
from tertiary.web.render import answers_of
from tertiary.web.scope import kept

if TYPE_CHECKING:
    from fastapi import Request

    from tertiary.month_end import Accrual, Contract, Keep, Position
    from tertiary.register import Register
    from tertiary.web.answers import Answers
    from tertiary.web.people import Person

Owner = tuple[str, str, str]
OWNER = ("provider_code", "host_code", "payer_code")


@dataclass(frozen=True)
class Asked:
    """Whose month of which run an address asks for. `years`: the run's years, each with its last month."""

    answers: Answers
    person: Person
    year: str
    last: int
    measure: str
    years: Mapping[str, int]

    @property
    def year_choices(self) -> list[tuple[str, str]]:
        """The years of the run, as a form offers them."""
        return [(year, f"{year[:4]}/{year[4:]}") for year in self.years]

    @property
    def month_choices(self) -> list[tuple[str, str]]:
        """The months of the year that the run holds, as a form offers them."""
        names = {n: f"{last_day(self.year, n):%B}" for n in range(1, 13)} | {13: "adjustments"}
        return [(str(n), f"{n} ({names[n]})") for n in range(1, self.years[self.year] + 1)]

    @property
    def onward(self) -> dict[str, str]:
        """What an address carries to stay with this month."""
        return {"year": self.year, "month": str(self.last)}

    @property
    def words(self) -> str:
        """Month and year as people say them."""
        return f"month {self.last} of {self.year[:4]}/{self.year[4:]}"


@dataclass(frozen=True)
class Part:
    """The part of a month that is a person's own."""

    given: Given
    accruals: Sequence[Accrual]

    @property
    def position(self) -> Position:
        """What is owed to and by those for whom the person acts."""
        return self.given.position


def asked_of(
    request: Request, year: str = "", month: int | None = None, measure: str = MEASURES[0], run: str = ""
) -> Asked:
    """The month an address asks for, the run's last unless told. ContractError when the run does not hold it."""
    answers = answers_of(request, run)
    with plainly("The run"):
        years = answers.made.of(("years",), lambda: _years(answers))
    if not years:
        raise ContractError("The run holds no actual spend, so there is nothing to state.")
    year = year or list(years)[-1]
    if year not in years:
        raise ContractError(f"The run holds nothing of year {year[:20]!r}. Years: {', '.join(years)}.")
    last = min(years[year], 12) if month is None else month
    if not 1 <= last <= years[year]:
        raise ContractError(f"The run holds {year} to month {years[year]}; month {last} was asked for.")
    if measure not in MEASURES:
        raise ContractError(f"Activity is not valued by {measure[:30]!r}. Choose {' or '.join(MEASURES)}.")
    return Asked(answers, person_of(request), year, last, measure, years)


def whole_of(request: Request, asked: Asked) -> Part:
    """The month of everybody: not to be shown. ForbiddenError when the person may see nothing of such rows.

    AbsentError when no contract is known, UnavailableError when the contracts cannot be used.
    """
    kept([], "money", asked.person, asked.answers.register)
    contracts = _contracts(request, asked)
    key = ("month", asked.year, asked.last, asked.measure, contracts)
    with plainly("The contracts"):
        return asked.answers.made.of(key, lambda: _made(asked, contracts))


def part_of(request: Request, asked: Asked) -> Part:
    """The month of whom a person acts for; errors as `whole_of`."""
    whole = whole_of(request, asked)
    keep = keep_of(owners_of(whole.position), asked.person, asked.answers.register)
    contracts = [own for contract in whole.given.contracts if (own := contract.part(keep)).elements]
    found = replace(whole.given, position=whole.position.part(keep), contracts=contracts)
    # the day is that of the question, not of the first one who asked
    return Part(
        replace(found, on=date.today()),
        [a for a in whole.accruals if keep(a.provider_code, a.host_code, a.payer_code)],
    )  # fmt: skip


def owners_of(found: Position) -> set[Owner]:
    """Provider, host and payer of everything in a position; sums by service line have no host."""
    held = {(e.provider_code, e.host_code, e.payer_code) for e in found.entries}
    for one in found.cells.covered:
        held |= {(one.contract.provider_code, one.contract.host_code, e.payer_code) for e in one.contract.elements}
    for rows in (found.cells.services, found.cells.uncovered):
        pairs = zip(rows["provider_code"].to_pylist(), rows["payer_code"].to_pylist(), strict=True)
        held |= {(provider, "", payer) for provider, payer in pairs}
    return held


def keep_of(owners: Iterable[Owner], person: Person, register: Register) -> Keep:
    """Which of some owners' sums a person may see; of others nothing is kept."""
    rows = [dict(zip(OWNER, owner, strict=True)) for owner in owners]
    mine = {tuple(row.values()) for row in kept(rows, "money", person, register)}
    return lambda *owner: owner in mine


@contextmanager
def plainly(what: str) -> Iterator[None]:
    """Errors that may name folders go to the log; who asks is told what cannot be used. UnavailableError."""
    try:
        yield
    except AbsentError:
        raise
    except TertiaryError as error:
        logging.getLogger(__name__).error("%s", error)
        raise UnavailableError(f"{what} cannot be used now. Why is in the log of this server.") from error


def _years(answers: Answers) -> Mapping[str, int]:
    from tertiary.period import years

    return years(answers.run)


def _contracts(request: Request, asked: Asked) -> tuple[Contract, ...]:
    from tertiary.month_end import read_contracts

    papers = request.app.state.settings.papers
    if papers.contracts is None and not papers.store:
        raise AbsentError(
            "This server knows no contracts, so it cannot say what is owed. Start it with --contracts FILE, or with "
            "--store URL of a store in which contracts are in force."
        )
    if papers.contracts is None:
        with plainly("The contracts"):
            found = contracts_in_force(store_of(request), days_of(asked.year, asked.last))
    else:
        with plainly("The contracts"):
            try:
                facts = papers.contracts.stat()
            except OSError as error:
                raise ContractError(f"{papers.contracts} cannot be read: {error.strerror}.") from error
            key = ("contracts", papers.contracts, facts.st_mtime_ns, facts.st_size)
            found = asked.answers.made.of(key, lambda: read_contracts(papers.contracts))
    if not any(contract.financial_year == asked.year for contract in found):
        raise AbsentError(
            f"No contract of {asked.year[:4]}/{asked.year[4:]} is known here, so what is owed cannot be said. Add one "
            "to the contracts this server was started with (--contracts or --store)."
        )
    return found


def _made(asked: Asked, contracts: tuple[Contract, ...]) -> Part:
    from tertiary.month_end import accruals

    found = given(asked.answers.run, asked.year, asked.last, contracts, measure=asked.measure)
    return Part(found, accruals(found.position))
