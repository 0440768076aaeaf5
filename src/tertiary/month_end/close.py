"""Closing a month: the position is kept as it was, for good, and the next close says what has moved since.

A close is a folder `YEAR-MONTH.VERSION` with tables and a manifest that names them by their hashes, the run, the
contracts and the close before it. It appears whole or not at all and is never written again: a month that must be
opened again gets a further version, with the reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary import __version__, folders
from tertiary.errors import ContractError
from tertiary.month_end.calendar import Dates, dates
from tertiary.month_end.contracts import Contract
from tertiary.month_end.draft import as_csv
from tertiary.month_end.forecast import Outturn
from tertiary.month_end.journal import Posting, journal
from tertiary.month_end.position import Entry, Position, Tie, table

if TYPE_CHECKING:
    from tertiary.runs import Run

MANIFEST = "close.json"
ENTRY_KEY = ("contract", "version", "provider_code", "host_code", "payer_code", "element", "kind", "financial_month")


@dataclass(frozen=True)
class Movement:
    """What an element of a month is now and was at the former close. Pounds. Key: as `Entry`.

    `what`: `this month`, or `prior month` for a month that was closed before.
    """

    contract: str
    version: int
    provider_code: str
    host_code: str
    payer_code: str
    element: str
    kind: str
    financial_month: int
    what: str
    before: Decimal
    now: Decimal
    moved: Decimal


@dataclass(frozen=True)
class Close:
    """A closed month as it lies in its folder."""

    path: Path
    manifest: Mapping[str, Any]
    entries: tuple[Entry, ...]

    @property
    def name(self) -> str:
        """Year, month and version, such as 202526-03.1."""
        return str(self.manifest["name"])

    @property
    def head(self) -> str:
        """Name and hash, to be noted elsewhere: with it a close that was removed or made anew is found."""
        return f"{self.name}:{_hash(self.path / MANIFEST)}"


def close(
    run: Run,
    found: Position,
    contracts: Sequence[Contract],
    closes: Path,
    *,
    on: date,
    reason: str = "",
    agreed: Sequence[Dates] = (),
) -> tuple[Close, list[Movement], list[Posting]]:
    """Keep a position as the close of its month under `closes`; returns it with movements and journal.

    ContractError when a later month of the year is closed, when this one is and no `reason` to open it again is given,
    when one of the former closes was altered, or when the folder cannot be written. RunError while another close is
    under way there.
    """
    with folders.locked(closes):
        return _close(run, found, contracts, closes, on, reason, agreed)


def _close(
    run: Run,
    found: Position,
    contracts: Sequence[Contract],
    closes: Path,
    on: date,
    reason: str,
    agreed: Sequence[Dates],
) -> tuple[Close, list[Movement], list[Posting]]:
    year, month = found.financial_year, found.financial_month
    former = every(closes, year)
    last = former[-1] if former else None
    same = [c for c in former if c.manifest["financial_month"] == month]
    if last is not None and last.manifest["financial_month"] > month:
        raise ContractError(
            f"Month {month} of {year} cannot be closed: {last.name} is closed already in {closes}. What has changed in "
            "an earlier month is a movement of the next close."
        )
    if same and not reason:
        raise ContractError(
            f"Month {month} of {year} cannot be closed: {same[-1].name} is closed already in {closes}. Close the next "
            "month, or give the reason why it is opened again with --reopen."
        )
    before = last.entries if last else ()
    moved, posted = movements(found.entries, before, month), journal(found.entries, before, f"close {year}-{month:02}")
    name = f"{year}-{month:02}.{len(same) + 1}"
    when = dates(year, month, agreed)
    manifest = {
        "name": name, "financial_year": year, "financial_month": month, "version": len(same) + 1, "on": on.isoformat(),
        "reason": reason, "sequence": len(former) + 1, "former": last.name if last else "",
        "former_hash": _hash(last.path / MANIFEST) if last else "", "run": _run(run),
        "calendar": {**asdict(when), "state": when.state(on)}, "measure": found.measure,
        "software": {"name": "tertiary", "version": __version__},
        "totals": {n: found.total(n) for n in ("plan", "activity_value", "accrued", "cash_effect", "payment")},
        "moved": {w: sum((m.moved for m in moved if m.what == w), Decimal(0)) for w in ("this month", "prior month")},
    }  # fmt: skip
    tables = {
        "position": table(found.entries, Entry), "ties": table(found.ties, Tie),
        "outturns": table(found.outturns, Outturn), "movements": table(moved, Movement),
        "journal": table(posted, Posting), "uncovered": found.cells.uncovered, "services": found.cells.services,
    }  # fmt: skip
    return _write(closes, name, manifest, tables, as_csv(contracts), found.entries), moved, posted


def movements(now: Sequence[Entry], before: Sequence[Entry], month: int) -> list[Movement]:
    """What moved between two closes, element by element; what did not move is left out.

    The movements add up to the difference of the two payments to date. An entry that is gone has moved to nothing.
    """
    was, amounts = _payments(before), _payments(now)
    last = max((e.financial_month for e in before), default=0)
    made = []
    for key in sorted({*was, *amounts}):
        one, two = was.get(key, Decimal(0)), amounts.get(key, Decimal(0))
        what = "prior month" if key[-1] <= last and key[-1] != month else "this month"
        if one != two:
            named = dict(zip(ENTRY_KEY, key, strict=True))
            made.append(Movement(**named, what=what, before=one, now=two, moved=two - one))
    return made


def every(closes: Path, financial_year: str, head: str = "") -> list[Close]:
    """The closes of a year, in the order in which they were made.

    ContractError when one was altered, renamed or is missing before another; and when `head`, as `Close.head` said it
    once, is not among them: only that shows that the last ones were removed or made anew.
    """
    found = [open_close(path.parent) for path in closes.glob(f"{financial_year}-*/{MANIFEST}")]
    found.sort(key=lambda c: (c.manifest["sequence"], c.name))
    for place, one in enumerate(found, 1):
        if (
            one.path.name != one.name
            or one.manifest["sequence"] != place
            or bool(one.manifest["former"]) != (place > 1)
        ):
            raise ContractError(
                f"{one.path} says it is close {one.name}, number {one.manifest['sequence']} of {financial_year}; "
                f"expected number {place} there. One was removed or renamed: restore it from a backup."
            )
    for one, two in pairwise(found):
        if two.manifest["former_hash"] != _hash(one.path / MANIFEST):
            raise ContractError(
                f"{one.path} is not the close that {two.name} was made after. Restore it from a backup."
            )
    if head and head not in [c.head for c in found]:
        raise ContractError(f"No close of {financial_year} in {closes} is {head}. Restore them from a backup.")
    return found


def open_close(path: Path) -> Close:
    """A close as it lies there. ContractError when it is none or one of its files is not what the manifest says."""
    import pyarrow.parquet as pq

    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        for name, expected in manifest["files"].items():
            if _hash(path / name) != expected:
                raise ContractError(f"{path / name} was changed after the close. Restore it from a backup.")
        rows = pq.read_table(path / "position.parquet").to_pylist()
    except (OSError, ValueError, KeyError) as error:
        raise ContractError(f"{path} cannot be read as a close: {error}. Restore it from a backup.") from error
    return Close(path, manifest, tuple(Entry(**row) for row in rows))


def _write(
    closes: Path,
    name: str,
    manifest: dict[str, Any],
    tables: Mapping[str, Any],
    register: str,
    entries: Sequence[Entry],
) -> Close:
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    try:
        closes.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=closes))
    except OSError as error:
        raise ContractError(f"{closes} cannot be written: {error.strerror}. Choose another folder.") from error
    try:
        for table_name, rows in tables.items():
            pq.write_table(rows, partial / f"{table_name}.parquet")
        pc.write_csv(tables["journal"], partial / "journal.csv")
        (partial / "contracts.csv").write_text(register, encoding="utf-8")
        manifest["files"] = {path.name: _hash(path) for path in sorted(partial.iterdir())}
        text = json.dumps(manifest, indent=2, sort_keys=True, default=str) + "\n"
        (partial / MANIFEST).write_text(text, encoding="utf-8")
        folders.settle([*partial.iterdir(), partial])
        target = closes / name
        partial.chmod(0o755)
        os.rename(partial, target)  # noqa: PTH104 refuses when the folder is there with anything in it, on purpose
    except OSError as error:
        raise ContractError(f"The close {name} cannot be written in {closes}: {error.strerror}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    try:
        folders.settle([closes])
    except OSError as error:
        raise ContractError(
            f"{target} is closed, but the disk did not confirm it ({error.strerror}). Look whether it is there."
        ) from error
    return Close(target, json.loads(text), tuple(entries))


def _run(run: Run) -> dict[str, Any]:
    return {
        "folder": str(run.path), "manifest_hash": _hash(run.path / "manifest.json"),
        "register": run.manifest["register"], "synthetic": run.manifest["synthetic"], "counts": run.manifest["counts"],
    }  # fmt: skip


def _payments(entries: Sequence[Entry]) -> dict[tuple[Any, ...], Decimal]:
    """Payments by key; two adjustments for one reason are one sum."""
    found: dict[tuple[Any, ...], Decimal] = {}
    for entry in entries:
        found[_key(entry)] = found.get(_key(entry), Decimal(0)) + entry.payment
    return found


def _key(entry: Entry) -> tuple[Any, ...]:
    return tuple(getattr(entry, name) for name in ENTRY_KEY)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
