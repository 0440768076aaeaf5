"""The register: what is known about services, organisations, places, prices and rules, and since when.

Tables are read when first asked for and kept. `as_known` filters tables with two time axes: a row counts when
known_from <= as_known < known_to. Overlays add to the shipped tables in the order given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import RegisterError
from tertiary.register import schemas

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.register.overlays import Overlay


@dataclass(frozen=True)
class Description:
    """What one table is, for people: see `Register.describe`."""

    table: str
    about: str
    not_known: str
    key: tuple[str, ...]
    columns: tuple[schemas.RegisterColumn, ...]
    rows: int
    confidence: dict[str, int]
    overlays: tuple[str, ...]
    is_synthetic: bool


class Register(Mapping[str, "pa.Table"]):
    """Read-only mapping of table name to Arrow table, typed by `tables.csv`. Make one with `Register.load`."""

    def __init__(self, overlays: Sequence[Overlay], as_known: date | None = None) -> None:
        shipped = version()
        self.version: str = shipped["version"]
        self.version_date: date = date.fromisoformat(shipped["date"])
        self.as_known: date = as_known or self.version_date
        self.overlays: tuple[Overlay, ...] = tuple(overlays)
        self._tables: dict[str, pa.Table] = {}

    @classmethod
    def load(cls, overlays: Sequence[Path | str] = (), as_known: date | None = None) -> Register:
        """The shipped register with overlay folders on top, as known on a day (default: the version's date).

        Raises RegisterError when an overlay folder or one of its files cannot be used.
        """
        from tertiary.register.overlays import open_overlay

        return cls([open_overlay(Path(p)) for p in overlays], as_known)

    def __eq__(self, other: object) -> bool:
        """A register is equal to itself alone, so that it can be the key of what is worked out from it."""
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __getitem__(self, table: str) -> pa.Table:
        if table not in self._tables:
            self._tables[table] = self._resolve(table)
        return self._tables[table]

    def __iter__(self) -> Iterator[str]:
        return iter(schemas.names())

    def __len__(self) -> int:
        return len(schemas.names())

    def __contains__(self, table: object) -> bool:
        return table in schemas.names()

    def tables(self) -> tuple[str, ...]:
        """Names of all tables."""
        return schemas.names()

    def schema(self, table: str) -> tuple[schemas.RegisterColumn, ...]:
        """Columns of a table with type, key, reference and meaning."""
        return schemas.columns(table)

    def is_synthetic(self, table: str) -> bool:
        """Whether rows of the table come from an overlay labelled synthetic."""
        schemas.columns(table)
        return any(o.synthetic and o.provides(table) for o in self.overlays)

    def describe(self, table: str) -> Description:
        """Meaning, key, rows, confidence and overlays of a table."""
        data = self[table]
        counted = data["confidence"].value_counts().to_pylist()
        note = schemas.notes()[table]
        return Description(
            table=table,
            about=note.about,
            not_known=note.not_known,
            key=schemas.key(table),
            columns=schemas.columns(table),
            rows=data.num_rows,
            confidence={row["values"]: row["counts"] for row in counted},
            overlays=tuple(o.name for o in self.overlays if o.provides(table)),
            is_synthetic=self.is_synthetic(table),
        )

    def record(self) -> dict[str, Any]:
        """Version, as-known date and overlays, for a run's manifest."""
        return {
            "version": self.version,
            "version_date": self.version_date.isoformat(),
            "as_known": self.as_known.isoformat(),
            "overlays": [o.record() for o in self.overlays],
        }

    def _resolve(self, table: str) -> pa.Table:
        data = _shipped(table)
        for overlay in self.overlays:
            if overlay.provides(table):
                added = overlay.read(table)
                data = added if table in overlay.replace else merge(table, data, added)
        return self._with_workbook(table, _known(data, self.as_known))

    def _with_workbook(self, table: str, data: pa.Table) -> pa.Table:
        from tertiary.register.official import eligible_top_ups, rank_rules

        if table == "identification_rules":
            return rank_rules(data, self["official_hierarchy"])
        if table == "top_ups":
            return eligible_top_ups(data, self["official_top_up_rates"], self["provider_lists"])
        return data


@cache
def version() -> dict[str, str]:
    """Version of the shipped data: version, date, label."""
    text = resources.files("tertiary.register").joinpath("data/version.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


@cache
def _shipped(table: str) -> pa.Table:
    from tertiary.register.typed import read_table

    schemas.columns(table)
    folder = resources.files("tertiary.register").joinpath("data")
    for suffix in (".parquet", ".csv"):
        found = folder.joinpath(table + suffix)
        if found.is_file():
            with resources.as_file(found) as path:
                return read_table(table, path)
    return schemas.arrow_schema(table).empty_table()


def merge(table: str, base: pa.Table, added: pa.Table) -> pa.Table:
    """`base` with the rows of `added`: a row with the same key replaces, another is appended.

    RegisterError when two rows of `added` share a key.
    """
    import pyarrow as pa

    key = list(schemas.key(table))
    counted = added.group_by(key).aggregate([([], "count_all")])
    if counted.num_rows != added.num_rows:
        double = next(row for row in counted.to_pylist() if row["count_all"] > 1)
        shown = ", ".join(f"{k} {double[k]}" for k in key)
        raise RegisterError(f"Register table {table}: two overlay rows share the key {shown}. Keep one of them.")
    kept = base.join(added.select(key), keys=key, join_type="left anti").select(base.column_names)
    return pa.concat_tables([kept, added]).sort_by([(k, "ascending") for k in key])


def _known(data: pa.Table, as_known: date) -> pa.Table:
    import pyarrow.compute as pc

    day = as_known
    if "known_from" in data.column_names:
        early = pc.fill_null(pc.less_equal(data["known_from"], day), True)
        data = data.filter(early)
    if "known_to" in data.column_names:
        data = data.filter(pc.fill_null(pc.greater(data["known_to"], day), True))
    return data
