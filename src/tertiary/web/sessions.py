"""Sessions: a signed cookie that says who somebody is and since when, and nothing that is secret.

Each sign-on begins a session with an id of its own; forms are bound to that id. A session ends after HOLDS, or when
its person signs out: then this server knows its id as ended until the cookie would have ended by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from tertiary.web.people import PUBLIC, Person, demo_people, roles

COOKIE = "tertiary_session"
# seconds a session holds
HOLDS = 8 * 3600


@dataclass(frozen=True)
class Session:
    """One person's visit, from sign-on on; of PUBLIC before that. `key` is its id."""

    person: Person = PUBLIC
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))


class Sessions:
    """Sessions of one server. `demo`: persons are those of demo_people.csv, else as the sign-on said."""

    def __init__(self, secret: bytes, *, demo: bool) -> None:
        salt = "tertiary demonstration" if demo else "tertiary sign-on"
        self._seal = URLSafeTimedSerializer(secret, salt=salt, signer_kwargs={"digest_method": hashlib.sha256})
        self._secret = secret
        self._demo = demo
        self._ended: dict[str, float] = {}

    def cookie(self, session: Session) -> str:
        """The cookie's text, given now."""
        person = session.person
        said: dict[str, Any] = {"id": session.key}
        if person != PUBLIC:
            said["account"] = person.account
        if person != PUBLIC and not self._demo:
            said |= {"role": person.role, "organisations": person.organisations, "label": person.label}
        return str(self._seal.dumps(said))

    def session(self, cookie: str) -> Session | None:
        """The session a cookie names; None when this server did not give it, or it has ended."""
        try:
            said = self._seal.loads(cookie, max_age=HOLDS)
            key, account = str(said["id"]), str(said.get("account", ""))
        except (BadData, KeyError, TypeError, AttributeError, ValueError, OverflowError):
            return None
        if key in self._ended:
            return None
        if self._demo or not account:
            return Session(demo_people().get(account, PUBLIC), key)
        if said.get("role") not in roles():
            return None
        return Session(Person(account, said["role"], tuple(said["organisations"]), said["label"]), key)

    def end(self, session: Session) -> None:
        """Take a session's cookie for nobody's from now on."""
        now = time.time()
        self._ended = {key: until for key, until in self._ended.items() if until > now}
        self._ended[session.key] = now + HOLDS

    def form_token(self, session: Session) -> str:
        """What a form of this session must carry: another site cannot know it, another person has another."""
        return hmac.new(self._secret, f"form|{session.key}".encode(), hashlib.sha256).hexdigest()
