"""The package's own small tables: code lists of the boxes, dates by CDS type, outcomes, payers of excluded items."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Rows of `name`.csv of this package, as text."""
    text = resources.files("tertiary.assign").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def codes(list_name: str) -> tuple[str, ...]:
    """Codes of one list of condition_codes.csv, in file order. KeyError when there is no such list."""
    found = tuple(row["code"] for row in rows("condition_codes") if row["list"] == list_name)
    if not found:
        raise KeyError(list_name)
    return found


@cache
def flows(method: str) -> tuple[str, ...]:
    """Flows that take the given method: hospital, contract_monitoring or record_only."""
    return tuple(row["flow"] for row in rows("flow_methods") if row["method"] == method)
