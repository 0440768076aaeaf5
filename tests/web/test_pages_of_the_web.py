"""Pages are whole, safe and plain: no script of their own, nothing from elsewhere, mistakes said in a sentence."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from tertiary.cli import app
from tertiary.web.app import names_of
from tertiary.web.pages import method
from tertiary.web.rates import LARGEST_BODY
from tertiary.web.render import shown

Be = Callable[[str], TestClient]
PAGES = (
    "/", "/find", "/find?what=heart", "/find?service=114&area=QMF", "/services", "/services/15", "/ledger",
    "/ledger?by=financial_month", "/map", "/map?show=who_decides&service=2", "/flows", "/published", "/register",
    "/register?table=services&on=2025-06-30", "/method", "/method?part=rules", "/sign-in",
)  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_pages_need_nothing_from_elsewhere_and_run_nothing(be: Be, address: str) -> None:
    answer = be("national").get(address)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.DOTALL)
    assert scripts and all(re.match(r' src="/static/', tag) and not text for tag, text in scripts)
    assert " style=" not in answer.text and "javascript:" not in answer.text and " onclick=" not in answer.text
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.text)
    for asset in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text)):
        assert be("national").get(asset).status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("address", PAGES)
def test_pages_have_one_heading_a_way_past_the_menu_and_named_tables(be: Be, address: str) -> None:
    text = be("national").get(address).text
    assert text.count("<h1") == 1 and '<html lang="en">' in text and 'href="#maincontent"' in text
    assert "SYNTHETIC DATA" in text
    assert text.count("<table") == text.count("<caption")
    labels = set(re.findall(r'<label[^>]* for="([^"]+)"', text))
    fields = set(re.findall(r'<(?:input|select)[^>]* id="([^"]+)"', text))
    assert fields <= labels
    assert all('id="' in tag or 'type="hidden"' in tag for tag in re.findall(r"<(?:input|select)[^>]*>", text))


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nothing", 404, "Not Found"), ("/ledger?by=patient_id", 400, "cannot be sliced by patient_id"),
        ("/ledger?by=flow&by=component&by=provider_code&by=payer_kind", 400, "3 columns at most"),
        ("/ledger?run=other", 400, "There is no run"), ("/register?table=passwd", 400, "has no table"),
        ("/services?on=yesterday", 422, "cannot be used: on"), ("/api/v1/ledger?limit=0", 422, "cannot be used: limit"),
        ("/api/v1/ledger?only=RRV", 400, "is not COLUMN:VALUE"), ("/api/v1/ledger?measure=guess", 422, "measure"),
        ("/api/v1/ledger?by=patient_id", 400, "cannot be sliced"),
    ],
)  # fmt: skip
def test_mistakes_are_said_in_a_sentence(be: Be, address: str, status: int, words: str) -> None:
    answer = be("national").get(address)
    assert answer.status_code == status and words in answer.text and "Traceback" not in answer.text
    if address.startswith("/api/"):
        assert set(answer.json()) == {"error"}


def test_a_fault_shows_no_trace(be: Be, monkeypatch: pytest.MonkeyPatch) -> None:
    client = be("national")

    def broken() -> list[dict[str, str]]:
        raise RuntimeError("the secret of the database")

    monkeypatch.setattr(method, "methods", broken)
    answer = client.get("/method")
    assert answer.status_code == 500 and "secret" not in answer.text and "It was logged" in answer.text


def test_text_of_an_address_is_never_markup(be: Be) -> None:
    text = be("national").get("/services", params={"find": '"><script>alert(1)</script>'}).text
    assert "<script>" not in text and "&lt;script" in text


def test_a_download_says_what_it_is_and_holds_no_formula(be: Be) -> None:
    answer = be("national").get("/ledger?format=csv")
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert {r["service_line_final"] for r in rows} == {"NCBPS11B", "'=NCBPS11B"}
    assert all(r["label"].startswith("SYNTHETIC DATA") for r in rows)


def test_links_go_deeper_and_keep_what_was_chosen(be: Be) -> None:
    client = be("national")
    text = client.get("/ledger?by=population_icb&component=activity").text
    link = next(a for a in re.findall(r'href="(\?[^"]+)"', text) if "QE1" in a).replace("&amp;", "&")
    deeper = client.get(f"/ledger{link}").text
    assert "Population (ICB) QE1" in deeper and "Component activity" in deeper and "RXN" in deeper


def test_too_much_at_once_is_refused(client: TestClient) -> None:
    assert client.post("/sign-in", content=b"x" * (LARGEST_BODY + 1)).status_code == 413


def test_it_listens_on_this_machine_only(be: Be, client: TestClient) -> None:
    run = client.app.state.answers["run"].run  # type: ignore[attr-defined]
    refused = CliRunner().invoke(app, ["serve", str(run.path), "--host", "0.0.0.0"])
    assert "would show runs to others" in str(refused.exception)


def test_runs_of_one_name_are_told_apart() -> None:
    assert names_of([Path(p) for p in ("a/run", "b/run-3", "c/run", "d/run")]) == ["run", "run-3", "run-2", "run-4"]


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [(-687, "whole", "−687"), (-0.0034, "share", "−0.3%"), (-0.0001, "share", "0.0%"), (-0.4, "whole", "0"),
     (-1.25, "number", "−1.25"), (-687, "money", "−£687"), (0, "number", "0")],
)  # fmt: skip
def test_what_is_below_nothing_has_one_sign_everywhere(value: float, kind: str, words: str) -> None:
    assert shown(value, kind) == words
