"""Who asks: a person with a role for organisations, and the signed cookie that says so.

In development, on loopback only, people choose who to be (demo_people.csv). The cookie holds the account and when it
was given; it is signed, so that nobody can write one, and it ends.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tertiary.errors import TertiaryError
from tertiary.sheets import shipped

COOKIE = "tertiary_person"
# seconds a sign-on holds
HOLDS = 8 * 3600


@dataclass(frozen=True)
class Person:
    """Somebody who asks. `organisations`: codes for which they act; empty for national and public."""

    account: str
    role: str
    organisations: tuple[str, ...]
    label: str


PUBLIC = Person("public", "public", (), "Anybody")


@cache
def roles() -> Mapping[str, Mapping[str, str]]:
    """What each role sees, and what it means."""
    return {line.text("role"): line.cells for line in shipped("tertiary.web", "roles.csv", TertiaryError)}


@cache
def demo_people() -> Mapping[str, Person]:
    """The people of the development mode, by account."""
    found = {}
    for line in shipped("tertiary.web", "demo_people.csv", TertiaryError):
        account, role = line.text("account"), line.choice("role", tuple(roles()))
        found[account] = Person(account, role, line.codes("organisation_codes"), line.text("label"))
    return found


def signed(account: str, secret: bytes, now: float | None = None) -> str:
    """The cookie's text for an account, given at `now` (seconds since 1970)."""
    said = f"{account}|{int(time.time() if now is None else now)}"
    return base64.urlsafe_b64encode(f"{said}|{_mark(said, secret)}".encode()).decode()


def account_of(cookie: str, secret: bytes, now: float | None = None) -> str:
    """The account a cookie names; blank when it was not signed with this secret, or has ended."""
    try:
        account, given, mark = base64.urlsafe_b64decode(cookie.encode()).decode().split("|")
        age = (time.time() if now is None else now) - int(given)
    except (ValueError, OverflowError):
        return ""
    said = f"{account}|{given}"
    return account if hmac.compare_digest(mark.encode(), _mark(said, secret).encode()) and 0 <= age < HOLDS else ""


def form_token(cookie: str, secret: bytes) -> str:
    """What a form must carry that somebody with this cookie sends: another site cannot know it."""
    return _mark(f"form|{cookie}", secret)


def _mark(said: str, secret: bytes) -> str:
    return hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()
