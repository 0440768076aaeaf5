"""Where the operator can be told of a problem, and where not."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from builders import run_folder
from tertiary.register import Register
from tertiary.web.app import create_app
from tertiary.web.settings import Settings


@pytest.mark.parametrize("contact", ["", "Ring 020 7946 0000 <b>"])
def test_the_statement_names_the_contact_and_every_page_leads_to_it(
    register: Register, tmp_path: Path, contact: str
) -> None:
    app = create_app({"run": (run_folder(tmp_path / "run"), register)}, Settings(contact=contact))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        text = client.get("/accessibility").text
        assert ("Ring 020 7946 0000 &lt;b&gt;" in text) is bool(contact)
        assert ("has not said where to write to" in text) is not bool(contact)
        assert "Screen readers: no page was listened to" in text
        assert 'href="/accessibility"' in client.get("/services").text
