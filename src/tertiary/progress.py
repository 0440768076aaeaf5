"""Progress on standard error: a line a stage on a terminal, one JSON object a stage for machines, quiet when piped.

Only stages, counts and seconds: never a value from a row.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tertiary.errors import TertiaryError


def reporter(log_format: str) -> Callable[[str, Mapping[str, Any]], None] | None:
    """What a run should call as it goes; None when nobody is watching."""
    if log_format == "json":
        return _json_line
    if log_format != "text":
        raise TertiaryError(f"Log format {log_format!r} is not known. Choose text or json.")
    return _text_line if sys.stderr.isatty() else None


def _json_line(event: str, facts: Mapping[str, Any]) -> None:
    print(json.dumps({"event": event, **facts}, default=str), file=sys.stderr, flush=True)


def _text_line(event: str, facts: Mapping[str, Any]) -> None:
    if event == "begin":
        print(f"  {facts['stage']} …", end="\r", file=sys.stderr, flush=True)
        return
    seconds = facts["seconds"]
    rows = facts.get("rows") or facts.get("received")
    rate = f"  {rows:,} rows, {rows / max(seconds, 0.001):,.0f} a second" if rows else ""
    print(f"  {facts['stage']:<12}{seconds:>8.1f} s{rate}", file=sys.stderr, flush=True)
