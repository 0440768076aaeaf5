"""What a page holds, apart from how it looks: tables and charts that may also be downloaded.

A page is made once, as a View, with the rows that its person may see; HTML, CSV, Excel, and pictures are written from
it, so that none of them can show more than another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tertiary.publish.workbook import Column

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Grid:
    """A table. `name` stands in addresses and file names, `title` is its caption; column kinds as in a workbook.

    `links`: for each row the address behind its first cell, "" for none. `none`: what is said when there is no row.
    `blanks`: what a blank in a column says, where it says more than that nothing was told. `pence`: money to the penny.
    `counts`: columns that count people or what was done for them, and `beside`: columns that tell of them. With
    `counts`, files are made under disclosure control unless the exact figures are asked for by name.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Rows
    none: str = "Nothing is to be shown."
    note: str = ""
    links: Sequence[str] = ()
    blanks: Mapping[str, str] = field(default_factory=dict)
    pence: bool = False
    counts: Sequence[str] = ()
    beside: Sequence[str] = ()


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
