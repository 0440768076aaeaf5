"""What an address may carry."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator


def _day(value: str | None) -> date | None:
    """A form sends a day that was left open as a blank. ValueError when it is no day."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise ValueError("it should be a day such as 2025-06-30") from None


Day = Annotated[date | None, BeforeValidator(_day)]
Text = Annotated[str, Query(max_length=200)]
