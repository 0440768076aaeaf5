"""High cost drugs and devices, which the national price does not contain, and the approvals that precede drugs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tertiary.synth.arrow import days, money, padded, take
from tertiary.synth.blocks import NOT_SPECIALISED, created
from tertiary.synth.data import parameters, rows
from tertiary.synth.errors import SynthError
from tertiary.synth.events import Draw
from tertiary.synth.geography import postcodes
from tertiary.synth.people import NOBODY, ethnic_codes, pseudonyms
from tertiary.synth.prices import with_factor
from tertiary.synth.story import Teller

NATIONAL = ("21", "31", "32", "41")


def _events(draw: Draw, teller: Teller, row: dict[str, str], name: str, yearly: float) -> dict[str, np.ndarray]:
    """Whose, when and where, for one drug or device in a month."""
    month, people = teller.month, draw.people
    rng = draw.scope.random(name, row[name], month.key)
    low, high = int(row["age_min"] or 0), int(row.get("age_max") or 120)
    members = people.eligible(row["cohort"], low, high, "", month.first)
    rate = yearly * draw.scope.scale * people.share[row["cohort"]] * month.days / 365.25
    n = int(rng.poisson(rate)) if len(members) else 0
    weight = np.cumsum(people.frailty[members] + 0.02) if n else np.zeros(0)
    person = (
        members[np.minimum(np.searchsorted(weight, rng.random(n) * weight[-1]), len(members) - 1)] if n else members[:0]
    )
    local = people.local[person]
    habit = ((person.astype(np.uint64) * np.uint64(2654435761) >> np.uint64(8)) % np.uint64(1_000_003)).astype(float)
    provider = draw.travel.provider(row["list"], "", local, habit / 1_000_003) if n else np.zeros(0, np.int32)
    day = month.first + rng.integers(0, month.days, n).astype("timedelta64[D]")
    return {"person": person, "provider": provider, "day": day, "u": rng.random((n, 6)), "spread": rng.normal(0, 1, n)}


def _common(teller: Teller, found: dict[str, np.ndarray], row: dict[str, str], letter: str) -> dict[str, pa.Array]:
    who, n = found["person"], len(found["person"])
    p, w = teller.people, teller.world
    area, practice = p.rows[p.local[who]], p.practice[who]
    home = w.areas.sub_icb[area]
    sub = np.where(practice == NOBODY, home, w.practices.sub_icb[practice])
    icb = np.where((practice != NOBODY) & w.practices.forces[practice], home, sub)
    national = row["category"] in NATIONAL
    hub = w.providers.hub[found["provider"]]
    m = f"{teller.month.month:02d}{teller.month.year % 100:02d}"
    number = np.arange(teller.next_number, teller.next_number + n)
    teller.next_number += n
    withheld = found["u"][:, 5] < parameters()["identity_withheld"]
    text = pa.string()
    return {
        "provider": pa.array(w.providers.code[found["provider"]], text),
        "site": pa.nulls(n, text),
        "practice_responsibility": pa.array(sub, text),
        "residence_responsibility": pa.array(home, text),
        "commissioner": pa.array(hub if national else icb, text),
        "practice": pa.array(np.where(practice == NOBODY, "V81997", w.practices.code[practice]), text),
        "withheld": pc.if_else(pa.array(withheld), pa.scalar("97"), pa.scalar(None, text)),
        "nhs_number": pc.if_else(pa.array(withheld), pa.scalar(None, text), pseudonyms(who)),
        "local_patient": padded("LOC", (who.astype(np.int64) * 7919) % 99_999_989, 8),
        "postcode": postcodes(area, who),
        "lsoa": take(pa.array(w.areas.code), area),
        "birth_date": days(p.born[who]),
        "age": pa.array(np.maximum(p.age(who, found["day"]), 0).astype(np.int16)),
        "sex": pa.array(np.where(p.female[who], "2", "1"), text),
        "ethnic": take(pa.array(ethnic_codes()), p.ethnic[who].astype(int)),
        "treatment_function": pa.array([row["treatment_function"]] * n, text),
        "day": days(found["day"]),
        "category": pa.array([row["category"]] * n, text),
        "service": pa.array([row["line"] or NOT_SPECIALISED] * n, text),
        "true_line": pa.array([row["line"] or None] * n, text),
        "true_source": padded(f"{m}{letter}", number, 7),
        "created": pa.array([created(teller)] * n, text),
        "financial_year": pa.array([teller.month.financial_year] * n, text),
        "financial_month": pa.array([str(teller.month.financial_month)] * n, text),
    }  # fmt: skip


def drug_code(row: dict[str, str]) -> str:
    """A code of the form of a dm+d identifier that no drug has."""
    return f"900000000{int(row['drug']):03d}001"


def drugs(draw: Draw, teller: Teller) -> tuple[pa.Table, pa.Table]:
    """DrPLCM rows, and an approval behind each supply of the drugs that need one."""
    supplied, approvals = [], []
    for row in rows("drugs"):
        found = _events(draw, teller, row, "drug", float(row["volume"]))
        n, u = len(found["person"]), found["u"]
        if not n:
            continue
        quantity = 1 + (u[:, 0] * 3.2).astype(np.int64)
        unit = np.rint(float(row["unit_price"]) * 50 * np.exp(0.22 * found["spread"])).astype(np.int64)
        home = u[:, 1] < float(row["homecare"])
        charge = np.where(home, 4500, 0)
        taxed = ~home & (u[:, 2] < 0.9) & (row["route"] != "3")
        bare = unit * quantity
        total = with_factor(bare, np.where(taxed, 1.2, 1.0)) + charge
        text, code = pa.string(), drug_code(row)
        common = _common(teller, found, row, "D")
        approved = np.full(n, row["approval"] == "Y")
        reference = pc.if_else(pa.array(approved), pc.binary_join_element_wise("PA", common["true_source"], ""), None)
        route = np.where(home, "4", "2" if row["route"] == "4" else row["route"])
        table = pa.table({
            **common, "drug_code": pa.array([code] * n, text), "taxonomy": pa.array(["20"] * n, text),
            "drug_name": pa.array([f"SYNTHETIC {row['name']}"] * n, text), "route": pa.array(route, text),
            "drug_quantity": pa.array(quantity.astype(str), text), "quantity": pa.array(quantity),
            "point_of_delivery": pa.array(["DRUG"] * n, text), "unit_price": money(unit),
            "unit_commissioner": money(unit),
            "home_charge": money(charge), "vat": pa.array(np.where(taxed, "Y", "N"), text), "price": money(total),
            "market_forces": money(np.zeros(n, np.int64)), "approval": reference, "needs_approval": pa.array(approved),
        })  # fmt: skip
        supplied.append(table)
        approvals.append(table.filter(pa.array(approved)))
    return _ordered(supplied), _ordered(approvals)


def devices(draw: Draw, teller: Teller) -> pa.Table:
    """DePLCM rows: volumes and prices of the cost collection by device category."""
    made = []
    activity = draw.book.activity["High Cost Devices"]
    for row in rows("devices"):
        code = row["device"]
        found = _events(draw, teller, row, "device", activity[code])
        n, u = len(found["person"]), found["u"]
        if not n:
            continue
        unit = np.rint(draw.book.price("device", code) * np.exp(0.25 * found["spread"] - 0.11)).astype(np.int64)
        taxed = u[:, 2] < 0.35
        total = with_factor(unit, np.where(taxed, 1.2, 1.0))
        text = pa.string()
        made.append(pa.table({
            **_common(teller, found, row, "V"), "device": pa.array([code] * n, text),
            "procurement": pa.array(np.where(u[:, 1] < 0.55, "20", "10"), text),
            "device_name": pa.array([f"SYNTHETIC device {code}"] * n, text), "quantity": pa.array(np.ones(n, np.int64)),
            "device_quantity": pa.array(["1"] * n, text), "point_of_delivery": pa.array(["DEVICE"] * n, text),
            "unit_price": money(unit), "unit_commissioner": money(unit),
            "vat": pa.array(np.where(taxed, "Y", "N"), text),
            "price": money(total), "market_forces": money(np.zeros(n, np.int64)),
        }))  # fmt: skip
    return _ordered(made)


def _ordered(parts: list[pa.Table]) -> pa.Table:
    if not parts:
        raise SynthError("scale: so small that no drug or device is left in a month. Give more, such as 0.005.")
    table = pa.concat_tables(parts)
    return table.sort_by([("provider", "ascending"), ("day", "ascending"), ("true_source", "ascending")])
