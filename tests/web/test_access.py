"""Every route, every role: what each may see, and that nothing else comes through."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import ibis
import itsdangerous
import pytest
from fastapi.testclient import TestClient

from tertiary.errors import TertiaryError
from tertiary.month_end import Contract, Element
from tertiary.register import Register
from tertiary.tables import ibis_schema
from tertiary.web.app import create_app
from tertiary.web.guard import HEADERS
from tertiary.web.hosting import hosted
from tertiary.web.people import PUBLIC, Person, demo_people
from tertiary.web.rates import LARGEST_BODY, Rates
from tertiary.web.scope import ForbiddenError, owned, within
from tertiary.web.sessions import COOKIE, HOLDS, Session, Sessions
from tertiary.web.settings import Settings
from tertiary.web.sign_on import SignOn, read_sign_on
from web_helpers import token

Be = Callable[[str], TestClient]
# what each sees of the small run's ledger, in pounds, worked out by hand from SPENT
SEES = {
    "national": "643127", "london": "603127", "ncl": "127", "office": "3127", "uclh": "603120",
    "renal": "640127",
}  # fmt: skip
OPEN = (
    "/find",
    "/services",
    "/services/15",
    "/api/v1/services",
    "/api/v1/services/15",
    "/api/v1/register/icbs",
    "/api/v1/methods",
    "/register",
    "/method",
    "/sign-in",
    "/health",
    "/api/v1/runs",
    "/api/openapi.json",
)


@pytest.mark.parametrize("account", SEES)
def test_each_sees_its_own_part_and_no_more(be: Be, account: str) -> None:
    found = be(account).get("/api/v1/ledger").json()["rows"]
    assert [Decimal(r["price_submitted"]) for r in found] == [Decimal(SEES[account])]


@pytest.mark.parametrize("account", ["", "public"])
@pytest.mark.parametrize(
    "address", ["/ledger", "/ledger?format=csv", "/api/v1/ledger", "/api/v1/ledger?by=provider_code"]
)
def test_the_public_sees_no_figure(be: Be, account: str, address: str) -> None:
    answer = be(account).get(address)
    assert answer.status_code == 403
    assert not any(pounds in answer.text for pounds in ("643", "600000", "600,000", "127"))


def test_an_overview_for_the_public_says_why_it_is_short(be: Be) -> None:
    text = be("").get("/").text
    assert "only after disclosure control" in text and "£" not in text


@pytest.mark.parametrize("account", ["", *demo_people()])
@pytest.mark.parametrize("address", OPEN)
def test_what_is_open_is_open_to_all(be: Be, account: str, address: str) -> None:
    assert be(account).get(address).status_code == 200


@pytest.mark.parametrize(
    ("account", "own", "other"),
    [
        ("ncl", "population_icb=QMJ", "population_icb=QMF"), ("uclh", "provider_code=RRV", "provider_code=RXN"),
        ("london", "population_icb=QMF", "provider_code=RXN&population_icb=QE1&payer_code=QE1"),
        ("office", "payer_code=QMF", "payer_code=QE1"),
    ],
)  # fmt: skip
def test_own_and_other_organisations(be: Be, account: str, own: str, other: str) -> None:
    """On the page, as CSV and in the API alike: own rows are there, others are as if there were none."""
    client = be(account)
    for address, none in (("/ledger?{}", "Nothing of that kind is yours."), ("/ledger?format=csv&{}", None)):
        assert "NCBPS11B" in _body(client.get(address.format(own)).text)
        text = _body(client.get(address.format(other)).text)
        assert "NCBPS11B" not in text.replace(none or "", "")
    kept = "&".join("only=" + part.replace("=", ":") for part in other.split("&"))
    assert client.get(f"/api/v1/ledger?by=provider_code&{kept}").json()["rows"] == []


def _body(text: str) -> str:
    """The rows of a page's table; its forms offer values of all one's own rows."""
    return text.partition("<tbody")[2] if "<tbody" in text else text


def test_submissions_are_shown_to_whom_they_belong(be: Be) -> None:
    assert ">75</td>" in be("national").get("/").text
    own = be("uclh").get("/").text
    assert "What arrived" in own and ">5</td>" in own and ">70</td>" not in own
    assert "What arrived" not in be("ncl").get("/").text


def test_single_records_and_patients_are_never_read(register: Register) -> None:
    for name in ("records", "reasons", "activity", "patient_cells", "quarantine"):
        assert name not in owned()
        table = ibis.table(ibis_schema(name), name=name)
        for person in demo_people().values():
            with pytest.raises(ForbiddenError, match="single records or patients"):
                within(table, name, person, register)


def test_a_role_sees_nothing_by_default(register: Register) -> None:
    with pytest.raises(ForbiddenError):
        within(ibis.table(ibis_schema("ledger"), name="ledger"), "ledger", PUBLIC, register)


def test_the_form_of_another_site_is_refused(client: TestClient) -> None:
    client.cookies.clear()
    answer = client.post("/sign-in", data={"account": "national"}, headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403 and COOKIE not in answer.cookies
    cookie = client.post("/sign-in", data={"account": "national", **token(client)}, follow_redirects=False).headers[
        "set-cookie"
    ]
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
    assert client.post("/sign-in", data={"account": "somebody", **token(client)}).status_code == 400


@pytest.mark.parametrize("role", ["region", "icb", "provider"])
def test_who_acts_for_nobody_sees_nothing(client: TestClient, role: str) -> None:
    answers = client.app.state.answers["run"]  # type: ignore[attr-defined]
    found = answers.ledger(Person("x", role, (), "X"), ("provider_code",), {})
    assert found.rows.num_rows == 0 and not found.more


def test_cookies_of_the_development_mode_cannot_be_written_or_kept(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours: Sessions = client.app.state.sessions  # type: ignore[attr-defined]
    national = Session(demo_people()["national"])
    good = ours.cookie(national)
    changed = [
        Sessions(b"another secret", demo=True).cookie(national),
        Sessions(b"a secret of the tests", demo=False).cookie(national),
        ours.cookie(Session(Person("nobody", "national", (), "X"))), good[:-4], good.swapcase(), "", "x", "a.b.c", ".",
    ]  # fmt: skip

    def asked(cookie: str) -> int:
        client.cookies.clear()
        return client.get("/api/v1/ledger", headers={"cookie": f"{COOKIE}={cookie}"}).status_code

    assert asked(good) == 200 and [asked(cookie) for cookie in changed] == [403] * len(changed)
    now = itsdangerous.TimestampSigner("x").get_timestamp()
    for later, status in ((HOLDS - 5, 200), (HOLDS + 5, 403), (-60, 403)):
        monkeypatch.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda _, at=now + later: at)
        assert asked(good) == status


def test_who_chooses_to_be_another_has_another_session_and_other_forms(be: Be) -> None:
    client = be("national")
    before, old = client.cookies[COOKIE], token(client)
    assert client.post("/sign-in", data={"account": "ncl", **old}, follow_redirects=False).status_code == 303
    assert client.post("/sign-in", data={"account": "national", **old}, follow_redirects=False).status_code == 403
    client.cookies.clear()
    assert client.get("/api/v1/ledger", headers={"cookie": f"{COOKIE}={before}"}).status_code == 403


@pytest.fixture
def limited(client: TestClient, register: Register, tmp_path: Path) -> TestClient:
    """The small run behind tight limits."""
    file = tmp_path / "limits.csv"
    file.write_text(
        "path,method,query,largest_body,rate,per\n/sign-in,POST,,2000,3/minute,address\n"
        "/ledger,GET,format,,1/minute,person\n/ledger,*,,,4/minute,person\n*,*,,,1000/minute,address\n"
    )
    run = client.app.state.answers["run"].run  # type: ignore[attr-defined]
    app = create_app({"run": (run, register)}, Settings(limits=file, is_limited=True))
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


def signed(client: TestClient, account: str) -> dict[str, str]:
    sessions: Sessions = client.app.state.sessions  # type: ignore[attr-defined]
    return {"cookie": f"{COOKIE}={sessions.cookie(Session(demo_people()[account]))}"}


def test_who_asks_too_often_waits_and_others_do_not(limited: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    ncl, again, uclh = signed(limited, "ncl"), signed(limited, "ncl"), signed(limited, "uclh")
    assert [limited.get("/ledger", headers=h).status_code for h in (ncl, ncl, again, again)] == [200] * 4
    with caplog.at_level("WARNING", "tertiary.web.access"):
        answer = limited.get("/ledger", headers=again)
    assert answer.status_code == 429 and 1 <= int(answer.headers["retry-after"]) <= 61
    assert (
        "too often" in answer.text and answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    )
    assert "rate refused" in caplog.text and "'ncl'" in caplog.text and ncl["cookie"] not in caplog.text
    assert limited.get("/ledger", headers=uclh).status_code == 200
    assert limited.get("/services", headers=ncl).status_code == 200
    assert [limited.get("/ledger?format=csv", headers=uclh).status_code for _ in range(2)] == [200, 429]
    assert limited.head("/ledger", headers=ncl).status_code == 429, "HEAD is counted as GET"


def test_people_without_a_session_share_the_number_of_their_address(limited: TestClient) -> None:
    seen = [limited.post("/sign-in", data={"account": "ncl"}).status_code for _ in range(4)]
    assert seen == [403, 403, 403, 429]


def test_how_much_may_be_sent_hangs_on_the_route(limited: TestClient, client: TestClient) -> None:
    assert limited.post("/sign-in", content=b"x" * 2001).status_code == 413
    assert "2,000 bytes" in limited.post("/sign-in", content=b"x" * 2001).text
    assert limited.post("/ledger", content=b"x" * 2001).status_code == 405
    rates = Rates()
    assert rates.largest_body("POST", "/check") == 250_000_000
    assert {rates.largest_body(m, p) for m, p in (("GET", "/check"), ("POST", "/sign-in"), ("POST", "/checks"))} == {
        LARGEST_BODY
    }


def test_without_limits_nobody_is_counted(client: TestClient) -> None:
    assert not client.app.state.settings.is_limited  # type: ignore[attr-defined]
    client.cookies.clear()
    assert {client.post("/sign-in").status_code for _ in range(40)} == {403}, "30 a minute where it is counted"


def contract(provider: str, payer: str, host: str, year: str = "202526") -> Contract:
    element = Element(payer, "E", "variable", Decimal(1), "even", (), (), (), *[Fraction(0)] * 4)
    day = date(int(year[:4]), 4, 1)
    return Contract("C", 1, provider, host, year, day, None, None, Decimal(1), (element,))


def test_a_host_is_told_by_all_contracts_of_a_payer_and_provider() -> None:
    found = hosted([
        contract("RRV", "QMF", "QMJ"), contract("RRV", "QMF", "QMJ"), contract("RRV", "QMF", "QMJ", "202627"),
        contract("RXN", "QE1", "QMJ"), contract("RXN", "QE1", "QE1"), contract("RAL", "QE1", ""),
    ])  # fmt: skip
    assert found == {"QMJ": ("RRV|QMF|202526", "RRV|QMF|202627"), "QE1": ("RAL|QE1|202526",)}


def test_columns_of_owners_are_columns_of_the_tables() -> None:
    for name, owners in owned().items():
        if name in ("ledger", "submissions"):
            columns = {c for held in owners.values() for joined in held for c in joined.split()}
            assert columns <= set(ibis_schema(name).names)


@pytest.mark.parametrize(
    ("claims", "person"),
    [
        ({"sub": "a", "r": "N", "name": " Nina "}, ("a", "national", (), "Nina")),
        ({"sub": "a", "r": ["x", "I"], "g": ["one", "x", "two"]}, ("a", "icb", ("QMJ", "QMF"), "a")),
        ({"sub": "a", "r": ["I", "J"], "g": "one"}, ("a", "icb", ("QMJ",), "a")),
        ({"sub": "a", "r": "P"}, ("a", "public", (), "a")),
        ({"sub": "a", "r": "n"}, "no role here"), ({"sub": "a"}, "no role here"),
        ({"sub": "a", "r": None}, "no role here"),
        ({"sub": "a", "r": {"N": 1}}, "no role here"), ({"sub": "a", "r": ["N", "I"]}, "several roles"),
        ({"sub": "a", "r": "I", "g": "QMJ"}, "no organisation"), ({"sub": "a", "r": "I", "g": []}, "no organisation"),
        ({"r": "N"}, "no account"), ({"sub": ["a", "b"], "r": "N"}, "no account"),
        ({"sub": True, "r": "N"}, "no account"),
    ],
)  # fmt: skip
def test_claims_become_a_person_or_a_sentence(claims: dict[str, Any], person: Any) -> None:
    sign_on = SignOn(
        "https://x.example", "t", {"N": "national", "I": "icb", "J": "icb", "P": "public"},
        claims={"account": "sub", "name": "name", "role": "r", "organisations": "g"},
        organisations={"one": ("QMJ",), "two": ("QMF", "QMJ")},
    )  # fmt: skip
    if isinstance(person, str):
        with pytest.raises(ForbiddenError, match=person):
            sign_on.person(claims)
    else:
        found = sign_on.person(claims)
        assert (found.account, found.role, found.organisations, found.label) == person


def test_claims_may_stand_within_others_and_be_codes_themselves() -> None:
    sign_on = SignOn(
        "https://x.example", "t", {"N": "icb"},
        claims={"account": "sub", "name": "name", "role": "realm.roles", "organisations": "https://x.example/acts.org"},
    )  # fmt: skip
    said = {
        "sub": "a",
        "realm": [{"roles": ["N"]}, {"roles": "y"}],
        "https://x.example/acts.org": ["QMJ", "not a code"],
    }
    assert sign_on.person(said).organisations == ("QMJ",)


def test_the_sign_on_file_of_the_documentation_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERTIARY_CLIENT_SECRET", "hush")
    page = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "sign-on-with-openid-connect.md"
    file = tmp_path / "sign-on.toml"
    file.write_text(page.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0])
    said = {"preferred_username": "dr.a", "name": "Dr A", "roles": ["Tertiary.ICB"], "groups": ["spec-comm-london"]}
    found = read_sign_on(file).person(said)
    assert found == Person("dr.a", "icb", ("QMJ", "QMF", "QRV", "QKK", "QWE"), "Dr A")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issuer": "http://login.example.org"}, "https://"), ({"issuer": 7}, "issuer is 7"),
        ({"client_id": ""}, "client_id"),
        ({"scopes": "profile"}, "openid among them"), ({"roles": {}}, "roles"), ({"roles": {"x": "king"}}, "'king'"),
        ({"claims": {"rolle": "x"}}, "rolle"), ({"organisations": {"x": "not a code"}}, "codes for each value"),
        ({"organisations": {"x": []}}, "codes for each value"),
        ({"public_client": True}, "TERTIARY_CLIENT_SECRET is set"),
        ({"ask_userinfo": "yes"}, "true or false"), ({"port": 1}, "port is not known"),
    ],
)  # fmt: skip
def test_a_sign_on_file_says_what_is_wrong_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], words: str
) -> None:
    monkeypatch.setenv("TERTIARY_CLIENT_SECRET", "hush")
    good = {"issuer": "https://x.example", "client_id": "t", "roles": {"N": "national"}}
    file = tmp_path / "sign-on.toml"

    def written(told: dict[str, Any]) -> Path:
        plain = [f"{k} = {json.dumps(v)}" for k, v in told.items() if not isinstance(v, dict)]
        tables = [x for k, v in told.items() if isinstance(v, dict)
                  for x in (f"[{k}]", *(f"{json.dumps(a)} = {json.dumps(b)}" for a, b in v.items()))]  # fmt: skip
        file.write_text("\n".join([*plain, *tables]))
        return file

    assert read_sign_on(written(good)).client_secret == "hush" and "hush" not in repr(read_sign_on(file))
    with pytest.raises(TertiaryError, match=words) as told:
        read_sign_on(written(good | change))
    assert "sign-on.toml" in str(told.value) and "hush" not in str(told.value)
