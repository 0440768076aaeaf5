"""A folder that explains an ICB's spend: tables, charts with their data, and notes on method, source and limits.

What the users of NHS England's variations tool see, in the same order: notes, summary, spend per head, spend per
patient, patients per head, spending and access, need, programmes, coverage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.allocate import variation_tables as tables
from tertiary.allocate.rows import arrow, names
from tertiary.allocate.variation import Varied, vary
from tertiary.errors import PublishError
from tertiary.publish import charts
from tertiary.publish.charts import Words
from tertiary.publish.variation_asked import Question
from tertiary.publish.variation_charts import (
    MOST_BARS,
    MOST_POINTS,
    SLOPES,
    chart_rows,
    coverage_words,
    foot,
    lacking_of,
    points,
    ratio_of,
    what,
)
from tertiary.publish.variation_notes import notes_of

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.register import Register
    from tertiary.runs import Run

OWN = re.compile(
    r"[1-9]_(spend_per_(head|patient)|patients_per_head|spending_and_access(_services)?|difference_by_(service|programme)|"
    r"access|intensity)[.](csv|png|svg)|(summary|by_icb|variation|programmes|coverage(_by_icb)?|need)[.]csv|notes[.]md"
)
PROGRAMME = "npoc_code"


def write_variation(run: Run, register: Register, asked: Question, out: Path) -> list[Path]:
    """Write the folder `out`; returns its files. PublishError when it is a file, or when charts cannot be drawn.

    Tables and notes are written even then. What an earlier call left in `out` is replaced. A chart without a figure
    that may be shown is left out; the notes say so.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PublishError(f"{out} cannot be made a folder: {error.strerror}. Give another --out.") from error
    return _Folder(run, register, asked, out).write()


class _Folder:
    def __init__(self, run: Run, register: Register, asked: Question, out: Path) -> None:
        self.run, self.register, self.asked, self.out = run, register, asked, out
        self.names = names(register, "icb")
        self.name = self.names.get(asked.icb, asked.icb)
        self.level = asked.limits["confidence"].value
        self.files: list[Path] = []
        self.left_out: list[str] = []

    def write(self) -> list[Path]:
        asked = self.asked
        icbs = [asked.icb, *(i for i in asked.beside.icbs if i != asked.icb)]
        boards = self._vary((), icbs)
        services = self._vary(asked.by, [asked.icb])
        programmes = self._vary((PROGRAMME,), [asked.icb])
        own = [cell for cell in boards if cell.icb == asked.icb]
        for old in self.out.iterdir():  # what an earlier question left there would stand as if it were of this one
            if OWN.fullmatch(old.name) and not _given(old):
                old.unlink()
        self._table("summary", tables.spend_rows(self.register, (), own, self.level))
        self._table("by_icb", tables.spend_rows(self.register, (), boards, self.level))
        self._table("variation", tables.spend_rows(self.register, asked.by, services, self.level))
        self._table("programmes", tables.spend_rows(self.register, (PROGRAMME,), programmes, self.level))
        self._table("coverage", tables.coverage_rows(self.register, asked.by, services))
        self._table("coverage_by_icb", tables.coverage_rows(self.register, (), boards))
        if asked.need is not None:
            self._table("need", self._need(boards))
        notes = self.out / "notes.md"
        try:
            self._charts(boards, services, programmes)
        except PublishError as error:
            self.left_out.append(str(error))
            raise
        finally:
            notes.write_text(notes_of(self.run, self.names, asked, own[0], self.left_out), encoding="utf-8")
        return [notes, *self.files]

    def _vary(self, by: Sequence[str], icbs: Sequence[str]) -> list[Varied]:
        asked = self.asked
        return vary(self.run, asked.scope, by, icbs, asked.beside, asked.people, asked.limits, asked.need)

    def _charts(self, boards: Sequence[Varied], services: Sequence[Varied], programmes: Sequence[Varied]) -> None:
        by_icb = chart_rows(self.register, (), boards, self.asked.icb)
        for name, value, unit, said in (
            ("1_spend_per_head", "spend_per_head", "pounds per head", "Specialised spend per head"),
            ("2_spend_per_patient", "spend_per_patient", "pounds per patient", "Specialised spend per patient"),
            ("3_patients_per_head", "patients_per_1000", "patients per 1,000 people", "Patients per 1,000 people"),
        ):
            held = [row for row in by_icb if row[value] is not None]
            mark = next((row[f"comparator_{value}"] for row in held), None)
            draw = partial(charts.bars, held, value=value, unit=unit, mark=mark)
            told = "Dashed line: the comparator. The ICB in question is marked ▶."
            self._chart(name, f"{said} by ICB", told, held, draw, len(by_icb) - len(held))
        split = [row for row in by_icb if row["intensity_ratio"] and row["access_ratio"]]
        told = f"{SLOPES}; ▶ the ICB in question."
        self._chart(
            "4_spending_and_access",
            "Spending and access by ICB",
            told,
            split,
            _mountain(split),
            lacking_of(by_icb),
        )
        self._differences("5_difference_by_service", self.asked.by, services)
        self._differences("6_difference_by_programme", (PROGRAMME,), programmes)
        every = chart_rows(self.register, self.asked.by, services, self.asked.icb)
        rows = [row for row in every if row["access_ratio"] is not None][:MOST_BARS]
        told = (
            f"{self.name}. Bars: {self.level:.0%} limits. Shapes allow for how many are compared; » beyond the scale."
        )
        for name, part, said in (
            ("7_access", "access", "Patients per head"),
            ("8_intensity", "intensity", "Spend per patient"),
        ):
            held = [row for row in rows if row[f"{part}_ratio"] is not None]
            draw = partial(
                charts.ratios, [ratio_of(r, part) for r in held], unit="ratio to the comparator (logarithmic)"
            )
            left = lacking_of(every, f"{part}_ratio")
            self._chart(name, f"{said} against the comparator", told, held, draw, left)
        split = [row for row in rows if row["intensity_ratio"] and row["access_ratio"]][:MOST_POINTS]
        title = f"Spending and access by {what(self.asked.by)}"
        self._chart(
            "9_spending_and_access_services",
            title,
            f"{self.name}. {SLOPES}.",
            split,
            _mountain(split),
            lacking_of(every),
        )

    def _differences(self, name: str, by: Sequence[str], made: Sequence[Varied]) -> None:
        every = chart_rows(self.register, by, made, self.asked.icb)
        rows = [row for row in every if row["intensity_ratio"]][:MOST_BARS]
        told = f"{self.name}, the widest in pounds. Diamond: the whole difference, access and intensity together."
        draw = partial(charts.split_bars, rows, unit="pounds per head more or less")
        self._chart(name, f"Why spend per head differs, by {what(by)}", told, rows, draw, lacking_of(every))

    def _chart(
        self,
        name: str,
        title: str,
        subtitle: str,
        rows: Sequence[Mapping[str, Any]],
        draw: Callable[[Words], charts.Spec],
        lacking: int,
    ) -> None:
        """Draw `rows`; `lacking` are those of which there is no figure to draw."""
        if not rows:
            self.left_out.append(f"{name}: no figure may be shown; coverage.csv and variation.csv say why")
            return
        words = Words(title, subtitle, foot(self.run, self.asked, coverage_words(rows, lacking)))
        columns = [(key, _kind(rows, key)) for key in rows[0]]
        data = arrow([{k: _cell(v) for k, v in row.items()} for row in rows], columns)
        self.files += charts.save_with_data(draw(words), data, self.out, name)

    def _table(self, name: str, rows: pa.Table) -> None:
        import pyarrow.csv as pc

        path = self.out / f"{name}.csv"
        pc.write_csv(rows, path)
        self.files.append(path)

    def _need(self, boards: Sequence[Varied]) -> pa.Table:
        """Spend, people and need side by side. Grain: ICB; shares are of the comparator's total."""
        assert self.asked.need is not None
        rows = []
        for cell in boards:
            head = cell.own.spend_per_head
            expected = (
                None if cell.need_ratio is None or cell.blocked == "all" or not cell.other.spend_per_head
                else cell.need_ratio * cell.other.spend_per_head
            )  # fmt: skip
            rows.append(
                {"icb": cell.icb, "icb_name": self.names.get(cell.icb, ""), "need_index": self.asked.need[cell.icb],
                 "need_beside_comparator": cell.need_ratio, "spend_per_head": None if cell.blocked == "all" else head,
                 "expected_per_head": expected, "distance": cell.distance, "need_source": self.asked.need_source,
                 "blocked_because": cell.blocked_because}
            )  # fmt: skip
        text = ("icb", "icb_name", "need_source", "blocked_because")
        return arrow(rows, [(key, "text" if key in text else "share") for key in rows[0]])


def _given(file: Path) -> bool:
    """Whether a need.csv is what somebody gives, not the table of an earlier answer."""
    return file.name == "need.csv" and not file.read_bytes().startswith(b'"icb","icb_name"')


def _mountain(rows: Sequence[Mapping[str, Any]]) -> Callable[[Words], charts.Spec]:
    return partial(charts.mountain, points(rows))


def _cell(value: Any) -> Any:
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _kind(rows: Sequence[Mapping[str, Any]], key: str) -> str:
    return "text" if any(isinstance(row[key], str | bool) for row in rows) else "share"
