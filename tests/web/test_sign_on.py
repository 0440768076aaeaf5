"""Signing on at a real provider process, and at one that lies."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import itsdangerous
import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import OctKey

from builders import row, run_folder
from tertiary.register import Register
from tertiary.web import provider as provider_module
from tertiary.web.app import create_app
from tertiary.web.render import may_open
from tertiary.web.sessions import COOKIE, HOLDS
from tertiary.web.settings import Settings
from tertiary.web.sign_on import SignOn

SECRET = "the secret of the client, which nobody may see"
ROLES = {"Tertiary.National": "national", "Tertiary.ICB": "icb", "Tertiary.CRG": "crg", "Tertiary.Trust": "provider",
         "Tertiary.Region": "region"}  # fmt: skip
GROUPS = {"spec-ncl": ("QMJ",), "spec-office": ("QMJ", "QMF"), "renal": ("A06",), "uclh": ("RRV",),
          "london": ("Y56",)}  # fmt: skip
BROWSER = httpx.Client(trust_env=False)
USERS: dict[str, dict[str, Any]] = {
    "national": {"roles": ["Tertiary.National", "something else"], "name": "Nina National"},
    "ncl": {"roles": "Tertiary.ICB", "groups": ["spec-ncl", "canteen"]},
    "office": {"roles": ["Tertiary.ICB"], "groups": ["spec-office"]},
    "renal": {"roles": ["Tertiary.CRG"], "groups": ["renal"]},
    "trust": {"roles": ["Tertiary.Trust"], "groups": ["uclh"]},
    "region": {"roles": ["Tertiary.Region"], "groups": ["london"]},
    "nobody": {"roles": ["Something.Else"]}, "rootless": {"roles": ["Tertiary.ICB"], "groups": ["canteen"]},
    "both": {"roles": ["Tertiary.ICB", "Tertiary.National"], "groups": ["spec-ncl"]}, "plain": {},
    "other-audience": {"roles": ["Tertiary.National"], "aud": "another client"},
    "more-audiences": {"roles": ["Tertiary.National"], "aud": ["another client", "a third"], "azp": "tertiary"},
    "other-nonce": {"roles": ["Tertiary.National"], "nonce": "made up"},
    "no-nonce": {"roles": ["Tertiary.National"], "nonce": None},
    "other-issuer": {"roles": ["Tertiary.National"], "iss": "https://evil.example"},
    "expired": {"roles": ["Tertiary.National"], "exp": 1_700_000_000},
    "x" * 65: {"roles": ["Tertiary.National"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a provider in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    known = [x for sub, claims in USERS.items() for x in ("--user-claims", json.dumps({"sub": sub, **claims}))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *known]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(150):
            assert process.poll() is None, "the provider has ended"
            try:
                if BROWSER.get(f"{address}/jwks").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def serve(register: Register, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., TestClient]:
    """A server whose people sign on at an issuer."""
    ledger = [
        row(
            "ledger",
            measure="actual",
            counted=True,
            population_icb=icb,
            records=1,
            financial_year="202526",
            financial_month=1,
        )
        for icb in ("QMJ", "QE1")
    ]
    ledger.append(row("ledger", measure="actual", counted=True, population_icb="QMJ"))  # of no month
    run = run_folder(tmp_path_factory.mktemp("sign-on") / "run", ledger=ledger, submissions=[row("submissions")])
    run.manifest["counts"].update(received=1, accepted=1, quarantined=0, superseded=0)  # type: ignore[attr-defined]

    def made(issuer: str, *, is_https: bool = False, **changes: Any) -> TestClient:
        claims = {"account": "sub", "name": "name", "role": "roles", "organisations": "groups"}
        sign_on = SignOn(issuer, "tertiary", ROLES, claims=claims, organisations=GROUPS, client_secret=SECRET)
        settings = Settings(secret=b"s" * 32, sign_on=replace(sign_on, **changes), is_https=is_https)
        base = "https://127.0.0.1" if is_https else "http://127.0.0.1"
        return TestClient(create_app({"run": (run, register)}, settings), base_url=base, follow_redirects=False,
                          raise_server_exceptions=False)  # fmt: skip

    return made


@pytest.fixture
def client(serve: Callable[..., TestClient], provider: str) -> TestClient:
    return serve(provider)


def back(client: TestClient, who: str, **form: str) -> str:
    """Walk to the provider and sign on there; where it sends the browser back to."""
    there = client.get("/sign-on")
    assert there.status_code == 302, there.text
    answer = BROWSER.post(there.headers["location"], data=form or {"sub": who})
    return str(answer.headers["location"])


def sign_on(client: TestClient, who: str) -> Any:
    return client.get(back(client, who))


def role_of(client: TestClient) -> str:
    said = client.get("/").text
    return said.partition("You are: ")[2].partition(".")[0].strip() if "You are: " in said else "nobody"


def rows(client: TestClient) -> int:
    answer = client.get("/api/v1/ledger?by=population_icb")
    return len(answer.json()["rows"]) if answer.status_code == 200 else answer.status_code


def test_going_to_the_provider_carries_state_nonce_and_a_challenge_and_no_secret(client: TestClient) -> None:
    there = client.get("/sign-on")
    asked = {name: value[0] for name, value in parse_qs(urlsplit(there.headers["location"]).query).items()}
    assert asked["response_type"] == "code" and asked["client_id"] == "tertiary"
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 20 and len(asked["nonce"]) >= 20 and "openid" in asked["scope"]
    assert asked["redirect_uri"] == "http://127.0.0.1/sign-on/done"
    cookie = there.headers["set-cookie"]
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/sign-on" in cookie.lower()
    held = base64.b64decode(cookie.split("=", 1)[1].split(".")[0] + "==").decode()
    assert asked["nonce"] not in held and "verifier" not in held and SECRET not in held


@pytest.mark.parametrize(
    ("who", "told", "seen"),
    [
        ("national", "Nina National (national team)", 2),
        ("ncl", "ncl (ICB, QMJ)", 1),
        ("office", "office (ICB, QMJ, QMF)", 1),
    ],
)
def test_who_signs_on_has_the_role_and_organisations_of_the_claims(
    client: TestClient, who: str, told: str, seen: int
) -> None:
    assert role_of(client) == "nobody" and rows(client) == 403
    answer = sign_on(client, who)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert role_of(client) == told and rows(client) == seen


@pytest.mark.parametrize(
    ("who", "role"),
    [("national", "national"), ("ncl", "icb"), ("renal", "crg"), ("trust", "provider"), ("region", "region")],
)
def test_every_page_of_the_menu_opens_for_who_signed_on(client: TestClient, who: str, role: str) -> None:
    """What each shows is for test_every_route.py; here that no page takes a server for one of demonstration."""
    assert client.get("/quality").status_code == 403
    assert 'href="/sign-in">Sign on</a> to see' in client.get("/money").text
    assert sign_on(client, who).status_code == 303
    pages = may_open(role)
    assert len(pages) > 10
    for page in pages:
        answer = client.get(page)
        # a few need papers that this server lacks, and say which
        assert answer.status_code == 200 or (answer.status_code == 400 and "--store" in answer.text), page
        assert f"You are: {USERS[who].get('name', who)}" in answer.text, page
        assert "/sign-in" not in answer.text and "somebody else" not in answer.text, page


def test_the_session_is_signed_and_holds_no_secret(client: TestClient) -> None:
    answer = sign_on(client, "ncl")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(COOKIE))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and f"Max-Age={HOLDS}" in cookie and "Secure" not in cookie
    sealed = client.cookies[COOKIE]
    said = itsdangerous.URLSafeTimedSerializer("any").load_payload(sealed.rsplit(".", 2)[0].encode())
    assert set(said) == {"id", "account", "role", "organisations", "label"}
    others = itsdangerous.URLSafeTimedSerializer("t" * 32, "tertiary sign-on").dumps({**said, "role": "national"})
    for text in (
        others,
        ".".join([others.rsplit(".", 2)[0], *sealed.rsplit(".", 2)[1:]]),
        sealed[:-3],
        "x",
        "",
        "é",
        "a.b.c",
        "." * 300,
    ):
        client.cookies.clear()
        assert client.get("/api/v1/ledger", headers={b"cookie": f"{COOKIE}={text}".encode()}).status_code == 403


def test_over_https_cookies_stay_on_https(serve: Callable[..., TestClient], provider: str) -> None:
    client = serve(provider, is_https=True)
    there = client.get("/sign-on")
    assert (
        "secure" in there.headers["set-cookie"].lower()
        and "max-age=31536000" in there.headers["strict-transport-security"]
    )
    answer = sign_on(client, "ncl")
    assert all("secure" in c.lower() for c in answer.headers.get_list("set-cookie"))
    assert role_of(client) == "ncl (ICB, QMJ)"


def test_each_sign_on_has_a_session_of_its_own(client: TestClient) -> None:
    sign_on(client, "ncl")
    before = client.cookies[COOKIE]
    sign_on(client, "national")
    after = client.cookies[COOKIE]
    assert role_of(client) == "Nina National (national team)"
    client.cookies.clear()
    client.cookies.set(COOKIE, before)
    assert before != after and role_of(client) == "nobody", "the session before has ended"


def test_a_session_ends_by_itself(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_on(client, "ncl")
    now = itsdangerous.TimestampSigner("x").get_timestamp()
    for later, seen in ((HOLDS - 5, 1), (HOLDS + 5, 403), (-5, 403)):
        monkeypatch.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda _, at=now + later: at)
        assert rows(client) == seen, later


def test_signing_out_ends_the_session_for_good_and_leads_on_to_the_provider(client: TestClient, provider: str) -> None:
    sign_on(client, "ncl")
    cookie = client.cookies[COOKIE]
    token = client.get("/").text.partition('name="form_token" value="')[2].partition('"')[0]
    assert client.post("/sign-out", data={"form_token": "guessed"}).status_code == 403 and rows(client) == 1
    assert client.post("/sign-out", data={"form_token": token}).headers["location"] == "/signed-out"
    said = client.get("/signed-out").text
    assert f"{provider}/oauth2/end_session?client_id=tertiary" in said and rows(client) == 403
    client.cookies.set(COOKIE, cookie)
    assert rows(client) == 403, "a cookie that was copied before is nobody's now"


REFUSED = [
    ("nobody", "has no role here"), ("plain", "has no role here"), ("rootless", "no organisation for which it acts"),
    ("both", "several roles here (icb, national)"), ("other-audience", "does not prove who you are"),
    ("more-audiences", "does not prove who you are"), ("other-nonce", "does not prove who you are"),
    ("no-nonce", "does not prove who you are"), ("other-issuer", "does not prove who you are"),
    ("expired", "does not prove who you are"), ("x" * 65, "no account of at most 64"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "words"), REFUSED)
def test_who_is_not_proven_or_has_no_role_is_told_so(
    client: TestClient, who: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    address = back(client, who)
    with caplog.at_level(logging.INFO, "tertiary.web.access"):
        answer = client.get(address)
    assert answer.status_code == 403 and words in answer.text and "Traceback" not in answer.text
    assert COOKIE not in answer.cookies and rows(client) == 403
    code = parse_qs(urlsplit(address).query)["code"][0]
    assert "sign-on refused" in caplog.text and code not in caplog.text and SECRET not in caplog.text


def test_a_sign_on_that_is_denied_says_so(client: TestClient) -> None:
    answer = client.get(back(client, "", action="deny"))
    assert answer.status_code == 403 and "refused or stopped at the provider" in answer.text


def test_what_an_address_says_is_no_line_of_the_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tertiary.web.access"):
        answer = client.get("/sign-on/done?error=x%0Asigned+on:+national&error_description=%3Cscript%3E")
    assert answer.status_code == 403 and "<script>" not in answer.text
    assert not any(line.startswith("signed on") for line in caplog.text.splitlines())
    assert "\nsigned on" not in caplog.text


def test_a_state_that_was_forged_or_used_or_is_of_another_browser_is_refused(
    client: TestClient, serve: Callable[..., TestClient], provider: str
) -> None:
    address = back(client, "national")
    code, state = (parse_qs(urlsplit(address).query)[name][0] for name in ("code", "state"))
    stranger = serve(provider)
    stranger.get("/sign-on")
    for who, place in (
        (stranger, address), (client, f"/sign-on/done?code={code}&state=forged"),
        (client, f"/sign-on/done?code={code}"), (client, "/sign-on/done"),
    ):  # fmt: skip
        answer = who.get(place)
        assert answer.status_code == 403 and "not begun in this browser" in answer.text and COOKIE not in answer.cookies
    again = back(client, "ncl")
    assert client.get(again).status_code == 303
    assert "not begun in this browser" in client.get(again).text
    assert state not in again


def test_a_code_is_used_once(client: TestClient) -> None:
    used = back(client, "ncl")
    client.get(used)
    code = parse_qs(urlsplit(used).query)["code"][0]
    fresh = parse_qs(urlsplit(client.get("/sign-on").headers["location"]).query)["state"][0]
    client.cookies.delete(COOKIE)
    answer = client.get(f"/sign-on/done?code={code}&state={fresh}")
    assert answer.status_code == 403 and "used before" in answer.text and rows(client) == 403


def test_a_sign_on_that_took_too_long_is_begun_anew(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    address, now = back(client, "ncl"), time.time()
    monkeypatch.setattr(provider_module.time, "time", lambda: now + provider_module.WAY + 1)
    assert "begun too long ago" in client.get(address).text


def test_claims_of_the_userinfo_are_asked_where_told(serve: Callable[..., TestClient], provider: str) -> None:
    client = serve(provider, ask_userinfo=True)
    sign_on(client, "ncl")
    assert role_of(client) == "ncl (ICB, QMJ)"


def test_nobody_chooses_who_to_be_where_people_sign_on(client: TestClient) -> None:
    token = {"form_token": ""}
    assert "Who would you like to be" not in client.get("/sign-in").text
    assert client.post("/sign-in", data={"account": "national", **token}).status_code == 403
    sign_on(client, "ncl")
    token["form_token"] = client.get("/").text.partition('name="form_token" value="')[2].partition('"')[0]
    answer = client.post("/sign-in", data={"account": "national", **token})
    assert answer.status_code == 400 and role_of(client) == "ncl (ICB, QMJ)"


def test_a_provider_that_does_not_answer_is_said_to_the_person(serve: Callable[..., TestClient]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answer = serve(f"http://127.0.0.1:{port}").get("/sign-on")
    assert answer.status_code == 503 and "does not answer as it should" in answer.text and str(port) not in answer.text


class Liar:
    """A provider that says whatever it is told to, and keeps what was asked of it."""

    def __init__(self) -> None:
        self.said: dict[str, Any] = {}
        self.asked: dict[str, list[str]] = {}
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = liar.said.get(urlsplit(self.path).path)
                self.send_response(200 if text is not None else 404)
                self.end_headers()
                self.wfile.write(text.encode() if isinstance(text, str) else json.dumps(text).encode())

            def do_POST(self) -> None:
                liar.asked = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                self.do_GET()

            def log_message(self, *_: object) -> None:
                """Quietly."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.said["/.well-known/openid-configuration"] = {
            "issuer": self.address, "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token", "jwks_uri": f"{self.address}/jwks",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
        }  # fmt: skip
        self.said["/jwks"] = {"keys": [OctKey.import_key(SECRET).as_dict(kid="k")]}

    def claims(self, nonce: str) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self.address, "sub": "national", "aud": "tertiary", "exp": now + 600, "nonce": nonce, "iat": now,
                "roles": ["Tertiary.National"]}  # fmt: skip


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def begun(client: TestClient) -> dict[str, str]:
    asked = parse_qs(urlsplit(client.get("/sign-on").headers["location"]).query)
    return {name: value[0] for name, value in asked.items()}


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize("how", ["none", "HS256"])
def test_a_token_that_anybody_could_have_signed_proves_nothing(
    serve: Callable[..., TestClient], liar: Liar, how: str
) -> None:
    """No signature, or one made with what provider and client both know (or anybody, of a key that is public)."""
    client = serve(liar.address)
    asked = begun(client)
    token = f"{_part({'alg': 'none'})}.{_part(liar.claims(asked['nonce']))}."
    if how == "HS256":
        token = jwt.encode({"alg": how, "kid": "k"}, liar.claims(asked["nonce"]), OctKey.import_key(SECRET))
    liar.said["/token"] = {"access_token": "a", "token_type": "Bearer", "id_token": token}
    answer = client.get(f"/sign-on/done?code=c&state={asked['state']}")
    assert answer.status_code == 403 and "does not prove who you are" in answer.text and rows(client) == 403
    verifier = liar.asked["code_verifier"][0].encode()
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).decode().rstrip("=")
    assert made == asked["code_challenge"], "the code is of no use to who did not begin"


@pytest.mark.parametrize(
    "token", [{"access_token": "a", "token_type": "Bearer"}, "no JSON", [], {"error": "server_error"}]
)
def test_an_answer_without_proof_signs_nobody_on(serve: Callable[..., TestClient], liar: Liar, token: Any) -> None:
    client = serve(liar.address)
    asked = begun(client)
    liar.said["/token"] = token
    answer = client.get(f"/sign-on/done?code=c&state={asked['state']}")
    assert (
        answer.status_code in (403, 503) and COOKIE not in answer.cookies and "Something went wrong" not in answer.text
    )


@pytest.mark.parametrize(
    ("known", "status"), [({"issuer": "https://evil.example"}, 403), ("no JSON", 503), ([], 503), ({}, 503)]
)
def test_another_provider_than_was_meant_is_not_asked(
    serve: Callable[..., TestClient], liar: Liar, known: Any, status: int
) -> None:
    place = "/.well-known/openid-configuration"
    liar.said[place] = {**liar.said[place], **known} if known and isinstance(known, dict) else known
    answer = serve(liar.address).get("/sign-on")
    assert answer.status_code == status and "location" not in answer.headers and "evil" not in answer.text
