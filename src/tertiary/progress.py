"""Progress on standard error: a line a stage on a terminal, JSON objects for machines, quiet when piped.

Time left is told where it can be known: while files are read, and where the run folder holds an earlier run to go by.

Only stages, counts and seconds: never a value from a row.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tertiary.errors import TertiaryError

# To the start of the line, and clear it: an unfinished line is written over by the next.
_CLEAR = "\r\x1b[K"


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
    if event == "end":
        print(f"{_CLEAR}{_ended(facts)}", file=sys.stderr, flush=True)
    else:
        print(f"{_CLEAR}{_under_way(facts)}", end="", file=sys.stderr, flush=True)


def _ended(facts: Mapping[str, Any]) -> str:
    rows, seconds = facts.get("rows"), facts["seconds"]
    rate = f"  {rows:,} rows, {rows / max(seconds, 0.001):,.0f} a second" if rows else ""
    return f"  {facts['stage']:<12}{seconds:>8.1f} s{rate}"


def _under_way(facts: Mapping[str, Any]) -> str:
    total = facts.get("bytes_total")
    share = f" {facts['bytes'] / total:.0%}" if total else ""
    left = f"  about {_duration(facts['seconds_left'])} left" if "seconds_left" in facts else ""
    return f"  {facts['stage']} …{share}{left}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
