"""CSV files that people give beside a run: contracts, a calendar, handovers of devices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import ContractError
from tertiary.sheets import lines

if TYPE_CHECKING:
    import pyarrow as pa

HANDOVER = ("provider_code", "device_code", "handover_date", "exception")


def read_handovers(file: Path) -> pa.Table:
    """Handovers of devices to the national supply route, and accepted exceptions, from a CSV file.

    Key: provider_code (blank: all) and device_code; handover_date, null where only an exception is told; exception, Y
    or blank. ContractError names the line and field that cannot be used.
    """
    made: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines(file, ContractError, HANDOVER):
        key = (line.text("provider_code", ""), line.text("device_code"))
        if key in made:
            line.refuse("device_code", "each device of a provider once")
        told = (line.last_day("handover_date"), line.choice("exception", ("", "Y")))
        made[key] = dict(zip(HANDOVER, (*key, *told), strict=True))
    return handover_table(list(made.values()))


def handover_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Handovers as a typed table, empty when none are known."""
    import pyarrow as pa

    kinds = {"handover_date": pa.date32()}
    return pa.Table.from_pylist(rows, schema=pa.schema([(n, kinds.get(n, pa.string())) for n in HANDOVER]))
