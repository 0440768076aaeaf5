"""A server as it is really run: what it demands before others may reach it, and how it stops."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from typer.testing import CliRunner

from builders import row, run_folder
from tertiary.cli import app
from tertiary.decisions import Store
from tertiary.errors import TertiaryError
from tertiary.register import Register
from tertiary.web.app import create_app
from tertiary.web.settings import Settings

# the page of methods takes a while, and says when it has begun
SLOW = """
import time
from tertiary.web.pages import method
real = method.methods
def slow():
    print("begun", flush=True)
    time.sleep(1.5)
    return real()
method.methods = slow
from tertiary.cli import main
main()
"""
SIGN_ON = """
issuer = "https://login.example.org"
client_id = "tertiary"
[roles]
"Tertiary.National" = "national"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = run_folder(
        tmp_path_factory.mktemp("served") / "run", ledger=[row("ledger")], submissions=[row("submissions")]
    )
    facts = json.loads((made.path / "manifest.json").read_text())
    facts["counts"] = {"received": 1, "accepted": 1, "quarantined": 0, "superseded": 0}
    (made.path / "manifest.json").write_text(json.dumps(facts))
    return Path(made.path)


@pytest.fixture
def serve(run: Path, tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Starts a server on a free port of loopback; ends it, if it has not ended, by its own process."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-c", SLOW, "serve", str(run), "--port", "0", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("http://"):
                return process, line.strip()
        raise AssertionError("it ended before it told its address")

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_what_is_being_answered_is_answered_before_it_stops(
    serve: Callable[..., tuple[subprocess.Popen[str], str]], tmp_path: Path, stop: signal.Signals
) -> None:
    file = tmp_path / "decisions.sqlite"
    Store.open(f"sqlite:///{file}").close()
    process, address = serve("--store", f"sqlite:///{file}")
    with httpx.Client(trust_env=False, timeout=20) as browser:
        page = browser.get(f"{address}/sign-in").text
        token = page.partition('name="form_token" value="')[2].partition('"')[0]
        assert browser.post(f"{address}/sign-in", data={"account": "national", "form_token": token}).status_code == 303
        assert browser.get(f"{address}/proposals").status_code == 200
        assert file.with_name("decisions.sqlite-wal").exists(), "the store is open"
        answers: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: answers.append(browser.get(f"{address}/method")))
        asking.start()
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
        process.send_signal(stop)
        asking.join(20)
    assert [a.status_code for a in answers] == [200] and "How each figure came about" in answers[0].text
    assert process.wait(20) == 0
    assert process.stderr is not None and "Traceback" not in process.stderr.read()
    port = int(address.rpartition(":")[2])
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        pass
    with socket.create_server(("127.0.0.1", port)):
        pass
    assert not file.with_name("decisions.sqlite-wal").exists(), "the store was closed"


def test_engines_are_closed_with_the_server(run: Path, register: Register) -> None:
    from fastapi.testclient import TestClient

    from tertiary.runs import open as open_run

    made = create_app({"run": (open_run(run), register)})
    closed: list[str] = []
    answers = made.state.answers["run"]
    close = answers.close
    answers.close = lambda: (closed.append("run"), close())
    with TestClient(made, base_url="http://127.0.0.1") as client:
        assert client.get("/health").status_code == 200 and closed == []
    assert closed == ["run"]


def refused(run: Path, *options: str) -> str:
    with patch("uvicorn.Server.run", side_effect=AssertionError("it was started")):
        return str(CliRunner().invoke(app, ["serve", str(run), "--port", "0", *options]).exception)


def test_others_reach_it_only_with_sign_ons_https_and_a_name(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "sign-on.toml"
    file.write_text(SIGN_ON)
    assert "nobody proves who they are" in refused(run, "--host", "0.0.0.0")
    assert "nobody proves who they are" in refused(run, "--public-host", "figures.example.org")
    assert "nobody proves who they are" in refused(run, "--host", "::", "--https", "--public-host", "x.example.org")
    with_sign_on = ("--host", "0.0.0.0", "--sign-on", str(file))
    assert "say --https" in refused(run, *with_sign_on)
    assert "--public-host figures.example.org" in refused(run, *with_sign_on, "--https")


def test_secrets_come_from_the_environment_and_are_not_short(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sign-on.toml"
    file.write_text(SIGN_ON)
    monkeypatch.delenv("TERTIARY_CLIENT_SECRET", raising=False)
    assert "TERTIARY_CLIENT_SECRET is not set" in refused(run, "--sign-on", str(file))
    monkeypatch.setenv("TERTIARY_CLIENT_SECRET", "hush")
    monkeypatch.setenv("TERTIARY_COOKIE_SECRET", "too short")
    told = refused(run, "--sign-on", str(file))
    assert "TERTIARY_COOKIE_SECRET has 9 characters" in told and "too short" not in told
    monkeypatch.delenv("TERTIARY_COOKIE_SECRET")
    file.write_text('client_secret = "hush"\n' + SIGN_ON)
    told = refused(run, "--sign-on", str(file))
    assert "client_secret is not known" in told and "hush" not in told


@pytest.mark.slow
def test_names_proxy_and_https_are_as_told(
    serve: Callable[..., tuple[subprocess.Popen[str], str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sign-on.toml"
    file.write_text(SIGN_ON)
    monkeypatch.setenv("TERTIARY_CLIENT_SECRET", "hush")
    monkeypatch.setenv("TERTIARY_COOKIE_SECRET", "c" * 32)
    limits = tmp_path / "limits.csv"
    limits.write_text("path,method,query,largest_body,rate,per\n/services,*,,,1/hour,address\n")
    options = ("--sign-on", str(file), "--public-host", "Figures.example.org", "--https", "--limits", str(limits))
    _, address = serve(*options, "--proxy", "127.0.0.1")
    _, alone = serve(*options)

    def ask(place: str, at: str = address, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(f"{at}{place}", headers=sent, trust_env=False)

    assert ask("/health", host="figures.example.org").status_code == 200
    assert ask("/health", host="evil.example").status_code == 421
    assert ask("/health", x_forwarded_host="figures.example.org", host="evil.example").status_code == 421
    assert "strict-transport-security" in ask("/health", x_forwarded_proto="http").headers
    # behind its proxy each client has a number of its own; else nobody may say who they are
    assert [ask("/services", x_forwarded_for=f"192.0.2.{n}").status_code for n in (1, 2, 1)] == [200, 200, 429]
    assert [ask("/services", alone, x_forwarded_for=f"192.0.2.{n}").status_code for n in (1, 2)] == [200, 429]


def test_sign_ons_and_a_contract_file_that_cannot_be_read_are_told_at_the_start(run: Path, tmp_path: Path) -> None:
    assert "cannot be read as TOML" in refused(run, "--sign-on", str(tmp_path / "none.toml"))
    assert "cannot be read" in refused(run, "--contracts", str(tmp_path / "none.csv"))
    assert "no decision store" in refused(run, "--store", f"sqlite:///{tmp_path}/none.sqlite")
    assert "cannot be read" in refused(run, "--limits", str(tmp_path / "none.csv"))


def test_limits_must_be_limits(tmp_path: Path, run: Path, register: Register) -> None:
    from tertiary.runs import open as open_run

    file = tmp_path / "limits.csv"
    for line, words in (("/x,*,,,often,person", "60/minute"), ("/x,*,,,1/hour,dog", "person, address"),
                        ("/x,*,,-1,1/hour,person", "whole number")):  # fmt: skip
        file.write_text("path,method,query,largest_body,rate,per\n" + line + "\n")
        with pytest.raises(TertiaryError, match=words):
            create_app({"run": (open_run(run), register)}, Settings(limits=file))
