"""What an address may carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BeforeValidator

# a form sends a date that was left open as a blank
Day = Annotated[date | None, BeforeValidator(lambda value: value or None)]
Text = Annotated[str, Query(max_length=200)]


def deeper(given: Iterable[tuple[str, str]], by: Sequence[str], row: Mapping[str, Any], onward: Sequence[str]) -> str:
    """The address of a row's own part: its values fixed, blank ones too, totalled by the first of `onward` still free.

    Blank when a value is not known or nothing is free.
    """
    kept = [(k, v) for k, v in given if k not in ("by", "format", "of", *by)]
    fixed = [(name, str(row[name])) for name in by if row[name] is not None]
    used = {k for k, _ in [*kept, *fixed]}
    free = [name for name in onward if name not in used]
    return "?" + urlencode([*kept, *fixed, ("by", free[0])]) if len(fixed) == len(by) and free else ""
