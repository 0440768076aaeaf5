"""Contract monitoring told from the same facts: patient level rows, and the aggregate that equals them to the penny.

PLCM repeats most hospital activity (linked by identifiers), adds what hospital records do not carry (dialysis
sessions, occupied beds, contacts, adjustments) and leaves out private patients.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tertiary.synth.arrow import money
from tertiary.synth.blocks import KEEP, NOT_SPECIALISED, adjustments, created
from tertiary.synth.data import parameters
from tertiary.synth.hospital import add, take_rows
from tertiary.synth.money import pence
from tertiary.synth.prices import with_factor
from tertiary.synth.story import Facts, Teller

CRITICAL_POINT = {"adult": "UNBACC", "paediatric": "UNBPCC", "neonatal": "UNBNCC"}
UNBUNDLED_POINT = {"SB": "UNBCHEMO", "SC": "UNBRTHPY", "RD": "UNBRAD", "RN": "UNBRAD", "VC": "UNBREHAB"}
RECORDS = (("apc", "apc_spell"), ("op", "op"), ("ec", "ec"))
MENTAL = "plcm_beds", "plcm_contact", "plcm_package"


def patient_level(
    teller: Teller, facts: dict[str, Facts], hospital: dict[str, pa.Table], here: frozenset[str]
) -> pa.Table:
    """PLCM of a month, by provider and date. Money columns are exact decimals."""
    parts = [_same(teller, facts[s], hospital[t], s) for s, t in RECORDS if s in facts]
    parts += [_critical(teller, facts["apc"], hospital[k], c) for c, k in _periods(hospital)]
    parts += [_unbundled(teller, facts[s], hospital[t], s) for s, t in RECORDS[:2] if s in facts]
    parts += [_beyond(teller, facts[s], s) for s in ("plcm_renal", *MENTAL) if s in facts]
    table = pa.concat_tables([p for p in parts if p.num_rows])
    table = pa.concat_tables([table, adjustments(teller, table, here)])
    keys = ("provider", "end", "true_source", "point_of_delivery")
    order = pc.sort_indices(table, sort_keys=[(k, "ascending") for k in keys])
    table = submitted(teller, local_prices(teller, table.take(order)))
    return table.select((*KEEP, "true_commissioner", "true_category", "submitted_wrong"))


def _periods(hospital: dict[str, pa.Table]) -> list[tuple[str, str]]:
    return [(c, f"cc_{c}") for c in CRITICAL_POINT if f"cc_{c}" in hospital]


def _kept(teller: Teller, facts: Facts, name: str) -> np.ndarray:
    luck = teller.scope.random("plcm", name, teller.month.key).random(len(facts.events))
    return np.flatnonzero((luck < parameters()["plcm_share"]) & (facts.charged == 0))


def _finish(teller: Teller, table: pa.Table, source: str, **more: pa.Array) -> pa.Table:
    n = table.num_rows
    none = pa.nulls(n, pa.string())
    columns = {
        "cds_id": none, "non_cds_id": none, "unbundled_flag": pa.array(["N"] * n), "mental_category": none,
        "national": pa.array(["Y"] * n), "created": pa.array([created(teller)] * n), "service": table["line"],
        "true_line": table["line"], "true_source": none,
        "tariff": pc.binary_join_element_wise(table["hrg"].cast(pa.string()), "//", ""),
    }  # fmt: skip
    kept = {c: table[c] for c in KEEP if c in table.column_names}
    full = {**columns, **kept, **more}
    return pa.table({c: _plain(full[c]) for c in KEEP})


def _plain(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    found = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return found.cast(pa.string()) if pa.types.is_null(found.type) else found


def _same(teller: Teller, facts: Facts, table: pa.Table, setting: str) -> pa.Table:
    """The row of contract monitoring for a spell, attendance or emergency attendance."""
    part = take_rows(table, _kept(teller, facts, setting))
    if setting == "op":
        part = part.filter(pc.equal(part["attended"], "5"))
    return _finish(teller, part, setting, cds_id=part["cds_id"], true_source=part["record_id"])


def _critical(teller: Teller, facts: Facts, table: pa.Table, care: str) -> pa.Table:
    kept = set(_kept(teller, facts, "apc").tolist())
    part = table.filter(pa.array([r in kept for r in table["spell_row"].to_pylist()], pa.bool_()))
    n = part.num_rows
    line = part["critical_line"].combine_chunks() if n else part["critical_line"]
    part = add(
        part,
        line=line,
        hrg=part["critical_hrg"],
        start=part["critical_start"],
        end=_inside(teller, part["critical_end"]),
    )
    return _finish(
        teller, part, "cc", unbundled_flag=pa.array(["Y"] * n), quantity=part["critical_days"],
        point_of_delivery=pa.array([CRITICAL_POINT[care]] * n, pa.string()), true_source=part["period"],
        cds_id=part["cds_id"],
    )  # fmt: skip


def _inside(teller: Teller, dates: pa.ChunkedArray) -> pa.Array:
    """A period that ended in an earlier month is sent with the spell that ended in this one."""
    values = dates.combine_chunks().to_numpy(zero_copy_only=False).astype("datetime64[D]")
    return pa.array(np.maximum(values, teller.month.first))


def _unbundled(teller: Teller, facts: Facts, table: pa.Table, setting: str) -> pa.Table:
    """Chemotherapy, radiotherapy, scans and rehabilitation priced beside their core."""
    e = facts.events
    at = np.intersect1d(_kept(teller, facts, setting), np.flatnonzero(e.unbundled >= 0))
    part = take_rows(table, at)
    codes = part["unbundled"].to_pylist()
    nights = np.maximum((e.end[at] - e.start[at]).astype(int), 1)
    quantity = np.where(np.array([c[:2] == "VC" for c in codes], bool), nights, 1)
    unit = np.array([teller.book.price("unbundled", c) for c in codes], np.int64)
    total = with_factor(unit * quantity, teller.world.providers.market_forces[e.provider[at]])
    n = len(at)
    points = pa.array([UNBUNDLED_POINT.get(c[:2], "UNBOTHER") for c in codes], pa.string())
    return _finish(
        teller, part, "unbundled", unbundled_flag=pa.array(["Y"] * n, pa.string()), cds_id=part["cds_id"],
        point_of_delivery=points, tariff=pa.array([f"{c}//" for c in codes], pa.string()), quantity=pa.array(quantity),
        unit_price=money(unit), price_bare=money(unit * quantity), price=money(total),
        market_forces=money(total - unit * quantity),
        true_source=pc.binary_join_element_wise(part["record_id"].combine_chunks(), "U", ""),
    )  # fmt: skip


def _beyond(teller: Teller, facts: Facts, setting: str) -> pa.Table:
    """Care that hospital records do not carry: it has an identifier of contract monitoring only."""
    table = facts.table
    n, local = table.num_rows, setting in MENTAL
    none = pa.nulls(n, pa.string())
    tariff = none if local else pc.binary_join_element_wise(table["hrg"].cast(pa.string()), "//", "")
    return _finish(
        teller,
        table,
        setting,
        cds_id=none,
        non_cds_id=pc.binary_join_element_wise("NC", table["record_id"].combine_chunks(), ""),
        true_source=table["record_id"],
        tariff=tariff,
        mental_category=table["unbundled"] if local else none,
        national=pa.array(["N" if local else "Y"] * n, pa.string()),
    )


def local_prices(teller: Teller, table: pa.Table) -> pa.Table:
    """A share of rows is paid at a local price, spread as costs are: most near the national price, some far above."""
    rng = teller.scope.random("local", teller.month.key)
    n = table.num_rows
    fit = np.asarray(pc.is_valid(table["tariff"]).combine_chunks().to_numpy(zero_copy_only=False), bool)
    local = fit & (rng.random(n) < parameters()["local_price"])
    factor = np.where(local, np.exp(rng.normal(0.02, 0.35, n)), 1.0)
    unit = np.rint(pence(table["unit_price"]) * factor).astype(np.int64)
    quantity = table["quantity"].to_numpy()
    units = np.where(quantity == 0, 1, quantity)
    share = _factors(table)
    bare = unit * units
    total = np.where(local, with_factor(bare, share), pence(table["price"]))
    bare = np.where(local, bare, pence(table["price_bare"]))
    flag = pc.if_else(pa.array(local), "N", table["national"])
    whole = np.rint(total / units).astype(np.int64)  # the unit price sent contains market forces, as the total does
    return add(
        table, unit_price=money(whole), price_bare=money(bare),
        price=money(total), market_forces=money(total - bare), national=flag,
    )  # fmt: skip


def _factors(table: pa.Table) -> np.ndarray:
    bare, total = pence(table["price_bare"]), pence(table["price"])
    return np.where(bare == 0, 1.0, np.round(total / np.where(bare == 0, 1, bare), 6))


def submitted(teller: Teller, table: pa.Table) -> pa.Table:
    """The service code the provider sends: the true line, with errors, and not specialised for the rest."""
    rng = teller.scope.random("submitted", teller.month.key)
    n = table.num_rows
    luck = rng.random(n)
    clear = pc.and_(pc.is_valid(table["true_line"]), pa.array(luck < parameters()["submitted_error"]))
    fit = pc.invert(pc.match_substring_regex(table["point_of_delivery"], "ADJUSTMENT|BLOCK|CQUIN"))
    wrong = pc.and_(clear, fit)
    other = pa.array(np.array(["NCBPS13E", "NCBPS08O", "NCBPS01C", "NCBPS23X"])[rng.integers(0, 4, n)])
    blank = pa.array(rng.random(n) < 0.5)
    line = pc.coalesce(table["true_line"], pa.scalar(NOT_SPECIALISED))
    sent = pc.if_else(wrong, pc.if_else(blank, pa.scalar(NOT_SPECIALISED), other), line)
    home = table["practice_responsibility"]
    category = pc.if_else(pc.and_(wrong, blank), pa.scalar("12"), table["category"])
    commissioner = pc.if_else(pc.and_(wrong, blank), home, table["commissioner"])
    true = {"true_commissioner": table["commissioner"], "true_category": table["category"]}
    true["submitted_wrong"] = pc.fill_null(wrong, False)
    return add(table, service=sent, category=category, commissioner=commissioner, **true)
