"""The real country the synthetic people live in: areas, practices, providers, sites and prices as arrays.

Everything comes from the register; nothing here is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tertiary.synth.data import BANDS, GROUPS, lists
from tertiary.synth.errors import SynthError
from tertiary.synth.scope import REGIONS, Scope

if TYPE_CHECKING:
    from tertiary.register import Register

CLOSE = 0.35  # degrees around the area in which practices and neighbours are looked for


@dataclass(frozen=True)
class Areas:
    """Small areas (LSOA) of England. `inside` marks those asked for; arrays share one order."""

    code: np.ndarray
    sub_icb: np.ndarray
    region: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    deprivation: np.ndarray
    ethnicity: np.ndarray
    population: np.ndarray
    inside: np.ndarray


@dataclass(frozen=True)
class Practices:
    """English practices open to the public, and the practices of the armed forces."""

    code: np.ndarray
    sub_icb: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    size: np.ndarray
    forces: np.ndarray


@dataclass(frozen=True)
class Providers:
    """Providers that treat people, with one hospital site or more each."""

    code: np.ndarray
    hub: np.ndarray
    host: np.ndarray
    region: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    ordinary: np.ndarray
    market_forces: np.ndarray
    prominence: np.ndarray
    site_code: np.ndarray
    site_latitude: np.ndarray
    site_longitude: np.ndarray
    site_of: np.ndarray

    def members(self, name: str) -> np.ndarray:
        """Positions of the providers of a list; every ordinary acute provider for a blank name."""
        if not name:
            return np.flatnonzero(self.ordinary)
        return np.flatnonzero(np.isin(self.code, lists()[name]))


@dataclass(frozen=True)
class World:
    """All of it."""

    areas: Areas
    practices: Practices
    providers: Providers


def world(register: Register, scope: Scope) -> World:
    """Read the register for a request. SynthError when the area is not one it knows."""
    return World(_areas(register, scope), _practices(register, scope), _providers(register))


def _column(table: pa.Table, name: str) -> np.ndarray:
    found: np.ndarray = table.column(name).to_numpy(zero_copy_only=False)
    return found


def _areas(register: Register, scope: Scope) -> Areas:
    table = register["lsoas"].sort_by("lsoa21_code")
    after = scope.months[0].key >= 202604
    icb = _column(table, "icb_code_2026" if after else "icb_code_2024")
    region = _column(table, "region_code")
    return Areas(
        code=_column(table, "lsoa21_code").astype(object),
        sub_icb=_column(table, "sub_icb_code_2026" if after else "sub_icb_code_2024").astype(object),
        region=region.astype(object),
        latitude=_column(table, "latitude").astype(np.float64),
        longitude=_column(table, "longitude").astype(np.float64),
        deprivation=_column(table, "imd2025_decile").astype(np.int8),
        ethnicity=_ethnicity(table),
        population=_population(register, table.column("lsoa21_code")),
        inside=_inside(scope.area, region, icb),
    )


def _inside(area: str, region: np.ndarray, icb: np.ndarray) -> np.ndarray:
    name = area.lower().replace(" ", "_").replace("-", "_")
    if name == "england":
        return np.ones(len(region), bool)
    found = region == REGIONS[name] if name in REGIONS else icb == area.upper()
    if not found.any():
        known = ", ".join(sorted(set(icb) - {""}))
        raise SynthError(f"area {area!r}: give england, {', '.join(REGIONS)} or an ICB code of that date ({known}).")
    return np.asarray(found, bool)


def _ethnicity(table: pa.Table) -> np.ndarray:
    counts = np.stack([_column(table, f"residents_{g}").astype(np.float64) for g in GROUPS], axis=1) + 0.5
    shares: np.ndarray = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _population(register: Register, codes: pa.ChunkedArray) -> np.ndarray:
    table = register["lsoa_populations"]
    row = pc.index_in(table.column("lsoa21_code"), value_set=codes.combine_chunks()).to_numpy(zero_copy_only=False)
    band = pc.index_in(table.column("age_band"), value_set=pa.array(BANDS)).to_numpy(zero_copy_only=False)
    found = np.zeros((len(codes), len(BANDS)))
    known = ~(np.isnan(row.astype(float)) | np.isnan(band.astype(float)))
    found[row[known].astype(int), band[known].astype(int)] = _column(table, "population")[known]
    return found


def _open_on(table: pa.Table, day: date, start: str, end: str) -> pa.Table:
    begun = pc.or_kleene(pc.is_null(table.column(start)), pc.less_equal(table.column(start), pa.scalar(day)))
    still = pc.or_kleene(pc.is_null(table.column(end)), pc.greater(table.column(end), pa.scalar(day)))
    return table.filter(pc.and_(begun, still))


def _practices(register: Register, scope: Scope) -> Practices:
    table = _open_on(register["practices"], scope.months[0].mid(), "open_date", "close_date")
    table = _open_on(table, scope.months[-1].mid(), "open_date", "close_date")
    forces = pc.and_(pc.equal(table.column("is_armed_forces"), "Y"), pc.equal(table.column("english"), "Y"))
    public = pc.and_(
        pc.and_(pc.equal(table.column("english"), "Y"), pc.equal(table.column("is_armed_forces"), "N")),
        pc.and_(pc.greater(table.column("registered_population"), pa.scalar(1000)), pc.is_valid(table["latitude"])),
    )
    table = table.filter(pc.or_(forces, pc.fill_null(public, False))).sort_by("practice_code")
    size = pc.fill_null(table.column("registered_population").cast(pa.float64()), 0.0)
    return Practices(
        code=_column(table, "practice_code").astype(object),
        sub_icb=_column(table, "commissioner_code").astype(object),
        latitude=pc.fill_null(table.column("latitude"), 0.0).to_numpy(),
        longitude=pc.fill_null(table.column("longitude"), 0.0).to_numpy(),
        size=size.to_numpy(),
        forces=_column(table, "is_armed_forces") == "Y",
    )


def _providers(register: Register) -> Providers:
    table = register["providers"]
    table = table.filter(pc.and_(pc.is_null(table["closed"]), pc.is_valid(table["latitude"]))).sort_by("provider_code")
    code = _column(table, "provider_code").astype(object)
    hosts = {r["provider_code"]: r["hub_code"] for r in register["provider_hosts"].to_pylist()}
    home = {r["provider_code"]: r["sub_icb_code"] for r in register["provider_hosts"].to_pylist()}
    factors = {r["provider_code"]: float(r["factor"]) for r in register["market_forces"].to_pylist()}
    sites = _sites(register, code, table)
    prominence = np.array([sum(c in v for k, v in lists().items() if not k.startswith("X_")) for c in code])
    return Providers(
        code=code,
        hub=np.array([hosts.get(c, "") for c in code], object),
        host=np.array([home.get(c, "") for c in code], object),
        region=_column(table, "region_code").astype(object),
        latitude=_column(table, "latitude").astype(float),
        longitude=_column(table, "longitude").astype(float),
        ordinary=(_column(table, "trust_type") == "Acute") & (_column(table, "specialist_focus") == ""),
        market_forces=np.array([factors.get(c, 1.0) for c in code]),
        prominence=np.sqrt(1.0 + prominence),
        **sites,
    )


def _sites(register: Register, code: np.ndarray, providers: pa.Table) -> dict[str, Any]:
    """Hospital sites by provider; a provider without one has no site code."""
    table = register["sites"].sort_by("site_code")
    real = pc.and_(pc.equal(table["sub_type"], "Hospital"), pc.is_valid(table["latitude"]))
    real = pc.and_(real, pc.is_in(table["provider_code"], value_set=pa.array(list(code))))
    real = pc.and_(real, pc.less_equal(pc.utf8_length(table["site_code"]), 5))
    table = table.filter(real)
    order = {c: i for i, c in enumerate(code)}
    owner = np.array([order[c] for c in table["provider_code"].to_pylist()], int)
    alone = np.setdiff1d(np.arange(len(code)), owner)
    return {
        "site_code": np.concatenate([_column(table, "site_code"), [""] * len(alone)]).astype(object),
        "site_latitude": np.concatenate([_column(table, "latitude"), _column(providers, "latitude")[alone]]),
        "site_longitude": np.concatenate([_column(table, "longitude"), _column(providers, "longitude")[alone]]),
        "site_of": np.concatenate([owner, alone]),
    }
