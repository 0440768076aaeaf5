"""Small counts that the manifest keeps: agreement of lines, unanswerable boxes, rules silent for a missing list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine


def summary_of(engine: Engine, staged: ir.Table) -> dict[str, dict[str, int]]:
    """The counts of one block of decided records."""
    from tertiary.assign import not_answerable_counts

    both = staged.filter(has_two_lines(staged))
    agreed = same_line(both).sum()
    agreement = engine.fetch(both.aggregate(compared=both.count(), agreed=agreed)).to_pylist()[0]
    rules = staged.filter(staged.would_match != "")
    counted = rules.group_by("would_match").aggregate(records=rules.count())
    silent: Counter[str] = Counter()
    for row in engine.fetch(counted).to_pylist():
        silent.update(dict.fromkeys(row["would_match"].split(","), row["records"]))
    return {
        "line_agreement": {name: int(value or 0) for name, value in agreement.items()},
        "would_match": dict(silent),
        "not_answerable": not_answerable_counts(engine, staged),
    }


def has_two_lines(rows: ir.Table) -> ir.BooleanValue:
    """Whether a record has a line by the rules and one that was submitted, so that the two can be compared."""
    return (rows.service_line_submitted != "") & (rows.service_basis == "derived")


def same_line(rows: ir.Table) -> ir.BooleanValue:
    """Whether the line by the rules is the one that was submitted."""
    return rows.service_line_derived == rows.service_line_submitted


def merged(parts: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """The counts of all blocks together."""
    totals: dict[str, Counter[str]] = {
        "line_agreement": Counter(compared=0, agreed=0), "would_match": Counter(), "not_answerable": Counter()
    }  # fmt: skip
    for part in parts:
        for name, counts in part.items():
            totals[name].update(counts)
    return {name: dict(sorted(counts.items())) for name, counts in totals.items()}
