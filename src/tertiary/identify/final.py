"""From rule numbers to lines: derived, linked, carried by SUS, submitted, and the one that is used.

Which source counts for which flow is data (`line_basis.csv`): bases are tried in order and the first that gives a
line wins. An explicit exclusion by the official tool ends the search.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from tertiary.identify.pack import Rule
from tertiary.joins import Lookup, attach_all

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine

NOTES = {
    "derived": "the identification rules gave the line",
    "linked": "the line of the hospital record it is linked to",
    "excluded": "the official tool says the activity is not specialised",
    "sus": "no rule held; the line already carried by SUS",
    "submitted": "no rule held; the line the provider submitted",
    "none": "no rule held and no valid line was submitted",
}


@cache
def basis_order() -> dict[str, tuple[str, ...]]:
    """For each flow the bases that may give its line, in order."""
    text = resources.files("tertiary.identify").joinpath("line_basis.csv").read_text(encoding="utf-8")
    order: dict[str, list[tuple[int, str]]] = {}
    for row in csv.DictReader(text.splitlines()):
        order.setdefault(row["flow"], []).append((int(row["rank"]), row["basis"]))
    return {flow: tuple(basis for _, basis in sorted(pairs)) for flow, pairs in order.items()}


@cache
def critical_care_rows() -> tuple[dict[str, str], ...]:
    """How a contract monitoring row shows that it is critical care, and the flow that carries its periods."""
    text = resources.files("tertiary.identify").joinpath("critical_care_rows.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def choose_line(engine: Engine, rows: ir.Table, register: Mapping[str, Any], known: Sequence[Rule]) -> ir.Table:
    """Add rule_id, rule_status, service_line_derived, service_line_final, service_basis and service_note.

    `rows` carry rule_number and rule_tie, their own or their spell's, and linked_number and linked_tie of the record
    they name, which count for the linked flows.
    """
    import ibis

    rules = engine.load("identify_rules", _rule_table(known))
    linked = ibis.ifelse(rows.flow.isin(_flows("linked")), rows.linked_number, ibis.null("int32"))
    rows = rows.mutate(
        rule_number=ibis.coalesce(linked, rows.rule_number),
        rule_tie=ibis.ifelse(linked.notnull(), rows.linked_tie, rows.rule_tie),
        is_linked=linked.notnull(),
    ).drop("linked_number", "linked_tie")
    rows = _attach_listing(engine, rows, rules, register)
    excluded = rows.rule_propagation == "not_specialised"
    derived = ibis.ifelse(
        rows.rule_number.isnull() | excluded,
        "",
        ibis.ifelse(rows.rule_line == "*", rows.service_line_submitted, rows.rule_line),
    ).fill_null("")
    rows = rows.mutate(
        service_line_derived=derived,
        excluded=ibis.coalesce(excluded, False),
        from_rule=rows.rule_number.notnull()
        & (ibis.coalesce(rows.rule_line, "") != "*")
        & ~ibis.coalesce(excluded, False),
    )
    basis = _basis(rows)
    rows = rows.mutate(service_basis=basis)
    line = rows.service_basis.cases(
        ("derived", rows.service_line_derived),
        ("linked", rows.service_line_derived),
        ("sus", rows.service_line_sus),
        ("submitted", rows.service_line_submitted),
        else_="",
    )
    note = rows.service_basis.cases(*NOTES.items(), else_="")
    rows = rows.mutate(service_line_final=line, service_note=note)
    return _tidy(rows)


def _basis(rows: ir.Table) -> ir.Value:
    """The first basis of the flow's order that gives a line."""
    import ibis

    gives = {
        "derived": rows.from_rule & ~rows.is_linked,
        "linked": rows.is_linked & rows.from_rule,
        "sus": rows.sus_is_service,
        "submitted": rows.submitted_is_listed,
        "submitted_any": rows.submitted_is_known,
    }
    orders: dict[tuple[str, ...], list[str]] = {}
    for flow, order in basis_order().items():
        orders.setdefault(order, []).append(flow)
    branches = []
    for order, flows in orders.items():
        chosen: ir.Value = ibis.literal("none")
        for basis in reversed(order):
            chosen = ibis.ifelse(gives[basis], basis.removesuffix("_any"), chosen)
        branches.append((rows.flow.isin(flows), chosen))
    return ibis.cases((rows.excluded, "excluded"), *branches, else_="none")


def _attach_listing(engine: Engine, rows: ir.Table, rules: ir.Table, register: Mapping[str, Any]) -> ir.Table:
    """Add the rule, and whether the submitted and SUS lines are known, and listed as a service on the activity date."""
    import ibis

    kinds = engine.load("identify_lines", register["service_lines"].select(["service_line_code", "code_kind"]))
    status = register["service_line_status"].select(
        ["service_line_code", "delegation_status", "valid_from", "valid_to"]
    )
    listing = engine.load("identify_listing", status)
    listing = listing.filter(listing.delegation_status != "not_listed").rename(listed_status="delegation_status")
    submitted = {"service_line_submitted": "service_line_code"}
    rows = attach_all(
        rows,
        [
            Lookup(rules, ["rule_number"]),
            Lookup(kinds.rename(submitted_kind="code_kind"), submitted),
            Lookup(kinds.rename(sus_kind="code_kind"), {"service_line_sus": "service_line_code"}),
            Lookup(listing, submitted, day="activity_date"),
        ],
    )
    return rows.mutate(
        submitted_is_known=rows.submitted_kind.notnull() & (rows.service_line_submitted != "99999999"),
        submitted_is_listed=ibis.coalesce(rows.submitted_kind == "service", False) & rows.listed_status.notnull(),
        sus_is_service=ibis.coalesce(rows.sus_kind == "service", False),
    )


def _tidy(rows: ir.Table) -> ir.Table:
    """Blank where no rule won; what only this stage needs is dropped."""
    rows = rows.mutate(rule_id=rows.rule_id.fill_null(""), rule_status=rows.rule_status.fill_null(""))
    return rows.drop(
        "rule_number", "is_linked", "rule_line", "rule_propagation", "submitted_kind", "sus_kind",
        "listed_status", "submitted_is_known", "submitted_is_listed", "sus_is_service", "excluded", "from_rule",
    )  # fmt: skip


def _flows(basis: str) -> list[str]:
    return [flow for flow, order in basis_order().items() if basis in order]


def _rule_table(known: Sequence[Rule]) -> Any:
    import pyarrow as pa

    return pa.table(
        {
            "rule_number": pa.array([r.number for r in known], pa.int32()),
            "rule_id": pa.array([r.rule_id for r in known], pa.string()),
            "rule_line": pa.array([r.service_line_code for r in known], pa.string()),
            "rule_status": pa.array([r.status for r in known], pa.string()),
            "rule_propagation": pa.array([r.propagation for r in known], pa.string()),
        }
    )
