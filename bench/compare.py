"""Do the ways agree? A ratio means nothing when the other way gives other answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

# way -> (the task of ours it is held against, columns of it, columns of ours)
PAIRS = {
    "pandas": ("ours", {"service line": "service_line_final", "rule": "rule_id", "payer": "payer_code",
                        "commissioner": "commissioner_code", "box": "assignment_box", "counted": "counted",
                        "population": "population_icb", "expected price": "price_expected"}),
    "spark": ("ours", {"service line": "service_line_final", "rule": "rule_id", "payer": "payer_code"}),
    "case": ("identify", {"first rule that held": "first_rule"}),
}  # fmt: skip


def all_of(home: Path, measured: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """Per cent of records on which each way agrees with ours, for every size where both ran."""
    return [
        {"task": task, "size": size, "with": PAIRS[task][0], **_agreement(home, task, size)}
        for task, size in measured
        if task in PAIRS and (PAIRS[task][0], size) in measured
    ]


def _agreement(home: Path, task: str, size: float) -> dict[str, Any]:
    import duckdb

    other, pairs = PAIRS[task]
    mine = _files(home / "work" / f"{other}-{size:g}")
    theirs = _files(home / "work" / f"{task}-{size:g}")
    first = "replace(split_part(candidates, ',', 1), ' ', '')"
    # a CASE tests spell rows too, which ours does only when no episode of the spell arrived
    chosen, rows_of = (f"*, {first} AS first_rule", "flow <> 'apc_spell'") if task == "case" else ("*", "true")
    same = ", ".join(f"100.0 * avg((o.{c} IS NOT DISTINCT FROM t.{c})::INT)" for c in pairs.values())
    with duckdb.connect() as db:
        found = db.execute(f"""SELECT count(*), count(o.record_id), count(t.record_id), {same}
            FROM (SELECT {chosen} FROM read_parquet({mine}) WHERE {rows_of}) o
            FULL JOIN (FROM read_parquet({theirs}) WHERE {rows_of}) t USING (record_id)""").fetchall()[0]
    rows, ours, others, *shares = found
    return {
        "rows": rows,
        "only_ours": rows - others,
        "only_theirs": rows - ours,
        "per_cent": dict(zip(pairs, shares, strict=True)),
    }


def _files(folder: Path) -> list[str]:
    """Record files of a way: those of the table `records` where it writes several tables."""
    inside = folder / "tables" / "records"
    return [str(p) for p in sorted((inside if inside.exists() else folder).glob("*.parquet"))]
