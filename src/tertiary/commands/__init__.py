"""Groups of commands: what people decided, what is owed and questioned, what should be, how budgets are shared."""

from __future__ import annotations

from collections.abc import Sequence

from tertiary.commands.allocate import allocate
from tertiary.commands.challenges import challenges
from tertiary.commands.decisions import decisions
from tertiary.commands.month import contracts, month
from tertiary.commands.need_model import fit
from tertiary.commands.pool import pool
from tertiary.commands.prices import prices
from tertiary.commands.release import release
from tertiary.commands.ringfence import ringfence
from tertiary.commands.serve import serve
from tertiary.commands.statement import report, statement
from tertiary.commands.variation import variation

__all__ = [
    "allocate",
    "challenges",
    "contracts",
    "decisions",
    "month",
    "names",
    "pool",
    "prices",
    "release",
    "report",
    "ringfence",
    "serve",
    "statement",
    "variation",
]

# a command of its own module, which brings its own tables
allocate.command(short_help="Fit need models to what was spent.")(fit)
GROUPS = {
    "allocate": allocate,
    "challenges": challenges,
    "contracts": contracts,
    "decisions": decisions,
    "month": month,
    "pool": pool,
}


def names() -> Sequence[str]:
    """Names of the groups and their commands, for the documentation."""
    made = []
    for group, typed in GROUPS.items():
        made.append(group)
        made += [f"{group} {c.name or (c.callback.__name__ if c.callback else '')}" for c in typed.registered_commands]
    return made
