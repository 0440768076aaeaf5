"""The rule pack ten times over, as a register overlay: nine more copies of every rule, with other codes and ids."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

COPIES = 9
# dimensions whose patterns are swapped for others of the same dimension, so that the copies test other codes
SWAPPED = frozenset({"diagnosis_any", "diagnosis_primary", "procedure_any", "hrg", "spell_hrg", "unbundled_hrg"})
STEP = 37


def tenfold(home: Path) -> Path:
    """The overlay folder, made once."""
    import pyarrow.parquet as pq

    from tertiary.register import Register

    folder = home / "rules_10"
    if (folder / "overlay.json").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    known = Register.load()
    for name in ("identification_rules", "rule_clauses", "rule_criteria"):
        table = known[name]
        rows = table.to_pylist()
        copies = [row for number in range(1, COPIES + 1) for row in _copy(name, rows, number)]
        made = table.schema.empty_table().from_pylist(copies, schema=table.schema)
        pq.write_table(made, folder / f"{name}.parquet")
    about = {"name": "rules-tenfold", "label": "rules multiplied for the benchmark", "synthetic": True, "replace": []}
    (folder / "overlay.json").write_text(json.dumps(about) + "\n")
    return folder


def _copy(name: str, rows: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """Rows of one table for copy `number`."""
    made = [{**row, "rule_id": f"{row['rule_id']}~{number}"} for row in rows]
    if name == "rule_criteria":
        pools: dict[str, list[str]] = {}
        for dimension in SWAPPED:
            pools[dimension] = sorted({r["pattern"] for r in rows if r["dimension"] == dimension})
        for row in made:
            pool = pools.get(row["dimension"])
            if pool and row["pattern_kind"] == "prefix":
                row["pattern"] = pool[(pool.index(row["pattern"]) + number * STEP) % len(pool)]
    elif name == "identification_rules":
        for row in made:
            row["priority"] = type(row["priority"])(int(row["priority"]) + number)
    return made
