"""How a view is answered: as a page, or as the file that the address asks for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from markupsafe import Markup, escape

from tertiary.errors import RunError, TertiaryError
from tertiary.publish import charts
from tertiary.sheets import shipped
from tertiary.show import label
from tertiary.web import downloads
from tertiary.web.access import give_session, person_of, token_of
from tertiary.web.answers import Answers
from tertiary.web.names import named, spoken, words_of
from tertiary.web.people import PUBLIC, roles
from tertiary.web.views import Grid, View

if TYPE_CHECKING:
    from jinja2 import Environment

# values of an address that ask for a file: its kind, which table or chart, and whether with exact figures
FILE, OF, EXACT = "format", "of", "exact"
FORMATS = ("csv", "xlsx", "png", "svg", "vega")
NOT_KNOWN = "not known"
INSIDE = "EXACT FIGURES for use inside your organisation: not to be published or passed on."
LOG = logging.getLogger(__name__)
# kinds of column that stand to the right
NUMBERS = ("money", "number", "whole", "share")


def answers_of(request: Request, name: str = "") -> Answers:
    """The run of a name, or that the address asks for, else the first."""
    known: Mapping[str, Answers] = request.app.state.answers
    name = name or request.query_params.get("run") or next(iter(known))
    if name not in known:
        raise RunError(f"There is no run {name!r} here. Runs: {', '.join(known)}.")
    return known[name]


def answer(request: Request, view: View) -> Response:
    """A view as the address asks for it: ?format= one of FORMATS, of=NAME of a table or chart; else as a page.

    Files leave the house: tables that count people are treated by the server's disclosure rule, unless exact=yes says
    that the figures stay inside; such a file says so, and that it was made is logged.
    """
    query = request.query_params
    kind, name = query.get(FILE, ""), query.get(OF, "")
    if view.grids:
        known, told_as = answers_of(request).known(person_of(request)), named if kind else spoken
        view = replace(view, grids=[told_as(grid, known) for grid in view.grids])
    if not kind:
        return page(request, view)
    told = view.label or label(answers_of(request).run)
    tables, pictures = {grid.name: grid for grid in view.grids}, {chart.name: chart for chart in view.charts}
    parts: Mapping[str, object] = tables if kind in ("csv", "xlsx") else pictures
    if kind not in FORMATS or not parts or (name and name not in parts):
        raise TertiaryError(f"This page has nothing of that name as {kind!r}. Follow a link of the page.")
    chosen = name or next(iter(parts))
    if kind == "vega":
        return JSONResponse(pictures[chosen].spec)
    if kind in downloads.PICTURES:
        return downloads.as_picture(pictures[chosen], kind)
    given = [tables[chosen]] if name or kind == "csv" else list(tables.values())
    if any(grid.tells_of_people for grid in given):
        if query.get(EXACT) == "yes":
            told = f"{told} {INSIDE}"
            LOG.info("exact figures of %s as %s for %s", request.scope["path"], kind, person_of(request).account)
        else:
            # a workbook of all tables goes without those that only stay inside
            given = [grid for grid in given if not grid.inside] or given
            given = [downloads.released(grid, request.app.state.settings.disclosure) for grid in given]
    return downloads.as_csv(given[0], told) if kind == "csv" else downloads.as_workbook(given, told, chosen)


def page(request: Request, view: View) -> HTMLResponse:
    """A view as a page."""
    state = request.app.state
    name = request.query_params.get("run", "")
    if name not in state.answers:
        name = next(iter(state.answers))
    run, chosen = state.answers[name].run, name if len(state.answers) > 1 else ""
    asked = [(k, v) for k, v in request.query_params.multi_items() if k not in (FILE, OF, EXACT)]
    person = person_of(request)

    def address(**more: object) -> str:
        """This page's own address with some values changed or added; a blank takes one away."""
        kept = [(k, v) for k, v in asked if k not in more]
        return "?" + urlencode([*kept, *((k, v) for k, v in more.items() if v)])

    text = _templates().get_template(view.template).render(
        heading=view.heading, navigation=_navigation(person.role),
        below=_navigation(person.role, "footer"), path=request.scope["path"], person=person,
        organisation=state.settings.organisation, demo=state.settings.demo, is_signed_on=person.role != PUBLIC.role,
        role=roles()[person.role]["name"], label=view.label or label(run), run=chosen,
        onward=f"?{urlencode({'run': chosen})}" if chosen else "", address=address,
        token=lambda: token_of(request), draws=charts.draws(), grids={g.name: g for g in view.grids},
        charts={c.name: c for c in view.charts},
        **view.values,
    )  # fmt: skip
    made = HTMLResponse(text)
    give_session(request, made)
    return made


def failure(request: Request, status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    """What went wrong, as a page or as JSON, as it was asked for."""
    made: Response = JSONResponse({"error": words})
    if not request.scope["path"].startswith("/api/"):
        made = page(request, View("This could not be done", "failure.html", values={"words": words}))
    made.status_code = status
    made.headers.update(headers or {})
    return made


@cache
def _navigation(role: str, place: str = "menu") -> tuple[tuple[str, str], ...]:
    """Addresses and names of the pages that a role finds in a place of each page: its menu or its footer."""
    lines = shipped("tertiary.web", "pages.csv", TertiaryError)
    return tuple(
        (x.text("address"), x.text("name"))
        for x in lines
        if x.text("place") == place and role not in x.codes("not_for")
    )


def may_open(role: str) -> frozenset[str]:
    """Addresses of the pages that a role finds."""
    return frozenset(address for place in ("menu", "footer") for address, _ in _navigation(role, place))


def shown(value: Any, kind: str = "text", pence: bool = False) -> str:
    """A value as people read it."""
    if value is None:
        return NOT_KNOWN
    if kind == "money":
        amount = f"{abs(value):,.2f}" if pence else f"{abs(value):,.0f}"
        return f"−£{amount}" if value < 0 and amount.strip("0.,") else f"£{amount}"
    if kind == "whole":
        return _signed(f"{value:,.0f}")
    if kind == "number":
        return _signed(f"{value:,.0f}" if value == int(value) else f"{value:,.3f}".rstrip("0").rstrip("."))
    if kind == "share":
        return _signed(f"{100 * value:.1f}%")
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    return str(value)


def cells(grid: Grid, place: int) -> Markup:
    """The cells of a row of a table; here and not in the template, which takes three times as long for many cells."""
    row, made = grid.rows[place], []
    for at, column in enumerate(grid.columns):
        value, is_number = row.get(column.name), column.kind in NUMBERS
        if value is None or value == "":
            text = escape(grid.blanks.get(column.name, NOT_KNOWN if is_number else "not told"))
        else:
            text = escape(shown(value, column.kind, grid.pence))
        links = grid.cell_links.get(column.name) if at else grid.links
        if links and links[place]:
            text = Markup('<a href="{}">{}</a>').format(links[place], text)
        kind = " app-number" if is_number else " app-day" if at and column.kind == "day" else ""
        start, end = (
            (f'<td class="nhsuk-table__cell{kind}">', "</td>")
            if at
            else (f'<th scope="row" class="nhsuk-table__header{kind}">', "</th>")
        )
        made.append(f"{start}{text}{end}")
    return Markup("".join(made))


def _signed(figure: str) -> str:
    """With the sign that stands before money too, and none before nothing."""
    return figure.replace("-", "−" if figure.strip("-0.,%") else "")


@cache
def _templates() -> Environment:
    from jinja2 import ChainableUndefined, Environment, PackageLoader, select_autoescape

    made = Environment(
        loader=PackageLoader("tertiary.web", "templates"), autoescape=select_autoescape(default=True),
        undefined=ChainableUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters["shown"] = shown
    made.filters["pounds"] = lambda value: shown(value, "money")
    made.filters["count"] = lambda value: shown(value, "whole")
    made.filters["day"] = lambda text: shown(date.fromisoformat(text[:10]))
    made.filters["said"] = lambda value, column: words_of(column, value)
    made.globals |= {"NUMBERS": NUMBERS, "cells": cells}
    return made
