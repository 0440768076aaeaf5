"""What the oracle looks things up in: register tables as lists of dictionaries and a few plain indexes.

Nothing here is clever on purpose. Intervals are half-open unless a table says that its last day is inclusive
(practices, as ODS publishes them).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

Row = dict[str, Any]
HERE = Path(__file__).parent
PACKAGE = HERE.parent.parent / "src" / "tertiary"


def holds(row: Row, day: date | None) -> bool:
    """Whether valid_from <= day < valid_to; an open end is null."""
    if day is None:
        return False
    start, end = row.get("valid_from"), row.get("valid_to")
    return (start is None or start <= day) and (end is None or day < end)


def read_csv(path: Path) -> list[Row]:
    """A small decision table of the package: text, with dates and ranks read."""
    with path.open(encoding="utf-8", newline="") as file:
        rows: list[Row] = [dict(row) for row in csv.DictReader(file)]
    for row in rows:
        for name in ("valid_from", "valid_to"):
            if name in row:
                row[name] = date.fromisoformat(row[name]) if row[name] else None
        if "rank" in row:
            row["rank"] = int(row["rank"])
    return rows


class Reference:
    """Plain indexes over a mapping of table name to Arrow table (a Register will do)."""

    def __init__(self, tables: Mapping[str, Any], spend_basis: list[Row] | None = None) -> None:
        self.tables = tables
        self.rows_of: dict[str, list[Row]] = {}
        self.spend_basis = spend_basis or read_csv(PACKAGE / "ledger" / "spend_basis.csv")
        self.excluded_payers = read_csv(PACKAGE / "assign" / "tariff_excluded_payers.csv")
        self.practices = {r["practice_code"]: r for r in self.rows("practices")}
        self.postcodes = self.by("postcodes", "postcode")
        self.lsoas = {r["lsoa21_code"]: r for r in self.rows("lsoas")}
        self.provider_hosts = {r["provider_code"]: r for r in self.rows("provider_hosts")}
        self.provider_hubs = self.by("provider_hub_mapping", "provider_code")
        self.sub_icbs = self.by("sub_icbs", "sub_icb_code")
        self.icbs = self.by("icbs", "icb_code")
        self.regions = {r["region_code"]: r for r in self.rows("regions")}
        self.delegations = self.by("direct_commissioners", "sub_icb_code") | self.by("direct_commissioners", "icb_code")
        self.lines = {r["service_line_code"]: r for r in self.rows("service_lines")}
        self.line_status = self.by("service_line_status", "service_line_code")
        self.border_icbs = {r["area_code"] for r in self.rows("welsh_border_areas") if r["area_type"] == "icb"}
        self.border_lads = {r["area_code"] for r in self.rows("welsh_border_areas") if r["area_type"] != "icb"}
        self.pseudo: dict[str, set[str]] = defaultdict(set)
        for r in self.rows("pseudo_postcodes"):
            self.pseudo[r["use"]].add(r["pseudo_postcode"])
        self.justice_sites: dict[str, str] = {}
        for r in self.rows("health_justice_sites"):
            if r["postcode"]:
                self.justice_sites.setdefault(r["postcode"], r["hub_code"])
        self.armed_forces = {r["practice_code"] for r in self.rows("armed_forces_practices")}
        self.commissioner_codes = {r["code"] for r in self.rows("commissioner_codes")}
        self.setting_flows = self.rows("setting_flows")
        self.rules = {r["rule_id"]: r for r in self.rows("identification_rules")}
        self.criteria = self.by("rule_criteria", "rule_id")
        self.provider_lists = self.by("provider_lists", "list_name")
        self.pod_prices = self.by("point_of_delivery_prices", "point_of_delivery")
        self.unit_prices = {
            (r["financial_year"], r["price_group"], r["currency_code"]): r for r in self.rows("unit_prices")
        }
        self.market_forces = {
            (r["provider_code"], r["financial_year"]): r["factor"] for r in self.rows("market_forces")
        }
        self.top_ups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for r in self.rows("top_ups"):
            self.top_ups[(r["financial_year"], r["service_line_code"], r["provider_code"])].append(r)

    def rows(self, table: str) -> list[Row]:
        """All rows of a table."""
        if table not in self.rows_of:
            self.rows_of[table] = self.tables[table].to_pylist()
        return self.rows_of[table]

    def by(self, table: str, column: str) -> dict[str, list[Row]]:
        """Rows of a table by one column."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows(table):
            found[row[column]].append(row)
        return found

    def status(self, line: str, day: date) -> Row | None:
        """The service status row of a line on a day; the first published list also answers for earlier years."""
        day = max(day, date(2024, 4, 1))
        return next((r for r in self.line_status.get(line, []) if holds(r, day)), None)

    def sub_icb(self, code: str, day: date) -> Row | None:
        """A sub-ICB's row on a day."""
        return next((r for r in self.sub_icbs.get(code, []) if holds(r, day)), None)

    def icb_on(self, code: str, day: date) -> bool:
        """Whether an ICB of that code exists on a day."""
        return any(holds(r, day) for r in self.icbs.get(code, []))
