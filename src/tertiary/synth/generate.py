"""`write`: from a request to a folder of files, month by month."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tertiary.synth.aggregate import aggregate
from tertiary.synth.arrow import Words, days
from tertiary.synth.blocks import created
from tertiary.synth.contract import patient_level
from tertiary.synth.errors import SynthError
from tertiary.synth.events import Draw
from tertiary.synth.excluded import devices, drugs
from tertiary.synth.hospital import add, attendances, critical_care, emergencies, episodes, spells
from tertiary.synth.outbox import Outbox
from tertiary.synth.overlay import write_overlay
from tertiary.synth.payers import payers
from tertiary.synth.people import people
from tertiary.synth.places import Travel
from tertiary.synth.plans import plans
from tertiary.synth.prices import price_book
from tertiary.synth.scope import Month, Scope, scope
from tertiary.synth.story import Facts, Teller
from tertiary.synth.world import world

if TYPE_CHECKING:
    from tertiary.register import Register


# hospital records that carry a cost: a spell does, its episodes do not
HOSPITAL = ("apc_spell", "op", "ec", "cc_adult", "cc_paediatric", "cc_neonatal")


@dataclass
class SynthSummary:
    """What was written: rows by flow, files, defects by kind, seconds, and rows a second."""

    out: Path
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    people: int = 0
    defects: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        total = sum(self.rows.values())
        flows = ", ".join(f"{k} {v:,}" for k, v in self.rows.items())
        rate = total / self.seconds if self.seconds else 0
        faults = f"{sum(self.defects.values()):,} planted defects of {len(self.defects)} kinds"
        return (
            f"{self.out}: SYNTHETIC. {total:,} rows in {self.files} files in {self.seconds:.1f} s "
            f"({rate:,.0f} rows/s), {self.people:,} people, {faults}\n"
            f"  {flows}\n  run: tertiary run {self.out} --out RUN --register {self.out / 'register'}"
        )


def write(
    out: Path | str, *, area: str = "london", months: str = "2025-04..2025-06", scale: float = 0.05, seed: int = 7,
    defects: float = 0.01, format: str = "csv", register: Register | None = None,
) -> SynthSummary:  # fmt: skip
    """Write a synthetic area: every flow in its official layout, `_truth/` and `register/` beside them.

    The same request writes the same bytes. SynthError when the request cannot be met or the folder is not empty.
    """
    begin = time.perf_counter()
    wanted, folder = scope(area, months, scale, seed, defects, format), Path(out)
    if folder.exists() and not folder.is_dir():
        raise SynthError(f"{folder}: this is a file. Name a new folder.")
    if folder.exists() and any(folder.iterdir()):
        raise SynthError(f"{folder}: the folder is not empty. Name a new folder, or empty this one.")
    if register is None:
        from tertiary.register import Register as Shipped

        register = Shipped.load()
    summary = SynthSummary(folder)
    England(wanted, folder, register, summary).write()
    summary.seconds = time.perf_counter() - begin
    return summary


class England:
    """The work of one request."""

    def __init__(self, wanted: Scope, folder: Path, register: Register, summary: SynthSummary) -> None:
        self.scope, self.folder, self.register, self.summary = wanted, folder, register, summary
        self.world = world(register, wanted)
        self.people = people(self.world, wanted)
        self.book = price_book(register)
        self.plans = plans(register, self.book)
        self.words = Words()
        self.draw = Draw(
            wanted,
            self.people,
            Travel(self.world, self.people.rows, self.people.inside),
            self.book,
            self.plans,
            self.words,
        )
        own = self.draw.travel.own(self.world.providers)
        self.here = frozenset(self.world.providers.code[own])
        self.outbox = Outbox(wanted, folder)
        self.number = 1

    def write(self) -> None:
        """All months, then truth, overlay and label."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SynthError(f"{self.folder} cannot be made: {error.strerror}. Name another folder.") from error
        self.summary.people = len(self.people.local)
        for month in self.scope.months:
            self._month(month)
        self.outbox.close()
        write_overlay(self.folder / "register", self.register, self.world, self.people, self.book, self.scope)
        (self.folder / "README.txt").write_text(LABEL, encoding="utf-8")
        self.summary.rows, self.summary.files = self.outbox.rows, self.outbox.files
        for record in self.outbox.planted:
            kind = str(record["kind"])
            self.summary.defects[kind] = self.summary.defects.get(kind, 0) + 1

    def _month(self, month: Month) -> None:
        teller = Teller(
            self.scope, self.world, self.people, self.book, self.words,
            payers(self.register, self.world, self.people, self.words, month), month, self.plans, self.number,
        )  # fmt: skip
        facts = {s: teller.tell(s, e) for s, e in self.draw.month(month).items()}
        if not {"apc", "op", "ec"} <= set(facts):
            raise SynthError(f"scale {self.scope.scale}: so small that no patient is left. Give more, such as 0.005.")
        tables = self._hospital(teller, facts)
        tables["plcm"] = patient_level(teller, facts, tables, self.here)
        tables["drplcm"], approvals = drugs(self.draw, teller)
        tables["deplcm"] = devices(self.draw, teller)
        own = self.outbox.choose(tables["plcm"])
        tables["acm"] = aggregate(teller, [tables[k] for k in ("plcm", "drplcm", "deplcm")], own)
        tables["iap"] = add(tables["acm"], submitter=pa.array(["SYNTHETIC SUBMITTER"] * tables["acm"].num_rows))
        tables["prior_approval"] = _approved(approvals, month)
        for flow in HOSPITAL:
            outside = pc.invert(pc.is_in(tables[flow]["provider"], value_set=pc.unique(tables["plcm"]["provider"])))
            tables[flow] = add(tables[flow], outside_contract=outside)
        self.outbox.boards = _boards(self.register, month)
        self.number = teller.next_number
        for flow, table in tables.items():
            self.outbox.send(flow, table, month)

    def _hospital(self, teller: Teller, facts: dict[str, Facts]) -> dict[str, pa.Table]:
        for fact in facts.values():
            fact.table = add(
                fact.table, created=pa.array([created(teller)] * len(fact.events)), miscoded=pa.array(fact.miscoded),
                charged=pa.array(fact.charged), payer_reason=self.words.array(fact.payer.reason),
            )  # fmt: skip
        tables: dict[str, pa.Table] = {}
        tables["apc_spell"] = spells(teller, facts["apc"])
        tables["apc_episode"] = episodes(teller, facts["apc"], tables["apc_spell"])
        tables["op"] = attendances(teller, facts["op"])
        tables["ec"] = emergencies(teller, facts["ec"])
        for care, table in critical_care(teller, facts["apc"], tables["apc_spell"]).items():
            tables[f"cc_{care}"] = add(table, care=pa.array([care] * table.num_rows, pa.string()))
        return tables


def _boards(register: Register, month: Month) -> dict[str, str]:
    """Sub-ICB to ICB as they stand in a month."""
    day = month.mid()
    return {
        r["sub_icb_code"]: r["icb_code"] for r in register["sub_icbs"].to_pylist()
        if r["icb_code"] and r["valid_from"] <= day and (r["valid_to"] is None or day < r["valid_to"])
    }  # fmt: skip


def _approved(table: pa.Table, month: Month) -> pa.Table:
    """Approvals: given some days before the supply, and reported in the month they were given."""
    supplied = table["day"].combine_chunks().to_numpy(zero_copy_only=False).astype("datetime64[D]")
    given = np.maximum(supplied - np.timedelta64(9, "D"), month.first)
    return add(table, approval_date=days(given), approval_status=pa.array(["approved"] * table.num_rows, pa.string()))


LABEL = """SYNTHETIC DATA

No person, stay, attendance or payment in this folder is real. Real are only the official layouts, the areas with
their populations, the practices, the providers with their sites, and the dates of the rules.

<flow>/        files in official layouts, every name starting with synthetic_
register/      register overlay: prices, provider lists and postcodes that are made up or borrowed, labelled so
_truth/        what is really so, for measuring; never an input
"""
