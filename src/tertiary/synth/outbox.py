"""What leaves: files with their planted faults, later positions of the same months, and the truth about each row.

Three senders (the providers with most rows) send contract files of their own: the first sends one file twice, the
second corrects its first month later, the third restates the year to date in the last month. All others share a file.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tertiary.synth import defects, files, truth
from tertiary.synth.arrow import money
from tertiary.synth.hospital import add
from tertiary.synth.layouts import CONTRACT, official
from tertiary.synth.money import pence
from tertiary.synth.scope import Month, Scope

PLANTED = pa.schema([(c, pa.int64() if c == "row_number" else pa.string()) for c in defects.FIELDS])


@dataclass
class Outbox:
    """Writes one request's files and remembers what is true of them."""

    scope: Scope
    folder: Path
    senders: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    truth: list[pa.Table] = field(default_factory=list)
    planted: list[defects.Record] = field(default_factory=list)
    kept: list[pa.Table] = field(default_factory=list)
    boards: dict[str, str] = field(default_factory=dict)
    approved: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    withdrawn: list[str] = field(default_factory=list)

    def choose(self, plcm: pa.Table) -> tuple[str, ...]:
        """Senders of their own files, chosen once from the first month."""
        if not self.senders:
            count = plcm.group_by("provider", use_threads=False).aggregate([([], "count_all")])
            count = count.sort_by([("count_all", "descending"), ("provider", "ascending")])
            self.senders = tuple(count["provider"].to_pylist()[:3])
        return self.senders

    def send(self, flow: str, table: pa.Table, month: Month) -> None:
        """Write one flow of a month."""
        if flow == "drplcm":
            table = add(table, lone_approval=self._lone(table))
        if flow == "prior_approval":
            taken = pc.is_in(table["approval"], value_set=pa.array(self.withdrawn, pa.string()))
            table = table.filter(pc.invert(taken))
        own = self.senders if flow in CONTRACT else ()
        for sender in own:
            part = table.filter(pc.equal(table["provider"], sender))
            if flow == "plcm" and self.scope.defects:
                self._special(sender, part, month)
            if not (flow == "plcm" and self._restates(sender, month)):
                self._file(flow, sender, part, month, stands=not (flow == "plcm" and self._replaced(sender, month)))
        rest = table.filter(pc.invert(pc.is_in(table["provider"], value_set=pa.array(list(own), pa.string()))))
        self._file(flow, "all", rest if own else table, month)

    def _file(self, flow: str, sender: str, part: pa.Table, month: Month, note: str = "", stands: bool = True) -> Path:
        name = files.name(flow, sender, month.key, note)
        target = f"{flow}/{name}.{self.scope.format}"
        every = sender == "all" and month == self.scope.months[0]
        rng = self.scope.random("defects", name)
        share = self.scope.defects if not note else 0.0
        newer = len(self.senders) > 2 and sender == self.senders[2]  # one sender has moved to the newer header
        made = defects.plant(
            flow, target, official(flow, part, newer), part, share, every, rng, self.scope.format == "csv"
        )  # fmt: skip
        written = files.save(made.table, self.folder / flow / name, self.scope.format, made.raw)
        first = np.arange(len(made.source)) < part.num_rows  # rows after these are repeats of them
        counts = first & stands & _spends(flow, part).take(pa.array(made.source)).to_numpy(zero_copy_only=False)
        self.truth.append(truth.rows(flow, target, part.take(pa.array(made.source)), self.boards, counts))
        self.planted += made.records
        self.withdrawn += [str(r["value_true"]) for r in made.records if r["kind"] == "approval_missing"]
        self.rows[flow] = self.rows.get(flow, 0) + made.table.num_rows
        self.files += 1
        return written

    def _special(self, sender: str, part: pa.Table, month: Month) -> None:
        """Later positions: see the module."""
        first, last = self.scope.months[0], self.scope.months[-1]
        position = self.senders.index(sender)
        if position == 1 and month == first:
            later = part.take(pa.array(np.flatnonzero(self._luck(part, "drop") > 0.004)))
            again = add(_restated(later, self._luck(later, "raise") < 0.02), created=_moment(later, month, 14))
            self._file("plcm", sender, again, month, "resubmission")
            self._whole("resubmission", files.name("plcm", sender, month.key), "", "superseded")
        if position == 2 and len(self.scope.months) > 1:
            self.kept.append(part)
            if month == last:
                every = pa.concat_tables(self.kept)
                every = add(_restated(every, self._luck(every, "ytd") < 0.01), created=_moment(every, month, 0))
                self._file("plcm", sender, every, month, "ytd")
                self._whole(
                    "year_to_date_restatement",
                    files.name("plcm", sender, month.key, "ytd"),
                    "",
                    "replaces earlier months",
                )

    def _lone(self, drugs: pa.Table) -> pa.Array:
        """Supplies whose approval can be taken away and missed: the patient's only one for the drug up to now, at a
        provider that goes on sending an extract."""
        named = pc.and_(pc.is_valid(drugs["approval"]), pc.is_valid(drugs["nhs_number"]))
        key = pc.binary_join_element_wise(
            drugs["provider"], pc.fill_null(drugs["nhs_number"], ""), drugs["drug_code"], "|"
        ).combine_chunks()
        approved = key.filter(named.combine_chunks())
        once = approved.value_counts()
        once = once.field("values").filter(pc.equal(once.field("counts"), 1))
        busy = drugs["provider"].filter(named).value_counts()
        busy = busy.field("values").filter(pc.greater_equal(busy.field("counts"), 5))
        fit = pc.and_(named.combine_chunks(), pc.is_in(drugs["provider"].combine_chunks(), value_set=busy))
        fit = pc.and_(fit, pc.is_in(key, value_set=once))
        fit = pc.and_(fit, pc.invert(pc.is_in(key, value_set=self.approved)))
        self.approved = pa.concat_arrays([self.approved, approved])
        return pc.if_else(fit, "Y", pa.scalar(None, pa.string()))

    def _replaced(self, sender: str, month: Month) -> bool:
        """Whether a later position of this month is sent too, so that this one counts no more."""
        if not self.scope.defects:
            return False
        position = self.senders.index(sender)
        restated = position == 2 and len(self.scope.months) > 1
        return restated or (position == 1 and month == self.scope.months[0])

    def _restates(self, sender: str, month: Month) -> bool:
        several = self.scope.defects > 0 and len(self.scope.months) > 1
        return several and self.senders.index(sender) == 2 and month == self.scope.months[-1]

    def _luck(self, part: pa.Table, name: str) -> np.ndarray:
        return self.scope.random("outbox", name, part.num_rows).random(part.num_rows)

    def _whole(self, kind: str, name: str, rule: str, becomes: str = "") -> None:
        file = f"plcm/{name}.{self.scope.format}"
        self.planted.append({
            "file": file, "row_number": 0, "flow": "plcm", "kind": kind, "field": "", "value_true": "",
            "value_planted": becomes, "rule_id": rule, "changes": "",
        })  # fmt: skip

    def close(self) -> None:
        """Files that are copies or hold nothing, then the truth."""
        if self.scope.defects:
            self._copies()
        folder = self.folder / "_truth"
        folder.mkdir(exist_ok=True)
        pq.write_table(pa.concat_tables(self.truth), folder / "synthetic_records.parquet", compression="zstd")
        pq.write_table(pa.Table.from_pylist(self.planted, PLANTED), folder / "synthetic_defects.parquet")

    def _copies(self) -> None:
        name, suffix = files.name("plcm", self.senders[0], self.scope.months[0].key), self.scope.format
        source = self.folder / "plcm" / f"{name}.{suffix}"
        shutil.copyfile(source, self.folder / "plcm" / f"{name}_copy.{suffix}")
        self._whole("identical_file", f"{name}_copy", "S18")
        self.files += 1
        if suffix == "csv":
            head = source.read_bytes().split(b"\n", 1)[0]
            for note, content, rule in (("headeronly", head + b"\n", "S03"), ("empty", b"", "S02")):
                self._loose(f"synthetic_none_plcm_{note}", content, rule, note)
            self._loose("synthetic_none_plcm_unknown", b"colour,shape\nred,round\n", "S05", "layout_unknown")

    def _loose(self, name: str, content: bytes, rule: str, kind: str) -> None:
        (self.folder / "plcm" / f"{name}.csv").write_bytes(content)
        self._whole(f"file_{kind}", name, rule)
        self.files += 1


def _spends(flow: str, part: pa.Table) -> pa.Array:
    """Rows where a cost is counted: the contract's patient level flows, and hospital records where it has none."""
    if flow in ("plcm", "drplcm", "deplcm"):
        return pa.array(np.ones(part.num_rows, bool))
    if "outside_contract" in part.column_names:
        return part["outside_contract"].combine_chunks()
    return pa.array(np.zeros(part.num_rows, bool))


def _moment(part: pa.Table, month: Month, days: int) -> pa.Array:
    """A creation time some days after the usual one."""
    after = month.next
    day = np.datetime64(f"{after.year}-{after.month:02d}-20", "D") + np.timedelta64(days, "D")
    return pa.array([f"{day}T16:45:00"] * part.num_rows, pa.string())


def _restated(part: pa.Table, chosen: np.ndarray) -> pa.Table:
    """The same rows with other prices in some."""
    factor = np.where(chosen, 103, 100)
    price = pence(part["price"]) * factor // 100
    quantity = np.maximum(part["quantity"].to_numpy(), 1)
    return add(part, price=money(price), unit_price=money(np.rint(price / quantity).astype(np.int64)))
