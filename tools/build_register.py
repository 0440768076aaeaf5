"""Build every table of the register from a folder of public reference files.

    python tools/build_register.py --source DIR        writes src/tertiary/register/data and version.json
    python tools/build_register.py --docs              writes docs/reference/register.md from the built data

The build is deterministic: the same reference files give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import register_allocations
import register_assignment
import register_codes
import register_organisations
import register_places
import register_prices
import register_responsibility
import register_rules
import register_services
from register_io import REGISTER, REPO, BuildError, Row, schema_rows, to_table, write_table

# Not before any known_from in the data; the default of --as-known.
VERSION = {"version": "2026.11", "date": "2026-11-24", "label": "public register shipped with the package"}
BIG = {
    "practices",
    "practice_need",
    "lsoas",
    "lsoa_populations",
    "hrgs",
    "unit_prices",
    "cost_collection",
    "national_codes",
    "assignment_reasons",
    "service_line_status",
    "rule_criteria",
}
EMPTY = (
    "provider_hub_mapping",
    "postcodes",
    "prior_approval_drugs",
    "top_ups",
    "official_top_up_rates",
    "provider_lists",
    "official_rule_summary",
    "official_hierarchy",
    "price_uplifts",
    "short_stay_reductions",
    "best_practice_prices",
    "year_of_care_prices",
    "low_volume_agreements",
    "official_market_forces",
    "official_allocations",
)


def collect(source: Path) -> dict[str, list[Row]]:
    """Rows of every table that is made from rows (the two LSOA tables stay in Arrow)."""
    tables = {
        **register_services.build(source),
        **register_organisations.build(source),
        **register_rules.build(source),
        **register_codes.build(source),
        **register_prices.build(source),
        **register_assignment.build(source),
    }
    tables |= register_places.build(source, tables["sub_icbs"])
    tables |= register_allocations.build(source, tables["sub_icbs"], tables["practices"])
    tables |= register_responsibility.build(tables, source)
    return tables | {name: [] for name in EMPTY}


def build(source: Path, out: Path) -> dict[str, int]:
    """Write every table to `out`; rows by table."""
    out.mkdir(parents=True, exist_ok=True)
    tables = collect(source)
    lsoas = register_places.lsoas(source)
    place = dict(zip(lsoas["lsoa21_code"].to_pylist(), lsoas["sub_icb_code_2024"].to_pylist(), strict=True))
    tables["provider_hosts"] = register_organisations.provider_hosts(tables["providers"], tables["regions"], place)
    built = {name: to_table(name, rows) for name, rows in tables.items()}
    built |= {"lsoas": lsoas, "lsoa_populations": register_places.lsoa_populations(source)}
    expected = {r["table"] for r in schema_rows()}
    if set(built) != expected:
        raise BuildError(f"tables built and tables described differ: {sorted(set(built) ^ expected)}")
    for stale in [*out.glob("*.csv"), *out.glob("*.parquet")]:
        stale.unlink()
    for name, data in sorted(built.items()):
        write_table(name, data, big=name in BIG, out=out)
    (out / "version.json").write_text(json.dumps(VERSION, indent=2) + "\n", encoding="utf-8")
    return {name: data.num_rows for name, data in sorted(built.items())}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="folder with the reference CSV files")
    parser.add_argument("--out", type=Path, default=REGISTER / "data", help="folder to write")
    parser.add_argument("--docs", action="store_true", help="write docs/reference/register.md from the built data")
    given = parser.parse_args()
    if not given.source and not given.docs:
        parser.error("give --source, --docs or both")
    try:
        if given.source:
            for name, rows in build(given.source, given.out).items():
                print(f"{rows:>8,}  {name}")
        if given.docs:
            import register_docs

            target = REPO / "docs" / "reference" / "register.md"
            target.write_text(register_docs.page(given.out), encoding="utf-8")
    except BuildError as error:
        print(f"register not built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
