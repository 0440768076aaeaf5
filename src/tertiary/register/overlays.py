"""Overlay folders: tables and official files a user lays over the shipped register.

A folder may hold `<table>.csv` or `<table>.parquet` files, official files named in `overlay.json`, and notes
(.md, .txt, .json). `overlay.json`: {"name", "label", "synthetic": false, "replace": ["table", ...],
"public": ["table", ...],
"load": [{"file": "Annex A.xlsx", "as": "price_list", "financial_year": "202526", "sheet": "..."}]}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import RegisterError
from tertiary.register import schemas
from tertiary.register.loaders import TABLES, load

if TYPE_CHECKING:
    import pyarrow as pa

SETTINGS = "overlay.json"
IGNORED = {".md", ".txt", ".json", ""}
KNOWN = ("name", "label", "synthetic", "replace", "public", "load")


@dataclass(frozen=True)
class OfficialFile:
    """One file to be read by a loader."""

    path: Path
    kind: str
    options: Mapping[str, Any]


@dataclass
class Overlay:
    """One overlay folder. `sha256` covers the names and contents of its files.

    `public`: tables whose rows it allows anybody to read where the register is shown to the public.
    """

    name: str
    path: Path
    label: str
    synthetic: bool
    replace: frozenset[str]
    sha256: str
    files: Mapping[str, tuple[Path, ...]]
    official: tuple[OfficialFile, ...]
    public: frozenset[str] = frozenset()
    _loaded: dict[int, dict[str, pa.Table]] = field(default_factory=dict)

    def provides(self, table: str) -> bool:
        """Whether the overlay has rows for a table."""
        return table in self.files or any(table in TABLES[o.kind] for o in self.official)

    def read(self, table: str) -> pa.Table:
        """Its rows for a table, typed. RegisterError names file, row and field."""
        import pyarrow as pa

        from tertiary.register.typed import read_table

        defaults = {"source": self.label, "confidence": "synthetic" if self.synthetic else "as supplied"}
        parts = [read_table(table, path, defaults=defaults) for path in self.files.get(table, ())]
        for place, file in enumerate(self.official):
            if table in TABLES[file.kind]:
                if place not in self._loaded:
                    self._loaded[place] = load(file.kind, file.path, file.options, self.label)
                parts.append(self._loaded[place][table])
        return pa.concat_tables(parts)

    def only(self, wanted: Callable[[str], bool]) -> Overlay:
        """This overlay without the tables that are not wanted, and without files that bring one of them."""
        files = {table: paths for table, paths in self.files.items() if wanted(table)}
        official = tuple(file for file in self.official if all(map(wanted, TABLES[file.kind])))
        return replace(self, files=files, official=official, _loaded={})

    def record(self) -> dict[str, Any]:
        """Name, path, hash and label for a run's manifest."""
        return {
            "name": self.name,
            "path": str(self.path),
            "sha256": self.sha256,
            "label": self.label,
            "synthetic": self.synthetic,
        }


def open_overlay(path: Path) -> Overlay:
    """An overlay folder, checked but not yet read. RegisterError says what is wrong and what to do."""
    if not path.is_dir():
        raise RegisterError(f"Register overlay {path}: no such folder. Give a folder with <table>.csv files.")
    settings = _settings(path)
    official = tuple(_official(path, entry) for entry in settings.get("load", []))
    files = _table_files(path, {o.path for o in official})
    replaced, public = (frozenset(settings.get(name, [])) for name in ("replace", "public"))
    for table in replaced | public:
        schemas.columns(table)
    name = str(settings.get("name") or path.resolve().name)
    return Overlay(
        name=name,
        path=path,
        label=str(settings.get("label") or name),
        synthetic=bool(settings.get("synthetic", False)),
        replace=replaced,
        sha256=_hash(path),
        files=files,
        official=official,
        public=public,
    )


def _settings(path: Path) -> dict[str, Any]:
    file = path / SETTINGS
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RegisterError(f"{file}: not valid JSON ({error}). Correct it or remove it.") from error
    unknown = sorted(set(found) - set(KNOWN)) if isinstance(found, dict) else ["?"]
    if unknown:
        raise RegisterError(f"{file}: unknown setting(s) {unknown}. Known: {', '.join(KNOWN)}.")
    return dict(found)


def _official(path: Path, entry: Any) -> OfficialFile:
    where = path / SETTINGS
    if not isinstance(entry, dict) or "file" not in entry or entry.get("as") not in TABLES:
        raise RegisterError(
            f'{where}: an entry of "load" needs "file" and "as", one of {", ".join(TABLES)}; found {entry}.'
        )
    file = path / str(entry["file"])
    if not file.is_file():
        raise RegisterError(f"{where}: file {entry['file']!r} is not in the folder.")
    return OfficialFile(file, str(entry["as"]), {k: v for k, v in entry.items() if k not in ("file", "as")})


def _table_files(path: Path, official: set[Path]) -> dict[str, tuple[Path, ...]]:
    found: dict[str, tuple[Path, ...]] = {}
    for file in sorted(path.iterdir()):
        if file in official or file.name.startswith(".") or file.suffix in IGNORED or file.is_dir():
            continue
        if file.suffix not in (".csv", ".parquet") or file.stem not in schemas.names():
            raise RegisterError(
                f"{file}: not a register table. Name it <table>.csv or <table>.parquet (tables: "
                f'{", ".join(schemas.names())}), or name it in {SETTINGS} under "load" as one of {", ".join(TABLES)}.'
            )
        found[file.stem] = (*found.get(file.stem, ()), file)
    return found


def _hash(path: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")):
        total.update(file.relative_to(path).as_posix().encode() + b"\0")
        with file.open("rb") as handle:
            total.update(hashlib.file_digest(handle, "sha256").digest())
    return total.hexdigest()
