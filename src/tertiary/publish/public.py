"""Totals of a run's ledger that may be published."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from tertiary.errors import PublishError
from tertiary.publish.disclosure import HIDDEN, STRICT, add_to_note, release_together
from tertiary.show import ledger_totals
from tertiary.tables import columns

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.runs import Run

COUNTS = ("records", "patients")
BESIDE = ("quantity", "price_submitted", "price_expected")
# Totals without it are of what was done, so they are no totals over it.
PLANS = "measure"
# A table by more holds few people a cell; its coarser totals double with each.
MOST_DIMENSIONS = 3


def public_totals(
    run: Run, table: str, dimensions: Sequence[str], *, rule: str = STRICT, counted_only: bool = True, limit: int = 0
) -> pa.Table:
    """Totals of the ledger by `dimensions` as they may leave, in order of the dimensions, with a note (`note`).

    Grain and key: `dimensions`. Records and patients are counts; quantity and pounds stand beside them. Treated
    together with every coarser total, because each can be had in the same way; the note names coarser totals of which
    more must be hidden beside this table than alone. PublishError for another table, for a column that is not a key of
    the ledger (such as one that names a patient or a record), and for none or more than MOST_DIMENSIONS of them.
    """
    asked = tuple(dict.fromkeys(dimensions))
    _check(table, asked, limit)
    subsets = _coarser([asked])
    wanted = _wanted(run, subsets, counted_only)

    def released(top: tuple[str, ...]) -> dict[tuple[str, ...], pa.Table]:
        below = [names for names in subsets if set(names) <= set(top)]
        return dict(zip(below, release_together([wanted[n] for n in below], COUNTS, BESIDE, rule=rule), strict=True))

    together = released(asked)
    differ = [n for n in subsets[:-1] if not together[n].column(HIDDEN).equals(released(n)[n].column(HIDDEN))]
    found = together[asked].sort_by([(name, "ascending") for name in asked])
    if differ:
        said = "; ".join(", ".join(names) or "everything" for names in differ)
        found = add_to_note(found, f"Do not publish totals by these beside it, which would tell more: {said}.")
    return found.slice(0, limit) if limit else found


def public_tables(
    run: Run, tables: Sequence[Sequence[str]], *, rule: str = STRICT, counted_only: bool = True
) -> list[pa.Table]:
    """As `public_totals`, for several tables that are to stand beside each other: treated together, in their order."""
    asked = [tuple(dict.fromkeys(dimensions)) for dimensions in tables]
    for dimensions in asked:
        _check("ledger", dimensions, 0)
    subsets = _coarser(asked)
    wanted = _wanted(run, subsets, counted_only)
    made = dict(zip(subsets, release_together(list(wanted.values()), COUNTS, BESIDE, rule=rule), strict=True))
    return [made[next(n for n in subsets if set(n) == set(d))].sort_by([(x, "ascending") for x in d]) for d in asked]


def _coarser(tables: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The columns of tables and of every total over some of their columns, each once, fewest first."""
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for asked in tables:
        for size in range(len(asked) + 1):
            for names in combinations(asked, size):
                found.setdefault(frozenset(names), names)
    return sorted(found.values(), key=len)


def _wanted(run: Run, subsets: Sequence[tuple[str, ...]], counted_only: bool) -> dict[tuple[str, ...], pa.Table]:
    """Totals of the ledger by each of `subsets`, with what may be shown of them."""
    tables = {names: ledger_totals(run, names, counted_only) for names in subsets}
    return {names: t.select([*names, *COUNTS, *BESIDE]) for names, t in tables.items()}


def _check(table: str, dimensions: Sequence[str], limit: int) -> None:
    keys = [c.name for c in columns("ledger") if c.is_key and c.name != PLANS]
    if table != "ledger":
        raise PublishError(f"Only totals of the ledger can be published, not {table}. Ask: ledger --by … --public.")
    if wrong := [d for d in dimensions if d not in keys]:
        raise PublishError(
            f"Nothing is published by {wrong[0]}: it may tell of one patient or record, or is no column of the ledger. "
            f"Choose from: {', '.join(keys)}."
        )
    if not 0 < len(dimensions) <= MOST_DIMENSIONS:
        raise PublishError(
            f"Totals by {len(dimensions)} columns are not published. Give 1 to {MOST_DIMENSIONS} of them."
        )
    if limit < 0:
        raise PublishError(f"A limit of {limit} rows cannot be shown. Give 0 for all, or more.")
