"""What somebody would try who means harm, or asks for what is not there."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from builders import row, run_folder
from tertiary.commands.serve import _listening
from tertiary.errors import TertiaryError
from tertiary.register import Register
from tertiary.web.app import create_app
from tertiary.web.guard import HEADERS
from tertiary.web.pages import method
from tertiary.web.people import demo_people
from tertiary.web.rates import LARGEST_BODY
from tertiary.web.sessions import COOKIE, Session
from tertiary.web.settings import Settings
from web_helpers import token

Be = Callable[[str], TestClient]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", "a:b:c", "evil.example:8000"])
@pytest.mark.parametrize("address", ["/", "/api/v1/runs", "/static/tertiary.css", "/ledger/"])
def test_a_name_that_points_here_is_refused(be: Be, host: str, address: str) -> None:
    """DNS rebinding: the page of another site calls this server by its own name, and may read the answer."""
    answer = be("national").get(address, headers={"host": host})
    assert answer.status_code == 421 and "£" not in answer.text and "location" not in answer.headers
    form = be("").post("/sign-in", data={"account": "national"}, headers={"host": host, "origin": f"http://{host}"})
    assert form.status_code == 421 and "set-cookie" not in form.headers


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "said", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "null"}]
)
def test_a_form_of_another_site_is_refused_by_either_sign(client: TestClient, said: dict[str, str]) -> None:
    answer = client.post(
        "/sign-in", data={"account": "national", **token(client)}, headers=said, follow_redirects=False
    )
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_without_a_length_is_counted_as_it_comes(client: TestClient, kind: str) -> None:
    def parts() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
        for _ in range(50):
            yield b"&a=b" * (LARGEST_BODY // 40)

    answer = client.post("/sign-in", content=parts(), headers={"content-type": kind})
    assert answer.status_code == 413 and "too much" in answer.text


@pytest.mark.parametrize("text", ["national|1|é", "national|" + "9" * 400 + "|x", "national|nan|x", "|||", "é"])
def test_cookies_of_any_text_are_nobody(client: TestClient, text: str) -> None:
    client.cookies.clear()
    cookie = base64.urlsafe_b64encode(text.encode()).decode()
    assert client.get("/api/v1/ledger", headers={"cookie": f"{COOKIE}={cookie}"}).status_code == 403


def test_a_fault_is_answered_with_the_same_care(be: Be, monkeypatch: pytest.MonkeyPatch) -> None:
    client = be("national")
    monkeypatch.setattr(method, "methods", lambda: 1 / 0)
    answer = client.get("/method")
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_head_is_get_without_the_body_and_other_verbs_say_what_is_allowed(be: Be) -> None:
    client = be("national")
    for address in ("/", "/ledger", "/api/v1/runs", "/static/tertiary.css", "/nothing"):
        head, get = client.head(address), client.get(address)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-length"] == get.headers["content-length"]
    refused = client.put("/ledger")
    assert refused.status_code == 405 and refused.headers["allow"] == "GET"


@pytest.mark.parametrize("address", ["/", "/api/v1/runs", "/ledger", "/method"])
@pytest.mark.parametrize("account", ["", "public", "ncl", "uclh", "london"])
def test_rows_of_the_whole_run_are_for_who_sees_the_whole(be: Be, account: str, address: str) -> None:
    """75 rows were received of two trusts, 5 and 70: the number of all tells each the number of the other."""
    text = be(account).get(address).text
    assert ">75<" not in text and '"received":75' not in text


def test_the_whole_is_told_to_the_national_team(be: Be) -> None:
    assert be("national").get("/api/v1/runs").json()[0]["received"] == 75
    assert be("ncl").get("/api/v1/runs").json()[0]["received"] is None


def test_files_that_are_gone_are_not_named_to_others(tmp_path: Path, register: Register) -> None:
    run = run_folder(tmp_path / "secret-place", ledger=[row("ledger")], submissions=[row("submissions")])
    run.manifest["counts"].update(received=1, accepted=1, quarantined=0, superseded=0)  # type: ignore[attr-defined]
    with TestClient(create_app({"run": (run, register)}), base_url="http://localhost") as client:
        client.post("/sign-in", data={"account": "national", **token(client)}, follow_redirects=False)
        (tmp_path / "secret-place" / "ledger.parquet").unlink()
        answer = client.get("/api/v1/ledger")
    assert answer.status_code == 503 and "secret-place" not in answer.text and "log" in answer.text


def test_many_at_once_each_get_their_own_part(be: Be, client: TestClient) -> None:
    cookies = {}
    for account in ("national", "ncl", "uclh"):
        be(account)
        cookies[account] = client.cookies[COOKIE]
    client.cookies.clear()
    wanted = {"national": "643127", "ncl": "127", "uclh": "603120"}

    def ask(account: str) -> tuple[str, Decimal]:
        found = client.get("/api/v1/ledger", headers={"cookie": f"{COOKIE}={cookies[account]}"}).json()
        return account, Decimal(found["rows"][0]["price_submitted"])

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, [*cookies] * 10))
    assert found == {(name, Decimal(pounds)) for name, pounds in wanted.items()}


def test_the_document_of_the_api_is_what_it_answers(be: Be) -> None:
    client = be("national")
    document = client.get("/api/openapi.json").json()
    asked = document["paths"]["/api/v1/ledger"]["get"]
    assert {p["name"] for p in asked["parameters"]} == {"by", "only", "measure", "limit", "run"}
    shapes = document["components"]["schemas"]
    for address, query, status in (
        ("ledger", "?by=flow&by=financial_month", 200), ("ledger", "?by=x", 400), ("ledger", "?limit=x", 422),
        ("runs", "", 200),
    ):  # fmt: skip
        said = document["paths"][f"/api/v1/{address}"]["get"]["responses"]
        answer = client.get(f"/api/v1/{address}{query}")
        assert answer.status_code == status and str(status) in said
        _fits(answer.json(), said[str(status)]["content"]["application/json"]["schema"], shapes)
    assert {"403", "413", "421", "500", "503"} <= set(asked["responses"])


def _fits(value: Any, shape: dict[str, Any], shapes: dict[str, Any]) -> None:
    if "$ref" in shape:
        shape = shapes[shape["$ref"].rsplit("/", 1)[1]]
    kinds = {"string": str, "integer": int, "boolean": bool, "null": type(None), "array": list, "object": dict}
    allowed = [s["type"] for s in shape.get("anyOf", [shape])]
    assert any(type(value) is kinds[kind] for kind in allowed), (value, allowed)
    for one in value if isinstance(value, list) else ():
        _fits(one, shape["items"], shapes)
    if isinstance(value, dict) and "properties" in shape:
        assert set(value) <= set(shape["properties"]) and set(shape.get("required", ())) <= set(value)
        for name, part in value.items():
            _fits(part, shape["properties"][name], shapes)


def test_a_port_that_is_taken_is_said_before_the_address_is() -> None:
    taken = pytest.raises(TertiaryError, match=r"cannot be used \(.*use.*--port")
    with socket.create_server(("127.0.0.1", 0)) as other, taken:
        _listening("127.0.0.1", other.getsockname()[1])
    with _listening("127.0.0.1", 0) as free:
        assert free.getsockname()[1] > 0


def test_the_secret_of_one_server_is_not_that_of_another(tmp_path: Path, register: Register) -> None:
    run = run_folder(tmp_path / "run", ledger=[row("ledger")], submissions=[row("submissions")])
    one, two = (create_app({"run": (run, register)}, Settings()).state.sessions for _ in range(2))
    cookie = one.cookie(Session(demo_people()["national"]))
    assert one.session(cookie) is not None and two.session(cookie) is None
