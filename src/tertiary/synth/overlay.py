"""The register overlay that goes with the data: what is not public, made up or borrowed, and labelled synthetic."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tertiary.synth.data import lists, rows
from tertiary.synth.excluded import drug_code
from tertiary.synth.geography import directory
from tertiary.synth.people import People
from tertiary.synth.prices import PriceBook
from tertiary.synth.scope import Scope
from tertiary.synth.world import World

if TYPE_CHECKING:
    from tertiary.register import Register

LABEL = "SYNTHETIC overlay of the synthetic England"
GROUPS = (
    "elective", "day_case", "non_elective", "outpatient_procedure", "outpatient_first", "outpatient_follow_up",
    "critical_care_day", "renal_session", "emergency_care", "unbundled",
)  # fmt: skip


def write_overlay(
    folder: Path, register: Register, world: World, people: People, book: PriceBook, scope: Scope
) -> None:
    """Write `register/`: overlay.json and one file per table."""
    folder.mkdir(parents=True, exist_ok=True)
    # invented places and lists may be read by all; prices stay closed, as a body's own would
    public = ["postcodes", "provider_lists"]
    settings = {"name": "synthetic-england", "label": LABEL, "synthetic": True, "replace": [], "public": public}
    (folder / "overlay.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    years = sorted({m.financial_year for m in scope.months})
    for table, made in {
        "unit_prices": _unit_prices(book, years, register),
        "market_forces": _market_forces(register, years),
        "provider_lists": _provider_lists(),
        "provider_hub_mapping": _hub_mapping(register),
        "prior_approval_drugs": _approval_drugs(),
        "postcodes": _postcodes(register, world, people, scope),
    }.items():
        pq.write_table(made, folder / f"{table}.parquet", compression="zstd")


def _year(text: str) -> tuple[date, date]:
    start = int(text[:4])
    return date(start, 4, 1), date(start + 1, 4, 1)


def _labelled(columns: dict[str, pa.Array], source: str) -> pa.Table:
    n = len(next(iter(columns.values())))
    return pa.table({**columns, "source": pa.array([source] * n), "confidence": pa.array(["synthetic"] * n)})


def _unit_prices(book: PriceBook, years: list[str], register: Register) -> pa.Table:
    treatments = sorted(
        {
            r["code"]
            for r in register["national_codes"].to_pylist()
            if r["data_element"] == "ACTIVITY TREATMENT FUNCTION CODE"
        }
    )
    rows: list[tuple[str, str, str, int]] = []
    for year in years:
        for group in GROUPS:
            prices = dict(book.pence[group])
            if "*" in prices:
                rest = prices.pop("*")
                prices = {t: prices.get(t, rest) for t in sorted(set(treatments) | set(prices))}
            rows += [(year, group, code, pence) for code, pence in sorted(prices.items())]
    return _labelled(
        {
            "financial_year": pa.array([r[0] for r in rows]),
            "price_group": pa.array([r[1] for r in rows]),
            "currency_code": pa.array([r[2] for r in rows]),
            "unit_price": pa.array([Decimal(r[3]) / 100 for r in rows], pa.decimal128(9, 2)),
            "price_status": pa.array(["synthetic"] * len(rows)),
            "valid_from": pa.array([_year(r[0])[0] for r in rows]),
            "valid_to": pa.array([_year(r[0])[1] for r in rows]),
        },
        f"{LABEL}: average unit costs of the National Cost Collection 2024/25 over mean market forces, as if prices",
    )


def _market_forces(register: Register, years: list[str]) -> pa.Table:
    known = register["market_forces"].to_pylist()
    have = {(r["provider_code"], r["financial_year"]) for r in known}
    rows = [
        (r["provider_code"], year, r["factor"])
        for year in years
        for r in sorted(known, key=lambda r: r["provider_code"])
        if (r["provider_code"], year) not in have and r["financial_year"] == "202627"
    ]  # fmt: skip
    return _labelled(
        {
            "provider_code": pa.array([r[0] for r in rows], pa.string()),
            "financial_year": pa.array([r[1] for r in rows], pa.string()),
            "factor": pa.array([r[2] for r in rows], pa.decimal128(9, 6)),
            "valid_from": pa.array([_year(r[1])[0] for r in rows], pa.date32()),
            "valid_to": pa.array([_year(r[1])[1] for r in rows], pa.date32()),
        },
        f"{LABEL}: factors of 2026/27 carried to another year",
    )


def _provider_lists() -> pa.Table:
    rows = [(n, p) for n, members in sorted(lists().items()) if not n.startswith("X_") for p in members]
    rows = list(dict.fromkeys(rows))
    return _labelled(
        {
            "list_name": pa.array([r[0] for r in rows]),
            "provider_code": pa.array([r[1] for r in rows]),
            "valid_from": pa.array([date(2013, 4, 1)] * len(rows)),
            "valid_to": pa.nulls(len(rows), pa.date32()),
            "service_line_code": pa.array([""] * len(rows)),
            "site_code": pa.array([""] * len(rows)),
        },
        f"{LABEL}: chosen by name and specialty; not a list of NHS England",
    )


def _hub_mapping(register: Register) -> pa.Table:
    rows = [r for r in register["provider_hosts"].to_pylist() if r["hub_code"]]
    return _labelled(
        {
            "provider_code": pa.array([r["provider_code"] for r in rows]),
            "valid_from": pa.array([date(2013, 4, 1)] * len(rows)),
            "valid_to": pa.nulls(len(rows), pa.date32()),
            "hub_code": pa.array([r["hub_code"] for r in rows]),
        },
        f"{LABEL}: hub of the provider's region",
    )


def _approval_drugs() -> pa.Table:
    codes = [drug_code(r) for r in rows("drugs") if r["approval"] == "Y"]
    return _labelled(
        {
            "drug_code": pa.array(codes),
            "valid_from": pa.array([date(2013, 4, 1)] * len(codes)),
            "valid_to": pa.nulls(len(codes), pa.date32()),
        },
        f"{LABEL}: invented drugs; not the list of NHS England",
    )


def _postcodes(register: Register, world: World, people: People, scope: Scope) -> pa.Table:
    after = scope.months[0].key >= 202604
    table = register["lsoas"].sort_by("lsoa21_code")
    icb = table["icb_code_2026" if after else "icb_code_2024"].to_numpy(zero_copy_only=False)
    lad = table["lad_code"].to_numpy(zero_copy_only=False)
    found = directory(world.areas, np.asarray(people.rows), icb)
    order = {c: i for i, c in enumerate(world.areas.code)}
    n = len(found["postcode"])
    return _labelled(
        {
            **{k: pa.array(v, pa.string()) for k, v in found.items()},
            "lad_code": pa.array([lad[order[c]] for c in found["lsoa21_code"]], pa.string()),
            "health_board_code": pa.array([""] * n),
            "valid_from": pa.array([date(2000, 1, 1)] * n),
            "valid_to": pa.nulls(n, pa.date32()),
        },
        f"{LABEL}: no postcode area XX exists",
    )
