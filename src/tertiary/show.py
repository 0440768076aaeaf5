"""What a run says, for reading: totals of its tables and a short summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tertiary.errors import RunError

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.runs import Run

FATES = ("accepted", "quarantined", "superseded")


def label(run: Run) -> str:
    """One line that says what the figures are: synthetic or not, and by which register."""
    return label_of(run.manifest["register"], run.manifest["synthetic"])


def label_of(facts: Mapping[str, Any], synthetic: bool) -> str:
    """As `label`, of a register's record (`Register.record`) and whether the data are synthetic."""
    kind = "SYNTHETIC DATA: no real patient, price or payment. " if synthetic else ""
    overlays = ", ".join(o["name"] for o in facts["overlays"]) or "none"
    return f"{kind}Register {facts['version']} as known on {facts['as_known']}; overlays: {overlays}."


def totals(
    run: Run, table: str, dimensions: Sequence[str] = (), *, counted_only: bool = True, limit: int = 0
) -> pa.Table:
    """Rows of `table`, or its totals by `dimensions`. Ledger totals carry patients recounted at exactly that grain."""
    if limit < 0:
        raise RunError(f"A limit of {limit} rows cannot be shown. Give 0 for all, or more.")
    if not dimensions:
        found = run.table(table)
        if limit:
            found = found.derive(lambda t: t.limit(limit))
        return found.to_arrow()
    if table != "ledger":
        return _first(run.table(table).by(*dimensions, counted_only=counted_only).to_arrow(), limit)
    return _first(ledger_totals(run, dimensions, counted_only), limit)


def ledger_totals(run: Run, dimensions: Sequence[str], counted_only: bool = True) -> pa.Table:
    """Totals of the ledger by `dimensions`, one row of everything without; patients recounted at that grain."""
    import ibis

    from tertiary.engine import DuckDBEngine
    from tertiary.joins import attach

    found, cells = run.ledger.by(*dimensions, counted_only=counted_only), run.table("patient_cells")
    if not set(dimensions) <= set(cells.expr.columns):
        return found.to_arrow()
    rows = cells.expr.filter(cells.expr.counted) if counted_only else cells.expr
    people = rows.aggregate(patients=rows.patient_id.nunique(), by=list(dimensions))
    joined = attach(found.expr, people, list(dimensions)) if dimensions else found.expr.cross_join(people)
    joined = joined.mutate(patients=ibis.coalesce(joined.patients, 0))
    with DuckDBEngine() as engine:
        engine.scan(found.name, found.paths)
        engine.scan(cells.name, cells.paths)
        return engine.fetch(joined.order_by(ibis.desc("price_expected"), *dimensions))


def summary(run: Run) -> str:
    """A page for a person: what arrived, what it was, who pays, how far derived and submitted lines agree."""
    counts, facts = run.manifest["counts"], run.manifest["summary"]
    lines = [label(run), "", f"Received {counts['received']:,} rows"]
    lines += [f"  {fate:<12} {counts[fate]:>12,}" for fate in FATES]
    lines += ["", "Spend that counts, by service line (pounds, expected; patients recounted)"]
    lines += _services(run)
    lines += ["", "Who pays (payer, delegation of the line, pounds expected)"]
    lines += _payers(run)
    agreement = facts["line_agreement"]
    compared, agreed = agreement["compared"], agreement["agreed"] or 0
    share = f"{agreed / compared:.1%}" if compared else "nothing to compare"
    lines += ["", f"Derived line equals submitted line: {agreed:,} of {compared:,} ({share})"]
    silent = facts["would_match"]
    lines.append(f"Rules silent for want of their provider list: {len(silent)}, on {sum(silent.values()):,} records")
    lines += ["", "Questions the data could not answer (box: records)"]
    lines.append("  " + (", ".join(f"{box}: {n:,}" for box, n in sorted(facts["not_answerable"].items())) or "none"))
    lines += ["", "Findings"]
    lines += _findings(run)
    return "\n".join(lines)


def examples(run: Run) -> list[str]:
    """Record ids worth explaining: the dearest specialised spell, attendance and contract monitoring row."""
    wanted = ("apc_spell", "op", "plcm")
    records = run.records.derive(
        lambda t: t.filter(t.flow.isin(wanted) & (t.service_line_final != "") & (t.rule_id != ""))
    )
    best = records.derive(lambda t: t.group_by("flow").aggregate(record_id=t.record_id.argmax(t.price_expected)))
    rows = best.derive(lambda t: t.order_by("flow")).to_arrow()
    return list(rows.column("record_id").to_pylist())


def _services(run: Run) -> list[str]:
    rows = totals(run, "ledger", ["service_line_final", "delegation_status"]).to_pylist()
    named = [r for r in rows if r["service_line_final"]][:10]
    names = _line_names()
    plain = sum((r["price_expected"] or Decimal(0) for r in rows if not r["service_line_final"]), Decimal(0))
    shown = [
        f"  {r['service_line_final']:<12} {r['delegation_status']:<10} {_pounds(r['price_expected']):>16} "
        f"{r['patients']:>8,}  {names.get(r['service_line_final'], '')[:60]}"
        for r in named
    ]
    return [*shown, f"  {'not specialised':<23} {_pounds(plain):>16}"]


def _payers(run: Run) -> list[str]:
    rows = totals(run, "ledger", ["payer_kind", "delegation_status"]).to_pylist()
    return [
        f"  {r['payer_kind'] or 'nobody':<14} {r['delegation_status'] or '-':<10} {_pounds(r['price_expected']):>18} "
        f"{r['records']:>10,} records"
        for r in rows
    ]


def _findings(run: Run) -> list[str]:
    found = run.findings.derive(
        lambda t: t.group_by("severity", "rule_id").aggregate(n=t.count()).order_by("severity", "rule_id")
    )
    rows = found.to_arrow().to_pylist()
    if not rows:
        return ["  none"]
    by: dict[str, list[str]] = {}
    for row in rows:
        by.setdefault(row["severity"], []).append(f"{row['rule_id']} {row['n']:,}")
    return [f"  {severity}: {', '.join(texts)}" for severity, texts in by.items()]


def _line_names() -> dict[str, str]:
    from tertiary.register import Register

    table = Register.load()["service_lines"]
    return dict(zip(table.column("service_line_code").to_pylist(), table.column("name").to_pylist(), strict=True))


def _pounds(value: Decimal | None) -> str:
    return f"£{value or 0:,.0f}"


def _first(rows: pa.Table, limit: int) -> pa.Table:
    return rows.slice(0, limit) if limit else rows
