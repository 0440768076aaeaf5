"""Which care a map or a flow is of: a service, a programme, a month, as the address says."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tertiary.errors import RunError
from tertiary.web.answers import Answers
from tertiary.web.people import Person

if TYPE_CHECKING:
    from tertiary.register import Register

ALL = "all care that counts"
# rows by board and provider: more than boards and providers there are
MOST_CELLS = 200_000
Cell = Mapping[str, Any]


@dataclass(frozen=True)
class Care:
    """The care asked for; blanks are all. `month`: a year (202526), or a month of it (202526-02 is May)."""

    service: str = ""
    programme: str = ""
    month: str = ""

    def only(self) -> dict[str, str]:
        """Columns of the ledger and the values to keep to."""
        year, _, month = self.month.partition("-")
        kept = {"pss_line": self.service, "npoc_code": self.programme, "financial_year": year,
                "financial_month": month.lstrip("0")}  # fmt: skip
        return {name: value for name, value in kept.items() if value}

    def words(self, register: Register) -> str:
        """The care in words."""
        names = dict(zip(*(register["services"][n].to_pylist() for n in ("pss_line", "service_name")), strict=True))
        parts = [names.get(self.service, f"service {self.service}")] if self.service else []
        parts += [programme_words(self.programme, register)] if self.programme else []
        return "; ".join(parts or [ALL]) + (f", {month_words(self.month)}" if self.month else "")


def cells(asked: Answers, person: Person, care: Care) -> list[Cell]:
    """Totals by year, board of the population and provider of what a person sees of some care.

    Columns as of `Answers.ledger`. ForbiddenError as there; RunError when there are more than can be drawn.
    """
    by = ("financial_year", "population_icb", "provider_code")
    found = asked.ledger(person, by, care.only(), limit=MOST_CELLS)
    if found.more:
        raise RunError(f"These are more than {MOST_CELLS:,} rows. Choose a service, a programme or a month.")
    return list(found.rows.to_pylist())


def part_of(person: Person) -> str:
    """What must be said to those who see care of every population, but not all of it."""
    return "Only the care that you give is shown." if person.role == "provider" else ""


def choices(asked: Answers, person: Person) -> dict[str, Sequence[tuple[str, str]]]:
    """What may be chosen of what a person sees: value and words for service, programme and month."""
    register = asked.known(person)
    names = dict(zip(*(register["services"][n].to_pylist() for n in ("pss_line", "service_name")), strict=True))
    found = {
        name: [r[name] for r in asked.ledger(person, (name,), {}).rows.to_pylist() if r[name]]
        for name in ("pss_line", "npoc_code")
    }
    by = ("financial_year", "financial_month")
    months = [r for r in asked.ledger(person, by, {}).rows.to_pylist() if r["financial_year"]]
    years = sorted({r["financial_year"] for r in months})
    each = sorted(f"{r['financial_year']}-{r['financial_month']:02}" for r in months if r["financial_month"])
    services = sorted((names.get(line, line), line) for line in found["pss_line"])
    return {
        "service": [("", "all services"), *((line, f"{name} ({line})") for name, line in services)],
        "programme": [("", "all programmes"), *((c, programme_words(c, register)) for c in sorted(found["npoc_code"]))],
        "month": [("", "all months"), *((value, month_words(value)) for value in (*years, *each))],
    }


def programme_words(code: str, register: Register) -> str:
    """A programme of care by name; several where a line belongs to several."""
    names = dict(zip(*(register["services"][n].to_pylist() for n in ("npoc_code", "npoc")), strict=True))
    return " and ".join(names.get(part, part) for part in code.split(";"))


def month_words(value: str) -> str:
    """A financial year or a month of it in words; month 13, of adjustments, is said as that."""
    year, _, month = value.partition("-")
    if not month:
        return f"{year[:4]}/{year[4:]}"
    number = int(month)
    if number > 12:
        return f"{year[:4]}/{year[4:]} year end adjustment"
    return f"{month_name[(number + 2) % 12 + 1]} {int(year[:4]) + (number > 9)}"
