"""What was found, the log and its balance as tables and words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tertiary.challenges.log import Challenge, totals
from tertiary.challenges.rules import rules
from tertiary.errors import ContractError

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.challenges.raising import Raised

BALANCE = ("raised", "credited", "corrected", "rejected", "withdrawn", "lapsed", "open")


def log_rows(found: Sequence[Challenge], on: dt.date) -> pa.Table:
    """One row a challenge, as it stands on a day. Key: challenge. Pounds to the penny.

    `value` is that of the newest data; `first_claim` what of it no other rule claims first, for totals; `cash_effect`
    is null with its reason where no contract says.
    """
    import pyarrow as pa

    money = pa.decimal128(18, 2)
    columns = {
        "challenge": (pa.string(), [c.challenge_id for c in found]),
        "rule": (pa.string(), [c.rule_id for c in found]),
        "provider": (pa.string(), [c.provider_code for c in found]),
        "host": (pa.string(), [c.host_code for c in found]),
        "payer": (pa.string(), [c.payer_code for c in found]),
        "year": (pa.string(), [c.financial_year for c in found]),
        "month": (pa.int64(), [c.financial_month for c in found]),
        "service_line": (pa.string(), [c.service_line for c in found]),
        "component": (pa.string(), [c.component for c in found]),
        "records": (pa.int64(), [c.seen.records for c in found]),
        "value": (money, [c.seen.value for c in found]),
        "first_claim": (money, [c.seen.first_claim for c in found]),
        "cash_effect": (money, [c.seen.cash_effect for c in found]),
        "cash_reason": (pa.string(), [c.seen.cash_reason for c in found]),
        "state": (pa.string(), [c.state for c in found]),
        "accepted": (money, [c.balance.accepted for c in found]),
        "open": (money, [c.balance.open for c in found]),
        "respond_by": (pa.date32(), [c.respond_by for c in found]),
        "settle_by": (pa.date32(), [c.settle_by for c in found]),
        "overdue": (pa.string(), [c.overdue(on) for c in found]),
        "late": (pa.bool_(), [c.is_late for c in found]),
    }
    made = [pa.array(values, kind) for kind, values in columns.values()]
    return pa.table(made, names=list(columns))


def rule_rows(found: Raised) -> pa.Table:
    """What a run's rules question, a row a rule applied and a last row of all; total pounds by first_claim.

    `cash_effect` is null unless contracts say it of every charge.
    """
    import pyarrow as pa

    rows = found.challenges.to_pylist()
    made = []
    for rule in (*sorted(found.rules), "all"):
        own = [row for row in rows if rule in ("all", row["rule_id"])]
        known = rules().get(rule)
        sums: dict[str, Any] = {n: sum((r[n] for r in own), Decimal(0)) for n in ("value", "first_claim")}
        for name in ("cash_effect", "cash_first_claim"):
            sums[name] = None if any(r[name] is None for r in own) else sum((r[name] for r in own), Decimal(0))
        about = {"rule": rule, "title": known.title if known else "", "challenges": len(own)}
        told = {"records": sum(r["records"] for r in own), "confidence": known.confidence if known else ""}
        made.append({**about, **told, **sums})
    money = [(n, pa.decimal128(18, 2)) for n in ("value", "first_claim", "cash_effect", "cash_first_claim")]
    schema = [("rule", pa.string()), ("title", pa.string()), ("challenges", pa.int64()), ("records", pa.int64())]
    return pa.Table.from_pylist(made, schema=pa.schema([*schema, *money, ("confidence", pa.string())]))


def record_rows(found: Raised, organisation: str, challenge_id: str | None = None) -> pa.Table:
    """The records behind the challenges of a host or provider. Key: rule_id and record_id. ContractError when none."""
    import pyarrow.compute as pc

    rows = found.records
    mine = pc.or_(pc.equal(rows["provider_code"], organisation), pc.equal(rows["host_code"], organisation))
    if challenge_id is not None:
        mine = pc.and_(mine, pc.equal(rows["challenge_id"], challenge_id))
    kept = rows.filter(mine)
    if not kept.num_rows:
        about = f"challenge {challenge_id} of {organisation}" if challenge_id else organisation
        raise ContractError(f"The run questions nothing of {about}. Check the code, or the id with challenges list.")
    return kept


def balance_rows(found: Sequence[Challenge]) -> pa.Table:
    """What became of the pounds, a row a rule and a last row of all: raised is the sum of what stands after it.

    Pounds that two rules question stand in both rows; `first_claim`, of the newest data, counts them once.
    """
    import pyarrow as pa

    by_rule: dict[str, list[Challenge]] = {}
    for challenge in found:
        by_rule.setdefault(challenge.rule_id, []).append(challenge)
    made = []
    for rule, own in [*sorted(by_rule.items()), ("all", list(found))]:
        title = "" if rule == "all" else rules()[rule].title if rule in rules() else "a rule of another version"
        b = totals(own)
        once = sum((c.seen.first_claim or Decimal(0) for c in own), Decimal("0.00"))
        sums = {**{n: getattr(b, n) for n in BALANCE}, "first_claim": once}
        made.append({"rule": rule, "title": title, "challenges": len(own), **sums})
    money = [(name, pa.decimal128(18, 2)) for name in (*BALANCE, "first_claim")]
    schema = pa.schema([("rule", pa.string()), ("title", pa.string()), ("challenges", pa.int64()), *money])
    return pa.Table.from_pylist(made, schema=schema)


def told(found: Challenge) -> str:
    """A challenge in words: what it is about, where it stands, and each event with who, when and why."""
    rule = rules().get(found.rule_id)
    b, seen = found.balance, found.seen
    cash = f"£{seen.cash_effect:,}" if seen.cash_effect is not None else f"not known: {seen.cash_reason or 'no charge'}"
    lines = [
        f"Challenge {found.challenge_id}: {found.rule_id} {rule.title if rule else ''}",
        f"asks     {rule.asks if rule else ''}",
        f"source   {rule.source if rule else ''} ({rule.confidence if rule else 'not known'})",
        f"about    provider {found.provider_code}, host {found.host_code}, payer {found.payer_code}, "
        f"{found.financial_year} month {found.financial_month}, {found.service_line or 'no service line'}, "
        f"{found.component}",
        f"value    £{seen.value:,} of {seen.records:,} {'record' if seen.records == 1 else 'records'} in "
        f"{seen.run_label}; cash effect {cash}",
        f"state    {found.state}",
        f"days     answer by {found.respond_by}, settle by {found.settle_by}",
        "balance  " + ", ".join(f"{name} £{getattr(b, name):,}" for name in BALANCE),
        "events",
    ]
    for e in found.events:
        account = f" {e.by.account}" if e.by.account else ""
        pounds = e.amount if e.amount is not None else e.value
        amount = f" £{pounds:,}" if pounds is not None else ""
        more = f" [{e.evidence}]" if e.evidence else ""
        lines.append(
            f"  {e.at:%Y-%m-%d %H:%M}  {e.step:<9} {e.by.role} {e.by.organisation_code}{account}:{amount} {e.why}{more}"
        )
    return "\n".join(lines)
