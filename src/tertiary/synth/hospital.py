"""Hospital records: spells with their episodes and critical care periods, attendances, emergency care.

A spell row carries the price; its episodes carry none. All share provider, spell number and codes.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tertiary.synth.arrow import days, money, take
from tertiary.synth.data import parameters
from tertiary.synth.prices import with_factor
from tertiary.synth.story import Facts, Teller

EMERGENCY = ("21", "21", "21", "22", "28", "2A")
UNITS = {"adult": "XC", "paediatric": "XB", "neonatal": "XA"}
CARE = {
    "13": "neonatal",
    "14": "neonatal",
    "15": "neonatal",
    "04": "paediatric",
    "16": "paediatric",
    "17": "paediatric",
}


def add(table: pa.Table, **columns: pa.Array) -> pa.Table:
    """The table with more columns, or other values in columns it has."""
    for name, values in columns.items():
        at = table.schema.get_field_index(name)
        table = table.append_column(name, values) if at < 0 else table.set_column(at, name, values)
    return table


def spells(teller: Teller, facts: Facts) -> pa.Table:
    """One row per spell."""
    e, rng = facts.events, teller.scope.random("spells", teller.month.key)
    n = len(e)
    urgent = np.array(EMERGENCY)[rng.integers(0, len(EMERGENCY), n)]
    waited = np.where(rng.random(n) < 0.85, "11", "12")
    newborn = np.array([p.name == "neonatal_unit" for p in teller.plans])[e.plan]
    method = np.where(e.klass == 2, np.where(newborn, "82", urgent), waited)
    nights = (e.end - e.start).astype(int)
    alive = np.where(rng.random(n) < np.where(e.klass == 2, 0.02, 0.001), "4", "1")
    return add(
        facts.table,
        cds_id=pc.binary_join_element_wise(facts.table["cds_id"].combine_chunks(), "E1", ""),
        admission_method=pa.array(method),
        patient_classification=pa.array(np.array(["1", "2", "1", "3"])[e.klass]),
        source_of_admission=pa.array(np.where(newborn, "79", np.where(rng.random(n) < 0.96, "19", "51"))),
        discharge_method=pa.array(alive),
        discharge_destination=pa.array(np.where(alive == "4", "79", "19")),
        nights=pa.array(nights.astype(str)),
        episodes=pa.array(episode_count(teller, facts).astype(str)),
        diagnosis_count=pc.add(pc.count_substring(facts.table["diagnoses"], "||"), 1).cast(pa.string()),
        procedure_count=pa.array(np.where(e.procedure < 0, "0", "1")),
        line_sus=_line_sus(teller, facts, "apc"),
        cds_type=pa.array(np.where(newborn, "120", "130")),
    )


def episode_count(teller: Teller, facts: Facts) -> np.ndarray:
    """Episodes of each spell: one, and now and then up to four in longer stays."""
    rng = teller.scope.random("episodes", teller.month.key)
    nights = (facts.events.end - facts.events.start).astype(int)
    more = rng.poisson(np.where(nights > 1, np.minimum(0.18 + nights * 0.03, 1.2), 0.0))
    return np.minimum(1 + np.minimum(more, nights), 4)


def episodes(teller: Teller, facts: Facts, spell: pa.Table) -> pa.Table:
    """One row per episode: the first carries the codes that identify the spell; later ones turn to other problems."""
    count = episode_count(teller, facts)
    of = np.repeat(np.arange(len(count)), count)
    number = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count) + 1
    e = facts.events
    nights = (e.end - e.start).astype(int)[of]
    begin = e.start[of] + (nights * (number - 1) // count[of]).astype("timedelta64[D]")
    end = np.where(
        number == count[of], e.end[of], e.start[of] + (nights * number // count[of]).astype("timedelta64[D]")
    )
    table = take_rows(spell, of)
    other = teller.words.array(e.comorbid[of, 0])
    later = pa.array((number > 1) & (e.comorbid[of, 0] >= 0))
    text = pc.if_else(later, pc.binary_join_element_wise(other, table["primary_diagnosis"], "||"), table["diagnoses"])
    episode_no = pa.array(number.astype(str))
    return add(
        table,
        episode=episode_no,
        cds_id=pc.binary_join_element_wise("SYN", table["provider"], table["record_id"], "E", episode_no, ""),
        episode_start=days(begin),
        episode_end=days(end),
        diagnoses=text,
        primary_diagnosis=pc.if_else(later, other, table["primary_diagnosis"]),
        procedures=pc.if_else(pa.array(number > 1), pa.scalar(""), table["procedures"]),
        unbundled=pc.if_else(pa.array(number > 1), pa.scalar(None, pa.string()), table["unbundled"]),
        last=pa.array(np.where(number == count[of], "1", "2")),
        spell_row=pa.array(of),
    )


def take_rows(table: pa.Table, index: np.ndarray) -> pa.Table:
    """Rows at positions, repeats allowed."""
    return table.take(pa.array(index))


def critical_care(teller: Teller, facts: Facts, spell: pa.Table) -> dict[str, pa.Table]:
    """Critical care periods by kind of unit; the price is days times the price of a day times market forces."""
    e, words = facts.events, teller.words
    rng = teller.scope.random("critical", teller.month.key)
    found = {}
    kind = np.array([CARE.get(w, "adult") for w in words.list] + [""])[e.unit_function]
    for care, prefix in UNITS.items():
        at = np.flatnonzero((e.critical > 0) & (kind == care))
        days_of = {
            c: d for c, d in teller.book.activity["Critical care"].items() if c.startswith(prefix) and c != "XA05Z"
        }
        names = sorted(days_of)
        share = np.cumsum([days_of[c] for c in names])
        pick = np.minimum(np.searchsorted(share, rng.random(len(at)) * share[-1]), len(names) - 1)
        prices = np.array([teller.book.price("critical_care_day", n) for n in names])
        bare = prices[pick] * e.critical[at]
        total = with_factor(bare, teller.world.providers.market_forces[e.provider[at]])
        start = e.start[at]
        table = take_rows(spell, at)
        specialised = table["line"].is_valid()
        line = {"adult": pc.if_else(specialised, "NCBPSACC", None), "neonatal": pa.array(["NCBPSNIC"] * len(at))}
        # a ward (function 16) is not among the units the line is for, and has no line of its own
        ward = pc.equal(words.array(e.unit_function[at]), "16")
        child = pc.if_else(ward, pa.scalar(None, pa.string()), "NCBPSPIC")
        found[care] = add(
            table,
            unit_function=words.array(e.unit_function[at]),
            period=pc.binary_join_element_wise(table["record_id"].combine_chunks(), pa.scalar("C1"), ""),
            critical_start=days(start),
            critical_end=days(np.minimum(start + e.critical[at].astype("timedelta64[D]"), e.end[at])),
            critical_days=pa.array(e.critical[at].astype(np.int64)),
            critical_days_text=pa.array(e.critical[at].astype(str)),
            critical_hrg=pa.array(np.array(names)[pick] if len(at) else [], pa.string()),
            critical_line=line.get(care, child),
            episode=pa.array(["1"] * len(at), pa.string()),
            episode_cds_id=table["cds_id"],
            unit_price=money(prices[pick]),
            price_bare=money(bare),
            price=money(total),
            market_forces=money(total - bare),
            spell_row=pa.array(at),
        )
    return {care: _repaid(teller, table, "critical_line") for care, table in found.items()}


def _repaid(teller: Teller, part: pa.Table, own: str) -> pa.Table:
    """Commissioner and category of unbundled critical care follow its own line."""
    if not part.num_rows:
        return part
    word = teller.words.code
    line = np.array([word(v or "") for v in part[own].to_pylist()], np.int32)
    at = part["person_row"].to_numpy()
    provider = part["provider_row"].to_numpy()
    tfc = np.array([word(v or "") for v in part["treatment_function"].to_pylist()], np.int32)
    payer = teller.payers.decide(at, provider, line, tfc, part["charged"].to_numpy() > 0)
    named = {"commissioner": payer.commissioner, "category": payer.category, "payer_reason": payer.reason}
    return add(part, **{name: teller.words.array(codes) for name, codes in named.items()})


def attendances(teller: Teller, facts: Facts) -> pa.Table:
    """One row per outpatient attendance, some of them not attended and then without price."""
    rng = teller.scope.random("attendances", teller.month.key)
    n = len(facts.events)
    consultation = np.where(rng.random(n) < 0.72, "01", "03")
    unbundled = facts.table["unbundled"]
    return add(
        facts.table,
        attended=pa.array(np.where(rng.random(n) < 0.97, "5", "6")),
        medium=pa.array(consultation),
        referral=pa.array(np.where(rng.random(n) < 0.6, "03", "05")),
        unbundled=unbundled,
        line_sus=_line_sus(teller, facts, "op"),
        cds_type=pa.array(["020"] * n),
    )


def emergencies(teller: Teller, facts: Facts) -> pa.Table:
    """One row per emergency attendance."""
    rng = teller.scope.random("emergencies", teller.month.key)
    kind = np.where(rng.random(len(facts.events)) < 0.8, "01", "03")
    return add(facts.table, department=pa.array(kind), cds_type=pa.array(["011"] * len(facts.events)))


def _line_sus(teller: Teller, facts: Facts, setting: str) -> pa.Array:
    carried = teller.scope.random("line sus", setting, teller.month.key).random(len(facts.events))
    keep = carried < parameters()["sus_line_share"]
    return teller.words.array(np.where(keep, facts.events.line, -1))


__all__ = ["add", "attendances", "critical_care", "emergencies", "episodes", "spells", "take", "take_rows"]
