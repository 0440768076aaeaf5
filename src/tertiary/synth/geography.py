"""Synthetic postcodes: they have the shape of a postcode, but no postcode area of the country is XX."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tertiary.synth.world import Areas

LETTERS = np.array(list("ABDEFGHJLNPQRSTUWXYZ"))
PER_DISTRICT = 400
HOUSES = 2  # postcodes of an area


def postcodes(area: np.ndarray, person: np.ndarray) -> pa.Array:
    """Postcode of people of small areas (positions in the order of LSOA codes)."""
    key = area.astype(np.int64) * HOUSES + person % HOUSES
    distinct, back = np.unique(key, return_inverse=True)
    return pa.array(_text(distinct // HOUSES, distinct % HOUSES)).take(pa.array(back))


def _text(area: np.ndarray, house: np.ndarray) -> list[str]:
    outward, inward = area // PER_DISTRICT, area % PER_DISTRICT
    letters = LETTERS[inward // len(LETTERS)], LETTERS[inward % len(LETTERS)]
    return [f"XX{o} {h + 1}{a}{b}" for o, h, a, b in zip(outward, house, *letters, strict=True)]


def directory(areas: Areas, rows: np.ndarray, icb: np.ndarray) -> dict[str, list[str]]:
    """The postcodes of areas with the places they lie in, for the register overlay."""
    area = np.repeat(np.sort(rows), HOUSES)
    house = np.tile(np.arange(HOUSES), len(rows))
    return {
        "postcode": _text(area, house),
        "country_code": ["E92000001"] * len(area),
        "sub_icb_code": list(areas.sub_icb[area]),
        "icb_code": list(icb[area]),
        "region_code": list(areas.region[area]),
        "lsoa21_code": list(areas.code[area]),
    }
