"""What an address may carry."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from pydantic import BeforeValidator

# a form sends a date that was left open as a blank
Day = Annotated[date | None, BeforeValidator(lambda value: value or None)]
Text = Annotated[str, Query(max_length=200)]


def carried(request: Request, **more: str) -> str:
    """What an address of another page must carry to stay with the run that was asked for, and `more`; with its ?."""
    run = request.query_params.get("run", "")
    kept = {**({"run": run} if run else {}), **{k: v for k, v in more.items() if v}}
    return f"?{urlencode(kept)}" if kept else ""
