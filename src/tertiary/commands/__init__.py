"""Groups of commands: what people decided, how they share budgets, what each should have."""

from __future__ import annotations

from collections.abc import Sequence

from tertiary.commands.allocate import allocate
from tertiary.commands.decisions import decisions
from tertiary.commands.pool import pool

__all__ = ["allocate", "decisions", "names", "pool"]


def names() -> Sequence[str]:
    """Names of the groups and their commands, for the documentation."""
    made = []
    for group, typed in (("decisions", decisions), ("pool", pool), ("allocate", allocate)):
        made.append(group)
        made += [f"{group} {c.name or (c.callback.__name__ if c.callback else '')}" for c in typed.registered_commands]
    return made
