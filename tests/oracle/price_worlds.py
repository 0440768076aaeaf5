"""Price rules and records that meet them often: codes, years, days and providers come from short alphabets.

Every rule is invented. `world` gives rows of every table of price rules, `drawn_records` values of records, `canonical`
and `stage_rows` what the price stage reads.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from oracle.cases import Row, activity, record

YEARS = ("201718", "201819", "201920")
EDGES = (date(2018, 4, 1), date(2018, 10, 1), date(2019, 4, 1))
SPANS = [(None, None), (EDGES[0], None), (None, EDGES[1]), (EDGES[0], EDGES[1]), (EDGES[1], EDGES[2])]
CODES = ("AA22C", "AA23D", "100")
LINES = ("NCBPS08S", "NCBPS13E", "")
PROVIDERS = ("RRV", "RT3", "RJ1", "RW6")
FLAGS = ("", "BP1", "BP2")
PODS = (
    "EL", "DC", "NEL", "NELST", "OPPROC", "OPFA", "OPFAMPCL", "OPFUP", "UNBACC", "ELXBD", "NELXBD", "YOC", "ARD",
    "UNBRAD", "BLOCK", "DRUG", "LAC", "",
)  # fmt: skip
GROUPS = (
    "elective", "day_case", "non_elective", "non_elective_short_stay", "outpatient_procedure", "outpatient_first",
    "outpatient_first_multi", "outpatient_follow_up", "critical_care_day", "renal_session", "unbundled",
    "excess_bed_day_elective", "excess_bed_day_non_elective", "year_of_care",
)  # fmt: skip


def a_share(rng: random.Random) -> Decimal:
    return rng.choice([Decimal("0.5"), Decimal("0.014"), Decimal(rng.randrange(1500000)) / 1000000])


def some_pounds(rng: random.Random) -> Decimal:
    return rng.choice([Decimal("0.01"), Decimal("100.50"), Decimal(rng.randrange(1, 10**8)) / 100])


def a_span(rng: random.Random) -> Row:
    return dict(zip(("valid_from", "valid_to"), rng.choice(SPANS), strict=True))


def world(rng: random.Random) -> dict[str, list[Row]]:
    """Rows of every table of price rules."""
    units = [
        {"financial_year": y, "price_group": g, "currency_code": c, "unit_price": some_pounds(rng)}
        for y in YEARS
        for g in GROUPS
        for c in CODES
        if rng.random() < 0.6
    ]
    best = [
        {
            "financial_year": y,
            "price_group": g,
            "currency_code": c,
            "best_practice_flag": f,
            **a_span(rng),
            "priority": rng.randrange(3),
            "unit_price": rng.choice([None, None, some_pounds(rng)]),
            "multiplier": rng.choice([None, a_share(rng)]),
            "addition": rng.choice([None, Decimal(rng.randrange(-50000, 50000)) / 100]),
            "addition_market_forces": rng.choice(["Y", "N", ""]),
        }
        for y in YEARS
        for g in GROUPS
        for c in ("*", *CODES)
        for f in FLAGS[1:]
        if rng.random() < 0.25
    ]
    tops = [
        {
            "financial_year": y,
            "service_line_code": line,
            "provider_code": p,
            "rate": a_share(rng),
            "rank": rng.randrange(9),
            **a_span(rng),
        }
        for y in YEARS
        for line in LINES[:2]
        for p in PROVIDERS[:2]
        for _ in range(rng.randrange(4))
    ]
    return {
        "unit_prices": units,
        "price_uplifts": [
            {"financial_year": y, "price_group": g, "rate": a_share(rng)}
            for y in YEARS
            for g in (*GROUPS[:4], "year_of_care")
            if rng.random() < 0.4
        ],
        "short_stay_reductions": [
            {"financial_year": y, "currency_code": c, "share": a_share(rng)} for y in YEARS for c in CODES[:2]
        ],
        "best_practice_prices": best,
        "year_of_care_prices": [
            {"financial_year": y, "band_code": c, "annual_price": some_pounds(rng)} for y in YEARS for c in CODES[1:]
        ],
        "low_volume_agreements": [
            {"payer_code": "QOP", "provider_code": rng.choice(PROVIDERS), "valid_from": EDGES[0], "valid_to": EDGES[1]}
        ],
        "market_forces": [
            {"provider_code": p, "financial_year": y, "factor": Decimal(rng.randrange(1000000, 1180000)) / 1000000}
            for p in ("RRV", "RJ1", "R0A") for y in YEARS if rng.random() < 0.8
        ],
        "top_ups": tops,
        "pricing_policies": [
            {"financial_year": y, "derived_unit_places": rng.choice([0, 2]), "month_places": 2,
             "line_rounding": "half_away_from_zero_to_pence",
             "local_price": "by_list" if y == "201920" else "as_submitted",
             "top_up_flags": rng.choice(["final", "final;derived;sus", "final;sus"])}
            for y in YEARS
        ],
    }  # fmt: skip


def drawn_records(rng: random.Random, count: int) -> list[Row]:
    """Values of records; final, derived and payer are what the stages before pricing would say."""
    return [
        {
            "flow": rng.choice(["plcm"] * 20 + ["apc_spell", "apc_episode", "iap"]),
            "point_of_delivery": rng.choice(PODS),
            "hrg": rng.choice((*CODES[:2], "WF01A", "WF01B", "WF02B", "100")),
            "treatment_function_code": rng.choice(("100", "100", "100", "")),
            "flag": rng.choice(FLAGS),
            "day": rng.choice((date(2018, 3, 31), EDGES[0], date(2018, 9, 30), EDGES[1], date(2019, 3, 31), EDGES[2])),
            "provider_code": rng.choice(PROVIDERS),
            "national_tariff_indicator": rng.choice(("Y", "Y", "", "N")),
            "component": rng.choice(["activity"] * 15 + ["drug"]),
            "quantity": rng.choice([None, *[Decimal(1)] * 5, Decimal(rng.randrange(-(10**6), 10**6)) / 1000]),
            "price_submitted": rng.choice([None, Decimal(rng.randrange(-(10**6), 10**8)) / 1000]),
            "final": rng.choice(LINES),
            "derived": rng.choice(LINES),
            "service_line_sus": rng.choice(LINES),
            "payer": rng.choice(("QOP", "X24")),
        }
        for _ in range(count)
    ]


def canonical(drawn: list[Row]) -> list[Row]:
    made = []
    for number, values in enumerate(drawn):
        own = {k: v for k, v in values.items() if k not in ("flag", "day", "final", "derived", "payer")}
        first = values["day"].year - (values["day"].month < 4)
        year = {"financial_year": f"{first}{(first + 1) % 100:02d}", "activity_date": values["day"]}
        made.append(record(number, **own, **year, tariff_code=f"{values['hrg']}//{values['flag']}"))
    return made


def stage_rows(drawn: list[Row]) -> pa.Table:
    """What the price stage reads of drawn records."""
    table = activity(canonical(drawn))
    for column, name in (("service_line_final", "final"), ("service_line_derived", "derived"), ("payer_code", "payer")):
        table = table.append_column(column, pa.array([d[name] for d in drawn], pa.string()))
    return table


def blank(register: Mapping[str, Any]) -> dict[str, pa.Table]:
    """Register tables without rows, but for those that say how points of delivery are priced and who took over whom."""
    kept = ("point_of_delivery_prices", "price_groups", "attendance_groups", "providers")
    return {name: register[name] if name in kept else register[name].slice(0, 0) for name in register}
