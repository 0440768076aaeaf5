"""What an address may carry."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BeforeValidator

# a form sends a date that was left open as a blank
Day = Annotated[date | None, BeforeValidator(lambda value: value or None)]
Text = Annotated[str, Query(max_length=200)]
# boards that a map may show
FOOTPRINTS = (("2024", "42 ICBs of 2024"), ("2026", "36 ICBs of April 2026"))
Footprint = Annotated[Literal["2024", "2026"], Query()]
# a financial year, or a month of it
Month = Annotated[str, Query(pattern=r"^(\d{6}(-\d{2})?)?$")]
