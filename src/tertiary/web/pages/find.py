"""*Find a service*: what it is, who is responsible for it where somebody lives, and where it is given, in plain words.

A postcode comes in the body of a form, never in an address: it is used for one answer, and neither kept nor logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from tertiary.errors import TertiaryError
from tertiary.publish.workbook import Column
from tertiary.web.access import checked_form, person_of
from tertiary.web.delegation import words
from tertiary.web.homes import NoPlaceError, Place, areas, place_like, place_of_area
from tertiary.web.local_duties import Duty, duties, in_force, said_of
from tertiary.web.pages.asked import Day, Text
from tertiary.web.providers import miles, providers_of
from tertiary.web.render import answer, answers_of, shown
from tertiary.web.service_search import services_like
from tertiary.web.views import Grid, View

if TYPE_CHECKING:
    from tertiary.register import Register

router = APIRouter(include_in_schema=False)
MOST_CHOICES = 20
LONGEST = 200
# the two days on which most changed, which the page speaks of by name
CHANGES = (date(2025, 4, 1), date(2026, 4, 1))
WHO = (
    Column("does", "What"), Column("who", "Who"), Column("since", "Since", "day"),
    Column("part", "Part of the service"), Column("confidence", "How sure"),
)  # fmt: skip
HISTORY = (
    Column("since", "From", "day"), Column("until", "Until", "day"), Column("who", "Who decided"),
    Column("part", "Part of the service"), Column("status", "Status"), Column("source", "Source"),
)  # fmt: skip
GIVEN = (
    Column("name", "Hospital trust"), Column("miles", "Miles", "number"), Column("postcode", "Postcode"),
    Column("part", "Part of the service"), Column("confidence", "How sure"), Column("source", "Source"),
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What somebody asks: a service by words or number, and where they live by text or area, on a day."""

    what: str = ""
    service: str = ""
    place: str = ""
    area: str = ""
    on: date | None = None


@router.get("/find")
def find(request: Request, what: Text = "", service: Text = "", area: Text = "", on: Day = None) -> Response:
    """The form, the services that a word finds, or the answer for an area. A place in the address is not used."""
    if "place" in request.query_params:
        kept = [(k, v) for k, v in request.query_params.multi_items() if k != "place"]
        return RedirectResponse(f"/find?{urlencode(kept)}", status_code=303)
    return _answer(request, Question(what, service, "", area, on))


@router.post("/find")
async def asked(request: Request) -> Response:
    """The answer for a postcode, which comes in the body."""
    form = await checked_form(request)
    given = {name: str(form.get(name, "")).strip() for name in ("what", "service", "place", "area", "on")}
    if any(len(text) > LONGEST for text in given.values()):
        raise TertiaryError(f"That is too long. Use at most {LONGEST} letters for each answer.")
    on = given.pop("on")
    try:
        day = date.fromisoformat(on) if on else None
    except ValueError as error:
        raise TertiaryError("The day cannot be read. Open the page again.") from error
    return await run_in_threadpool(_answer, request, Question(**given, on=day))


def _answer(request: Request, asked: Question) -> Response:
    register, day = answers_of(request).known(person_of(request)), asked.on or date.today()
    errors: dict[str, str] = {}
    choices, chosen = _service(register, asked, errors)
    place = _place(register, asked, day, errors)
    grids: list[Grid] = []
    values: dict[str, Any] = {
        "asked": asked, "errors": errors, "choices": choices[:MOST_CHOICES], "many": len(choices) > MOST_CHOICES,
        "service": chosen, "place": place, "areas": [("", "Choose your area"), *areas(register, day)],
        "posted": request.method == "POST", "on": asked.on.isoformat() if asked.on else "",
    }  # fmt: skip
    if chosen:
        values["service_parts"] = _parts(register, chosen["pss_line"])
        grids.append(_given(register, chosen["pss_line"], day, place))
        if place:
            known = duties(register, chosen["pss_line"], place, day)
            held = _alike(in_force(known, day))
            grids += [_who(held, day), _history(_alike([d for d in known if d.function == "decide"]))]
            values["deciding"] = [row for row in held if row["function"] == "decide"]
            values["changes"] = [said_of(known, one) for one in CHANGES if one <= day]
    heading = chosen["service_name"] if chosen else "Find a service"
    return answer(request, View(heading, "find.html", grids, values=values))


def _service(
    register: Register, asked: Question, errors: dict[str, str]
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The services that may be meant, and the one that is."""
    if asked.service:
        found = [r for r in register["services"].to_pylist() if r["pss_line"] == asked.service]
        if not found:
            errors["what"] = "There is no service of that number. Search for it by name."
        return [], found[0] if found else None
    if not asked.what:
        if asked.place or asked.area:
            errors["what"] = "Say which service you are looking for."
        return [], None
    choices = services_like(register, asked.what)
    if not choices:
        errors["what"] = "We found no service like that. Try another word, such as kidney or cancer."
    if len(choices) == 1:
        number = choices[0]["pss_line"]
        return [], next(r for r in register["services"].to_pylist() if r["pss_line"] == number)
    return choices, None


def _place(register: Register, asked: Question, day: date, errors: dict[str, str]) -> Place | None:
    try:
        if asked.area:
            return place_of_area(register, asked.area, day)
        return place_like(register, asked.place, day) if asked.place else None
    except NoPlaceError as error:
        errors["place"] = str(error)
        return None


def _parts(register: Register, pss_line: str) -> list[str]:
    """Names of the codes that records of the service carry."""
    rows = register["service_lines"].to_pylist()
    return sorted({r["name"] for r in rows if r["pss_line"] == pss_line and r["code_kind"] == "service"})


def _alike(found: list[Duty]) -> list[dict[str, Any]]:
    """Duties as rows; parts of the service for which all is the same are one row."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for d in found:
        key = (d.function, d.who, d.since, d.until, d.draft)
        row = rows.setdefault(
            key,
            {"does": words("function")[d.function].capitalize(), "function": d.function, "who": d.who, "since": d.since,
             "until": d.until, "rule": d.rule, "confidence": d.confidence, "source": d.source, "part": [],
             "status": "proposed, not in force" if d.draft else "in force"},
        )  # fmt: skip
        row["part"].append(words("service_set")[d.part])
    return [{**row, "part": "; ".join(row["part"])} for row in rows.values()]


def _who(rows: list[dict[str, Any]], day: date) -> Grid:
    note = "Sources: " + "; ".join(dict.fromkeys(row["source"] for row in rows)) + "." if rows else ""
    columns = _told(WHO, rows)
    return Grid("who", f"Who does what for you on {shown(day)}", columns, rows, "We do not know.", note)


def _history(rows: list[dict[str, Any]]) -> Grid:
    return Grid("history", "Who has decided over time", _told(HISTORY, rows), rows, "We do not know.",
                blanks={"until": "no end yet"})  # fmt: skip


def _told(columns: tuple[Column, ...], rows: list[dict[str, Any]]) -> list[Column]:
    """Columns without the part of the service, where it is the same in all rows."""
    one = len({row["part"] for row in rows}) < 2
    return [c for c in columns if not (one and c.name == "part")]


def _given(register: Register, pss_line: str, day: date, place: Place | None) -> Grid:
    """Providers known to give a service, the nearest first where somebody said where they live."""
    rows = providers_of(register, pss_line, day)
    for row in rows:
        known = place and row["latitude"] is not None and row["longitude"] is not None
        row["miles"] = round(miles(place.at, (row["latitude"], row["longitude"])), 1) if place and known else None
    rows.sort(key=lambda r: (r["miles"] is None, r["miles"] or 0, r["name"]))
    columns = [c for c in _told(GIVEN, rows) if place or c.name != "miles"]
    return Grid("where", "Hospital trusts that may give this service", columns, rows,
                "We have no list of the trusts that give this service.")  # fmt: skip
