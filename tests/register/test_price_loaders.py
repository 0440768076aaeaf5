"""Annex A and the lists that go with it: rates a day, short stays, market forces, best practice and years of care."""

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
from tertiary.register.loaders import PRICE_GROUPS

# headers as the 2017/19 list is remembered to have them; the workbook itself was not seen
ANNEX_A = [
    "HRG code", "HRG name", "Outpatient procedure tariff (£)", "Combined day case / ordinary elective spell tariff (£)",
    "Day case spell tariff (£)", "Ordinary elective spell tariff (£)",
    "Ordinary elective long stay trimpoint (days)", "Non-elective spell tariff (£)",
    "Non-elective long stay trimpoint (days)", "Per day long stay payment (for days exceeding trimpoint) (£)",
    "Reduced short stay emergency tariff applicable?",
    "% applied in calculation of reduced short stay emergency tariff", "Reduced short stay emergency tariff (£)",
]  # fmt: skip


def overlay(path: Path, file: str, kind: str, **options: Any) -> Register:
    entry = {"file": file, "as": kind, "financial_year": "202526", **options}
    (path / "overlay.json").write_text(json.dumps({"label": "official", "load": [entry]}), encoding="utf-8")
    return Register.load([path])


def refusal(path: Path, text: str, kind: str, table: str, **options: Any) -> str:
    (path / "list.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RegisterError) as caught:
        overlay(path, "list.csv", kind, **options)[table]
    return str(caught.value)


def test_groups_of_the_loader_are_those_of_the_register(register: Register) -> None:
    known = set(register["price_groups"]["price_group"].to_pylist())
    assert set(PRICE_GROUPS) == known - {"year_of_care"}, "a year of care has a table of its own"


def test_annex_a_gives_rates_a_day_and_short_stays(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "annex.xlsx")) as book:
        sheet = book.add_worksheet("1 APC & OPROC")
        rows = [
            ["Annex A"], ANNEX_A,
            ["AA22C", "Stroke", "-", 8285, "", "", 50, 9859, 60, 233, "No", "100%", ""],
            ["AA52C", "Very major", "-", 6472, "", "", 50, 7661, 60, 211, "Yes", "35%", 2681],
            ["CA14Z", "Ear", 109, "", 1266, 1144, 5, 1957, 5, "-", "Yes", 0.7, ""],
        ]  # fmt: skip
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    made = overlay(tmp_path, "annex.xlsx", "price_list", sheet="1 APC & OPROC")
    prices = {
        (r["price_group"], r["currency_code"]): r["unit_price"]
        for r in made["unit_prices"].to_pylist()
        if r["financial_year"] == "202526"
    }
    assert prices[("elective", "AA22C")] == prices[("day_case", "AA22C")] == Decimal(8285)
    assert prices[("excess_bed_day_elective", "AA22C")] == prices[("excess_bed_day_non_elective", "AA22C")] == 233
    assert prices[("non_elective_short_stay", "AA52C")] == Decimal(2681)
    assert ("excess_bed_day_elective", "CA14Z") not in prices
    assert prices[("day_case", "CA14Z")] == 1266 and prices[("elective", "CA14Z")] == 1144
    reduced = {r["currency_code"]: r["share"] for r in made["short_stay_reductions"].to_pylist()}
    assert reduced == {"AA52C": Decimal("0.350000"), "CA14Z": Decimal("0.700000")}, "100% is no reduction"


def test_market_forces(tmp_path: Path) -> None:
    (tmp_path / "mff.csv").write_text("Trust code,Name,2025/26 MFF payment value\nRRV,UCLH,1.1565\n,,\n", "utf-8")
    made = overlay(tmp_path, "mff.csv", "market_forces_list")["market_forces"].to_pylist()
    (row,) = [r for r in made if r["financial_year"] == "202526"]
    assert (row["provider_code"], row["factor"], row["valid_from"]) == ("RRV", Decimal("1.156500"), date(2025, 4, 1))
    (tmp_path / "mff.csv").unlink()
    message = refusal(tmp_path, "Provider,MFF\nRRV,115.65\n", "market_forces_list", "market_forces")
    assert "row 2" in message and "not near 1" in message


def test_best_practice(tmp_path: Path) -> None:
    (tmp_path / "bpt.csv").write_text(
        "HRG,BPT flag,Price group,BPT price (£),Uplift %,Additional payment,Priority\n"
        "EY20A,BP01,elective,\"13,000\",,,1\n*,BP01,elective,,5,,9\nLD05A,FIST,renal_session,,,12.50,\nAA22C,BP02,elective,-,,,\n",
        encoding="utf-8",
    )  # fmt: skip
    rows = overlay(tmp_path, "bpt.csv", "best_practice_list")["best_practice_prices"].to_pylist()
    found = {r["currency_code"]: (r["unit_price"], r["multiplier"], r["addition"], r["priority"]) for r in rows}
    assert found == {
        "EY20A": (Decimal(13000), None, None, 1),
        "*": (None, Decimal("1.05"), None, 9),
        "LD05A": (None, None, Decimal("12.50"), None),
    }
    assert {(r["valid_from"], r["valid_to"]) for r in rows} == {(date(2025, 4, 1), date(2026, 4, 1))}
    (tmp_path / "bpt.csv").unlink()
    names = ("best_practice_list", "best_practice_prices")
    message = refusal(tmp_path, "HRG,Price group,Addition\nAA22C,elective,1\n", *names)
    assert "row 2" in message and "third part of the tariff code" in message
    assert "'beds'" in refusal(tmp_path, "HRG,Price group,Addition\nAA22C,beds,1\n", *names)
    assert "Add a column" in refusal(tmp_path, "HRG,Price group,Flag\nAA22C,elective,BP1\n", *names)


@pytest.mark.parametrize(
    ("column", "written", "rate"),
    [("Rate", "0.28", "0.28"), ("Rate", "28%", "0.28"), ("Rate", "0", "0"), ("Rate", "1", "1"),
     ("Percentage", "28", "0.28"), ("Percentage", "0.5%", "0.005"), ("Percentage", "1", "0.01")],
)  # fmt: skip
def test_a_top_up_is_a_share_however_it_is_written(tmp_path: Path, column: str, written: str, rate: str) -> None:
    text = f"Service line,Provider code,{column}\nNCBPS08S,RRV,{written}\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    (row,) = overlay(tmp_path, "t.csv", "top_up_table")["top_ups"].to_pylist()
    assert row["rate"] == Decimal(rate)


@pytest.mark.parametrize(
    ("column", "written"),
    [("Rate", "28"), ("Rate", "-0.1"), ("Rate", "inf"), ("Percentage", "0.28"), ("Percentage", "280"),
     ("Percentage", "-5")],
)  # fmt: skip
def test_a_top_up_that_may_be_a_hundred_times_too_much_or_too_little_is_refused(
    tmp_path: Path, column: str, written: str
) -> None:
    text = f"Service line,Provider code,{column}\nNCBPS08S,RRV,{written}\n"
    message = refusal(tmp_path, text, "top_up_table", "top_ups")
    assert "row 2" in message and f"'{written}'" in message


def test_an_uplift_below_one_percent_is_not_guessed(tmp_path: Path) -> None:
    """A workbook cell shown as 5% holds 0.05."""
    names = ("best_practice_list", "best_practice_prices")
    text = "HRG,Flag,Price group,Uplift %\nAA22C,BP1,elective,{}\n"
    assert "'0.05'" in refusal(tmp_path, text.format("0.05"), *names)
    (tmp_path / "list.csv").write_text(text.format("-2.5"), encoding="utf-8")
    (row,) = overlay(tmp_path, "list.csv", "best_practice_list")["best_practice_prices"].to_pylist()
    assert row["multiplier"] == Decimal("0.975")


def test_year_of_care(tmp_path: Path) -> None:
    (tmp_path / "cf.csv").write_text('Band,Annual price\nCF1,"£5,000.50"\nCF2,n/a\n', encoding="utf-8")
    (row,) = overlay(tmp_path, "cf.csv", "year_of_care_list", service="cystic fibrosis")[
        "year_of_care_prices"
    ].to_pylist()
    assert (row["band_code"], row["annual_price"], row["service"]) == ("CF1", Decimal("5000.50"), "cystic fibrosis")
