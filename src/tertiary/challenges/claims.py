"""The tests behind the rules: which charges of a run are questioned, and how many pounds of each.

Every test is an expression over the charges that it is about, with what should have come in words (expected) and, where
only a part of the charge is questioned, its pounds (above). A check that the run has made already is taken from its
findings and not made again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tertiary.challenges.files import handover_table
from tertiary.challenges.rules import Rule
from tertiary.joins import Lookup, attach, attach_all
from tertiary.portable import product

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine

# wider than a price: Ibis leaves out a cast to the type it takes a difference of prices to have already
MONEY = "decimal(30, 8)"
PRICE = "decimal(26, 8)"
NOT_SPECIALISED = "99999999"
# the value of a rule that questions the whole charge, and the party of one for the budget that was charged
WHOLE = "price"
CHARGED = "charged"
HOSPITAL = ("apc_episode", "apc_spell", "op")


@dataclass(frozen=True)
class Facts:
    """What the tests read. `charges`: counted records with a price above 0, and what only `activity` knows of them.

    `handovers` (optional): see `files.read_handovers`.
    """

    engine: Engine
    charges: ir.Table
    tables: Mapping[str, ir.Table]
    register: Mapping[str, Any]
    handovers: pa.Table | None = None


def claims(facts: Facts, rule: Rule) -> ir.Table:
    """What a rule questions: one row a record; key record_id."""
    rows = TESTS[rule.kind](facts, rule)
    value = rows.price_submitted if rule.value == WHOLE else rows.above
    found = rows.select("record_id", value=value.cast(MONEY), expected=rows.expected)
    return found.filter(found.value > 0)


def _finding(facts: Facts, rule: Rule) -> ir.Table:
    """Charges of which the run has a finding already; questioned for whoever was charged, unless that body pays."""
    rows = facts.charges.join(_found(facts, rule), "record_id")
    return rows.filter(rows.charged_code != rows.payer_code) if rule.party == CHARGED else rows


def _found(facts: Facts, rule: Rule) -> ir.Table:
    findings = facts.tables["findings"]
    rows = findings.filter(findings.rule_id.isin(rule.codes("rules")))
    if levels := rule.codes("level"):
        rows = rows.filter(rows.level.isin(levels))
    return rows.group_by("record_id").aggregate(expected=rows.expected.min())


def _repeated(facts: Facts, rule: Rule) -> ir.Table:
    """All but the first of the charges that agree in the keys, in the order of the provider's own identifiers.

    A row of the same keys below 0 takes one charge back, so that one more is allowed.
    """
    import ibis

    rows = facts.charges
    for column in rule.codes("filled"):
        rows = rows.filter(rows[column] != "")
    if components := rule.codes("component"):
        rows = rows.filter(rows.component.isin(components))
    window = ibis.window(group_by=rule.codes("keys"), order_by=["source_id", "record_id"])
    rows = rows.mutate(place=ibis.row_number().over(window), first=rows.source_id.first().over(window))
    records = facts.tables["records"]
    back = records.filter(records.fate == "accepted", records.counted, records.price_submitted < 0)
    back = back.group_by(rule.codes("keys")).aggregate(taken_back=back.count())
    rows = attach(rows, back, rule.codes("keys"))
    rows = rows.filter(rows.place > rows.taken_back.fill_null(0))
    said = ibis.literal("one charge; the first is ") + rows.first
    return rows.mutate(expected=said)


def _drug_again(facts: Facts, rule: Rule) -> ir.Table:
    """Supplies fewer than `days` days after an equal one."""
    import ibis

    rows = facts.charges
    rows = rows.filter(rows.component == "drug", rows.patient_id != "", rows.drug_code != "")
    window = ibis.window(group_by=rule.codes("keys"), order_by=["activity_date", "source_id", "record_id"])
    rows = rows.mutate(before=rows.activity_date.lag().over(window))
    rows = rows.mutate(gap=rows.activity_date.delta(rows.before, unit="day"))
    rows = rows.filter(rows.before.notnull(), rows.gap < int(rule.number("days")))
    said = ibis.literal("no equal supply within ") + str(int(rule.number("days"))) + " days; the last was on "
    return rows.mutate(expected=said + rows.before.cast("string"))


def _not_specialised(facts: Facts, rule: Rule) -> ir.Table:
    """Submitted as specialised, though the hospital record does not meet the rules of the line.

    Either the method excludes it, or no list of the year has the line, or the hospital record it names was tested by
    rules of that very line and met none. A rule that only lacks its provider list speaks for the provider.
    """
    import ibis

    rows = _claimed_lines(facts)
    rows = rows.filter(rows.code_kind.isnull() | (rows.code_kind == "service"))
    refused = rows.service_basis.isin(["excluded", "none"])
    flat = rows.filter(refused).select("record_id", "price_submitted")
    tested = _untold(facts, rows.filter(rows.service_basis == "submitted"))
    both = ibis.union(flat, tested.select("record_id", "price_submitted"))
    return both.mutate(expected=ibis.literal("not specialised"))


def _untold(facts: Facts, rows: ir.Table) -> ir.Table:
    """Of `rows`, those whose hospital record was tested by rules of the submitted line and met none of any line."""
    from tertiary.identify.final import critical_care_rows

    # priced apart from the spell that its identifier names
    for care in critical_care_rows():
        rows = rows.filter(
            (rows.point_of_delivery != care["point_of_delivery"]) & ~rows.hrg.startswith(care["hrg_prefix"])
        )
    records, activity, reasons = (facts.tables[n] for n in ("records", "activity", "reasons"))
    named = activity.filter(activity.flow.isin(HOSPITAL), activity.fate == "accepted", activity.cds_unique_id != "")
    named = named.select("record_id", "provider_code", "cds_unique_id")
    lines = records.select("record_id", "service_line_derived")
    asked = reasons.select("record_id", "setting", "would_match")
    named = named.join(lines, "record_id").join(asked, "record_id")
    named = named.group_by("provider_code", "cds_unique_id").aggregate(
        setting=named.setting.max(),
        has_line=(named.service_line_derived != "").any(),
        silent=(named.would_match != "").any(),
    )
    named = named.filter(~named.has_line, ~named.silent)
    rows = rows.filter(rows.cds_unique_id != "").join(named, ["provider_code", "cds_unique_id"])
    testable = facts.engine.load("challenge_testable", _testable(facts.register))
    return rows.semi_join(
        testable, [rows.service_line_submitted == testable.service_line_code, rows.setting == testable.setting]
    )


def _testable(register: Mapping[str, Any]) -> pa.Table:
    """Lines and settings of which some rule has clauses. Key: service_line_code and setting."""
    import pyarrow as pa

    with_clauses = set(register["rule_clauses"]["rule_id"].to_pylist())
    rules = register["identification_rules"].select(["rule_id", "service_line_code", "setting"]).to_pylist()
    found = sorted({(r["service_line_code"], r["setting"]) for r in rules if r["rule_id"] in with_clauses})
    return pa.table(
        {
            "service_line_code": pa.array([line for line, _ in found], pa.string()),
            "setting": pa.array([setting for _, setting in found], pa.string()),
        }
    )


def _other_line(facts: Facts, rule: Rule) -> ir.Table:
    """Submitted as one specialised line where the rules gave another."""
    rows = _claimed_lines(facts)
    rows = rows.filter(
        rows.service_basis.isin(["derived", "linked"]), rows.service_line_final != rows.service_line_submitted
    )
    return rows.mutate(expected=rows.service_line_final)


def _claimed_lines(facts: Facts) -> ir.Table:
    rows = facts.charges
    return rows.filter(rows.service_line_submitted != "", rows.service_line_submitted != NOT_SPECIALISED)


def _not_listed(facts: Facts, rule: Rule) -> ir.Table:
    """The provider is on no list that the rules of the submitted line name, all of which are loaded."""
    import ibis

    members = facts.engine.load("challenge_members", _members(facts.register))
    lines = members.select("service_line_code").distinct()
    rows = _claimed_lines(facts)
    rows = rows.semi_join(lines, rows.service_line_submitted == lines.service_line_code)
    rows = rows.anti_join(
        members,
        [
            rows.service_line_submitted == members.service_line_code,
            rows.provider_code == members.provider_code,
            members.valid_from.isnull() | (members.valid_from <= rows.activity_date),
            members.valid_to.isnull() | (rows.activity_date < members.valid_to),
        ],
    )
    return rows.mutate(expected=ibis.literal("a provider on the list of the service"))


def _members(register: Mapping[str, Any]) -> pa.Table:
    """Providers by line, of lines whose every rule names a list and whose lists are all loaded for the line.

    One row a line, list, provider and interval. A provider that is listed for a site only counts as listed.
    """
    import pyarrow as pa

    listed: dict[str, list[dict[str, Any]]] = {}
    for row in register["provider_lists"].to_pylist():
        listed.setdefault(row["list_name"], []).append(row)
    asked: dict[str, set[str]] = {}
    for rule in register["identification_rules"].select(["service_line_code", "provider_list"]).to_pylist():
        asked.setdefault(rule["service_line_code"], set()).add(rule["provider_list"] or "")
    names = ("provider_code", "valid_from", "valid_to")
    made = []
    for line, lists in sorted(asked.items()):
        of_lists = [[r for r in listed.get(n, ()) if r["service_line_code"] in ("", None, line)] for n in sorted(lists)]
        if all(of_lists):
            made += [{"service_line_code": line, **{n: r[n] for n in names}} for rows in of_lists for r in rows]
    kinds = {"valid_from": pa.date32(), "valid_to": pa.date32()}
    schema = pa.schema([(n, kinds.get(n, pa.string())) for n in ("service_line_code", *names)])
    return pa.Table.from_pylist(made, schema=schema)


def _no_contract(facts: Facts, rule: Rule) -> ir.Table:
    """The method ends at a box that names nobody to pay."""
    import ibis

    rows = facts.charges
    rows = rows.filter(rows.payer_kind == "none", rows.assignment_box.isin(rule.codes("boxes")))
    return rows.mutate(expected=ibis.literal("a provider with a contract"))


def _price(facts: Facts, rule: Rule) -> ir.Table:
    """Charges above the expected price by more than both amounts of materiality."""
    import ibis

    rows = facts.charges
    rows = rows.filter(rows.price_basis.isin(rule.codes("bases")))
    rows = rows.mutate(above=rows.price_submitted - rows.price_expected.cast(PRICE))
    pounds, share = (ibis.literal(rule.number(n)).cast("decimal(18, 6)") for n in ("pounds", "share"))
    least = product(rows.price_expected, share)
    rows = rows.filter(rows.above > pounds, rows.above > least)
    return rows.mutate(expected=rows.price_expected.cast("string"))


def _total(facts: Facts, rule: Rule) -> ir.Table:
    """Of charges whose total the run found wrong: what lies above unit price times quantity, with market forces."""
    import ibis

    found = _found(facts, rule).drop("expected")
    forces = facts.engine.load(
        "challenge_forces", facts.register["market_forces"].select(["provider_code", "financial_year", "factor"])
    )
    rows = attach(facts.charges.semi_join(found, "record_id"), forces, ["provider_code", "financial_year"])
    factor = ibis.greatest(rows.factor.fill_null(1).cast("decimal(7, 6)"), ibis.literal(1).cast("decimal(7, 6)"))
    # operands wide enough that no product is kept in 18 digits
    plain = product(rows.unit_price_submitted.cast("decimal(19, 4)"), rows.quantity).cast("decimal(24, 7)")
    rows = rows.mutate(most=product(plain, factor).cast(PRICE))
    return rows.mutate(above=rows.price_submitted - rows.most, expected=rows.most.cast("decimal(20, 2)").cast("string"))


def _supply_route(facts: Facts, rule: Rule) -> ir.Table:
    """Devices of the national route that the provider bought itself after the handover, without an exception."""
    import ibis

    categories = facts.engine.load(
        "challenge_devices", facts.register["device_categories"].select(["device_code", "national_supply_route"])
    )
    given = handover_table([]) if facts.handovers is None else facts.handovers
    handovers = facts.engine.load("challenge_handovers", given)
    own = handovers.filter(handovers.provider_code != "")
    own = own.rename(own_date="handover_date", own_exception="exception")
    of_all = handovers.filter(handovers.provider_code == "").drop("provider_code")
    rows = facts.charges
    rows = rows.filter(rows.component == "device", rows.supply_route.isin(rule.codes("routes")))
    rows = attach_all(
        rows,
        [
            Lookup(categories, ["device_code"]),
            Lookup(own, ["provider_code", "device_code"]),
            Lookup(of_all, ["device_code"]),
        ],
    )
    rows = rows.filter(rows.national_supply_route == "Y")
    since = ibis.coalesce(rows.own_date, rows.handover_date, ibis.literal(rule.day("from")))
    excepted = ibis.coalesce(rows.own_exception, rows.exception, ibis.literal("")) == "Y"
    rows = rows.mutate(since=since).filter(~excepted, rows.activity_date >= since)
    return rows.mutate(
        expected=ibis.literal("the national supply route since ") + rows.since.cast("string"),
    )


TESTS: Mapping[str, Callable[[Facts, Rule], ir.Table]] = {
    "finding": _finding,
    "repeated": _repeated,
    "drug_again": _drug_again,
    "not_specialised": _not_specialised,
    "other_line": _other_line,
    "not_listed": _not_listed,
    "no_contract": _no_contract,
    "price": _price,
    "total": _total,
    "supply_route": _supply_route,
}
