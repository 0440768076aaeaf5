"""Allocation workbooks: headers in any spelling, totals checked, and messages that name sheet, row and column.

The real headers were not seen: these are guesses in several spellings, which is what the patterns are for.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tertiary.allocate import Need, distance, need_share
from tertiary.allocate.official import market_forces, official
from tertiary.errors import AllocationError, RegisterError
from tertiary.register import Register, valid_on

Rows = list[list[Any]]


def boards(register: Register, day: date = date(2025, 10, 1)) -> list[dict[str, Any]]:
    return sorted(valid_on(register, "icbs", day).to_pylist(), key=lambda r: r["icb_code"])


def write(path: Path, rows: Rows, sheet: str = "ICB allocations") -> None:
    with xlsxwriter.Workbook(str(path / "book.xlsx")) as book:
        book.add_worksheet("Notes").write_row(0, 0, ["Notes"])
        made = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            made.write_row(number, 0, row)


def load(path: Path, kind: str, **more: Any) -> Register:
    entry = {"file": "book.xlsx", "as": kind, "financial_year": "2025/26", "sheet": "ICB allocations", **more}
    (path / "overlay.json").write_text(json.dumps({"label": "workbook", "load": [entry]}), encoding="utf-8")
    return Register.load([path])


def refusal(path: Path, kind: str, table: str, **more: Any) -> str:
    with pytest.raises(RegisterError) as caught:
        load(path, kind, **more)[table]
    return str(caught.value)


HEADER = ["Region code", "ICB Code", "ICB  name", "2025-26 Registered population", "Weighted Population",
          "Target share", "Opening baseline (£000)", "2025/26 Target allocation (£'000)", "Growth",
          "Convergence adjustment", "Final allocation (£k)", "Opening DfT", "Closing distance from target"]  # fmt: skip


def convergence(register: Register) -> Rows:
    """A sheet with a title, a region's subtotal, the boards, England and a note."""
    codes = boards(register)
    target = [1000 + 10 * i for i in range(len(codes))]
    total = sum(target)
    body: Rows = []
    for i, board in enumerate(codes):
        opening, allocation = target[i] + (i % 5 - 2) * 7, target[i] + (i % 5 - 2) * 3
        code = board["icb_ons"] if i % 3 == 0 else board["icb_code"]
        body.append(["Y56", code, board["name"], 1_000_000 + i, 1_000_000 + i, target[i] / total, opening, target[i],
                     0.044, -0.001, allocation, opening / target[i] - 1, allocation / target[i] - 1])  # fmt: skip
    sums = [sum(row[c] for row in body) for c in range(3, 13)]
    england = ["", "", "ENGLAND", *sums[:2], 1, *sums[3:5], 0.044, "", sums[7], "", ""]
    subtotal = ["Y56", "Y56", "London", *england[3:]]
    return [["Workbook P"], [], HEADER, subtotal, *body, england, ["Source: made up for a test"]]


def test_a_convergence_workbook_becomes_positions(tmp_path: Path, register: Register) -> None:
    rows = convergence(register)
    write(tmp_path, rows)
    made = load(tmp_path, "allocation_specialised_convergence")
    table = made["official_allocations"].to_pylist()
    assert len(table) == 42 and {r["stream"] for r in table} == {"specialised"}
    assert {r["icb_code"] for r in table} == {b["icb_code"] for b in boards(register)}
    first = next(r for r in table if r["icb_code"] == boards(register)[0]["icb_code"])
    written = rows[4]
    assert (first["opening"], first["target"], first["allocation"]) == tuple(1000 * written[c] for c in (6, 7, 10))
    assert first["registered_population"] == 1_000_000 and first["growth"] == Decimal("0.044")
    assert first["need_share"] == round(Decimal(written[5]), 12)
    found = official(made, "specialised", "202526")
    apart = distance(found.opening, found.target)
    for r in table:
        assert abs(Decimal(float(apart[r["icb_code"]].distance)) - r["opening_distance"]) < Decimal("1e-7")
    with pytest.raises(AllocationError, match="no core allocations of 202526 from the convergence workbook"):
        official(made, "core", "202526")


@pytest.mark.parametrize(
    ("kind", "stream", "workbook"),
    [("allocation_specialised_services", "specialised", "services"),
     ("allocation_core_convergence", "core", "convergence")],
)  # fmt: skip
def test_other_workbooks_of_the_same_form(
    tmp_path: Path, register: Register, kind: str, stream: str, workbook: str
) -> None:
    write(tmp_path, convergence(register))
    assert len(official(load(tmp_path, kind), stream, "202526", workbook=workbook).allocation) == 42


def changed(register: Register, row: int, column: int, value: Any) -> Rows:
    rows = convergence(register)
    rows[row] = [value if c == column else cell for c, cell in enumerate(rows[row])]
    return rows


@pytest.mark.parametrize(
    ("row", "column", "value", "words"),
    [
        (2, 1, "Board", ["sheet ICB allocations", "icb_code not found", "Headers found in row 3", "Target share"]),
        (4, 1, "QQQ", ["row 5, column icb_code", "'QQQ'", "a board of 202526 such as QE1, or England"]),
        (5, 7, "lots", ["row 6, column target_thousands", "'lots' is not a number"]),
        (5, 7, 9999, ["rows 5 to 46, column target_thousands", "they add up to", "a subtotal read as a board"]),
        (5, 5, 0.5, ["column need_share", "not to 1", '"percentages": "points"']),
        (5, 8, 4.4, ["row 6, column growth", "'4.4' is more than 100 %", '"percentages": "points"']),
        (5, 3, "nan", ["row 6, column registered_population", "'nan'"]),
        (46, 2, "Sum of all", ["row 47, column icb_code", "''"]),
        (7, 1, "QF7", ["rows 6 and 8: board QF7 stands twice"]),
    ],
)
def test_a_cell_that_is_wrong(
    tmp_path: Path, register: Register, row: int, column: int, value: Any, words: list[str]
) -> None:
    write(tmp_path, changed(register, row, column, value))
    message = refusal(tmp_path, "allocation_specialised_convergence", "official_allocations")
    assert "book.xlsx" in message and all(w in message for w in words), message


def test_pounds_below_nought_are_refused_even_when_they_add_up(tmp_path: Path, register: Register) -> None:
    rows = convergence(register)
    rows[46][10] -= rows[5][10] + 1
    rows[5][10] = -1
    write(tmp_path, rows)
    message = refusal(tmp_path, "allocation_core_convergence", "official_allocations")
    assert "row 6, column allocation_thousands: '-1'; expected pounds, 0 or more" in message


def test_a_board_lacks_or_no_total_is_told(tmp_path: Path, register: Register) -> None:
    rows = convergence(register)
    write(tmp_path, [r for r in rows if r[1:2] != ["QF7"]])
    assert "no row for board QF7" in refusal(tmp_path, "allocation_core_convergence", "official_allocations")
    write(tmp_path, [r for r in rows if "ENGLAND" not in r])
    message = refusal(tmp_path, "allocation_core_convergence", "official_allocations")
    assert "column target_thousands: no total row (England)" in message and '"pot"' in message
    total = sum(r[7] for r in rows[4:46])
    made = load(tmp_path, "allocation_core_convergence", pot=total * 1000)
    assert made["official_allocations"].num_rows == 42
    message = refusal(tmp_path, "allocation_core_convergence", "official_allocations", pot=total * 1000 + 30_000)
    assert f"they add up to {total}, not to {total + 30}; rounding explains 21.5" in message


def test_rounding_of_the_sheet_is_allowed_and_no_more(tmp_path: Path, register: Register) -> None:
    """42 targets in whole thousands may miss their total by 21.5 thousand, not by 22."""
    for off, fits in ((21, True), (22, False)):
        rows = convergence(register)
        rows[46][7] += off
        write(tmp_path, rows)
        if fits:
            assert load(tmp_path, "allocation_core_convergence")["official_allocations"].num_rows == 42
        else:
            assert "rounding explains 21.5" in refusal(tmp_path, "allocation_core_convergence", "official_allocations")


def test_percentages_as_plain_numbers(tmp_path: Path, register: Register) -> None:
    rows = convergence(register)
    for row in rows[4:46]:
        row[5], row[8], row[9], row[11], row[12] = (row[c] * 100 for c in (5, 8, 9, 11, 12))
    write(tmp_path, rows)
    assert "percentages" in refusal(tmp_path, "allocation_core_convergence", "official_allocations")
    table = load(tmp_path, "allocation_core_convergence", percentages="points")["official_allocations"].to_pylist()
    assert abs(sum(r["need_share"] for r in table) - 1) < Decimal("1e-9") and table[0]["growth"] == Decimal("0.044")


def test_rows_by_service_are_checked_service_by_service(tmp_path: Path, register: Register) -> None:
    header = ["ICB code", "Service", "Need share", "Target (£)"]
    rows: Rows = [header]
    for service, amount in (("NCBPS01C", 100), ("NCBPS11B", 200)):
        rows += [[b["icb_code"], service, 1 / 42, amount] for b in boards(register)]
        rows.append(["England", service, 1, amount * 42])
    write(tmp_path, rows)
    made = load(tmp_path, "allocation_specialised_services")
    found = official(made, "specialised", "202526", workbook="services", service="NCBPS11B")
    assert set(found.target.values()) == {200} and not found.opening
    rows[-1][3] += 100
    write(tmp_path, rows)
    assert "rows 45 to 86, column target" in refusal(
        tmp_path, "allocation_specialised_services", "official_allocations"
    )
    write(tmp_path, [["ICB code", "Need share"], *[[b["icb_code"], 1 / 42] for b in boards(register)]])
    message = refusal(tmp_path, "allocation_specialised_services", "official_allocations")
    assert "neither a target nor an allocation found. Columns recognised: icb_code, need_share" in message


def test_weighted_populations_become_need(tmp_path: Path, register: Register) -> None:
    header = [
        "Org Code",
        "Registered Population",
        "General & Acute weighted population",
        "MENTAL HEALTH",
        "Specialised services",
    ]
    rows: Rows = [header, *[[b["icb_code"], 1000, 1000 + i, 1000, 900 + i] for i, b in enumerate(boards(register))]]
    write(tmp_path, rows)
    made = load(tmp_path, "allocation_weighted_populations", components="all")
    assert made["need_indices"].num_rows == register["need_indices"].num_rows + 42, "two streams replace, one is new"
    need = Need.from_index(
        made["need_indices"].to_pylist(), made, stream="specialised", financial_year="202526", level="icb_2024"
    )
    shares = need_share(need)
    assert sum(shares.exact().values()) == 1 and shares.basis.service == "specialised"
    assert min(shares.rows.values(), key=lambda r: r.share).code == "QE1"
    rows[3][2] = -5
    write(tmp_path, rows)
    message = refusal(tmp_path, "allocation_weighted_populations", "need_indices")
    assert "row 4, column wp_general_acute: '-5'; expected a number of people" in message
    write(tmp_path, [[*header[:2], "Weighted population"], *[[*r[:2], 5] for r in rows[1:]]])
    assert "no weighted population found" in refusal(tmp_path, "allocation_weighted_populations", "need_indices")
    one = load(tmp_path, "allocation_weighted_populations", stream="specialised", components="activity")
    assert {r["components"] for r in one["need_indices"].to_pylist() if r["stream"] == "specialised"} == {"activity"}


def test_core_need_of_a_workbook_holds_market_forces_as_core_does(tmp_path: Path, register: Register) -> None:
    """Nothing said is not a no: streams.csv knows of core, and a second index would count market forces twice."""
    rows: Rows = [["ICB code", "Registered population", "Overall core", "Community services"]]
    write(tmp_path, [*rows, *[[b["icb_code"], 1000, 1000, 1000] for b in boards(register)]])
    held = load(tmp_path, "allocation_weighted_populations")
    for stream, included in (("core", True), ("community", False)):
        need = Need.from_index(
            held["need_indices"].to_pylist(), held, stream=stream, financial_year="202526", level="icb_2024"
        )
        assert need.basis.includes_market_forces is included
    said = load(tmp_path, "allocation_weighted_populations", includes_market_forces="N")["need_indices"].to_pylist()
    assert {r["includes_market_forces"] for r in said if r["stream"] == "core" and r["financial_year"] == "202526"} == {
        "N"
    }


def test_one_workbook_may_be_read_by_two_sheets(tmp_path: Path, register: Register) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "book.xlsx")) as book:
        for sheet, weight in (("Cancer", 5), ("Renal", 6)):
            made = book.add_worksheet(sheet)
            made.write_row(0, 0, ["ICB code", "Population", "Weighted population"])
            for i, b in enumerate(boards(register)):
                made.write_row(i + 1, 0, [b["icb_code"], 5, weight])
    entries = [
        {"file": "book.xlsx", "as": "allocation_weighted_populations", "financial_year": "202526", "sheet": sheet,
         "stream": sheet.lower(), "components": "all"}
        for sheet in ("Cancer", "Renal")
    ]  # fmt: skip
    (tmp_path / "overlay.json").write_text(json.dumps({"load": entries}), encoding="utf-8")
    found = {r["stream"]: r["weighted_population"] for r in Register.load([tmp_path])["need_indices"].to_pylist()}
    assert (found["cancer"], found["renal"]) == (5, 6)


def test_market_forces_of_the_boards_of_2026(tmp_path: Path, register: Register) -> None:
    later = boards(register, date(2026, 10, 1))
    rows: Rows = [["ICB code", "Underlying MFF index"], *[[b["icb_code"], 1.05] for b in later]]
    write(tmp_path, rows)
    made = load(tmp_path, "allocation_market_forces", financial_year="202627")
    index = market_forces(made, "202627")
    assert len(index) == 36 and set(index.values()) == {Decimal("1.05")}
    with pytest.raises(AllocationError, match="no underlying market forces index of 202526"):
        market_forces(made, "202526")
    assert "a board of 202526" in refusal(tmp_path, "allocation_market_forces", "official_market_forces")
    rows[3][1] = 0
    write(tmp_path, rows)
    message = refusal(tmp_path, "allocation_market_forces", "official_market_forces", financial_year="202627")
    assert "row 4, column market_forces_index: '0'; expected an index above 0" in message


def test_tables_are_empty_until_loaded(register: Register) -> None:
    for table in ("official_allocations", "official_market_forces"):
        assert register[table].num_rows == 0 and "not available" in register.describe(table).not_known
    with pytest.raises(AllocationError, match=r"allocate-by-need\.md"):
        official(register, "specialised", "202526")
