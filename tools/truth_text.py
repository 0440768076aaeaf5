"""Rows of figures as text in columns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as text in columns: numbers to the right, texts to the left."""
    if not rows:
        return "  none\n"
    heads = list(rows[0])
    shown = [[_shown(row[h]) for h in heads] for row in rows]
    widths = [max(len(h), *(len(r[i]) for r in shown)) for i, h in enumerate(heads)]
    right = [all(not isinstance(row[h], str) or row[h] in ("-", "not scored") or _is_number(row[h]) for row in rows)
             for h in heads]  # fmt: skip
    every = [heads, *shown]
    lines = [
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True))
        for line in every
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace(",", "").lstrip("-").isdigit()


def _shown(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
