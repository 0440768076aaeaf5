"""The provider of sign-ons, asked with Authlib: authorization code with PKCE, state and nonce.

What must be remembered between going there and coming back stays in memory here; the browser holds its name only.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth, OAuthError
from joserfc.errors import JoseError

from tertiary.web.access import LOG
from tertiary.web.answers import UnavailableError
from tertiary.web.scope import ForbiddenError

try:
    # what Authlib asks with where it is installed
    import httpx2 as http
except ImportError:
    import httpx as http  # type: ignore[no-redef]

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request
    from fastapi.responses import Response

    from tertiary.web.sign_on import SignOn

# seconds between going to the provider and coming back, and to wait for its answer
WAY, PATIENCE = 600, 10
# how many may be on their way at once
MOST = 10_000
# seconds by which the clocks of provider and server may differ
LEEWAY = 60
# signatures that only the provider can make; never a secret shared with clients, never none
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
AGAIN = "Sign on again; if it happens again, tell those who run this server."
# what a provider that does not keep to the standard, or does not answer, ends in
WRONG = (http.HTTPError, AuthlibBaseError, JoseError, ValueError, RuntimeError, KeyError, TypeError, AttributeError)
# what providers say when they refuse, in words for the person
REFUSALS = {
    "access_denied": "The sign-on was refused or stopped at the provider.",
    "mismatching_state": "This sign-on was not begun in this browser, or was begun too long ago.",
    "login_required": "The provider wants you to sign on there first.",
    "invalid_grant": "This sign-on was used before, or is too old.",
}


class Provider:
    """One provider. `person` raises ForbiddenError or UnavailableError in words for whoever signs on."""

    def __init__(self, sign_on: SignOn) -> None:
        self.sign_on = sign_on
        oauth = OAuth(cache=_Underway())
        how = {} if sign_on.client_secret else {"token_endpoint_auth_method": "none"}
        self._client = oauth.register(
            "provider", client_id=sign_on.client_id, client_secret=sign_on.client_secret or None,
            server_metadata_url=sign_on.issuer.rstrip("/") + "/.well-known/openid-configuration",
            # one context for all: each client would read the certificates of the world anew
            client_kwargs={"scope": sign_on.scopes, "code_challenge_method": "S256", "timeout": PATIENCE,
                           "verify": http.create_ssl_context(), **how},
        )  # fmt: skip

    async def send(self, request: Request, back: str) -> Response:
        """Send the browser to the provider, which sends it `back`."""
        await self._known()
        try:
            found: Response = await self._client.authorize_redirect(request, back)
        except WRONG as error:
            raise _unreachable(error) from error
        return found

    async def claims(self, request: Request) -> Mapping[str, Any]:
        """What the provider says of whoever comes back from it, once that is proven."""
        known = await self._known()
        proof = {
            "iss": {"essential": True, "value": known["issuer"]},
            "aud": {"essential": True, "value": self.sign_on.client_id},
            "nonce": {"essential": True},
        }  # fmt: skip
        try:
            token = await self._client.authorize_access_token(request, claims_options=proof, leeway=LEEWAY)
            said = token.get("userinfo")
            if said and self.sign_on.ask_userinfo:
                more = await self._client.userinfo(token=token)
                if more.get("sub") != said["sub"]:
                    raise ForbiddenError(f"The provider spoke of two people at once. {AGAIN}")
                said = {**more, **said}
        except OAuthError as error:
            LOG.warning("sign-on refused: the provider says %.60r", error.error)
            raise ForbiddenError(
                f"{REFUSALS.get(str(error.error), 'The provider refused the sign-on.')} {AGAIN}"
            ) from error
        except JoseError as error:
            LOG.warning("sign-on refused: its token is not as it must be (%.200r)", str(error))
            raise ForbiddenError(f"What the provider sent does not prove who you are ({error}). {AGAIN}") from error
        except WRONG as error:
            raise _unreachable(error) from error
        if not said:
            raise ForbiddenError(f"The provider sent no proof of who you are. {AGAIN}")
        return dict(said)

    async def sign_out_address(self, back: str) -> str:
        """Where to sign out of the provider as well; blank when it has no such place or does not answer."""
        try:
            known = await self._known()
        except (UnavailableError, ForbiddenError):
            return ""
        place = str(known.get("end_session_endpoint", ""))
        asked = urlencode({"client_id": self.sign_on.client_id, "post_logout_redirect_uri": back})
        return f"{place}?{asked}" if place else ""

    async def _known(self) -> Mapping[str, Any]:
        """What the provider says of itself, asked once. ForbiddenError when it is another than was meant."""
        try:
            known: dict[str, Any] = await self._client.load_server_metadata()
            issuer = known["issuer"]
            known["id_token_signing_alg_values_supported"] = [
                name for name in known.get("id_token_signing_alg_values_supported", ["RS256"]) if name in SIGNATURES
            ] or ["RS256"]
        except WRONG as error:
            raise _unreachable(error) from error
        if issuer.rstrip("/") != self.sign_on.issuer.rstrip("/"):
            LOG.error("sign-on refused: the provider calls itself %r, not %r", issuer, self.sign_on.issuer)
            raise ForbiddenError(
                "The provider of sign-ons is not the one this server was told of. Tell those who run this server."
            )
        return known


class _Underway:
    """What Authlib remembers of each sign-on that has begun: gone after WAY seconds, or once it was used."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, str]] = {}

    async def get(self, key: str) -> str | None:
        until, value = self._held.get(key, (0.0, ""))
        return value if until > time.time() else None

    async def set(self, key: str, value: str, _: int) -> None:
        now = time.time()
        if len(self._held) >= MOST:
            self._held = {k: v for k, v in self._held.items() if v[0] > now}
        while len(self._held) >= MOST:
            self._held.pop(next(iter(self._held)))
        self._held[key] = (now + WAY, value)

    async def delete(self, key: str) -> None:
        self._held.pop(key, None)


def _unreachable(error: Exception) -> UnavailableError:
    LOG.error("the provider of sign-ons cannot be used: %s: %s", type(error).__name__, error)
    return UnavailableError("The provider of sign-ons does not answer as it should. Try again in a few minutes.")
