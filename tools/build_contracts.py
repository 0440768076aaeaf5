"""Build src/tertiary/flows/fields.csv from the public layouts.

    python tools/build_contracts.py --source DIR     DIR holds the layout files (plcm.csv, sus_op.csv ...)

Hand-kept next to the result: mapping.csv (which field feeds which column), aliases.csv (later and CDS names),
extra_fields.csv (items the layouts lack), needed.csv (fields without which a file cannot be read),
dropped_fields.csv (personal data never kept).
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FLOWS = ROOT / "src" / "tertiary" / "flows"
CC = ("cc_adult", "cc_paediatric", "cc_neonatal")
LAYOUTS: dict[str, tuple[str, ...]] = {
    "apc_episode": ("sus_apc_episode",),
    "apc_spell": ("sus_apc_spell", "sus_apc_spell_cost", "sus_apc_spell_derived"),
    "op": ("sus_op", "sus_op_cost", "sus_op_derived"),
    "ec": (),
    **dict.fromkeys(CC, ("sus_cc",)),
    "plcm": ("plcm",),
    "drplcm": ("drplcm",),
    "deplcm": ("deplcm",),
    "acm": ("acm",),
    "iap": ("iap",),
    "prior_approval": (),
}
# Additions to the 2020 standards which only rename a field of it: they are aliases, not fields.
RENAMED = {
    "HOSPITAL PROVIDER SPELL IDENTIFIER",
    "OUTPATIENT ATTENDANCE IDENTIFIER",
    "CLINICAL INTERVENTION DATE (DRUG DISPENSED)",
}
COLUMNS = (
    "flow", "order", "field_name", "column", "role", "type", "min_length", "max_length", "scale", "requirement",
    "needed", "aliases", "code_list", "source", "confidence",
)  # fmt: skip
# `an3` is a length to hold for codes; identifiers and the ethnic category are in use with fewer characters.
EXACT = re.compile(r"(CODE|INDICATOR|REASON|CODE \(PATIENT REGISTRATION\)|PRACTICE \(PATIENT REGISTRATION\))$")
FIXED_LENGTHS = {"See POSTCODE": 8, "SNOMED_CT_CODE": 18, "See DM+D CODE": 18}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def kept(name: str) -> list[dict[str, str]]:
    return read(FLOWS / f"{name}.csv")


def normal(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def shape(text: str, is_sus: bool, is_exact: bool = False) -> dict[str, str]:
    """Type, lengths and scale from a format such as `max n18.max n8`, `an10 CCYY-MM-DD` or `nvarchar(30), int`."""
    if text in FIXED_LENGTHS:
        return {"type": "text", "max_length": str(FIXED_LENGTHS[text])}
    if is_sus:
        lengths = [int(n) for n in re.findall(r"\((\d+)\)", text)]
        for word, kind in (("date", "date"), ("decimal", "decimal"), ("numeric", "decimal")):
            if word in text.lower():
                return {"type": kind, "scale": "8" if kind == "decimal" else ""}
        return {"type": "text", "max_length": str(max(lengths)) if lengths else ""}
    if "hh:mm:ss" in text or text == "datetime":
        return {"type": "datetime", "max_length": "19"}
    if "CCYY-MM-DD" in text:
        return {"type": "date", "max_length": "10"}
    if found := re.match(r"max n(\d+)\.max n(\d+)", text):
        return {"type": "decimal", "max_length": found[1], "scale": found[2]}
    if text == "max n18":
        return {"type": "decimal", "max_length": "18", "scale": "8"}
    if found := re.match(r"min an(\d+) max an(\d+)", text):
        return {"type": "text", "min_length": found[1], "max_length": found[2]}
    if found := re.match(r"(max )?(an|n)(\d+)", text):
        exact = found[3] if is_exact and not found[1] and found[2] == "an" else ""
        kind = "integer" if found[1] and found[2] == "n" else "text"
        return {"type": kind, "min_length": exact, "max_length": found[3]}
    return {"type": "text"}


def layout_fields(source: Path, flow: str) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for layout in LAYOUTS[flow]:
        is_sus = layout.startswith("sus_")
        for row in read(source / f"{layout}.csv"):
            name = row["field_name"]
            if name in RENAMED or normal(name) in seen:
                continue
            seen.add(normal(name))
            later = row["order"].startswith("+")
            yield {
                "flow": flow,
                "field_name": name,
                **shape(row["data_type_length"], is_sus, bool(EXACT.search(name))),
                "requirement": row["requirement"],
                "needed": "Y" if row["requirement"] == "M" and not is_sus and not later else "",
                "source": row["source"],
                "confidence": row["confidence"],
            }


def by_flow(rows: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    made: dict[str, list[dict[str, str]]] = {flow: [] for flow in LAYOUTS}
    for row in rows:
        for flow in LAYOUTS if row["flow"] == "*" else row["flow"].split(";"):
            made[flow].append(row)
    return made


def expand(sources: str) -> list[str]:
    """Field names of a mapping's `A|B&C_{1-3}`."""
    names: list[str] = []
    for part in re.split(r"[|&]", sources):
        if found := re.match(r"(.*)\{(\d+)-(\d+)\}$", part):
            names += [f"{found[1]}{n}" for n in range(int(found[2]), int(found[3]) + 1)]
        elif part:
            names.append(part)
    return names


def build(source: Path) -> list[dict[str, Any]]:
    extra, aliases, mapping = by_flow(kept("extra_fields")), by_flow(kept("aliases")), by_flow(kept("mapping"))
    needed, dropped = by_flow(kept("needed")), by_flow(kept("dropped_fields"))
    elements = {row["data_element"] for row in read(source / "codes_national.csv")}
    result: list[dict[str, Any]] = []
    for flow in LAYOUTS:
        rows = [*layout_fields(source, flow)]
        have = {normal(r["field_name"]) for r in rows}
        rows += [{**r, "flow": flow} for r in extra[flow] if normal(r["field_name"]) not in have]
        names = {r["field_name"] for r in rows}
        alias_of = {r["field_name"]: r["aliases"] for r in aliases[flow]}
        must = {r["field_name"] for r in needed[flow]}
        drop = {normal(r["field_name"]) for r in dropped[flow]}
        column_of: dict[str, list[str]] = {}
        for row in mapping[flow]:
            for name in expand(row["sources"]) + ([row["value"]] if row["how"] == "age" and row["value"] else []):
                if name not in names:
                    raise SystemExit(f"mapping.csv: {flow} has no field {name!r}")
                column_of.setdefault(name, []).append(row["column"])
        for name in [*alias_of, *must]:
            if name not in names:
                raise SystemExit(f"aliases.csv or needed.csv: {flow} has no field {name!r}")
        for order, row in enumerate(rows, start=1):
            name = row["field_name"]
            columns = [] if normal(name) in drop else column_of.get(name, [])
            columns = [c for c in columns if c not in {"component"}] or columns
            row.update(
                order=order,
                column="" if not columns else columns[0],
                role=_role(name, columns, normal(name) in drop),
                needed="Y" if name in must or (row.get("needed") and normal(name) not in drop) else "",
                aliases=alias_of.get(name, ""),
                code_list=_code_list(name, alias_of.get(name, ""), elements),
            )
        _check_names(flow, rows)
        result += rows
    return result


def _role(name: str, columns: list[str], is_dropped: bool) -> str:
    if is_dropped:
        return "dropped"
    if name == "NHS NUMBER":
        return "nhs_number"
    if "created_at" in columns:
        return "header"
    if set(columns) & {"financial_year", "financial_month"} or name == "REPORTING TYPE INDICATOR":
        return "header"
    return "canonical" if columns else "known"


def _code_list(name: str, aliases: str, elements: set[str]) -> str:
    return next((n for n in [name, *aliases.split(";")] if n in elements), "")


def _check_names(flow: str, rows: list[dict[str, Any]]) -> None:
    taken: dict[str, str] = {}
    for row in rows:
        for name in [row["field_name"], *filter(None, row["aliases"].split(";"))]:
            if taken.setdefault(normal(name), row["field_name"]) != row["field_name"]:
                raise SystemExit(f"{flow}: {name!r} names both {taken[normal(name)]!r} and {row['field_name']!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="folder of the layout files")
    rows = build(parser.parse_args().source)
    with (FLOWS / "fields.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} fields of {len(LAYOUTS)} flows")


if __name__ == "__main__":
    main()
