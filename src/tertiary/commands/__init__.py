"""Groups of commands: what people decided, how they share budgets, and what is questioned of charges."""

from __future__ import annotations

from collections.abc import Sequence

from tertiary.commands.challenges import challenges
from tertiary.commands.decisions import decisions
from tertiary.commands.pool import pool

__all__ = ["challenges", "decisions", "names", "pool"]


def names() -> Sequence[str]:
    """Names of the groups and their commands, for the documentation."""
    made = []
    for group, typed in (("decisions", decisions), ("pool", pool), ("challenges", challenges)):
        made.append(group)
        made += [f"{group} {c.name or (c.callback.__name__ if c.callback else '')}" for c in typed.registered_commands]
    return made
