"""How people prove who they are: a provider of OpenID Connect, and what its claims mean here, both told in a file.

Secrets are never in the file: they come from the environment (CLIENT_SECRET, COOKIE_SECRET).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tertiary.errors import TertiaryError
from tertiary.web import LOOPBACK
from tertiary.web.people import Person, roles
from tertiary.web.scope import ForbiddenError

CLIENT_SECRET, COOKIE_SECRET = "TERTIARY_CLIENT_SECRET", "TERTIARY_COOKIE_SECRET"
SHORTEST_SECRET = 32
# what the decision store keeps of an account
LONGEST_ACCOUNT = 64
CODE = re.compile("[A-Za-z0-9]{1,16}")
TEXTS, TABLES = ("issuer", "client_id", "scopes", "name"), ("claims", "roles", "organisations")
FIELDS = (*TEXTS, *TABLES, "ask_userinfo", "public_client")
CLAIMS = {"account": "sub", "name": "name", "role": "roles", "organisations": "organisations"}


@dataclass(frozen=True)
class SignOn:
    """The provider, and how its claims name account, role and organisations.

    `claims`: for each of CLAIMS the claim that tells it; a claim within others with dots (realm_access.roles). `roles`:
    our role for a value of the role claim. `organisations`: our codes for a value of that claim; without any the values
    are codes themselves. `ask_userinfo`: claims stand at the provider's userinfo, not in its token. `public_client`:
    the provider knows this server without a secret.
    """

    issuer: str
    client_id: str
    roles: Mapping[str, str]
    scopes: str = "openid profile"
    name: str = ""
    claims: Mapping[str, str] = field(default_factory=lambda: dict(CLAIMS))
    organisations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ask_userinfo: bool = False
    public_client: bool = False
    client_secret: str = field(default="", repr=False)

    def person(self, claims: Mapping[str, Any]) -> Person:
        """Who has signed on, as the provider's claims say. ForbiddenError, in words for them, when that is nobody."""
        account = _only(_values(claims, self.claims["account"]))
        if not account or len(account) > LONGEST_ACCOUNT:
            raise ForbiddenError(
                f"The sign-on names no account of at most {LONGEST_ACCOUNT} characters "
                f"(claim {self.claims['account']}). {ASK}"
            )
        given = _values(claims, self.claims["role"])
        found = sorted({self.roles[value] for value in given if value in self.roles})
        if not found:
            raise ForbiddenError(f"Your account {account} is known, but it has no role here. {ASK}")
        if len(found) > 1:
            raise ForbiddenError(
                f"Your account {account} has several roles here ({', '.join(found)}); it may have one. {ASK}"
            )
        codes = self._codes(_values(claims, self.claims["organisations"])) if _acts_for(found[0]) else ()
        if _acts_for(found[0]) and not codes:
            raise ForbiddenError(
                f"Your account {account} has the role {found[0]}, but no organisation for which it acts. {ASK}"
            )
        return Person(account, found[0], codes, _only(_values(claims, self.claims["name"])) or account)

    def _codes(self, given: tuple[str, ...]) -> tuple[str, ...]:
        known = self.organisations or {value: (value,) for value in given if CODE.fullmatch(value)}
        return tuple(dict.fromkeys(code for value in given for code in known.get(value, ())))


ASK = "Ask those who run this server, or who manage its accounts, to put that right."


def read_sign_on(file: Path) -> SignOn:
    """The sign-on of a TOML file, with the client's secret of the environment.

    TertiaryError names the field, what it holds and what was expected.
    """
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TertiaryError(f"{file} cannot be read as TOML: {reason}.") from error

    def refuse(name: str, expected: str) -> None:
        raise TertiaryError(f"{file}: {name} is {told.get(name, 'missing')!r}; expected {expected}.")

    if unknown := sorted(set(told) - set(FIELDS)):
        raise TertiaryError(f"{file}: {', '.join(unknown)} is not known. Fields: {', '.join(FIELDS)}.")
    for name in TEXTS:
        if not isinstance(told.get(name, ""), str) or (name in ("issuer", "client_id") and not told.get(name)):
            refuse(name, "text")
    for name in TABLES:
        if not isinstance(told.get(name, {}), dict):
            refuse(name, f"a table [{name}]")
    for name in ("ask_userinfo", "public_client"):
        if not isinstance(told.get(name, False), bool):
            refuse(name, "true or false")
    issuer = urlsplit(told["issuer"])
    if not issuer.hostname or (issuer.scheme != "https" and issuer.hostname not in LOOPBACK):
        refuse("issuer", "an address with https://")
    if "openid" not in told.get("scopes", "openid").split():
        refuse("scopes", "openid among them, such as 'openid profile'")
    claims = told.get("claims", {})
    if set(claims) - set(CLAIMS) or not all(isinstance(text, str) and text for text in claims.values()):
        refuse("claims", f"the name of a claim for any of {', '.join(CLAIMS)}")
    if not told.get("roles") or any(role not in roles() for role in told["roles"].values()):
        refuse("roles", f"a table of values of the role claim, each with one of {', '.join(roles())}")
    codes = {value: _codes_of(given) for value, given in told.get("organisations", {}).items()}
    if not all(codes.values()):
        refuse("organisations", 'codes for each value of the claim, such as "group-ncl" = ["QMJ"]')
    secret = os.environ.get(CLIENT_SECRET, "")
    if bool(secret) == told.get("public_client", False):
        raise TertiaryError(
            f"{file} names a client {'without' if secret else 'with'} a secret, and {CLIENT_SECRET} is "
            f"{'set' if secret else 'not set'}. Set it to what the provider gave for {told['client_id']}, or say "
            "public_client = true and leave it out."
        )
    return SignOn(**{**told, "claims": CLAIMS | claims, "organisations": codes, "client_secret": secret})


def cookie_secret() -> bytes:
    """The secret that cookies are signed with; empty when the environment has none. TertiaryError when it is short."""
    found = os.environ.get(COOKIE_SECRET, "")
    if found and len(found) < SHORTEST_SECRET:
        raise TertiaryError(f"{COOKIE_SECRET} has {len(found)} characters; at least {SHORTEST_SECRET} are needed.")
    return found.encode()


def _acts_for(role: str) -> bool:
    return roles()[role]["sees"] not in ("all", "released")


def _codes_of(given: Any) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else [given]
    return tuple(listed) if all(isinstance(code, str) and CODE.fullmatch(code) for code in listed) else ()


def _values(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """What a claim says: its text, or each text of its list; by dots within other claims, unless one is named so."""
    found: list[Any] = [claims]
    for part in [name] if name in claims else name.split("."):
        inner = [one[part] for one in found if isinstance(one, Mapping) and part in one]
        found = [value for one in inner for value in (one if isinstance(one, list) else [one])]
    return tuple(str(value) for value in found if isinstance(value, (str, int)) and not isinstance(value, bool))


def _only(values: tuple[str, ...]) -> str:
    return values[0].strip() if len(values) == 1 else ""
