"""What the tables that are shipped with the rooms claim, with source and confidence, and where each part came from.

Any CSV beside the modules with a column `confidence` is a table of claims: constants, thresholds, rules, words.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tertiary.register import Register

# data of the register are listed by source; the synthetic England claims nothing
LEFT_OUT = ("data", "synth", "__pycache__")
# words for what may not be trusted as it stands
UNSURE = ("illustrative", "low")
SURE = ("high", "official", "medium", "derived", "low", "illustrative")


@cache
def claims() -> tuple[dict[str, str], ...]:
    """Every row of every table of claims. Grain and key: room, table, line (from 2, as a spreadsheet counts).

    `what` is the row's first cell, `says` its other cells; `source` and `confidence` as the row has them.
    """
    return tuple(row for room, file in _tables(resources.files("tertiary"), "") for row in _rows(room, file))


def _tables(folder: Traversable, room: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir() and entry.name not in LEFT_OUT:
            yield from _tables(entry, f"{room}/{entry.name}".strip("/"))
        elif entry.name.endswith(".csv"):
            yield room, entry


def _rows(room: str, file: Traversable) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    columns = reader.fieldnames or ()
    if "confidence" not in columns:
        return
    first, *others = (c for c in columns if c not in ("source", "confidence"))
    for line, row in enumerate(reader, 2):
        said = [f"{c.replace('_', ' ')}: {row[c]}" for c in others if row[c]]
        yield {
            "room": room or "all rooms", "table": file.name.removesuffix(".csv"), "line": str(line),
            "what": row[first], "says": "; ".join(said), "source": row.get("source") or "",
            "confidence": row["confidence"],
        }  # fmt: skip


def register_sources(register: Register) -> list[dict[str, Any]]:
    """Sources of the register's rows. Grain and key: table, source. `confidence` counts rows by confidence."""
    made = []
    for table in register:
        counted = register[table].group_by(["source", "confidence"]).aggregate([([], "count_all")]).to_pylist()
        by_source: dict[str, dict[str, int]] = {}
        for row in counted:
            by_source.setdefault(row["source"] or "", {})[row["confidence"] or "not told"] = row["count_all"]
        for source, rows in sorted(by_source.items()):
            told = ", ".join(f"{name} {n:,}" for name, n in sorted(rows.items(), key=lambda p: _rank(p[0])))
            made.append({"table": table, "source": source, "rows": sum(rows.values()), "confidence": told})
    return made


def gaps(register: Register) -> list[dict[str, str]]:
    """What is empty, not known or a stand-in: of the register's tables, of its rules, and of the claims.

    Grain and key: kind, where, what. kind: empty, not known or stand-in.
    """
    from tertiary.register import schemas

    made = []
    for table, note in schemas.notes().items():
        if not register[table].num_rows:
            made.append(_gap("empty", f"register: {table}", note.about, note.not_known))
        elif note.not_known:
            made.append(_gap("not known", f"register: {table}", note.about, note.not_known))
    for rule in register["identification_rules"].to_pylist():
        if rule["status"] in UNSURE or rule["confidence"] in UNSURE:
            what = f"{rule['rule_id']} {rule['service_line_name']}"
            made.append(_gap("stand-in", "identification rules", what, rule["notes"], rule["status"]))
    for claim in claims():
        if claim["confidence"] in UNSURE:
            where = f"{claim['room']}: {claim['table']}"
            made.append(_gap("stand-in", where, claim["what"], claim["says"], claim["confidence"]))
    return made


def _gap(kind: str, where: str, what: str, words: str, confidence: str = "") -> dict[str, str]:
    return {"kind": kind, "where": where, "what": what, "words": words, "confidence": confidence}


def _rank(confidence: str) -> int:
    return SURE.index(confidence) if confidence in SURE else len(SURE)
