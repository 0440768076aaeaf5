"""Groups of commands: what people decided, and how they share budgets."""

from __future__ import annotations

from collections.abc import Sequence

from tertiary.commands.decisions import decisions
from tertiary.commands.pool import pool
from tertiary.commands.prices import prices

__all__ = ["decisions", "names", "pool", "prices"]


def names() -> Sequence[str]:
    """Names of the groups and their commands, for the documentation."""
    made = []
    for group, typed in (("decisions", decisions), ("pool", pool)):
        made.append(group)
        made += [f"{group} {c.name or (c.callback.__name__ if c.callback else '')}" for c in typed.registered_commands]
    return made
