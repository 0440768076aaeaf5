"""Fingerprints of what a result depends on, so that a later run can keep what has not changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary import __version__
from tertiary.portable import bit_xor

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine


def digest(engine: Engine, tables: Mapping[str, ir.Table]) -> dict[str, str]:
    """For each table a mark of its rows, whatever their order. No row may stand in it twice.

    Two hashes a row, because those of Spark have 32 bits.
    """
    marks = {}
    for name, table in tables.items():
        text = _words(table)
        words = table.select(one=text.hash(), two=("\x03" + text).hash())
        found = engine.fetch(words.aggregate(n=words.count(), one=bit_xor(words.one), two=bit_xor(words.two)))
        row = found.to_pylist()[0]
        marks[name] = f"{row['n']}:{row['one']}:{row['two']}"
    return marks


def _words(table: ir.Table) -> ir.Value:
    """All columns of a row as one text."""
    import ibis

    text: Any = ibis.literal("")
    for name in table.columns:
        text = text + table[name].cast("string").fill_null("\x01") + "\x02"
    return text


@cache
def software_mark() -> str:
    """A fingerprint of this package as it is installed: code, rules of reading and the shipped register."""
    whole = hashlib.sha256(__version__.encode())
    home = Path(__file__).parent
    for path in sorted(p for p in home.rglob("*") if p.suffix in (".py", ".csv", ".json", ".parquet")):
        whole.update(str(path.relative_to(home)).encode() + path.read_bytes())
    return whole.hexdigest()


def fingerprint(facts: Any) -> str:
    """sha256 of plain facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
