"""What a page holds, apart from how it looks: tables and charts that may also be downloaded.

A page is made once, as a View, with the rows that its person may see; HTML, CSV, Excel, and pictures are written from
it, so that none of them can show more than another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tertiary.publish.workbook import Column

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Grid:
    """A table. `name` stands in addresses and file names, `title` is its caption; column kinds as in a workbook.

    `links`: for each row the address behind its first cell, "" for none; `cell_links`: the same by column. `none`: what
    is said when there is no row.
    `blanks`: what a blank in a column says, where it says more than that nothing was told. `pence`: money to the penny.
    `counts`: columns that count people or what was done for them, `beside`: columns that tell of them, and `ratios`:
    columns by which counts or their sums could be worked out again. With `counts`, files are made under disclosure
    control, and without `ratios`, unless the exact figures are asked for by name. `inside`: such a table that no rule
    makes safe; its files hold exact figures or are not made.
    `as_kept`: codes stay without names, for the table shows what is kept as it is kept.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Rows
    none: str = "Nothing is to be shown."
    note: str = ""
    links: Sequence[str] = ()
    cell_links: Mapping[str, Sequence[str]] = field(default_factory=dict)
    blanks: Mapping[str, str] = field(default_factory=dict)
    pence: bool = False
    counts: Sequence[str] = ()
    beside: Sequence[str] = ()
    ratios: Sequence[str] = ()
    inside: bool = False
    as_kept: bool = False

    @property
    def tells_of_people(self) -> bool:
        """Whether its exact figures are to stay inside the organisation of whoever may see them."""
        return self.inside or bool(self.counts)

    def first(self, most: int) -> Grid:
        """The table's first rows, and a word that there are more, for a page; its downloads hold all of them."""
        if len(self.rows) <= most:
            return self
        more = f"These are the first {most:,} of {len(self.rows):,} rows; the download has all of them."
        return replace(
            self, rows=self.rows[:most], links=self.links[:most], note=" ".join(filter(None, (self.note, more)))
        )  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite chart. `words` say in a sentence what it shows; its figures stand in the table `grid` beside it."""

    name: str
    words: str
    spec: Mapping[str, Any]
    grid: str


@dataclass(frozen=True)
class View:
    """A page: the template that lays it out, what it holds, and `values` that only the template needs.

    `label`: what kind of data it shows, where that is not the run's.
    """

    heading: str
    template: str
    grids: Sequence[Grid] = ()
    charts: Sequence[Chart] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None

    def grid(self, name: str) -> Grid:
        """The table of a name. KeyError when there is none."""
        return {grid.name: grid for grid in self.grids}[name]
