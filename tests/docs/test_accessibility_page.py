"""The accessibility statement says the same on the page and in the documentation."""

from __future__ import annotations

from pathlib import Path

import docs_accessibility

REPO = Path(__file__).resolve().parents[2]


def test_the_statement_in_the_docs_is_the_one_of_the_page() -> None:
    shown = (REPO / "docs" / "explanation" / "accessibility.md").read_text(encoding="utf-8")
    assert shown == docs_accessibility.page(), "Renew it with: make docs"
