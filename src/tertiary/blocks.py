"""The records of a run in blocks: a block is one file of `activity`, at most a million rows of one month.

What only all records together can say is known beforehand (`Whole`); the rest is computed block by block, so that
memory stays bounded, time grows with the records, and a block whose rows and knowledge have not changed is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tertiary.errors import ConservationError
from tertiary.tables import ibis_schema

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import DuckDBEngine
    from tertiary.runs import RunWriter

LIMIT = 1_000_000
ORDER = ("submission_id", "row_number", "record_id")


@dataclass(frozen=True)
class Block:
    """One file of `activity`: its month, its path within the run folder and its rows (row_key 1 … rows)."""

    financial_year: str
    financial_month: int | None
    file: str
    rows: int
    accepted: int


def cut(engine: DuckDBEngine, writer: RunWriter, activity: ir.Table) -> Iterator[Block]:
    """Write `activity` month by month, in the order of submissions and their rows."""
    import ibis

    month = ("financial_year", "financial_month")
    sizes = activity.group_by(*month).aggregate(rows=activity.count(), accepted=(activity.fate == "accepted").sum())
    for size in engine.fetch(sizes.order_by(*month)).to_pylist():
        held = (
            activity.financial_month.isnull()
            if size["financial_month"] is None
            else (activity.financial_month == size["financial_month"])
        )
        rows = activity.filter((activity.financial_year == size["financial_year"]) & held)
        rows = conform(rows, "activity")
        place = ibis.row_number().over(order_by=[rows[c] for c in ORDER]) + 1
        ordered = engine.materialise("block_month", rows.mutate(row_key=place.cast("int64")))
        for first in range(0, size["rows"], LIMIT):
            part = ordered.filter((ordered.row_key > first) & (ordered.row_key <= first + LIMIT))
            part = part.mutate(row_key=part.row_key - first)
            file = writer.write("activity", part, ("row_key",))
            accepted = part.aggregate(n=(part.fate == "accepted").sum())
            yield Block(
                size["financial_year"], size["financial_month"], file, min(LIMIT, size["rows"] - first),
                int(engine.fetch(accepted).column("n")[0].as_py() or 0),
            )  # fmt: skip
        engine.drop("block_month")


def check_rows(engine: DuckDBEngine, staged: ir.Table, block: Block, rows: ir.Table) -> None:
    """Every accepted row of the block must be in `staged` once. ConservationError: a fault of this software."""

    def marks(table: ir.Table) -> dict[str, Any]:
        key = table.row_key
        sums = table.aggregate(n=key.count(), keys=key.sum(), squares=(key * key).sum())
        return dict(engine.fetch(sums).to_pylist()[0])

    expected, found = marks(rows.filter(rows.fate == "accepted")), marks(staged)
    if expected != found or found["n"] != block.accepted:
        raise ConservationError(
            f"Block {block.file}: {block.accepted} rows were accepted but the stages returned {found['n']}, or others."
        )


def conform(table: ir.Table, name: str, extra: Sequence[str] = (), **constants: str) -> ir.Table:
    """`table` with exactly the columns of run table `name` and `extra`; what it lacks is blank, false or null."""
    import ibis

    chosen: dict[str, Any] = {column: table[column] for column in extra}
    for column, kind in ibis_schema(name).items():
        if column in constants:
            chosen[column] = ibis.literal(constants[column])
        elif column in table.columns:
            value = table[column] if table[column].type() == kind else table[column].cast(kind)
            chosen[column] = value.fill_null("") if kind.is_string() else value
        elif kind.is_string():
            chosen[column] = ibis.literal("")
        elif kind.is_boolean():
            chosen[column] = ibis.literal(False)
        else:
            chosen[column] = ibis.null(kind)
    return table.select(**chosen)


def digest(engine: DuckDBEngine, tables: Mapping[str, ir.Table]) -> dict[str, str]:
    """For each table a mark of its rows, whatever their order. No row may stand in it twice."""
    marks = {}
    for name, table in tables.items():
        words = table.select(word=_words(table).hash())
        found = engine.fetch(words.aggregate(n=words.count(), bits=words.word.bit_xor())).to_pylist()[0]
        marks[name] = f"{found['n']}:{found['bits']}"
    return marks


def _words(table: ir.Table) -> ir.Value:
    """All columns of a row as one text."""
    import ibis

    text: Any = ibis.literal("")
    for name in table.columns:
        text = text + table[name].cast("string").fill_null("\x01") + "\x02"
    return text


def fingerprint(facts: Any) -> str:
    """sha256 of plain facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
