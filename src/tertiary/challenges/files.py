"""CSV files that people give beside a run: contracts, a calendar, handovers of devices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary import sheets
from tertiary.errors import ContractError

if TYPE_CHECKING:
    import pyarrow as pa

HANDOVER = ("provider_code", "device_code", "handover_date", "exception")


def lines(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of a CSV file with their numbers, cells trimmed. ContractError when it cannot be read."""
    for line in sheets.lines(file, ContractError):
        yield line.number, dict(line.cells)


def day(where: str, name: str, text: str) -> date:
    """A cell that is a day. ContractError when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ContractError(f"{where}: {name} is {text!r}; expected a day such as 2025-06-30.") from error


def read_handovers(file: Path) -> pa.Table:
    """Handovers of devices to the national supply route, and accepted exceptions, from a CSV file.

    Key: provider_code (blank: all) and device_code; handover_date, null where only an exception is told; exception, Y
    or blank. ContractError names the line and field that cannot be used.
    """
    made: dict[tuple[str, str], dict[str, Any]] = {}
    for number, row in lines(file):
        where = f"{file} line {number}"
        if missing := [name for name in HANDOVER if name not in row]:
            raise ContractError(f"{where}: {', '.join(missing)} missing. Needed: {', '.join(HANDOVER)}.")
        told = {name: row[name] for name in ("provider_code", "device_code", "exception")}
        if not told["device_code"] or told["exception"] not in ("", "Y"):
            raise ContractError(f"{where}: device {told['device_code']!r}, exception {told['exception']!r}; expected a "
                                "code such as DEV01, and Y or nothing.")  # fmt: skip
        on = day(where, "handover_date", row["handover_date"]) if row["handover_date"] else None
        key = (told["provider_code"], told["device_code"])
        if key in made:
            raise ContractError(f"{where}: {' '.join(key).strip()} stands there twice. Keep one line.")
        made[key] = {**told, "handover_date": on}
    return handover_table(list(made.values()))


def handover_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Handovers as a typed table, empty when none are known."""
    import pyarrow as pa

    kinds = {"handover_date": pa.date32()}
    return pa.Table.from_pylist(rows, schema=pa.schema([(n, kinds.get(n, pa.string())) for n in HANDOVER]))
