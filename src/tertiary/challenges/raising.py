"""From a run to the challenges of its charges, record by record and as the log keeps them.

Method: the monthly query list between host and provider (format, references, assignment, prices) as data flows and
pricing pages of the field describe it; rules.csv names the source of each rule.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tertiary.challenges.cash import KEY, NO_CONTRACTS, NO_LINE, Cash, line_for
from tertiary.challenges.claims import CHARGED, MONEY, NOT_SPECIALISED, Facts, claims
from tertiary.challenges.parties import with_board
from tertiary.challenges.rules import Rule, Settings
from tertiary.errors import ContractError
from tertiary.joins import attach
from tertiary.portable import product
from tertiary.register.responsibility import NHS_ENGLAND

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine
    from tertiary.runs import Run

FACTS = (
    "rule_id", "provider_code", "host_code", "payer_code", "financial_year", "financial_month", "service_line",
    "component",
)  # fmt: skip
PENNY = Decimal("0.01")
# before the name of a synthetic run in the log
SYNTHETIC = "SYNTHETIC "


@dataclass(frozen=True)
class Raised:
    """What is questioned of a run.

    `records`: key rule_id and record_id; challenge_id, the facts of the challenge, source_id, flow, point_of_delivery,
    commissioner_submitted, price_submitted, value, first_claim, element, rate, cash_effect (null:
    see cash_reason), cash_first_claim, expected, cause. Pounds exact, as submitted. No patient is named.
    `challenges`: key challenge_id, a hash of FACTS; records, value, first_claim, cash_effect, cash_first_claim,
    cash_reason. Pounds to the penny, half to even.
    `covered`: (provider, year, month, component) of which the run holds counted records, at whatever price. `rules`:
    ids that were applied.
    """

    records: pa.Table
    challenges: pa.Table
    covered: frozenset[tuple[str, str, int, str]]
    rules: tuple[str, ...]

    def part(self, rule_id: str, provider_code: str) -> Raised:
        """What is questioned of one provider by one rule; pounds that other rules claim first stay theirs."""
        import pyarrow.compute as pc

        def own(rows: pa.Table) -> pa.Table:
            return rows.filter(
                pc.and_(pc.equal(rows["rule_id"], rule_id), pc.equal(rows["provider_code"], provider_code))
            )

        places = frozenset(place for place in self.covered if place[0] == provider_code)
        rules = tuple(rule for rule in self.rules if rule == rule_id)
        return Raised(own(self.records), own(self.challenges), places, rules)


def raise_challenges(
    run: Run,
    register: Mapping[str, Any],
    settings: Settings | None = None,
    *,
    cash: Cash | None = None,
    causes: pa.Table | None = None,
    handovers: pa.Table | None = None,
) -> Raised:
    """Question the counted charges of a run by the rules of rules.csv.

    `cash`: how contracts pay (`cash.Cash`); without it no cash effect is told. `causes`: record_id and cause, why a
    price differs, shown beside the records. `handovers`: of devices, see `files.read_handovers`. ContractError when a
    setting cannot be used.
    """
    from tertiary.engine import DuckDBEngine

    _check_once("causes", causes, "record_id")
    _check_once("handovers", handovers, "provider_code", "device_code")
    applied = (settings or Settings()).rules()
    with DuckDBEngine() as engine:
        tables = {}
        for name in ("records", "activity", "findings", "reasons"):
            table = run.table(name)
            tables[name] = engine.scan(name, table.paths)
        charges = engine.materialise("challenge_charges", _charges(engine, tables, register))
        facts = Facts(engine, charges, tables, register, handovers)
        rows = engine.materialise("challenge_claims", _claimed(facts, applied))
        rows = _with_cash(engine, _first_claims(rows), cash)
        rows = engine.materialise("challenge_records", _with_causes(engine, rows, causes))
        grouped = _identified(engine.fetch(_grouped(rows)), cash)
        ids = engine.load("challenge_ids", grouped.select([*FACTS, "challenge_id"]))
        ordered = _records(rows.join(ids, list(FACTS)))
        held = tables["records"].filter(tables["records"].fate == "accepted", tables["records"].counted)
        months = held.select("provider_code", "financial_year", "financial_month", "component").distinct()
        covered = frozenset(tuple(r.values()) for r in engine.fetch(months).to_pylist())
        return Raised(engine.fetch(ordered), grouped, covered, tuple(rule.rule_id for rule in applied))


def run_label(run: Run, label: str = "") -> str:
    """What a run is called in the log, which outlives it: `label`, else its folder and a mark of its tables.

    The mark is eight digits of a hash of the names of the table files, which are hashes themselves.
    """
    mark = hashlib.sha256(json.dumps(run.manifest["tables"], sort_keys=True).encode()).hexdigest()[:8]
    return (SYNTHETIC if run.manifest["synthetic"] else "") + (label or f"{run.path.resolve().name}:{mark}")


def challenge_id(facts: Iterable[object]) -> str:
    """Of a challenge with these FACTS: the first 16 digits of their SHA-256. Equal in every run that holds them."""
    return hashlib.sha256("|".join(str(fact) for fact in facts).encode()).hexdigest()[:16]


def _check_once(name: str, given: pa.Table | None, *key: str) -> None:
    """ContractError when a key stands there twice, which would count a record's pounds twice."""
    seen = [tuple(row.values()) for row in given.select(key).to_pylist()] if given is not None else []
    if len(seen) != len(set(seen)):
        twice = next(one for one in seen if seen.count(one) > 1)
        raise ContractError(f"{name} names {' '.join(map(str, twice)).strip()} twice. Keep one line of it.")


def _charges(engine: Engine, tables: Mapping[str, ir.Table], register: Mapping[str, Any]) -> ir.Table:
    """Counted records with a price above 0, with who was charged and who questions it."""
    import ibis

    records, activity = tables["records"], tables["activity"]
    more = activity.select(
        "record_id", "drug_code", "device_code", "supply_route", "unit_price_submitted", "cds_unique_id"
    )
    rows = records.filter(records.fate == "accepted", records.counted, records.price_submitted > 0)
    rows = rows.join(more, "record_id")
    rows = with_board(engine, rows, register, "commissioner_submitted", "charged_code")
    kinds = engine.load("challenge_kinds", register["service_lines"].select(["service_line_code", "code_kind"]))
    rows = attach(rows, kinds, {"service_line_submitted": "service_line_code"})
    is_line = rows.code_kind.notnull() | (rows.service_line_submitted == NOT_SPECIALISED)
    charged = rows.charged_code
    payer = (rows.payer_code != "").ifelse(rows.payer_code, charged)
    host = (rows.contracting_host != "").ifelse(rows.contracting_host, payer)
    board = (charged != "") & (charged != NHS_ENGLAND)
    return rows.mutate(
        payer_by_method=payer,
        host_by_method=host,
        payer_charged=(charged != "").ifelse(charged, payer),
        host_charged=ibis.cases(
            (charged == "", host), (board & (rows.contracting_host != ""), rows.contracting_host), else_=charged
        ),
        # what a provider sent in place of a code may be anything, a patient too
        service_line=ibis.cases(
            (rows.service_line_submitted == "", rows.service_line_final),
            (is_line, rows.service_line_submitted),
            else_="unknown",
        ),
    )


def _claimed(facts: Facts, applied: Iterable[Rule]) -> ir.Table:
    """One row a rule and record, with the facts of its challenge."""
    import ibis

    made: dict[str, ir.Table] = {}
    for rule in applied:
        found = claims(facts, rule)
        for other in rule.codes("unless"):
            if other in made:
                found = found.anti_join(made[other], "record_id")
        made[rule.rule_id] = facts.engine.materialise(f"challenge_{rule.rule_id}", found)
    parts = [_of_rule(facts.charges.join(made[rule.rule_id], "record_id"), rule) for rule in applied]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _of_rule(rows: ir.Table, rule: Rule) -> ir.Table:
    import ibis

    party = "charged" if rule.party == CHARGED else "by_method"
    return rows.select(
        "record_id", "source_id", "flow", "provider_code", "financial_year", "financial_month", "service_line",
        "component", "point_of_delivery", "commissioner_submitted", "price_submitted", "value", "expected",
        rule_id=ibis.literal(rule.rule_id), rank=ibis.literal(rule.rank, "int16"), host_code=rows[f"host_{party}"],
        payer_code=rows[f"payer_{party}"],
    )  # fmt: skip


def _first_claims(rows: ir.Table) -> ir.Table:
    """Add first_claim: what of the value no rule of lower rank claims, so that a record's claims are its largest value.

    Two rules may question the same pounds of a record, so the larger value holds the smaller one.
    """
    import ibis

    window = ibis.window(group_by="record_id", order_by="rank")
    rows = rows.mutate(most=rows.value.cummax(group_by="record_id", order_by="rank"))
    before = rows.most.lag().over(window)
    return rows.mutate(first_claim=(rows.most - before.fill_null(0)).cast(MONEY)).drop("most")


def _with_cash(engine: Engine, rows: ir.Table, cash: Cash | None) -> ir.Table:
    """Add element, rate, cash_effect, cash_first_claim and cash_reason; null and why where no contract says."""
    import ibis
    import pyarrow as pa

    keys = [tuple(r[n] for n in KEY) for r in engine.fetch(rows.select(*KEY).distinct()).to_pylist()]
    lines = [(key, line_for(cash, key)) for key in keys] if cash is not None else []
    told = {
        name: pa.array([key[place] for key, found in lines if found], pa.string()) for place, name in enumerate(KEY)
    }
    elements = pa.array([found.element for _, found in lines if found], pa.string())
    rates = pa.array([found.rate for _, found in lines if found], pa.decimal128(7, 6))
    known = engine.load("challenge_cash", pa.table({**told, "element": elements, "rate": rates}))
    rows = attach(rows, known, list(KEY))
    reason = ibis.literal(NO_CONTRACTS if cash is None else NO_LINE)
    return rows.mutate(
        cash_effect=product(rows.value, rows["rate"]).cast(MONEY),
        cash_first_claim=product(rows.first_claim, rows["rate"]).cast(MONEY),
        cash_reason=rows["rate"].isnull().ifelse(reason, ""),
    )


def _with_causes(engine: Engine, rows: ir.Table, causes: pa.Table | None) -> ir.Table:
    import ibis

    if causes is None:
        return rows.mutate(cause=ibis.literal(""))
    known = engine.load("challenge_causes", causes.select(["record_id", "cause"]))
    joined = attach(rows, known, ["record_id"])
    return joined.mutate(cause=joined.cause.fill_null(""))


def _grouped(rows: ir.Table) -> ir.Table:
    return rows.group_by(*FACTS).aggregate(
        records=rows.count(),
        value=rows.value.sum(),
        first_claim=rows.first_claim.sum(),
        cash_effect=rows.cash_effect.sum(),
        cash_first_claim=rows.cash_first_claim.sum(),
        without=rows["rate"].isnull().sum(),
    )


def _identified(grouped: pa.Table, cash: Cash | None) -> pa.Table:
    """The grouped claims with their ids, pounds to the penny, and a cash effect where every record has one.

    Each challenge is rounded by itself, so that its pounds do not depend on other challenges of the run.
    """
    import pyarrow as pa

    made = []
    for row in grouped.to_pylist():
        facts = {name: row[name] for name in FACTS}
        without = row["without"]
        reason = NO_CONTRACTS if cash is None else f"{NO_LINE} for {without} of {row['records']} records"
        effects = {n: None if without else _pence(row[n]) for n in ("cash_effect", "cash_first_claim")}
        pounds = {n: _pence(row[n]) for n in ("value", "first_claim")}
        told = {"records": row["records"], **pounds, **effects, "cash_reason": reason if without else ""}
        if pounds["value"]:
            made.append({"challenge_id": challenge_id(facts.values()), **facts, **told})
    made.sort(key=lambda row: (row["rule_id"], -row["value"], row["challenge_id"]))
    money = pa.decimal128(18, 2)
    kinds = {"financial_month": pa.int16(), "records": pa.int64()}
    kinds |= dict.fromkeys(("value", "first_claim", "cash_effect", "cash_first_claim"), money)
    names = [
        "challenge_id",
        *FACTS,
        "records",
        "value",
        "first_claim",
        "cash_effect",
        "cash_first_claim",
        "cash_reason",
    ]
    return pa.Table.from_pylist(made, schema=pa.schema([(n, kinds.get(n, pa.string())) for n in names]))


def _pence(amount: Decimal) -> Decimal:
    return amount.quantize(PENNY)


def _records(rows: ir.Table) -> ir.Table:
    return rows.select(
        "challenge_id", *FACTS, "record_id", "source_id", "flow", "point_of_delivery",
        "commissioner_submitted", "price_submitted", "value", "first_claim", "element", "rate", "cash_effect",
        "cash_first_claim", "cash_reason", "expected", "cause",
    ).order_by("rule_id", "challenge_id", "record_id")  # fmt: skip
