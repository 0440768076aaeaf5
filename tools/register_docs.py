"""docs/reference/register.md, written from the schema and the built data."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from register_io import REGISTER, schema_rows

OPENING = """# Register: reference

<!-- Written by `make docs` (tools/register_docs.py); do not edit by hand. -->

Version {version} of {date}: {tables} tables, {rows:,} rows, {size:.1f} MB. Each table has a key, a `source` and a
`confidence` column; tables with `valid_from` and `valid_to` hold half-open intervals (`valid_from <= day < valid_to`,
a blank end is open), tables with `known_from` and `known_to` say the same about knowledge. `--as-known` defaults to
the version's date and leaves out rows that were not known, or no longer believed, on that day.

`confidence`: *high* = read in a text or table of the publisher; *medium* = one indirect source, derived, or carried
forward; *low* = not seen in a source, or known to be incomplete.

Schema of every column: `src/tertiary/register/tables.csv`. Rebuild the data with
`python tools/build_register.py --source DIR`, where DIR holds the reference files. The data are public sector
information under the Open Government Licence v3.0 (see `NOTICE`).

## Reading it

```python
from datetime import date
from tertiary.register import Register, counts, lines, responsible, services, valid_on

register = Register.load(overlays=["my-overlay"], as_known=date(2025, 7, 1))
register["icbs"]                                                    # an Arrow table
services(register, date(2025, 6, 1))                                # each manual line and who decides about it
lines(register, date(2025, 6, 1))                                   # each code with its status and set
responsible(register, date(2025, 6, 1), service_line="NCBPS11B", sub_icb="93C")
counts(register, date(2025, 6, 1))                                  # 70 delegated, 80 held as retained, 2 + 2 open
valid_on(register, "icbs", date(2026, 4, 1))
```

## Overlays

An overlay is a folder laid over the shipped tables (`--register DIR`, repeatable, later ones on top):

* `<table>.csv` or `<table>.parquet`: rows with a known key replace the shipped row, others are added. Key columns are
  needed, other columns may be left out, unknown columns are refused. Dates are written 2025-04-01.
* `overlay.json` (optional): `name`, `label` (becomes the `source` of its rows), `synthetic` (true or false), `replace`
  (tables taken whole from the overlay), `public` (tables whose rows the web application may show to anybody) and
  `load`, a list of official files:
  `{{"file": "annex-a.xlsx", "as": "price_list", "financial_year": "202526", "sheet": "..."}}`.

| `as` | file | tables it fills |
| --- | --- | --- |
{loaders}

Accepted headers are in `src/tertiary/register/overlay_columns.csv`; a missing column is an error naming file, sheet,
columns missing and columns found. Loading the identification rules workbook sets the official rank as rule priority
(rules of lines without a rank follow, explicit exclusions stay first). Its top-up percentages are by line only: they
become `top_ups` for the providers of the list `TOP_UP_ELIGIBLE` in `provider_lists`.

## Tables

| table | rows | key | what it holds |
| --- | ---: | --- | --- |
{summary}

"""
LOADERS = [
    ("identification_rules_workbook", "NHS England's guide to identification rules (.xlsx), `financial_year` needed"),
    ("price_list", "Annex A of the payment scheme, or a long list of prices (.xlsx, .csv)"),
    ("market_forces_list", "payment market forces factor by provider (.xlsx, .csv)"),
    ("best_practice_list", "best practice prices, uplifts or additions by flag (.xlsx, .csv)"),
    ("year_of_care_list", "annual price by band (.xlsx, .csv)"),
    ("top_up_table", "top-up rate by line and eligible provider (.xlsx, .csv)"),
    ("provider_lists", "eligible providers by list (.xlsx, .csv)"),
    ("provider_hub_mapping", "ODS Provider to Commissioning Hub Mapping (.xlsx, .csv)"),
    ("postcode_directory", "ONS Postcode Directory (.csv)"),
    ("allocation_market_forces", "NHS England allocations, workbook H; `financial_year` needed, here and below"),
    ("allocation_weighted_populations", "workbook J: a column a stream, or `stream`; `components`"),
    ("allocation_specialised_services", "workbook L: specialised services; `pot` where there is no total row"),
    ("allocation_core_convergence", "workbook O: core convergence"),
    ("allocation_specialised_convergence", "workbook P: specialised convergence"),
]
FILLS = {
    "identification_rules_workbook": "official_hierarchy, official_top_up_rates, official_rule_summary",
    "price_list": "unit_prices, short_stay_reductions",
    "market_forces_list": "market_forces",
    "best_practice_list": "best_practice_prices",
    "year_of_care_list": "year_of_care_prices",
    "top_up_table": "top_ups",
    "provider_lists": "provider_lists",
    "provider_hub_mapping": "provider_hub_mapping",
    "postcode_directory": "postcodes",
    "allocation_market_forces": "official_market_forces",
    "allocation_weighted_populations": "need_indices",
    "allocation_specialised_services": "official_allocations",
    "allocation_core_convergence": "official_allocations",
    "allocation_specialised_convergence": "official_allocations",
}
MOST_SOURCES = 3


def _notes() -> dict[str, dict[str, str]]:
    with (REGISTER / "descriptions.csv").open(encoding="utf-8", newline="") as handle:
        return {r["table"]: r for r in csv.DictReader(handle)}


def _facts(path: Path) -> tuple[int, Counter[str], Counter[str]]:
    """Rows, confidence and sources of one data file."""
    data = pq.read_table(path, columns=["confidence", "source"]) if path.suffix == ".parquet" else pacsv.read_csv(path)
    return data.num_rows, Counter(data["confidence"].to_pylist()), Counter(data["source"].to_pylist())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _section(table: str, note: dict[str, str], columns: list[dict[str, str]], path: Path) -> str:
    rows, confidence, sources = _facts(path)
    parts = [f"### {table}", "", f"{note['about']}.", ""]
    shown = ", ".join(f"{k} {v:,}" for k, v in sorted(confidence.items()))
    parts.append(f"* rows: {rows:,}" + (f"; confidence: {shown}" if rows else " (typed and empty: load an overlay)"))
    if note["not_known"]:
        parts.append(f"* not known: {note['not_known']}")
    for source, number in sorted(sources.items(), key=lambda x: (-x[1], str(x[0])))[:MOST_SOURCES]:
        parts.append(f"* source ({number:,}): {_cell(str(source))}")
    if len(sources) > MOST_SOURCES:
        parts.append(f"* and {len(sources) - MOST_SOURCES} more sources, named in the rows")
    parts += ["", "| column | type | | meaning |", "| --- | --- | --- | --- |"]
    for c in columns:
        mark = "key" if c["key"] == "Y" else f"→ {c['references']}" if c["references"] else ""
        parts.append(f"| {c['column']} | {c['type']} | {mark} | {_cell(c['description'])} |")
    return "\n".join(parts) + "\n"


def page(data: Path = REGISTER / "data") -> str:
    """docs/reference/register.md of the built data in a folder."""
    tables: dict[str, list[dict[str, str]]] = {}
    for row in schema_rows():
        tables.setdefault(row["table"], []).append(row)
    notes = _notes()
    files = {p.stem: p for p in data.iterdir() if p.suffix in (".csv", ".parquet")}
    rows = {t: _facts(files[t])[0] for t in tables}
    summary = [
        f"| [{t}](#{t}) | {rows[t]:,} | {', '.join(c['column'] for c in columns if c['key'] == 'Y')} | "
        f"{_cell(notes[t]['about'])} |"
        for t, columns in tables.items()
    ]
    version = json.loads((data / "version.json").read_text(encoding="utf-8"))
    opening = OPENING.format(
        version=version["version"],
        date=version["date"],
        tables=len(tables),
        rows=sum(rows.values()),
        size=sum(p.stat().st_size for p in files.values()) / 1e6,
        loaders="\n".join(f"| `{k}` | {text} | {FILLS[k]} |" for k, text in LOADERS),
        summary="\n".join(summary),
    )
    sections = "\n".join(_section(t, notes[t], columns, files[t]) for t, columns in tables.items())
    return opening + sections
