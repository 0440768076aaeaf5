"""Loaders of official files in an overlay folder: each turns one file into rows of register tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tertiary.errors import RegisterError
from tertiary.register import allocations, schemas
from tertiary.register.workbooks import (
    Options,
    Rows,
    Sheet,
    decimal_text,
    financial_year,
    number,
    read_sheet,
    year_span,
)

if TYPE_CHECKING:
    import pyarrow as pa

HIERARCHY_SHEET = "Service_Line_Hierarchy"
SUMMARY_SHEET = "Summary_Of_ID_Code_Sets"
PRICE_GROUPS = (
    "elective", "day_case", "non_elective", "outpatient_procedure", "outpatient_first", "outpatient_follow_up",
    "critical_care_day", "renal_session", "unbundled", "emergency_care", "non_elective_short_stay",
    "outpatient_first_multi", "outpatient_follow_up_multi", "excess_bed_day_elective", "excess_bed_day_non_elective",
)  # fmt: skip
# columns of a list that hold the price of several groups
SHARED = {
    "combined": ("elective", "day_case"),
    "excess_bed_day": ("excess_bed_day_elective", "excess_bed_day_non_elective"),
}
NO_PRICE = {"", "-", "n/a", "na", "*", "#n/a"}


def rules_workbook(path: Path, options: Options) -> dict[str, Rows]:
    """Hierarchy ranks, top-up percentages and the summary of the official identification rules workbook."""
    hierarchy = read_sheet(path, "identification_rules_workbook", sheet=HIERARCHY_SHEET, spec_sheet=HIERARCHY_SHEET)
    summary = read_sheet(path, "identification_rules_workbook", sheet=SUMMARY_SHEET, spec_sheet=SUMMARY_SHEET)
    year = financial_year(str(options.get("financial_year", "")), hierarchy.where)
    ranks: Rows = []
    rates: Rows = []
    for row, cell in hierarchy.numbered():
        if not cell["service_line_code"]:
            continue
        line = {"service_line_code": cell["service_line_code"]}
        for setting, column in (("APC", "apc_rank"), ("OP", "nac_rank")):
            if cell[column]:
                rank = number(cell[column], hierarchy.where, row, column)
                ranks.append(
                    {**line, "setting": setting, "rank": str(int(rank)), "description": cell.get("description", "")}
                )
        if cell["percentage"].lower() not in NO_PRICE:
            rate = _top_up(cell["percentage"], hierarchy, row, "percentage")
            rates.append({**line, **year_span(year), "rate": decimal_text(rate, 6), "rank": cell["apc_rank"]})
    kept = [dict(r) for r in summary.rows if r["flag_number"] or r["unique_column"]]
    return {"official_hierarchy": ranks, "official_top_up_rates": rates, "official_rule_summary": kept}


def price_list(path: Path, options: Options) -> dict[str, Rows]:
    """Unit prices: long (price_group, unit_price) or wide (a column a price group, as in Annex A).

    A wide list may also hold one rate a day beyond the trim point, for elective and non-elective stays, and the share
    paid for an emergency short stay.
    """
    sheet = read_sheet(path, "price_list", sheet=str(options.get("sheet", "")))
    groups = [g for g in (*PRICE_GROUPS, *SHARED) if g in sheet.columns]
    long = {"price_group", "unit_price"} <= set(sheet.columns) or (
        "unit_price" in sheet.columns and "price_group" in options
    )
    if not long and not groups:
        raise RegisterError(
            f"{sheet.where}: no price column found. Give price_group and unit_price columns, or one column for each "
            f"group: {', '.join(PRICE_GROUPS)} or a combined day case and elective price."
        )
    status = str(options.get("price_status", "national"))
    rows: Rows = []
    shares: Rows = []
    for row, cell in sheet.numbered():
        code = cell["currency_code"]
        if not code:
            continue
        year = _year(cell, options, sheet)
        written = (
            {cell.get("price_group") or str(options["price_group"]): cell["unit_price"]}
            if long
            else _wide(cell, groups)
        )
        for group, price in written.items():
            if group not in PRICE_GROUPS:
                raise RegisterError(f"{sheet.where}, row {row}: price group {group!r} is none of {PRICE_GROUPS}.")
            if price.lower() in NO_PRICE:
                continue
            amount = decimal_text(number(price, sheet.where, row, group), 2)
            rows.append(
                {**year_span(year), "price_group": group, "currency_code": code, "unit_price": amount,
                 "price_status": status}
            )  # fmt: skip
        share = cell.get("short_stay_share", "")
        if share.lower() not in NO_PRICE:
            part = _share(number(share, sheet.where, row, "short_stay_share"), share)
            if part < 1:
                shares.append({"financial_year": year, "currency_code": code, "share": decimal_text(part, 6)})
    return {"unit_prices": rows, "short_stay_reductions": shares}


def _wide(cell: Mapping[str, str], groups: list[str]) -> dict[str, str]:
    """Prices by group; a shared price stands for the groups of SHARED where they have none of their own."""
    found = {g: cell[g] for g in groups if g not in SHARED}
    for name, group in ((name, group) for name, shared in SHARED.items() for group in shared):
        price = cell[name] if name in groups else ""
        if price.lower() not in NO_PRICE and found.get(group, "").lower() in NO_PRICE:
            found[group] = price
    return found


def _share(value: Decimal, written: str) -> Decimal:
    """A share written as 0.35, 35% or 35: workbooks hold any of them."""
    return value / 100 if "%" in written or value > 1 else value


def _percent(written: str, sheet: Sheet, row: int, column: str) -> Decimal:
    """The share that a percentage stands for. RegisterError when it could be meant as a share already."""
    value = number(written, sheet.where, row, column)
    if "%" not in written and 0 < abs(value) < 1:
        raise RegisterError(
            f"{sheet.where}, row {row}: {column} {written!r} may be a share or a percentage below 1 (a workbook cell "
            "shown as 5% holds 0.05). Write it with a percent sign, such as 5%."
        )
    return value / 100


def _top_up(written: str, sheet: Sheet, row: int, column: str) -> Decimal:
    """A top-up as a share of the price, from a column of rates or of percentages."""
    if column == "percentage" or "%" in written:
        rate = _percent(written, sheet, row, column)
    else:
        rate = number(written, sheet.where, row, column)
    if not 0 <= rate <= 1:
        raise RegisterError(
            f"{sheet.where}, row {row}: {column} {written!r} is no share of a price from 0 to 1. Write a rate such as "
            "0.28, or 28%."
        )
    return rate


def market_forces_list(path: Path, options: Options) -> dict[str, Rows]:
    """Payment market forces factors by provider."""
    sheet = read_sheet(path, "market_forces_list", sheet=str(options.get("sheet", "")))
    rows: Rows = []
    for row, cell in sheet.numbered():
        if not cell["provider_code"] or cell["factor"].lower() in NO_PRICE:
            continue
        factor = number(cell["factor"], sheet.where, row, "factor")
        if not Decimal("0.5") < factor < 2:
            raise RegisterError(
                f"{sheet.where}, row {row}: factor {cell['factor']!r} is not near 1. Give the payment factor, such as "
                "1.081234, not the underlying index nor pounds."
            )
        year = _year(cell, options, sheet)
        rows.append({**year_span(year), "provider_code": cell["provider_code"], "factor": decimal_text(factor, 6)})
    return {"market_forces": rows}


def best_practice_list(path: Path, options: Options) -> dict[str, Rows]:
    """Best practice tariffs by flag: a price, an uplift of the unit price, or an addition to it."""
    sheet = read_sheet(path, "best_practice_list", sheet=str(options.get("sheet", "")))
    if not {"unit_price", "multiplier", "uplift_percentage", "addition"} & set(sheet.columns):
        raise RegisterError(
            f"{sheet.where}: neither a price nor an uplift nor an addition found. Add a column unit_price, multiplier, "
            "uplift_percentage or addition."
        )
    rows: Rows = []
    for row, cell in sheet.numbered():
        code = cell["currency_code"]
        if not code:
            continue
        group = cell.get("price_group") or str(options.get("price_group", ""))
        if group not in PRICE_GROUPS:
            raise RegisterError(f"{sheet.where}, row {row}: price group {group!r} is none of {PRICE_GROUPS}.")
        flag = cell.get("best_practice_flag") or str(options.get("best_practice_flag", ""))
        if not flag:
            raise RegisterError(
                f"{sheet.where}, row {row}: no best practice flag. Write the third part of the tariff code."
            )
        span = year_span(_year(cell, options, sheet)) | {n: cell[n] for n in ("valid_from", "valid_to") if cell.get(n)}
        amounts = {n: _amount(cell.get(n, ""), sheet, row, n) for n in ("unit_price", "multiplier", "addition")}
        uplift = cell.get("uplift_percentage", "")
        if not amounts["multiplier"] and uplift.lower() not in NO_PRICE:
            amounts["multiplier"] = decimal_text(1 + _percent(uplift, sheet, row, "uplift_percentage"), 6)
        if any(amounts.values()):
            told = {n: cell.get(n, "") for n in ("priority", "addition_market_forces", "condition")}
            key = {"price_group": group, "currency_code": code, "best_practice_flag": flag}
            rows.append({**span, **key, **amounts, **told})
    return {"best_practice_prices": rows}


def year_of_care_list(path: Path, options: Options) -> dict[str, Rows]:
    """Annual prices of years of care by band."""
    sheet = read_sheet(path, "year_of_care_list", sheet=str(options.get("sheet", "")))
    rows: Rows = []
    for row, cell in sheet.numbered():
        amount = _amount(cell["annual_price"], sheet, row, "annual_price")
        if cell["band_code"] and amount:
            year = _year(cell, options, sheet)
            service = cell.get("service") or str(options.get("service", ""))
            rows.append(
                {"financial_year": year, "band_code": cell["band_code"], "annual_price": amount, "service": service}
            )
    return {"year_of_care_prices": rows}


def _year(cell: Mapping[str, str], options: Options, sheet: Sheet) -> str:
    return financial_year(cell.get("financial_year") or str(options.get("financial_year", "")), sheet.where)


def _amount(written: str, sheet: Sheet, row: int, column: str) -> str:
    """A written amount as text; blank where there is none."""
    if written.lower() in NO_PRICE:
        return ""
    return decimal_text(number(written, sheet.where, row, column), 6 if column == "multiplier" else 2)


def top_up_table(path: Path, options: Options) -> dict[str, Rows]:
    """Top-up rates by line and eligible provider."""
    sheet = read_sheet(path, "top_up_table", sheet=str(options.get("sheet", "")))
    if not {"rate", "percentage"} & set(sheet.columns):
        raise RegisterError(f"{sheet.where}: neither a rate nor a percentage column found. Add one of them.")
    rows: Rows = []
    for row, cell in sheet.numbered():
        if not cell["service_line_code"]:
            continue
        if cell["provider_code"] in ("", "*"):
            raise RegisterError(
                f"{sheet.where}, row {row}: provider_code {cell['provider_code']!r}. A top-up is paid to listed "
                "providers only: write one row for each eligible provider."
            )
        year = _year(cell, options, sheet)
        column = "rate" if cell.get("rate") else "percentage"
        rate = _top_up(cell[column], sheet, row, column)
        rows.append(
            {**year_span(year), "service_line_code": cell["service_line_code"], "provider_code": cell["provider_code"],
             "area": cell.get("area", ""), "rate": decimal_text(rate, 6), "rank": cell.get("rank", "")}
        )  # fmt: skip
    return {"top_ups": rows}


def provider_lists(path: Path, options: Options) -> dict[str, Rows]:
    """Members of the eligible provider lists that rules (and TOP_UP_ELIGIBLE) name."""
    sheet = read_sheet(path, "provider_lists", sheet=str(options.get("sheet", "")))
    rows: Rows = []
    for row, cell in sheet.numbered():
        if not cell["provider_code"]:
            continue
        name = cell.get("list_name") or str(options.get("list_name", ""))
        if not name:
            raise RegisterError(
                f'{sheet.where}, row {row}: no list name. Add a column list_name, or "list_name" in overlay.json.'
            )
        rows.append(
            {"list_name": name, **_span(cell, options, sheet, row), "provider_code": cell["provider_code"],
             "service_line_code": cell.get("service_line_code", ""), "site_code": cell.get("site_code", "")}
        )  # fmt: skip
    return {"provider_lists": rows}


def provider_hub_mapping(path: Path, options: Options) -> dict[str, Rows]:
    """The ODS Provider to Commissioning Hub Mapping."""
    sheet = read_sheet(path, "provider_hub_mapping", sheet=str(options.get("sheet", "")))
    rows = [
        {"provider_code": c["provider_code"], "hub_code": c["hub_code"], **_span(c, options, sheet, n)}
        for n, c in sheet.numbered()
        if c["provider_code"]
    ]
    return {"provider_hub_mapping": rows}


def _span(cell: Mapping[str, str], options: Options, sheet: Sheet, row: int) -> dict[str, str]:
    """valid_from (default: the option, else 1 April 2013) and valid_to, from either way of writing the end."""
    start = cell.get("valid_from") or str(options.get("valid_from", "2013-04-01"))
    end = cell.get("valid_to", "")
    if not end and cell.get("last_day"):
        try:
            end = (date.fromisoformat(cell["last_day"]) + timedelta(days=1)).isoformat()
        except ValueError:
            raise RegisterError(
                f"{sheet.where}, row {row}: {cell['last_day']!r} is not a date. Write dates such as 2025-03-31."
            ) from None
    return {"valid_from": start, "valid_to": end}


LOADERS: dict[str, Callable[[Path, Options], dict[str, Rows]]] = {
    "identification_rules_workbook": rules_workbook,
    "price_list": price_list,
    "top_up_table": top_up_table,
    "market_forces_list": market_forces_list,
    "best_practice_list": best_practice_list,
    "year_of_care_list": year_of_care_list,
    "provider_lists": provider_lists,
    "provider_hub_mapping": provider_hub_mapping,
    **allocations.LOADERS,
}
TABLES = {
    "identification_rules_workbook": ("official_hierarchy", "official_top_up_rates", "official_rule_summary"),
    "price_list": ("unit_prices", "short_stay_reductions"),
    "top_up_table": ("top_ups",),
    "market_forces_list": ("market_forces",),
    "best_practice_list": ("best_practice_prices",),
    "year_of_care_list": ("year_of_care_prices",),
    "provider_lists": ("provider_lists",),
    "provider_hub_mapping": ("provider_hub_mapping",),
    "postcode_directory": ("postcodes",),
    **allocations.TABLES,
}


def load(kind: str, path: Path, options: Options, label: str) -> dict[str, pa.Table]:
    """Register tables one official file gives."""
    import pyarrow as pa

    from tertiary.register.postcodes import postcode_directory
    from tertiary.register.typed import conform

    if kind == "postcode_directory":
        return {"postcodes": postcode_directory(path, label)}
    made = {}
    for table, rows in LOADERS[kind](path, options).items():
        names = [c.name for c in schemas.columns(table) if rows and c.name in rows[0]]
        filled = [{**r, "source": label, "confidence": "as supplied"} for r in rows]
        columns = {n: pa.array([r[n] for r in filled], pa.string()) for n in (*names, "source", "confidence")}
        empty = schemas.arrow_schema(table).empty_table()
        made[table] = conform(table, pa.table(columns), f"{path}") if rows else empty
    return made
