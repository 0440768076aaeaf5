"""All that the register knows of one service, as tables and a timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from tertiary.publish.workbook import Column
from tertiary.register import valid_on
from tertiary.web.delegation import deciders, functions_of, headings, holders, parts, regions, statements
from tertiary.web.providers import lists_of, providers_of
from tertiary.web.timeline import timeline, timeline_chart
from tertiary.web.views import Chart, Grid

if TYPE_CHECKING:
    from tertiary.register import Register

TOLD = ("pss_line", "service_name", "npoc", "crg_name", "highly_specialised", "notes", "source", "confidence")
HOLDERS = (Column("region", "Region"), *(Column(name, heading) for name, heading in headings().items()))
TIMES = (
    Column("does", "Function"), Column("where", "Where"), Column("valid_from", "From", "day"),
    Column("valid_to", "Until", "day"), Column("who", "Who"), Column("status", "Status"),
    Column("about", "Codes meant"), Column("legal_basis", "Basis"), Column("source", "Source"),
    Column("confidence", "Confidence"),
)  # fmt: skip
CODES = (
    Column("service_line_code", "Code"), Column("name", "Name"), Column("code_kind", "Kind"),
    Column("financial_year", "Year"), Column("delegation_status", "Status"), Column("basis", "Basis"),
    Column("confidence", "Confidence"),
)  # fmt: skip
RULES = (
    Column("rule_id", "Rule"), Column("service_line_code", "Code"), Column("setting", "Setting"),
    Column("words", "A record is this service when"), Column("provider_list", "Provider list"),
    Column("status", "Status"), Column("confidence", "Confidence"), Column("source", "Source"),
)  # fmt: skip
PRICES = (
    Column("code", "Code"), Column("name", "Name"), Column("kind", "Price"), Column("financial_year", "Year"),
    Column("amount", "Amount (£)", "money"), Column("rate", "Top-up", "share"), Column("provider", "Provider"),
    Column("source", "Source"), Column("confidence", "Confidence"),
)  # fmt: skip
PROVIDERS = (
    Column("provider_code", "Code"), Column("name", "Provider"), Column("part", "Part of the service"),
    Column("source", "Source"), Column("confidence", "Confidence"),
)  # fmt: skip
MOST_PRICES = 500


@dataclass(frozen=True)
class Facts:
    """A service, a few lines about it, and its tables and charts."""

    service: dict[str, str]
    summary: Sequence[tuple[str, str]]
    grids: Sequence[Grid]
    charts: Sequence[Chart]


def facts_of(register: Register, pss_line: str, day: date, told: str) -> Facts | None:
    """What is known of a service on a day; `told` is the label for its chart. None when the manual has no such line."""
    found = [r for r in register["services"].to_pylist() if r["pss_line"] == pss_line]
    if not found:
        return None
    service = {name: found[0][name] for name in TOLD}
    who = {row["pss_line"]: row for row in deciders(register, day)[0]}.get(pss_line)
    summary = [
        ("Number in the manual", pss_line), ("Programme of care", service["npoc"] or "not known"),
        ("Clinical reference group", service["crg_name"] or "not known"),
        ("Highly specialised", {"Y": "yes", "N": "no"}.get(service["highly_specialised"], "not known")),
        ("Who decides", who["who"] if who else "not known on this day"), ("Notes", service["notes"]),
        ("Source", service["source"]), ("Confidence", service["confidence"]),
    ]  # fmt: skip
    times = timeline(register, pss_line)
    grids = [
        _holders(register, pss_line, day),
        Grid("timeline", "Who did what, from 2013 on", TIMES, times, "No code of this service is in a list.",
             "A row that has no end goes on until a draft is enacted. Drafts are not in force.",
             blanks={"valid_to": "no end", "legal_basis": "not told"}),
        _codes(register, pss_line), _rules(register, pss_line, day), _providers(register, pss_line, day),
        _prices(register, pss_line, day),
    ]  # fmt: skip
    charts = [timeline_chart(times, service["service_name"], (told,))] if times else []
    return Facts(service, [(k, v) for k, v in summary if v], grids, charts)


def _holders(register: Register, pss_line: str, day: date) -> Grid:
    """Who performs each function on a day, a row a region, bodies by name where the register knows them."""
    codes = parts(register, day).get(pss_line)
    said = statements(register, day) if codes else []
    rows = [
        {"region": name, **functions_of(codes or {}, holders(said, code))}
        for code, name in regions(register).items()
        if said
    ]
    title = f"Who does what on {day.day} {day:%B %Y}, by region where people live"
    return Grid("holders", title, HOLDERS, rows, "Nothing is known of this day.")


def _codes(register: Register, pss_line: str) -> Grid:
    names = {r["service_line_code"]: r for r in register["service_lines"].to_pylist()}
    members = {r["service_line_code"] for r in register["service_set_members"].to_pylist() if r["pss_line"] == pss_line}
    codes = members | {code for code, r in names.items() if r["pss_line"] == pss_line}
    by_code: dict[str, list[Mapping[str, Any]]] = {}
    for row in register["service_line_status"].to_pylist():
        if row["service_line_code"] in codes:
            by_code.setdefault(row["service_line_code"], []).append(row)
    none = {"financial_year": "", "delegation_status": "", "basis": "", "confidence": ""}
    rows = [
        {**none, **year, "service_line_code": code, "name": names[code]["name"], "code_kind": names[code]["code_kind"]}
        for code in sorted(codes)
        for year in sorted(by_code.get(code, [none]), key=lambda r: r["financial_year"])
    ]
    note = "A list of codes exists from 2024/25 on. Years after the list published last are carried forward."
    return Grid("codes", "Its codes, year by year", CODES, rows, "No code of this service is known.", note,
                blanks={"financial_year": "in no list", "delegation_status": "", "basis": ""})  # fmt: skip


def _rules_on(register: Register, pss_line: str, day: date) -> list[dict[str, Any]]:
    return [r for r in valid_on(register, "identification_rules", day).to_pylist() if r["pss_line"] == pss_line]


def _rules(register: Register, pss_line: str, day: date) -> Grid:
    clauses: dict[str, list[str]] = {}
    for row in register["rule_clauses"].to_pylist():
        clauses.setdefault(row["rule_id"], []).append(row["description"])
    rules = _rules_on(register, pss_line, day)
    rows = [{**rule, "words": "; or ".join(clauses.get(rule["rule_id"], [rule["logic"]]))} for rule in rules]
    note = (
        "The official code lists are not public. Status says whether a rule is official, derived from official "
        "sources, or illustrative: a stand-in."
    )
    return Grid("rules", "How records of it are told", RULES, rows, "No rule is known: such records cannot be told.",
                note, blanks={"provider_list": "any provider"})  # fmt: skip


def _providers(register: Register, pss_line: str, day: date) -> Grid:
    lists = lists_of(register, pss_line, day)
    rows = providers_of(register, pss_line, day)
    none = "No list of providers is known for this service."
    if lists:
        none = f"Its rules name a provider list ({', '.join(sorted(lists))}) that is not loaded, or not open to you."
    return Grid("providers", "Providers known to give it", PROVIDERS, rows, none)


def _prices(register: Register, pss_line: str, day: date) -> Grid:
    """Unit prices of the groups (HRGs) that its rules name, in the last year with prices, and top-ups of its codes."""
    rules = {r["rule_id"] for r in _rules_on(register, pss_line, day)}
    starts = tuple(sorted({
        r["pattern"] for r in register["rule_criteria"].to_pylist()
        if r["rule_id"] in rules and r["dimension"] in ("hrg", "unbundled_hrg") and r["negated"] == "N"
    }))  # fmt: skip
    names = {r["hrg"]: r["name"] for r in register["hrgs"].to_pylist()}
    prices = register["unit_prices"]
    prices = prices.filter(pc.less_equal(prices["valid_from"], day))
    last = pc.max(prices["financial_year"]).as_py() or ""
    prices = prices.filter(pc.equal(prices["financial_year"], last))
    rows = [
        {**r, "code": r["currency_code"], "name": names.get(r["currency_code"], ""), "amount": r["unit_price"],
         "kind": f"{r['price_group'].replace('_', ' ')} ({r['price_status']})", "rate": None, "provider": ""}
        for r in prices.to_pylist() if starts and r["currency_code"].startswith(starts)
    ]  # fmt: skip
    codes = {c for found in parts(register, day).get(pss_line, {}).values() for c in found}
    rows += [
        {**r, "code": r["service_line_code"], "name": r["area"], "amount": None, "kind": "top-up",
         "provider": r["provider_code"]}
        for r in valid_on(register, "top_ups", day).to_pylist() if r["service_line_code"] in codes
    ]  # fmt: skip
    note = f"The last year with unit prices is {last[:4]}/{last[4:]}; before market forces and top-ups." if last else ""
    if len(rows) > MOST_PRICES:
        note += f" The first {MOST_PRICES} of {len(rows):,} are shown; the register has all."
    return Grid("prices", "Prices of the groups that its rules name", PRICES, rows[:MOST_PRICES],
                "No price is known: its rules name no group that has one.", note,
                blanks={"amount": "", "rate": "", "provider": "", "name": ""}, pence=True)  # fmt: skip
