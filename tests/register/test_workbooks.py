"""Official files: the identification rules workbook, prices, top-ups, lists, hubs and the postcode directory."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tertiary.errors import RegisterError
from tertiary.register import Register

HIERARCHY = ["Service_Line", "Description", "Applicable_In_Setting_1", "Applicable_In_Setting_2",
             "APC_Episode_Spell_Hierarchies", "APC_Percentage_Top_Up", "NAC_Hierarchy"]  # fmt: skip
SUMMARY = ["Setting", "PS_Flag", "Flag_Number", "Sub_Rule_Number", "No_Of_Identification_Rules",
           "Prescribed_Service_Line", "New_Service_Lines", "NPoC_Category", "Commissioned_By",
           "Service_Line_Hierarchy", "Unique_Column"]  # fmt: skip
LINES = [["NCBPS13E", "Cardiac surgery", "APC", "NAC", 7, 4.5, ""], ["NCBPS19P", "Pancreatic", "APC", "", 3, "n/a", ""],
         ["NCBPS13Z", "Cardiac outpatients", "", "NAC", "", "", 12]]  # fmt: skip
RULE = ["APC", "13E - Cardiac surgery", 130, 1, 2, "NCBPS13E", "", "A", "NHSE", 7, "APC-130-1"]


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)


def overlay(path: Path, file: str, kind: str, **options: Any) -> Register:
    entry = {"file": file, "as": kind, **options}
    (path / "overlay.json").write_text(json.dumps({"label": "official", "load": [entry]}), encoding="utf-8")
    return Register.load([path])


def rules_workbook(path: Path, hierarchy: list[str] = HIERARCHY) -> None:
    title = ["Guide to identification rules"]
    workbook(path / "rules.xlsx", {"Summary_Of_ID_Code_Sets": [SUMMARY, RULE],
                                   "Service_Line_Hierarchy": [title, [], hierarchy, *LINES]})  # fmt: skip


def test_official_workbook_ranks_rules_and_gives_rates(tmp_path: Path, register: Register) -> None:
    rules_workbook(tmp_path)
    made = overlay(tmp_path, "rules.xlsx", "identification_rules_workbook", financial_year="2025/26")
    ranks = {(r["service_line_code"], r["setting"]): r["rank"] for r in made["official_hierarchy"].to_pylist()}
    assert ranks == {("NCBPS13E", "APC"): 7, ("NCBPS19P", "APC"): 3, ("NCBPS13Z", "OP"): 12}
    (rate,) = made["official_top_up_rates"].to_pylist()
    assert (rate["service_line_code"], rate["rate"], rate["valid_from"]) == (
        "NCBPS13E", Decimal("0.045000"), date(2025, 4, 1))  # fmt: skip
    assert made["official_rule_summary"].to_pylist()[0]["unique_column"] == "APC-130-1"
    priority = {r["rule_id"]: r["priority"] for r in made["identification_rules"].to_pylist()}
    shipped = {r["rule_id"]: r["priority"] for r in register["identification_rules"].to_pylist()}
    assert priority["PSS-APC-13E-01"] == 7 and priority["PSS-APC-19P-01"] == 3
    assert priority["PSS-APC-CCGPS08S_EXC-01"] == 5
    assert priority["PSS-APC-06Z-01"] == 100_000 + shipped["PSS-APC-06Z-01"]
    assert list(priority) == list(shipped)
    assert made["top_ups"].num_rows == 0


def test_workbook_rates_wait_for_the_list_of_eligible_providers(tmp_path: Path) -> None:
    rules_workbook(tmp_path)
    (tmp_path / "provider_lists.csv").write_text(
        "list_name,provider_code,valid_from,service_line_code\nTOP_UP_ELIGIBLE,RRV,2025-04-01,NCBPS13E\n",
        encoding="utf-8",
    )
    made = overlay(tmp_path, "rules.xlsx", "identification_rules_workbook", financial_year="202526")
    (row,) = made["top_ups"].to_pylist()
    assert (row["provider_code"], row["rate"], row["rank"]) == ("RRV", Decimal("0.045000"), 7)


def test_workbook_without_a_column_a_sheet_or_a_year(tmp_path: Path) -> None:
    rules_workbook(tmp_path, [h for h in HIERARCHY if h != "NAC_Hierarchy"])
    words = ["rules.xlsx", "sheet Service_Line_Hierarchy", "nac_rank", "APC_Percentage_Top_Up", "rename the column"]
    message = refusal(tmp_path, "rules.xlsx", "identification_rules_workbook", financial_year="202526")
    assert all(w in message for w in words), message
    workbook(tmp_path / "rules.xlsx", {"Notes": [["nothing"]]})
    message = refusal(tmp_path, "rules.xlsx", "identification_rules_workbook", financial_year="202526")
    assert "no sheet 'Service_Line_Hierarchy'" in message and "Notes" in message
    rules_workbook(tmp_path)
    message = refusal(tmp_path, "rules.xlsx", "identification_rules_workbook")
    assert "financial year ''" in message and "overlay.json" in message
    (tmp_path / "rules.xlsx").write_text("no workbook", encoding="utf-8")
    message = refusal(tmp_path, "rules.xlsx", "identification_rules_workbook", financial_year="202526")
    assert "cannot be opened as a workbook" in message


def refusal(path: Path, file: str, kind: str, table: str = "official_hierarchy", **options: Any) -> str:
    with pytest.raises(RegisterError) as caught:
        overlay(path, file, kind, **options)[table]
    return str(caught.value)


def test_wide_price_list(tmp_path: Path) -> None:
    header = ["HRG code", "HRG name", "Outpatient procedure price (£)", "Combined day case / ordinary elective "
              "spell price (£)", "Day case spell price (£)", "Non-elective spell price (£)"]  # fmt: skip
    rows = [["Annex A"], header, ["AA22C", "Stroke", "-", 8207, "", 9766.5], ["EY20A", "Valve", "", "", "1,234", ""]]
    workbook(tmp_path / "annex.xlsx", {"Notes": [["x"]], "1 APC": rows})
    made = overlay(tmp_path, "annex.xlsx", "price_list", financial_year="202526", sheet="1 APC")
    prices = {(r["price_group"], r["currency_code"]): r["unit_price"] for r in made["unit_prices"].to_pylist()
              if r["financial_year"] == "202526"}  # fmt: skip
    assert prices == {
        ("elective", "AA22C"): Decimal("8207.00"), ("day_case", "AA22C"): Decimal("8207.00"),
        ("non_elective", "AA22C"): Decimal("9766.50"), ("day_case", "EY20A"): Decimal("1234.00"),
    }  # fmt: skip


def test_long_price_list_and_its_errors(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(
        "financial_year,price_group,currency_code,unit_price\n2025/26,critical_care_day,XC01Z,£1500\n", encoding="utf-8"
    )
    made = overlay(tmp_path, "p.csv", "price_list", price_status="local")
    (row,) = [r for r in made["unit_prices"].to_pylist() if r["currency_code"] == "XC01Z"]
    assert (row["unit_price"], row["price_status"], row["valid_to"]) == (Decimal(1500), "local", date(2026, 4, 1))
    (tmp_path / "p.csv").write_text("currency_code,price_group,unit_price\nXC01Z,beds,1\n", encoding="utf-8")
    assert "'beds'" in refusal(tmp_path, "p.csv", "price_list", "unit_prices", financial_year="202526")
    (tmp_path / "p.csv").write_text("code,price\nXC01Z,1\n", encoding="utf-8")
    message = refusal(tmp_path, "p.csv", "price_list", "unit_prices")
    assert "currency_code not found" in message and "code, price" in message
    (tmp_path / "p.csv").write_text("currency_code,elective\nAA22C,dear\n", encoding="utf-8")
    message = refusal(tmp_path, "p.csv", "price_list", "unit_prices", financial_year="202526")
    assert "row 2" in message and "'dear' is not a number" in message


def test_top_up_table(tmp_path: Path) -> None:
    text = "Service line,Provider code,Percentage,Hierarchy\nNCBPS13E,RRV,4.5%,3\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    (row,) = overlay(tmp_path, "t.csv", "top_up_table", financial_year="202526")["top_ups"].to_pylist()
    assert (row["rate"], row["rank"], row["financial_year"]) == (Decimal("0.045000"), 3, "202526")
    (tmp_path / "t.csv").write_text("Service line,Provider code,Rate\nNCBPS13E,*,0.1\n", encoding="utf-8")
    assert "listed providers only" in refusal(tmp_path, "t.csv", "top_up_table", "top_ups", financial_year="202526")


def test_provider_lists_and_hubs(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("Provider,From,To\nRRV,2024-04-01,2025-03-31\n", encoding="cp1252")
    (row,) = overlay(tmp_path, "l.csv", "provider_lists", list_name="PPCI_CENTRES")["provider_lists"].to_pylist()
    assert (row["list_name"], row["valid_from"], row["valid_to"]) == (
        "PPCI_CENTRES", date(2024, 4, 1), date(2025, 4, 1))  # fmt: skip
    assert "no list name" in refusal(tmp_path, "l.csv", "provider_lists", "provider_lists")
    (tmp_path / "l.csv").unlink()
    (tmp_path / "h.csv").write_text("Organisation code,Commissioning hub\nRRV,13R\n", encoding="utf-8")
    (row,) = overlay(tmp_path, "h.csv", "provider_hub_mapping")["provider_hub_mapping"].to_pylist()
    assert (row["provider_code"], row["hub_code"], row["valid_from"]) == ("RRV", "13R", date(2013, 4, 1))


ONSPD = ("pcd,pcds,dointr,doterm,oslaua,ctry,ccg,icb,nhser,oshlthau,lsoa21\n"
         '"NW1 2PG","NW1 2PG",198001,,E09000007,E92000001,E38000240,E54000028,E40000003,E18000007,E01000958\n'
         '"CF101AA","CF10 1AA",200106,202412,W06000015,W92000004,W11000029,,,W11000029,W01001939\n')  # fmt: skip


def test_postcode_directory(tmp_path: Path) -> None:
    (tmp_path / "ONSPD.csv").write_text(ONSPD, encoding="utf-8")
    rows = overlay(tmp_path, "ONSPD.csv", "postcode_directory")["postcodes"].to_pylist()
    london = next(r for r in rows if r["postcode"] == "NW1 2PG")
    assert (london["sub_icb_code"], london["icb_code"], london["region_code"]) == ("93C", "QMJ", "Y56")
    assert (london["country_code"], london["valid_to"]) == ("E92000001", None)
    cardiff = next(r for r in rows if r["postcode"] == "CF10 1AA")
    assert (cardiff["health_board_code"], cardiff["sub_icb_code"]) == ("7A4", "")
    assert (cardiff["valid_from"], cardiff["valid_to"]) == (date(2001, 6, 1), date(2025, 1, 1))


def test_postcode_directory_without_a_column(tmp_path: Path) -> None:
    (tmp_path / "ONSPD.csv").write_text("pcds,ctry\nNW1 2PG,E92000001\n", encoding="utf-8")
    message = refusal(tmp_path, "ONSPD.csv", "postcode_directory", "postcodes")
    assert "sub_icb_code" in message and "lsoa21_code" in message and "pcds, ctry" in message
