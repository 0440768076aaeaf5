"""What a record should cost and whether it counts: exact decimals, one record at a time."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

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


def nearest(amount: Fraction, places: int) -> Fraction:
    """To a number of decimals by counting whole steps, half away from zero."""
    steps = abs(amount) * 10**places
    whole = (2 * steps.numerator + steps.denominator) // (2 * steps.denominator)
    return Fraction(whole if amount >= 0 else -whole, 10**places)


def pence(amount: Decimal | Fraction) -> Decimal:
    """Rounded once, half away from zero."""
    found = nearest(Fraction(amount), 2)
    return (Decimal(found.numerator) / Decimal(found.denominator)).quantize(PENNY)


def price(record: Row, line: str, ref: Reference, derived: str = "", payer: str = "") -> tuple[Decimal | None, str]:
    """Expected pounds and their basis, from the final line, the derived line and the payer of a record."""
    if record["flow"] in UNPRICED:
        return None, "none"
    submitted = record["price_submitted"]
    kept = None if submitted is None else pence(submitted)
    if record["component"] in ("drug", "device"):
        return (kept, "pass_through") if kept is not None else (None, "none")
    day = record["activity_date"]
    rule = next((r for r in ref.pod_prices.get(record["point_of_delivery"], []) if holds(r, day)), None)
    basis = "submitted" if rule is None else rule["basis"]
    if basis in ("priced", "submitted"):
        fixed = (r for r in ref.rows("low_volume_agreements") if holds(r, day))
        if any((r["payer_code"], r["provider_code"]) == (payer, record["provider_code"]) for r in fixed):
            basis = "as_agreed"
        elif record["national_tariff_indicator"] == "N" and not held_to_list(ref, record["financial_year"]):
            basis = "local"
    if rule is not None and basis == "priced" and record["quantity"] is not None:
        lines = {"final": line, "derived": derived, "sus": record["service_line_sus"]}
        found = listed_price(record, lines, rule, ref)
        if found is not None:
            return found
    if kept is None:
        return None, "none"
    return kept, basis if basis in ("as_agreed", "local", "pass_through") else "submitted"


def listed_price(record: Row, lines: dict[str, str], rule: Row, ref: Reference) -> tuple[Decimal, str] | None:
    """The line total and its basis, or None when no list of the year has the currency."""
    year, day, currency = record["financial_year"], record["activity_date"], record[rule["currency_field"]]
    group = rule["price_group"]
    for row in ref.rows("attendance_groups"):
        if (row["hrg"], row["price_group"]) == (record["hrg"], group):
            group = row["attendance_group"]
            break
    found = unit_price(ref, year, group, currency)
    best = best_practice(ref, record, group, currency, day, found is not None)
    if found is None and best is None:
        return None
    unit, basis = found or (Fraction(0), "")
    with_forces = without_forces = Fraction(0)
    if best is not None:
        basis = "best_practice"
        if best["unit_price"] is not None:
            unit = Fraction(best["unit_price"])
        elif best["multiplier"] is not None:
            unit = nearest(unit * Fraction(best["multiplier"]), policy(ref, year)["derived_unit_places"])
        addition = Fraction(best["addition"] or 0)
        if best["addition_market_forces"] == "N":
            without_forces = addition
        else:
            with_forces = addition
    rate = top_up(ref, record, lines, day) if rule["top_up_applies"] == "Y" else Fraction(0)
    forces = market_forces(ref, record["provider_code"], year) if rule["market_forces_applies"] == "Y" else Fraction(1)
    one = unit + unit * rate + with_forces
    return pence((one * forces + without_forces) * Fraction(record["quantity"])), basis


def held_to_list(ref: Reference, year: str) -> bool:
    """Whether a row marked as locally priced is priced from the list in a year all the same."""
    return any((r["financial_year"], r["local_price"]) == (year, "by_list") for r in ref.rows("pricing_policies"))


def policy(ref: Reference, year: str) -> Row:
    """The stated policy of a year."""
    return next(r for r in ref.rows("pricing_policies") if r["financial_year"] == year)


def unit_price(ref: Reference, year: str, group: str, code: str) -> tuple[Fraction, str] | None:
    """A unit's price and basis: its own, else a reduced short stay, else that of the group it falls back to."""
    words = next(r for r in ref.rows("price_groups") if r["price_group"] == group)
    own = own_price(ref, year, group, code)
    if own is None and group == "non_elective_short_stay":
        whole = own_price(ref, year, "non_elective", code)
        for row in ref.rows("short_stay_reductions"):
            if whole is not None and (row["financial_year"], row["currency_code"]) == (year, code):
                reduced = nearest(whole[0] * Fraction(row["share"]), policy(ref, year)["derived_unit_places"])
                own = reduced, whole[1]
    if own is None and words["falls_back_to"]:
        own = own_price(ref, year, words["falls_back_to"], code)
    if own is None:
        return None
    amount, is_uplifted = own
    return amount, "uplifted" if is_uplifted else words["price_basis"]


def own_price(ref: Reference, year: str, group: str, code: str) -> tuple[Fraction, bool] | None:
    """The price a group holds for a unit, and whether it was made from last year's."""
    if group == "year_of_care":
        for row in ref.rows("year_of_care_prices"):
            if (row["financial_year"], row["band_code"]) == (year, code):
                return nearest(Fraction(row["annual_price"]) / 12, policy(ref, year)["month_places"]), False
    row = ref.unit_prices.get((year, group, code))
    if row is not None:
        return Fraction(row["unit_price"]), False
    for uplift in ref.rows("price_uplifts"):
        if (uplift["financial_year"], uplift["price_group"]) == (year, group):
            first = int(year[:4]) - 1
            before = own_price(ref, f"{first}{str(first + 1)[2:]}", group, code)
            if before is not None:
                amount = before[0] + before[0] * Fraction(uplift["rate"])
                field = "month_places" if group == "year_of_care" else "derived_unit_places"
                return nearest(amount, policy(ref, year)[field]), True
    return None


def best_practice(ref: Reference, record: Row, group: str, currency: str, day: date, has_price: bool) -> Row | None:
    """The rule of the record's flag with the lowest priority among those that can give a price, or None."""
    parts = record["tariff_code"].split("/")
    flag = parts[2] if len(parts) > 2 else ""
    rows = [
        r
        for r in ref.rows("best_practice_prices")
        if flag
        and (r["financial_year"], r["price_group"], r["best_practice_flag"]) == (record["financial_year"], group, flag)
        and (r["currency_code"] == currency or (r["currency_code"] == "*" and has_price))
        and (has_price or r["unit_price"] is not None)
        and holds(r, day)
    ]
    return min(rows, key=lambda r: r["priority"]) if rows else None


def top_up(ref: Reference, record: Row, lines: dict[str, str], day: date) -> Fraction:
    """The rate of the lowest rank among the lines that may earn one and that the provider is eligible for."""
    year = record["financial_year"]
    stated = [r for r in ref.rows("pricing_policies") if r["financial_year"] == year]
    rows = [
        r
        for flag in (stated[0]["top_up_flags"].split(";") if stated else ["final"])
        for r in ref.top_ups.get((year, lines[flag], record["provider_code"]), [])
        if holds(r, day)
    ]
    return Fraction(min(rows, key=lambda r: r["rank"])["rate"]) if rows else Fraction(0)


def market_forces(ref: Reference, provider: str, year: str) -> Fraction:
    """The provider's factor, else that of the one trust that took it over, else 1."""
    asked: list[str] = []
    while provider and provider not in asked:
        if (provider, year) in ref.market_forces:
            return Fraction(ref.market_forces[provider, year])
        asked.append(provider)
        heirs = next((r["successor"] for r in ref.rows("providers") if r["provider_code"] == provider), "")
        provider = "" if ";" in heirs else heirs
    return Fraction(1)


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
