"""Every route, every role: what each may see, and that nothing else comes through."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from decimal import Decimal

import ibis
import pytest
from fastapi.testclient import TestClient

from tertiary.register import Register
from tertiary.tables import ibis_schema
from tertiary.web.people import COOKIE, HOLDS, PUBLIC, Person, account_of, demo_people, signed
from tertiary.web.scope import ForbiddenError, owned, within
from web_helpers import token

Be = Callable[[str], TestClient]
# what each sees of the small run's ledger, in pounds, worked out by hand from SPENT
SEES = {
    "national": "643127", "london": "603127", "ncl": "127", "office": "3127", "uclh": "603120",
}  # fmt: skip
OPEN = ("/services", "/register", "/method", "/sign-in", "/health", "/api/v1/runs", "/api/openapi.json")


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


def test_cookies_cannot_be_written_or_kept(client: TestClient) -> None:
    good = signed("national", b"a secret of the tests")
    text = base64.urlsafe_b64decode(good).decode()
    changed = [
        base64.urlsafe_b64encode(text.replace("national", "london").encode()).decode(),
        signed("national", b"another secret"), "", "x", good[:-4], signed("nobody", b"a secret of the tests"),
        signed("national", b"a secret of the tests", time.time() - HOLDS - 1),
        signed("national", b"a secret of the tests", time.time() + 60),
    ]  # fmt: skip
    assert account_of(good, b"a secret of the tests") == "national"
    for cookie in changed:
        client.cookies.clear()
        client.cookies.set(COOKIE, cookie)
        assert client.get("/api/v1/ledger").status_code == 403


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
