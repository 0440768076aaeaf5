"""NHS England's allocation workbooks as register tables: market forces, weighted populations, services, convergence.

The workbooks were not available when this was written and their headers were not seen: columns are found by tolerant
patterns in overlay_columns.csv, and what is read must add up to the sheet's own total or to the sum the user states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

from tertiary.errors import RegisterError
from tertiary.register.workbooks import (
    Options,
    Rows,
    Sheet,
    decimal_text,
    financial_year,
    normalise,
    number,
    read_sheet,
)

TABLE = "allocations"
MONEY = ("opening", "target", "allocation")
RATES = ("growth", "convergence", "opening_distance", "closing_distance")
BLANK = {"", "-", "n/a", "na", "*"}
TOTALS = {"england", "total", "england_total", "total_england", "national", "e92000001"}
# a share or a rate of more than this is taken for a percentage written as a plain number
LARGEST_RATE = 1
LONGEST = 9
# what adding up binary fractions in a workbook may lose
BINARY = Decimal("1e-12")
STREAMS = ("general_acute", "community", "mental_health", "maternity", "health_inequalities", "prescribing", "core",
           "primary_medical", "specialised")  # fmt: skip


@dataclass(frozen=True)
class _Boards:
    """The boards' rows of a sheet by number, and its total rows by service."""

    sheet: Sheet
    rows: tuple[tuple[int, str, dict[str, str]], ...]
    totals: Mapping[str, tuple[int, dict[str, str]]]

    def by_service(self) -> list[_Boards]:
        """The same for each service."""
        return [
            _Boards(
                self.sheet,
                tuple(row for row in self.rows if _service(row[2]) == s),
                {s: self.totals[s]} if s in self.totals else {},
            )
            for s in sorted({_service(cell) for _, _, cell in self.rows})
        ]

    def column(self, name: str) -> list[tuple[int, Decimal]]:
        """Numbers of a column with their row; blank cells left out."""
        return [(n, value) for n, _, cell in self.rows if (value := _number(cell, self.sheet, n, name)) is not None]


def market_forces(path: Path, options: Options) -> dict[str, Rows]:
    """Workbook H: the underlying market forces index of each board."""
    sheet = read_sheet(path, "allocation_market_forces", sheet=str(options.get("sheet", "")))
    year = financial_year(str(options.get("financial_year", "")), sheet.where)
    boards = _boards(sheet, year)
    rows: Rows = []
    for n, code, cell in boards.rows:
        index = _number(cell, sheet, n, "market_forces_index")
        if index is None or index <= 0:
            raise _wrong(sheet, n, "market_forces_index", cell["market_forces_index"], "an index above 0, about 1")
        rows.append({"financial_year": year, "icb_code": code, "market_forces_index": decimal_text(index, 8)})
    return {"official_market_forces": rows}


def weighted_populations(path: Path, options: Options) -> dict[str, Rows]:
    """Workbook J: people weighted by need, a column a stream, or one stream that overlay.json names."""
    sheet = read_sheet(path, "allocation_weighted_populations", sheet=str(options.get("sheet", "")))
    year = financial_year(str(options.get("financial_year", "")), sheet.where)
    columns = {f"wp_{s}": s for s in STREAMS if f"wp_{s}" in sheet.columns}
    if "weighted_population" in sheet.columns and "stream" in options:
        columns = {"weighted_population": str(options["stream"])}
    if not columns:
        raise RegisterError(
            f"{sheet.where}: no weighted population found. Have a column for each of {', '.join(STREAMS)}, or one "
            'column weighted_population and "stream" in overlay.json. Accepted headers: overlay_columns.csv.'
        )
    boards = _boards(sheet, year)
    for name in ("registered_population", *columns):
        _add_up(boards, name, _total(boards, name), needed=False)
    level = "icb_2026" if year >= "202627" else "icb_2024"
    rows: Rows = []
    for column, stream in columns.items():
        for n, code, cell in boards.rows:
            people = _required(cell, sheet, n, "registered_population")
            weighted = _required(cell, sheet, n, column)
            rows.append(
                {"financial_year": year, "level": level, "code": code, "stream": stream,
                 "service": str(options.get("service", stream)), "components": str(options.get("components", "")),
                 "includes_market_forces": str(options.get("includes_market_forces", "")),
                 "registered_population": decimal_text(people, 3), "weighted_population": decimal_text(weighted, 3)}
            )  # fmt: skip
    return {"need_indices": rows}


def allocations(path: Path, options: Options, *, stream: str, workbook: str) -> dict[str, Rows]:
    """Workbooks L, O and P: shares, openings, targets, allocations, growth and distances of each board.

    RegisterError when shares do not add up to 1, or targets not to the total row or the "pot" of overlay.json, each
    within what the sheet's own rounding explains.
    """
    sheet = read_sheet(path, TABLE, sheet=str(options.get("sheet", "")))
    year = financial_year(str(options.get("financial_year", "")), sheet.where)
    if not {"target", "target_thousands", "allocation", "allocation_thousands"} & set(sheet.columns):
        raise RegisterError(
            f"{sheet.where}: neither a target nor an allocation found. Columns recognised: {', '.join(sheet.columns)}. "
            "Accepted headers are listed in overlay_columns.csv: rename the column, or give another sheet."
        )
    boards = _boards(sheet, year)
    points = str(options.get("percentages", "")) == "points"
    _check_sums(boards, options, points)
    fixed = {"financial_year": year, "stream": stream, "workbook": workbook}
    return {"official_allocations": [_row(boards.sheet, n, code, cell, fixed, points) for n, code, cell in boards.rows]}


def _row(
    sheet: Sheet, n: int, code: str, cell: Mapping[str, str], fixed: Mapping[str, str], points: bool
) -> dict[str, str]:
    made = {**fixed, "icb_code": code, "service": _service(cell)}
    for name in ("registered_population", "weighted_population"):
        made[name] = _text(_number(cell, sheet, n, name), 3)
    for name, places in (("need_share", 12), *((r, 8) for r in RATES)):
        made[name] = _text(_rate(cell, sheet, n, name, points), places)
    for name in MONEY:
        made[name] = _text(_pounds(cell, sheet, n, name), 2)
    return made


def _check_sums(boards: _Boards, options: Options, points: bool) -> None:
    """Shares add up to 1 for each service; money and people to the total row of the service; targets to the pot."""
    sheet = boards.sheet
    pot = _number({"pot": str(options.get("pot", ""))}, sheet, 0, "pot")
    columns = [c for m in MONEY for c in (m, f"{m}_thousands") if c in sheet.columns]
    for part in boards.by_service():
        _add_up(part, "need_share", Decimal(100 if points else 1), needed=True)
        for name in (*columns, "registered_population"):
            _add_up(part, name, _total(part, name), needed=name.startswith("target") and pot is None)
    if pot is not None:
        for name in columns:
            if name.startswith("target"):
                _add_up(boards, name, pot / 1000 if name.endswith("thousands") else pot, needed=True)


def _add_up(boards: _Boards, name: str, total: Decimal | None, *, needed: bool) -> None:
    """Check a column against its total within half a last digit for each row and the total."""
    found = boards.column(name)
    if not found:
        return
    if total is None:
        if needed:
            raise RegisterError(
                f"{boards.sheet.where}, column {name}: no total row (England) to check {len(found)} rows against. "
                'Give the sum they must add up to as "pot" beside the file in overlay.json.'
            )
        return
    digits = min(LONGEST, max(_places(value) for _, value in found))
    allowed = (len(found) + 1) * Decimal(5).scaleb(-digits - 1) + abs(total) * BINARY
    summed = sum((value for _, value in found), Decimal(0))
    if abs(summed - total) > allowed:
        hint = 'if shares are written as percentages, set "percentages": "points" in overlay.json'
        raise RegisterError(
            f"{boards.sheet.where}, rows {found[0][0]} to {found[-1][0]}, column {name}: they add up to {summed}, "
            f"not to {total}; rounding explains {allowed}. Check for a missing board, a subtotal read as a board, or "
            f"another year's total{'; ' + hint if name == 'need_share' else ''}."
        )


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _total(boards: _Boards, name: str) -> Decimal | None:
    """What the total rows say of a column; None when there is no total row, or it is blank there."""
    told = [_number(cell, boards.sheet, n, name) for n, cell in boards.totals.values()]
    return sum((value for value in told if value is not None), Decimal(0)) if any(v is not None for v in told) else None


def _service(cell: Mapping[str, str]) -> str:
    return cell.get("service", "")


def _boards(sheet: Sheet, year: str) -> _Boards:
    """Rows of boards; regions and rows without a number are left out. RegisterError: a board lacks or is unknown."""
    known, regions, wanted = _known(year)
    rows: list[tuple[int, str, dict[str, str]]] = []
    totals: dict[str, tuple[int, dict[str, str]]] = {}
    for n, cell in sheet.numbered():
        written, name = cell["icb_code"], cell.get("icb_name", "")
        empty = all(v in BLANK for k, v in cell.items() if k not in ("icb_code", "icb_name", "service"))
        if empty or written in regions:
            continue
        if normalise(written) in TOTALS or (not written and normalise(name) in TOTALS):
            totals.setdefault(_service(cell), (n, cell))
            continue
        if written not in known:
            raise _wrong(sheet, n, "icb_code", written, f"a board of {year} such as {wanted[0]}, or England")
        rows.append((n, known[written], cell))
    _each_once(sheet, rows, wanted)
    return _Boards(sheet, tuple(rows), totals)


def _each_once(sheet: Sheet, rows: Sequence[tuple[int, str, dict[str, str]]], wanted: Sequence[str]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for n, code, cell in rows:
        key = (code, _service(cell))
        if key in seen:
            raise RegisterError(
                f"{sheet.where}, rows {seen[key]} and {n}: board {code} stands twice. Keep one of them, or give a "
                "sheet with one row a board."
            )
        seen[key] = n
    absent = [code for code in wanted if code not in {code for code, _ in seen}]
    if absent:
        raise RegisterError(
            f"{sheet.where}: no row for board {', '.join(absent)}. A table of allocations holds every board of its "
            "year; check the financial_year in overlay.json and whether rows were cut off."
        )


def _known(year: str) -> tuple[dict[str, str], set[str], list[str]]:
    """Boards of a year by ODS and ONS code, codes of regions, and the ODS codes in order."""
    from tertiary.register.store import Register
    from tertiary.register.validity import valid_on

    shipped = Register(())
    boards = valid_on(shipped, "icbs", date(int(year[:4]), 12, 1)).to_pylist()
    known = {code: b["icb_code"] for b in boards for code in (b["icb_code"], b["icb_ons"]) if code}
    regions = {code for r in shipped["regions"].to_pylist() for code in (r["region_code"], r["region_ons"]) if code}
    return known, regions, sorted(b["icb_code"] for b in boards)


def _number(cell: Mapping[str, str], sheet: Sheet, n: int, name: str) -> Decimal | None:
    written = cell.get(name, "")
    if written.lower() in BLANK:
        return None
    value = number(written, sheet.where, n, name)
    if not value.is_finite():
        raise _wrong(sheet, n, name, written, "a number")
    return value


def _required(cell: Mapping[str, str], sheet: Sheet, n: int, name: str) -> Decimal:
    value = _number(cell, sheet, n, name)
    if value is None or value < 0:
        raise _wrong(sheet, n, name, cell.get(name, ""), "a number of people")
    return value


def _pounds(cell: Mapping[str, str], sheet: Sheet, n: int, name: str) -> Decimal | None:
    for column, unit in ((f"{name}_thousands", 1000), (name, 1)):
        value = _number(cell, sheet, n, column)
        if value is not None and value < 0:
            raise _wrong(sheet, n, column, cell[column], "pounds, 0 or more")
        if value is not None:
            return value * unit
    return None


def _rate(cell: Mapping[str, str], sheet: Sheet, n: int, name: str, points: bool) -> Decimal | None:
    value = _number(cell, sheet, n, name)
    if value is None:
        return None
    if points or cell[name].endswith("%"):
        value /= 100
    if abs(value) > LARGEST_RATE:
        raise RegisterError(
            f"{sheet.where}, row {n}, column {name}: {cell[name]!r} is more than 100 %. If the sheet writes "
            'percentages as plain numbers, set "percentages": "points" beside the file in overlay.json.'
        )
    return value


def _wrong(sheet: Sheet, n: int, name: str, seen: str, expected: str) -> RegisterError:
    return RegisterError(f"{sheet.where}, row {n}, column {name}: {seen!r}; expected {expected}. Correct the cell.")


def _text(value: Decimal | None, places: int) -> str:
    return "" if value is None else decimal_text(value, places)


LOADERS: dict[str, Callable[[Path, Options], dict[str, Rows]]] = {
    "allocation_market_forces": market_forces,
    "allocation_weighted_populations": weighted_populations,
    "allocation_specialised_services": partial(allocations, stream="specialised", workbook="services"),
    "allocation_specialised_convergence": partial(allocations, stream="specialised", workbook="convergence"),
    "allocation_core_convergence": partial(allocations, stream="core", workbook="convergence"),
}
TABLES: dict[str, tuple[str, ...]] = {
    "allocation_market_forces": ("official_market_forces",),
    "allocation_weighted_populations": ("need_indices",),
    "allocation_specialised_services": ("official_allocations",),
    "allocation_specialised_convergence": ("official_allocations",),
    "allocation_core_convergence": ("official_allocations",),
}
