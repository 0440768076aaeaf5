"""The pages, as people read them: rendered here, whole without script."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BeforeValidator

from tertiary.errors import RunError, TertiaryError
from tertiary.publish.methods import methods
from tertiary.register import valid_on
from tertiary.show import label
from tertiary.web.answers import DIMENSIONS, Answers, once
from tertiary.web.delegation import deciders
from tertiary.web.people import COOKIE, HOLDS, PUBLIC, Person, account_of, demo_people, roles, signed
from tertiary.web.scope import ForbiddenError

if TYPE_CHECKING:
    import pyarrow as pa
    from jinja2 import Environment

pages = APIRouter(include_in_schema=False)
NAVIGATION = (
    ("/", "Overview"), ("/services", "Services"), ("/ledger", "Ledger"), ("/register", "Register"),
    ("/method", "Method and sources"),
)  # fmt: skip
# what the ledger is totalled by unless an address says otherwise
USUAL = ("service_line_final",)
MOST_DIMENSIONS = 3
PAGE_ROWS = 500
CSV_ROWS = 100_000
REGISTER_ROWS = 200
SLICE = 20_000
# searches take turns, so that many at once take no more memory than one
_SEARCH = threading.Lock()
# a form sends a date that was left open as a blank
Day = Annotated[date | None, BeforeValidator(lambda value: value or None)]
Text = Annotated[str, Query(max_length=200)]
WORDS = {
    "population_icb": "Population (ICB)", "payer_code": "Payer", "payer_kind": "Kind of payer",
    "service_line_final": "Service line", "pss_line": "Manual line", "npoc_code": "Programme of care",
    "provider_code": "Provider", "point_of_delivery": "Point of delivery", "component": "Component",
    "delegation_status": "Delegation", "financial_year": "Year", "financial_month": "Month", "flow": "Flow",
    "records": "Records", "quantity": "Activity", "price_submitted": "Submitted (£)", "price_expected": "Expected (£)",
}  # fmt: skip
# what a blank says, where it says more than that nothing was told
BLANKS = {"service_line_final": "not specialised"}


def person_of(request: Request) -> Person:
    """Who asks: as the signed cookie says in development, else anybody."""
    account = account_of(request.cookies.get(COOKIE, ""), request.app.state.secret)
    if not request.app.state.settings.demo:
        return PUBLIC
    return demo_people().get(account, PUBLIC)


def answers_of(request: Request, name: str = "") -> Answers:
    """The run of a name, or that the address asks for, else the first."""
    known: Mapping[str, Answers] = request.app.state.answers
    name = name or request.query_params.get("run") or next(iter(known))
    if name not in known:
        raise RunError(f"There is no run {name!r} here. Runs: {', '.join(known)}.")
    return known[name]


@pages.get("/")
def overview(request: Request) -> Response:
    """What arrived, how it ended, and what it comes to."""
    person, asked = person_of(request), answers_of(request)
    counts, runs = asked.counts(person), list(request.app.state.answers)
    withheld = ""
    totals: list[dict[str, Any]] = []
    arrived: list[dict[str, Any]] = []
    try:
        totals = asked.ledger(person, ("payer_kind", "delegation_status"), {}).rows.to_pylist()
        arrived = asked.submissions(person).to_pylist() if person.role in ("national", "provider", "region") else []
    except ForbiddenError as error:
        withheld = str(error)
    return _page(
        request,
        "overview.html",
        "Overview",
        withheld=withheld,
        counts=counts,
        totals=totals,
        arrived=arrived,
        runs=runs,
    )


@pages.get("/services")
def services(request: Request, on: Day = None, find: Text = "") -> Response:
    """The prescribed services, and who decides about them on a day."""
    day, wanted = on or date.today(), find.strip().casefold()
    known, basis = deciders(answers_of(request).register, day)
    rows = [
        row for row in known
        if not wanted or wanted in row["service_name"].casefold() or wanted == row["pss_line"].casefold()
    ]  # fmt: skip
    return _page(request, "services.html", "Services", rows=rows, basis=basis, on=day.isoformat(), find=find)


@pages.get("/ledger")
def ledger(request: Request) -> Response:
    """What was spent, sliced and totalled as the address says; also as CSV."""
    person, asked, query = person_of(request), answers_of(request), request.query_params
    by = list(dict.fromkeys(name for name in query.getlist("by") if name)) or list(USUAL)
    if len(by) > MOST_DIMENSIONS:
        raise RunError(f"The ledger is totalled by {MOST_DIMENSIONS} columns at most; {len(by)} were asked for.")
    only = once((name, value) for name, value in query.multi_items() if name in DIMENSIONS)
    if query.get("format") == "csv":
        found = asked.ledger(person, by, only, limit=CSV_ROWS)
        if found.more:
            raise RunError(f"These are more than {CSV_ROWS:,} rows. Total by fewer columns, or keep to a part.")
        return _csv(found.rows, label(asked.run))
    found = asked.ledger(person, by, only, limit=PAGE_ROWS)
    rows = found.rows.to_pylist()
    links = [_deeper(query.multi_items(), by, row) for row in rows]
    choices = [(name, WORDS[name]) for name in DIMENSIONS]
    download = "?" + urlencode([*[(k, v) for k, v in query.multi_items() if k != "format"], ("format", "csv")])
    return _page(
        request, "ledger.html", "Ledger", by=by, only=only, rows=rows, links=links, choices=choices, download=download,
        columns=found.rows.column_names, words=WORDS, blanks=BLANKS, more=found.more,
        whole=asked.ledger(person, (), only).rows.to_pylist()[0],
    )  # fmt: skip


@pages.get("/register")
def register(request: Request, table: str = "icbs", on: Day = None, find: Text = "") -> Response:
    """Any table of the register, as it holds on a day."""
    known = answers_of(request).register
    names = sorted(known.tables())
    if table not in names:
        raise TertiaryError(f"The register has no table {table!r}. Choose one of the list.")
    rows = _with_text(known[table] if on is None else valid_on(known, table, on), find.strip())
    return _page(
        request, "register.html", "Register", names=names, table=table, on=on.isoformat() if on else "", find=find,
        rows=rows.slice(0, REGISTER_ROWS).to_pylist(), columns=rows.column_names, total=rows.num_rows,
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
    if not _is_of_this_site(request):
        raise ForbiddenError("The form came from another site.")
    form = await request.form()
    account = str(form.get("account", ""))
    if not request.app.state.settings.demo or account not in demo_people():
        raise TertiaryError("There is nobody of that name. Choose one of the list.")
    answer = RedirectResponse("/", status_code=303)
    cookie = signed(account, request.app.state.secret)
    answer.set_cookie(
        COOKIE, cookie, max_age=HOLDS, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return answer


def _is_of_this_site(request: Request) -> bool:
    """What browsers say of where a form was; programs, which carry nobody's cookies, say nothing."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    return origin in (None, f"{request.url.scheme}://{request.url.netloc}") and site in (None, "same-origin", "none")


@pages.get("/health")
def health() -> Response:
    """Whether the server answers."""
    return JSONResponse({"status": "up"})


def failure(request: Request, status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    """What went wrong, as a page or as JSON, as it was asked for."""
    answer: Response = JSONResponse({"error": words})
    if not request.scope["path"].startswith("/api/"):
        answer = _page(request, "failure.html", "This could not be done", words=words)
    answer.status_code = status
    answer.headers.update(headers or {})
    return answer


def _page(request: Request, template: str, heading: str, **values: Any) -> HTMLResponse:
    state = request.app.state
    name = request.query_params.get("run", "")
    if name not in state.answers:
        name = next(iter(state.answers))
    chosen = name if len(state.answers) > 1 else ""
    text = _templates().get_template(template).render(
        heading=heading, navigation=NAVIGATION, path=request.scope["path"], person=person_of(request),
        organisation=state.settings.organisation, demo=state.settings.demo, label=label(state.answers[name].run),
        run=chosen, onward=f"?{urlencode({'run': chosen})}" if chosen else "", **values,
    )  # fmt: skip
    return HTMLResponse(text)


@cache
def _templates() -> Environment:
    from jinja2 import ChainableUndefined, Environment, PackageLoader, select_autoescape

    made = Environment(
        loader=PackageLoader("tertiary.web", "templates"), autoescape=select_autoescape(default=True),
        undefined=ChainableUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters["pounds"] = lambda value: "not known" if value is None else f"£{value:,.0f}"
    made.filters["count"] = lambda value: "not known" if value is None else f"{value:,.0f}"
    return made


def _with_text(rows: pa.Table, wanted: str) -> pa.Table:
    """Rows of which any column holds a text, in capitals or not; a slice at a time, for all columns become text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not wanted:
        return rows
    kept = []
    with _SEARCH:
        for part in rows.to_batches(max_chunksize=SLICE):
            found = pa.repeat(pa.scalar(False), part.num_rows)
            for column in part.columns:
                holds = pc.match_substring(column.cast(pa.string()), wanted, ignore_case=True)
                found = pc.or_(found, pc.fill_null(holds, False))
            kept.append(part.filter(found))
    return pa.Table.from_batches(kept, rows.schema)


def _deeper(given: list[tuple[str, str]], by: list[str], row: Mapping[str, Any]) -> str:
    """The address of a row's own part: its values fixed, blank ones too, totalled by the next column that is free."""
    kept = [(k, v) for k, v in given if k not in ("by", "format", *by)]
    fixed = [(name, str(row[name])) for name in by if row[name] is not None]
    used = {k for k, _ in [*kept, *fixed]}
    onward = [n for n in ("provider_code", "point_of_delivery", "financial_month", "population_icb") if n not in used]
    return "?" + urlencode([*kept, *fixed, ("by", onward[0])]) if len(fixed) == len(by) and onward else ""


def _csv(rows: pa.Table, told: str) -> Response:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*rows.column_names, "label"])
    writer.writerows([*map(_safe, row.values()), _safe(told)] for row in rows.to_pylist())
    return Response(
        out.getvalue(), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="ledger.csv"'},
    )  # fmt: skip


def _safe(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else value
