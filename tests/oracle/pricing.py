"""What a record should cost and whether it counts: exact decimals, one record at a time."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from oracle.identifying import spell_of
from oracle.reference import Reference, Row, holds

PENNY = Decimal("0.01")
UNPRICED = ("apc_episode", "prior_approval", "iap")
NEVER = ("iap", "prior_approval")
GROUPS = {
    "plcm": "plcm",
    "apc_spell": "sus",
    "apc_episode": "sus",
    "op": "sus",
    "ec": "sus",
    "cc_adult": "sus",
    "cc_paediatric": "sus",
    "cc_neonatal": "sus",
    "acm": "acm",
    "drplcm": "drplcm",
    "deplcm": "deplcm",
}


def pence(amount: Decimal) -> Decimal:
    """Rounded once, half away from zero."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


def price(record: Row, line: str, ref: Reference) -> tuple[Decimal | None, str]:
    """Expected pounds and their basis."""
    if record["flow"] in UNPRICED:
        return None, "none"
    submitted = record["price_submitted"]
    kept = None if submitted is None else pence(submitted)
    if record["component"] in ("drug", "device"):
        return (kept, "pass_through") if kept is not None else (None, "none")
    day = record["activity_date"]
    rule = next((r for r in ref.pod_prices.get(record["point_of_delivery"], []) if holds(r, day)), None)
    if rule is not None and rule["basis"] == "priced":
        national = national_price(record, line, rule, ref)
        if national is not None:
            return national, "critical_care" if rule["price_group"] == "critical_care_day" else "national"
    if kept is None:
        return None, "none"
    if rule is not None and rule["basis"] in ("as_agreed", "pass_through"):
        return kept, rule["basis"]
    return kept, "submitted"


def national_price(record: Row, line: str, rule: Row, ref: Reference) -> Decimal | None:
    """Unit price x (1 + top-up) x market forces x quantity, or None when no table of the year has the currency."""
    year, currency = record["financial_year"], record[rule["currency_field"]]
    unit = ref.unit_prices.get((year, rule["price_group"], currency))
    if unit is None or record["quantity"] is None:
        return None
    top_up = Decimal(0)
    if rule["top_up_applies"] == "Y":
        rows = ref.top_ups.get((year, line, record["provider_code"]), [])
        rows = [r for r in rows if holds(r, record["activity_date"])]
        if rows:
            top_up = min(rows, key=lambda r: r["rank"])["rate"]
    forces = Decimal(1)
    if rule["market_forces_applies"] == "Y":
        forces = ref.market_forces.get((record["provider_code"], year), Decimal(1))
    return pence(unit["unit_price"] * (1 + top_up) * forces * record["quantity"])


def stand_ins(records: list[Row]) -> set[str]:
    """Episodes that stand for their spell because no spell row arrived: the last of each (one unit of activity)."""
    accepted = [r for r in records if r["fate"] == "accepted"]
    have_spell_row = {spell_of(r) for r in accepted if r["flow"] == "apc_spell"}
    last_episode: dict[str, Row] = {}
    for r in accepted:
        if r["flow"] == "apc_episode" and spell_of(r) not in have_spell_row:
            other = last_episode.get(spell_of(r))
            if other is None or _episode_order(r) > _episode_order(other):
                last_episode[spell_of(r)] = r
    return {r["record_id"] for r in last_episode.values()}


def counted(records: list[Row], ref: Reference) -> dict[str, bool]:
    """Which accepted records are the spend basis of their provider, month and component, by record_id."""
    accepted = [r for r in records if r["fate"] == "accepted"]
    standing = stand_ins(records)
    cells: dict[tuple[str, str, int, str], list[Row]] = defaultdict(list)
    for r in accepted:
        cells[(r["provider_code"], r["financial_year"], r["financial_month"], r["component"])].append(r)
    answer: dict[str, bool] = {r["record_id"]: False for r in records}
    for (provider, _, _, component), rows in cells.items():
        for r in rows:
            if r["flow"] in NEVER:
                continue
            group = GROUPS[r["flow"]]
            if group != _basis(provider, component, rows, r, ref):
                continue
            if r["flow"] == "apc_episode" and r["record_id"] not in standing:
                continue
            answer[r["record_id"]] = True
    return answer


def _episode_order(r: Row) -> tuple[int, int, str]:
    end = r["end_date"]
    return (0 if end is None else 1, end.toordinal() if end else 0, r["record_id"])


def _basis(provider: str, component: str, rows: list[Row], record: Row, ref: Reference) -> str:
    """The flow group that counts: the provider's own rows replace those for every provider."""
    day = record["activity_date"]
    valid = [b for b in ref.spend_basis if b["component"] == component and holds(b, day)]
    own = [b for b in valid if b["provider_code"] == provider] or [b for b in valid if b["provider_code"] == "*"]
    present = {GROUPS[r["flow"]] for r in rows if r["flow"] not in NEVER}
    ranked = sorted((b["rank"], b["flow_group"]) for b in own if b["flow_group"] in present)
    return ranked[0][1] if ranked else ""
