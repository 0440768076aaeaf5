"""The stages in a row: identify, count, assign, price, over any block of a run's records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tertiary.tables import columns

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.assign import AssignSettings, Ground
    from tertiary.engine import Engine
    from tertiary.identify import Survey
    from tertiary.ledger import Basis
    from tertiary.register import Register


# columns of activity that a stage changes under their name: a stand-in counts one, and the method gives the category
CHANGED = frozenset({"quantity", "commissioned_service_category"})
_RECORDS, _REASONS, _ACTIVITY = ({c.name for c in columns(name)} for name in ("records", "reasons", "activity"))
# columns of `records` that stay what they are in `activity`
GIVEN = frozenset(_RECORDS & _ACTIVITY - CHANGED)
# all other columns that the tables of a run, and its findings on commissioners, are made of
DECIDED = frozenset({"row_key", "commissioner_kind", "commissioner_read", *(_RECORDS | _REASONS) - GIVEN})


@dataclass(frozen=True)
class Whole:
    """What only all accepted records of a run together say: spells and links, the assignment's ground, what counts."""

    seen: Survey
    ground: Ground
    basis: Basis

    def read_by(self, rows: ir.Table) -> dict[str, ir.Table]:
        """The part of it that the stages read for some records, by name."""
        return {**self.seen.read_by(rows), **self.basis.read_by(rows)}


def whole(engine: Engine, activity: ir.Table, register: Register, settings: AssignSettings) -> Whole:
    """What `stages` needs to know of all records (`activity`, any fate) before it can work block by block."""
    from tertiary.assign import Ground
    from tertiary.identify import survey
    from tertiary.ledger import spend_basis

    rows = activity.filter(activity.fate == "accepted")
    return Whole(survey(engine, rows, register), Ground.of(engine, rows, register, settings), spend_basis(engine, rows))


def stages(
    engine: Engine, activity: ir.Table, register: Register, settings: AssignSettings, known: Whole | None = None,
    *, narrow: bool = False,
) -> ir.Table:  # fmt: skip
    """Identify, assign, price and count accepted activity: all columns of `records` and `reasons`, one row a record.

    `activity` is a block of the run's records (row_key: 1 … n) and `known` what all of them say; without it the block
    is taken for the whole run. `narrow`: without the columns of GIVEN that nothing reads on the way, for whoever puts
    them back beside the result.
    """
    from tertiary.assign import assign
    from tertiary.identify import identify
    from tertiary.ledger import count_once
    from tertiary.price import READ, price

    known = known or whole(engine, activity, register, settings)
    rows = activity.filter(activity.fate == "accepted")
    identified = engine.name("identified", identify(engine, rows, register, known.seen))
    counted = engine.name("counted", count_once(engine, identified, known.basis))
    carried = DECIDED | set(READ) | (set() if narrow else GIVEN)
    assigned = assign(engine, counted, register, settings, known.ground, carried)
    decided = assigned.mutate(commissioned_service_category=assigned.category_assigned).drop("category_assigned")
    return price(engine, decided, register)
