"""What an address may carry."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator

# a form sends a date that was left open as a blank
Day = Annotated[date | None, BeforeValidator(lambda value: value or None)]
Text = Annotated[str, Query(max_length=200)]
