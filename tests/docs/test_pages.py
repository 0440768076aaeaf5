"""The tutorial and the how-to pages do what they say, and show the output that really comes."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

import build_docs
import docs_assignment
import docs_flows
import docs_pages
import docs_text


def test_output_is_renewed_and_cut(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# T\n\n```console run head=2\n$ seq 4\nold\n```\n\n```console run exit=3\n$ echo no; exit 3\n```\n\n"
        "```console run free\n$ date\nsome day\n```\n\n"
        "```python run\nx = 2\nprint(x)\n```\n\n```text output\nold\n```\n\n```python run\nx += 1\n```\n"
    )
    text, failures = docs_pages.renewed(page, tmp_path)
    assert not failures
    assert "$ seq 4\n1\n2\n…\n```" in text
    assert "$ echo no; exit 3\nno\n```" in text
    assert "some day" in text
    assert "```text output\n2\n```" in text


def test_a_failing_block_is_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console run\n$ exit 4\n```\n\n```python run\n1 / 0\n```\n")
    _, failures = docs_pages.renewed(page, tmp_path)
    assert len(failures) == 2
    assert "ended with 4, not 0" in "".join(failures)
    assert "ZeroDivisionError" in "".join(failures)


@pytest.mark.slow
def test_pages_run_and_show_what_really_comes(tmp_path: Path) -> None:
    pages = build_docs.run_pages()
    told: list[str] = []
    for page in pages:
        text, failures = docs_pages.renewed(page, tmp_path)
        told += failures
        shown = page.read_text(encoding="utf-8")
        told += difflib.unified_diff(shown.splitlines(), text.splitlines(), page.name, "what comes", lineterm="", n=1)
    assert not told, "\n".join([*told, "The pages are renewed by: make docs"])


def test_a_page_of_the_data_cannot_pass_over_what_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(docs_assignment.data.rows("outcomes")[0], "label", "a new label")
    with pytest.raises(KeyError, match="a new label"):
        docs_assignment.assignment_page()
    monkeypatch.setattr(docs_flows, "HOW", {k: v for k, v in docs_flows.HOW.items() if k != "postcode"})
    with pytest.raises(KeyError, match="postcode"):
        docs_flows.flows_page()
    with pytest.raises(KeyError, match="actions"):
        docs_text.filled("checks", {})


def test_tables_hold_any_text() -> None:
    assert docs_text.table(("a", "b"), [("x|y", "two\nlines")]) == "| a | b |\n| --- | --- |\n| x\\|y | two lines |"
