"""The ONS Postcode Directory as the register's `postcodes` table: ONS codes become ODS codes."""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from tertiary.errors import RegisterError
from tertiary.register import schemas
from tertiary.register.store import Register
from tertiary.register.workbooks import match, missing


def postcode_directory(path: Path, label: str) -> pa.Table:
    """One row a postcode. A code the register does not know becomes blank (the look-up then says so).

    RegisterError when the file is no CSV or a needed column is missing.
    """
    data = _read(path)
    raw = {name: data[column] for name, column in _columns(path, data.column_names).items()}
    shipped = Register(())
    made = {
        "postcode": _postcode(raw["postcode"]),
        "country_code": raw["country_code"],
        "sub_icb_code": _translate(raw["sub_icb_code"], _pairs(shipped, "sub_icbs", "sub_icb_ons", "sub_icb_code")),
        "lad_code": raw["lad_code"],
        "lsoa21_code": raw["lsoa21_code"],
    }
    if "icb_code" in raw:
        made["icb_code"] = _translate(raw["icb_code"], _pairs(shipped, "icbs", "icb_ons", "icb_code"))
    if "region_code" in raw:
        made["region_code"] = _translate(raw["region_code"], _pairs(shipped, "regions", "region_ons", "region_code"))
    if "health_board_code" in raw:
        made["health_board_code"] = _translate(raw["health_board_code"], _boards(), keep=True)
    for name, column, after in (("valid_from", "introduced", 0), ("valid_to", "terminated", 1)):
        if column in raw:
            made[name] = _month(raw[column], after)
    size = data.num_rows
    columns = []
    for wanted in schemas.columns("postcodes"):
        fixed = {"source": label, "confidence": "as supplied"}.get(wanted.name)
        kind = schemas.arrow_type(wanted.type)
        blank = pa.array(["" if fixed is None else fixed] * size) if pa.types.is_string(kind) else pa.nulls(size, kind)
        columns.append(made.get(wanted.name, blank))
    return pa.table(columns, schema=schemas.arrow_schema("postcodes"))


def _read(path: Path) -> pa.Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            headers = next(csv.reader(handle), [])
        found = match("postcode_directory", headers)
        wanted = [headers[i] for i in found.values()]
        options = pacsv.ConvertOptions(
            include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
        )
        return pacsv.read_csv(path, convert_options=options)
    except (pa.ArrowInvalid, UnicodeDecodeError, OSError) as error:
        raise RegisterError(f"{path}: cannot be read as the postcode directory CSV ({error}).") from error


def _columns(path: Path, headers: list[str]) -> dict[str, str]:
    found = match("postcode_directory", headers)
    absent = missing("postcode_directory", found)
    if absent:
        raise RegisterError(
            f"{path}: column(s) {', '.join(absent)} not found for postcode_directory. Columns recognised: "
            f"{', '.join(headers) or 'none'}. Use the full ONS Postcode Directory CSV; accepted headers are listed in "
            "overlay_columns.csv."
        )
    return {name: headers[i] for name, i in found.items()}


def _postcode(values: pa.ChunkedArray) -> pa.ChunkedArray:
    squeezed = pc.utf8_upper(pc.replace_substring(values, " ", ""))
    return pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(squeezed, 0, -3), pc.utf8_slice_codeunits(squeezed, -3), " "
    )


def _pairs(register: Register, table: str, ons: str, ods: str) -> dict[str, str]:
    data = register[table]
    return {a: b for a, b in zip(data[ons].to_pylist(), data[ods].to_pylist(), strict=True) if a}


def _boards() -> dict[str, str]:
    text = resources.files("tertiary.register").joinpath("health_boards.csv").read_text(encoding="utf-8")
    return {r["ons_code"]: r["ods_code"] for r in csv.DictReader(text.splitlines())}


def _translate(values: pa.ChunkedArray, pairs: dict[str, str], *, keep: bool = False) -> pa.ChunkedArray:
    """ONS code to ODS code; a value that is an ODS code already stays."""
    known = {**pairs, **{b: b for b in pairs.values()}}
    position = pc.index_in(values, pa.array(list(known)))
    found = pc.take(pa.array(list(known.values())), position)
    return pc.fill_null(found, values if keep else "")


def _month(values: pa.ChunkedArray, after: int) -> pa.ChunkedArray:
    """Year and month as the first day of that month, or of the month `after` it; null when blank."""
    written = pc.if_else(pc.equal(pc.utf8_length(values), 6), values, pa.scalar(None, pa.string()))
    year = pc.utf8_slice_codeunits(written, 0, 4).cast(pa.int32())
    month = pc.add(pc.utf8_slice_codeunits(written, 4, 6).cast(pa.int32()), after)
    over = pc.greater(month, 12)
    year = pc.if_else(over, pc.add(year, 1), year)
    month = pc.if_else(over, 1, month)
    text = pc.binary_join_element_wise(
        year.cast(pa.string()), pc.utf8_lpad(month.cast(pa.string()), 2, "0"), pa.scalar("01"), "-"
    )
    return text.cast(pa.date32())
