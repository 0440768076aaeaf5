"""Helpers of the generated pages: Markdown tables, and templates whose `{{name}}` marks are filled in."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
PAGES = Path(__file__).parent / "pages"
NOTICE = "<!-- Written by `make docs` ({by}); do not edit by hand. -->"
MARK = re.compile(r"\{\{(\w+)\}\}")


def rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, as text."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def table(headers: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars and line breaks in cells are made harmless."""
    lines = ["| " + " | ".join(headers) + " |", "|" + " --- |" * len(headers)]
    lines += ["| " + " | ".join(cell(c) for c in row) + " |" for row in body]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text as it may stand in a table."""
    return " ".join(text.replace("|", "\\|").split())


def code(text: str) -> str:
    """Text in code font; nothing for nothing."""
    return f"`{text}`" if text else ""


def filled(name: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """The page made from the template pages/`name`.md. KeyError when the template asks for an unknown part."""
    template = PAGES / f"{name}.md"
    by = f"framing text: {template.relative_to(REPO)}"
    known = {"notice": lambda: NOTICE.format(by=by), **parts}
    return MARK.sub(lambda found: known[found[1]](), template.read_text(encoding="utf-8"))
