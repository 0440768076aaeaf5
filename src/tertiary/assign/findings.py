"""What the method has to say about the commissioner that was submitted, and what it could not ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertiary.assign.facts import ICB_ONLY

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine

FIELD = "ORGANISATION IDENTIFIER (CODE OF COMMISSIONER)"
NEVER_VALID = "never_valid"


def commissioner_findings(assigned: ir.Table) -> ir.Table:
    """Findings (schema `findings`), at most one a record, of the rows that `assign` returned.

    R03: a code that is never a commissioner was submitted. A01: another code than the method gives. A03: only an ICB is
    known, so the method gives none. Rules: contract monitoring supporting guidance 2025/26; NHS Data Dictionary.
    """
    import ibis

    t = assigned
    sent = t.commissioner_submitted != ""
    never = sent & (t.commissioner_kind == NEVER_VALID)
    differs = sent & (t.commissioner_code != "") & (t.commissioner_read != t.commissioner_code)
    icb_only = t.lookup_method == ICB_ONLY
    rule = ibis.cases((never, "R03"), (differs, "A01"), (icb_only, "A03"), else_="")
    found = t.mutate(found_rule=rule)
    found = found.filter(found.found_rule != "")
    by_rule = found.found_rule
    return found.select(
        finding_id=found.record_id + "-assign-" + by_rule,
        file=ibis.literal(""),
        submission_id=found.submission_id,
        record_id=found.record_id,
        row_number=found.row_number,
        flow=found.flow,
        rule_id=by_rule,
        level=ibis.literal("commissioner"),
        severity=by_rule.cases(("R03", "error"), else_="warning"),
        field=ibis.literal(FIELD),
        value=found.commissioner_submitted,
        expected=by_rule.cases(("A03", "a sub-ICB"), else_=found.commissioner_code),
        repair=ibis.literal(""),
        advice=by_rule.cases(
            ("R03", "This code is never a commissioner. Submit the code the method gives."),
            ("A01", "Submit the code the method gives, or correct the item the walk turned on (tertiary explain)."),
            ("A03", "Send the sub-ICB of the practice or residence; an ICB code does not say which sub-ICB it is."),
            else_="",
        ),
    )


def not_answerable_counts(engine: Engine, assigned: ir.Table) -> dict[str, int]:
    """Records by box that was met although the flow lacked its data item, for the manifest."""
    rows = assigned.filter(assigned.not_answerable != "")
    counted = rows.group_by("not_answerable").aggregate(records=rows.count())
    totals: dict[str, int] = {}
    for row in engine.fetch(counted).to_pylist():
        for box in row["not_answerable"].split(","):
            totals[box] = totals.get(box, 0) + row["records"]
    return dict(sorted(totals.items()))
