"""Totals of a run that were published: a folder with tables made safe together, who released them and why.

The public is shown these and nothing else of a run: whoever could choose tables freely could take one from another.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary import folders
from tertiary.errors import PublishError
from tertiary.publish.disclosure import STRICT, note
from tertiary.publish.public import BESIDE, COUNTS, public_tables
from tertiary.show import label

if TYPE_CHECKING:
    from tertiary.runs import Run

FACTS = "release.json"


@dataclass(frozen=True)
class ReleasedTable:
    """A table that was published. Grain and key: `dimensions`; hidden figures are None and named in `hidden`."""

    name: str
    dimensions: tuple[str, ...]
    note: str
    sha256: str
    rows: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Release:
    """Tables that were made safe together, by which rule, and on whose word."""

    name: str
    label: str
    rule: str
    released_at: str
    by: str
    why: str
    tables: tuple[ReleasedTable, ...]


def release_run(
    run: Run, tables: Sequence[Sequence[str]], out: Path, *, by: str, why: str, rule: str = STRICT
) -> Release:
    """Write totals of the ledger by each of `tables` to the new folder `out`, whole or not at all.

    PublishError when the folder is there already, and as `public_tables`.
    """
    if out.exists():
        raise PublishError(f"{out} is there already; a release is not changed. Give another --out.")
    if not (by.strip() and why.strip()):
        raise PublishError("A release needs who decided it (--by ROLE:ORGANISATION) and why (--why).")
    if not tables:
        raise PublishError("Nothing is to be released. Name tables, such as --table service_line_final.")
    made = public_tables(run, tables, rule=rule)
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        kept = []
        for dimensions, table in zip(tables, made, strict=True):
            name = "ledger_by_" + "_and_".join(dimensions)
            with (partial / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(table.column_names)
                writer.writerows(row.values() for row in table.to_pylist())
            kept.append(ReleasedTable(name, tuple(dimensions), note(table), _sum(partial / f"{name}.csv")))
        at = datetime.now(UTC).isoformat(timespec="seconds")
        found = Release(out.name, label(run), rule, at, by.strip(), why.strip(), tuple(kept))
        facts = asdict(found)
        for table in facts["tables"]:
            del table["rows"]
        (partial / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
        folders.settle([*partial.iterdir(), partial])
        partial.rename(out)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise PublishError(f"{out} cannot be written: {error.strerror}. Give another --out.") from error
    return found


def read_releases(folder: Path) -> list[Release]:
    """The releases of a folder, newest first. PublishError when one cannot be read or was changed."""
    found = [_read(path.parent) for path in sorted(folder.glob(f"*/{FACTS}"))]
    return sorted(found, key=lambda one: one.released_at, reverse=True)


def _read(folder: Path) -> Release:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        tables = []
        for one in facts["tables"]:
            path = folder / f"{one['name']}.csv"
            if _sum(path) != one["sha256"]:
                raise PublishError(f"{path} was changed since it was released. Put the file back, or release anew.")
            with path.open(newline="", encoding="utf-8") as file:
                rows = [{name: _value(name, text) for name, text in row.items()} for row in csv.DictReader(file)]
            tables.append(ReleasedTable(one["name"], tuple(one["dimensions"]), one["note"], one["sha256"], rows))
        return Release(**{**facts, "tables": tuple(tables)})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublishError(f"{folder} holds no release that can be read: {error}. Release the tables anew.") from error


def _value(name: str, text: str) -> Any:
    if name in COUNTS:
        return int(text) if text else None
    if name in BESIDE:
        return Decimal(text) if text else None
    return text


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
