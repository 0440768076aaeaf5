"""The pages, as people read them: rendered here, whole without script."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tertiary.errors import RunError, TertiaryError
from tertiary.publish.methods import methods
from tertiary.show import label
from tertiary.web.answers import DIMENSIONS, Answers
from tertiary.web.people import COOKIE, HOLDS, PUBLIC, Person, account_of, demo_people, roles, signed
from tertiary.web.scope import ForbiddenError

if TYPE_CHECKING:
    from jinja2 import Environment

pages = APIRouter(include_in_schema=False)
NAVIGATION = (
    ("/", "Overview"), ("/services", "Services"), ("/ledger", "Ledger"), ("/register", "Register"),
    ("/method", "Method and sources"),
)  # fmt: skip
# what the ledger is totalled by unless an address says otherwise
USUAL = ("service_line_final",)
MOST_DIMENSIONS = 3
WORDS = {
    "population_icb": "Population (ICB)", "payer_code": "Payer", "payer_kind": "Kind of payer",
    "service_line_final": "Service line", "pss_line": "Manual line", "npoc_code": "Programme of care",
    "provider_code": "Provider", "point_of_delivery": "Point of delivery", "component": "Component",
    "delegation_status": "Delegation", "financial_year": "Year", "financial_month": "Month", "flow": "Flow",
    "records": "Records", "quantity": "Activity", "price_submitted": "Submitted (£)", "price_expected": "Expected (£)",
}  # fmt: skip


def person_of(request: Request) -> Person:
    """Who asks: as the signed cookie says in development, else anybody."""
    account = account_of(request.cookies.get(COOKIE, ""), request.app.state.secret)
    if not request.app.state.settings.demo:
        return PUBLIC
    return demo_people().get(account, PUBLIC)


def answers_of(request: Request) -> Answers:
    """The run that the address asks for, else the first."""
    known: Mapping[str, Answers] = request.app.state.answers
    name = request.query_params.get("run") or next(iter(known))
    if name not in known:
        raise RunError(f"There is no run {name!r} here. Runs: {', '.join(known)}.")
    return known[name]


@pages.get("/")
def overview(request: Request) -> Response:
    """What arrived, how it ended, and what it comes to."""
    person, asked = person_of(request), answers_of(request)
    counts = asked.run.manifest["counts"]
    try:
        totals = asked.ledger(person, ("payer_kind", "delegation_status"), {}).to_pylist()
        arrived = asked.submissions(person).to_pylist() if person.role in ("national", "provider", "region") else []
    except ForbiddenError as error:
        return _page(request, "overview.html", "Overview", withheld=str(error), counts=counts, totals=[], arrived=[])
    return _page(request, "overview.html", "Overview", withheld="", counts=counts, totals=totals, arrived=arrived)


@pages.get("/services")
def services(request: Request, on: date | None = None, find: str = "") -> Response:
    """The prescribed services, and who commissions them on a day."""
    register, day = request.app.state.register, on or date.today()
    wanted = find.strip().casefold()
    rows = [
        row for row in _delegation(register, day)
        if not wanted or wanted in row["service_name"].casefold() or wanted == row["pss_line"].casefold()
    ]  # fmt: skip
    return _page(request, "services.html", "Services", rows=rows, on=day.isoformat(), find=find)


@pages.get("/ledger")
def ledger(request: Request) -> Response:
    """What was spent, sliced and totalled as the address says; also as CSV."""
    person, asked, query = person_of(request), answers_of(request), request.query_params
    by = [name for name in query.getlist("by") if name] or list(USUAL)
    if len(by) > MOST_DIMENSIONS:
        raise RunError(f"The ledger is totalled by {MOST_DIMENSIONS} columns at most; {len(by)} were asked for.")
    only = {name: query[name] for name in DIMENSIONS if query.get(name)}
    found = asked.ledger(person, by, only)
    if query.get("format") == "csv":
        return _csv(found.to_pylist(), found.column_names, label(asked.run))
    rows = found.to_pylist()
    links = [_deeper(query.multi_items(), by, row) for row in rows]
    choices = [(name, WORDS[name]) for name in DIMENSIONS]
    download = "?" + urlencode([*[(k, v) for k, v in query.multi_items() if k != "format"], ("format", "csv")])
    return _page(
        request, "ledger.html", "Ledger", by=by, only=only, rows=rows, links=links, choices=choices, download=download,
        columns=found.column_names, words=WORDS,
    )  # fmt: skip


@pages.get("/register")
def register(request: Request, table: str = "icbs", on: date | None = None, find: str = "") -> Response:
    """Any small table of the register, as it holds on a day."""
    from tertiary.register.validity import holds

    known = request.app.state.register
    names = sorted(known.tables())
    if table not in names:
        raise TertiaryError(f"The register has no table {table!r}. Choose one of the list.")
    rows = known[table]
    if on is not None and {"valid_from", "valid_to"} <= set(rows.column_names):
        rows = holds(rows, on)
    wanted = find.strip().casefold()
    shown: list[dict[str, Any]] = []
    for row in rows.slice(0, 50_000).to_pylist():
        if not wanted or any(wanted in str(value).casefold() for value in row.values()):
            shown.append(row)
        if len(shown) == 200:
            break
    return _page(
        request, "register.html", "Register", names=names, table=table, on=on.isoformat() if on else "", find=find,
        rows=shown, columns=rows.column_names, total=rows.num_rows,
    )  # fmt: skip


@pages.get("/method")
def method(request: Request) -> Response:
    """How each figure is worked out, where the rule is from and how sure it is."""
    return _page(request, "method.html", "Method and sources", rows=methods())


@pages.get("/sign-in")
def sign_in(request: Request) -> Response:
    """Choose who to be, in the development mode."""
    if not request.app.state.settings.demo:
        raise TertiaryError("There are no demonstration people on this server.")
    people = [{"person": p, "meaning": roles()[p.role]["meaning"]} for p in demo_people().values()]
    return _page(request, "sign_in.html", "Choose who to be", people=people)


@pages.post("/sign-in")
async def signed_in(request: Request) -> Response:
    """Be somebody of the development mode. A form of this site only: see the origin."""
    form = await request.form()
    account = str(form.get("account", ""))
    if not request.app.state.settings.demo or account not in demo_people():
        raise TertiaryError("There is nobody of that name. Choose one of the list.")
    if request.headers.get("origin", str(request.base_url).rstrip("/")) != str(request.base_url).rstrip("/"):
        raise ForbiddenError("The form came from another site.")
    answer = RedirectResponse("/", status_code=303)
    cookie = signed(account, request.app.state.secret)
    answer.set_cookie(
        COOKIE, cookie, max_age=HOLDS, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return answer


@pages.get("/health")
def health() -> Response:
    """Whether the server answers."""
    return JSONResponse({"status": "up"})


def failure(request: Request, status: int, words: str) -> Response:
    """What went wrong, as a page or as JSON, as it was asked for."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": words}, status_code=status)
    return _page(request, "failure.html", "This could not be done", status_code=status, words=words)


def _page(request: Request, template: str, heading: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    state = request.app.state
    first = next(iter(state.answers.values()))
    text = _templates().get_template(template).render(
        heading=heading, navigation=NAVIGATION, path=request.url.path, person=person_of(request),
        organisation=state.settings.organisation, demo=state.settings.demo, label=label(first.run), **values,
    )  # fmt: skip
    return HTMLResponse(text, status_code=status_code)


@cache
def _templates() -> Environment:
    from jinja2 import ChainableUndefined, Environment, PackageLoader, select_autoescape

    made = Environment(
        loader=PackageLoader("tertiary.web", "templates"), autoescape=select_autoescape(default=True),
        undefined=ChainableUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters["pounds"] = lambda value: f"£{value or 0:,.0f}"
    made.filters["count"] = lambda value: f"{value or 0:,.0f}"
    return made


def _delegation(register: Any, day: date) -> list[dict[str, str]]:
    """Services of the manual with who decides for the population on a day."""
    year = day.year - (day.month < 4)
    column = {2023: "delegation_2023_04", 2024: "delegated_2024_04"}.get(year, "delegated_2025_04")
    rows = register["services"].to_pylist()
    return [
        {"pss_line": r["pss_line"], "service_name": r["service_name"], "npoc": r["npoc"], "crg_name": r["crg_name"],
         "who": "ICBs" if r[column] == "Y" else "NHS England" if year >= 2024 else r[column]}
        for r in rows
    ]  # fmt: skip


def _deeper(given: list[tuple[str, str]], by: list[str], row: Mapping[str, Any]) -> str:
    """The address of a row's own part: its values fixed, totalled by the next column that is free."""
    kept = [(k, v) for k, v in given if k not in ("by", "format", *by)]
    fixed = [(name, str(row[name])) for name in by if row[name] not in ("", None)]
    used = {k for k, _ in [*kept, *fixed]}
    onward = [n for n in ("provider_code", "point_of_delivery", "financial_month", "population_icb") if n not in used]
    return "?" + urlencode([*kept, *fixed, *[("by", n) for n in onward[:1]]]) if fixed and onward else ""


def _csv(rows: list[dict[str, Any]], names: list[str], told: str) -> Response:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*names, "label"])
    writer.writerows([[*[_safe(row[name]) for name in names], told] for row in rows])
    return Response(
        out.getvalue(), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="ledger.csv"'},
    )  # fmt: skip


def _safe(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
