"""What the method has to say about the commissioner that was submitted, and what it could not ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import DuckDBEngine


def commissioner_findings(assigned: ir.Table) -> ir.Table:
    """Findings (schema `findings`), at most one of each rule a record."""
    import ibis

    rows = assigned.filter((assigned.commissioner_submitted != "") & (assigned.commissioner_code != ""))
    rows = rows.filter(rows.commissioner_submitted != rows.commissioner_code)
    return rows.select(
        finding_id=rows.record_id + "-A01-commissioner",
        file=ibis.literal(""),
        submission_id=rows.submission_id,
        record_id=rows.record_id,
        row_number=rows.row_number,
        flow=rows.flow,
        rule_id=ibis.literal("A01"),
        level=ibis.literal("commissioner"),
        severity=ibis.literal("warning"),
        field=ibis.literal("ORGANISATION IDENTIFIER (CODE OF COMMISSIONER)"),
        value=rows.commissioner_submitted,
        expected=rows.commissioner_code,
        repair=ibis.literal(""),
        advice=ibis.literal(
            "Submit the commissioner that the method gives, or agree the difference with the commissioner."
        ),
    )


def not_answerable_counts(engine: DuckDBEngine, assigned: ir.Table) -> dict[str, int]:
    """Records by box whose data item was not carried."""
    rows = assigned.filter(assigned.not_answerable != "")
    counted = rows.group_by("not_answerable").aggregate(records=rows.count())
    totals: dict[str, int] = {}
    for row in engine.fetch(counted).to_pylist():
        for box in row["not_answerable"].split(","):
            totals[box] = totals.get(box, 0) + row["records"]
    return dict(sorted(totals.items()))
