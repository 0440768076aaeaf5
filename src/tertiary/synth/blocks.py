"""Rows of contract monitoring that are money without activity: blocks, quality payments and adjustments."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tertiary.synth.arrow import money, padded
from tertiary.synth.data import rows
from tertiary.synth.story import Teller

NOT_SPECIALISED = "99999999"
QUALITY, CORRECTION = 0.0125, 0.004  # shares of a provider's month
KEEP = (
    "provider", "site", "practice_responsibility", "residence_responsibility", "commissioner", "practice", "withheld",
    "nhs_number", "local_patient", "postcode", "birth_date", "age", "sex", "ethnic", "cds_id", "non_cds_id",
    "treatment_function", "spell_number", "attendance_number", "emergency_number", "start", "end", "unbundled_flag",
    "category", "service", "mental_category", "point_of_delivery", "tariff", "national", "quantity", "unit_price",
    "price_bare", "price", "market_forces", "financial_year", "financial_month", "created", "true_line", "true_source",
    "lsoa", "miscoded", "payer_reason",
)  # fmt: skip


def created(teller: Teller) -> str:
    """When the month's first position was sent: the twentieth of the next month."""
    after = teller.month.next
    return f"{after.year}-{after.month:02d}-20T09:30:00"


def adjustments(teller: Teller, table: pa.Table, here: frozenset[str]) -> pa.Table:
    """Per provider a quality payment and a correction; blocks of `blocks.csv` for providers of the area (`here`)."""
    chosen = _shares(teller, table) + _blocks(teller, here)
    n = len(chosen)
    line, pence = [c[2] for c in chosen], np.array([c[3] for c in chosen], np.int64)
    w = teller.world.providers
    row = np.array([int(np.flatnonzero(w.code == c[0])[0]) for c in chosen], int)
    host = w.host[row]
    green = [teller.payers.status.get(x) == "green" for x in line]
    mental = [x in teller.payers.mental for x in line]
    category = [
        "12" if not x else ("26" if m else "25") if g else ("22" if m else "21")
        for x, g, m in zip(line, green, mental, strict=True)
    ]
    commissioner = [hub if c in ("21", "22") else home for c, hub, home in zip(category, w.hub[row], host, strict=True)]
    end = np.full(n, teller.month.first + np.timedelta64(teller.month.days - 1, "D"))
    numbers = padded("ADJ", np.arange(teller.next_number, teller.next_number + n), 8)
    teller.next_number += n
    made = {
        "provider": [c[0] for c in chosen], "practice": ["V81998"] * n, "practice_responsibility": list(host),
        "commissioner": commissioner, "category": category, "service": [x or NOT_SPECIALISED for x in line],
        "true_line": [x or None for x in line], "point_of_delivery": [c[1] for c in chosen],
        "unbundled_flag": ["N"] * n, "national": ["N"] * n, "created": [created(teller)] * n,
        "financial_year": [teller.month.financial_year] * n, "financial_month": [str(teller.month.financial_month)] * n,
    }  # fmt: skip
    columns: dict[str, pa.Array] = {k: pa.array(v, pa.string()) for k, v in made.items()}
    columns |= {
        "non_cds_id": numbers, "true_source": numbers, "quantity": pa.array(np.zeros(n, np.int64)),
        "start": pa.array(end), "end": pa.array(end), "unit_price": money(pence), "price_bare": money(pence),
        "price": money(pence), "market_forces": money(np.zeros(n, np.int64)),
    }  # fmt: skip
    return pa.table({c: columns.get(c, pa.nulls(n, table.schema.field(c).type)) for c in KEEP})


def _shares(teller: Teller, table: pa.Table) -> list[tuple[str, str, str, int]]:
    rng = teller.scope.random("adjustments", teller.month.key)
    totals = table.group_by("provider", use_threads=False).aggregate([("price", "sum")]).sort_by("provider")
    found = []
    for provider, pounds in zip(totals["provider"].to_pylist(), totals["price_sum"].to_pylist(), strict=True):
        pence = float(pounds) * 100
        found.append((provider, "CQUIN", "", int(pence * QUALITY)))
        found.append((provider, "ADJUSTMENT", "", -int(pence * CORRECTION * rng.random())))
    return [f for f in found if f[3]]


def _blocks(teller: Teller, here: frozenset[str]) -> list[tuple[str, str, str, int]]:
    found = []
    for row in rows("blocks"):
        providers = row["providers"].split()
        yearly = float(row["pounds_millions"]) * 1e8 * teller.scope.scale / len(providers)
        found += [(p, "BLOCK", row["line"], int(yearly / 12)) for p in providers if p in here]
    return found
