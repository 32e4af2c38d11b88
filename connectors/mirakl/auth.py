"""The OAuth client-credentials token: one for all threads, renewed ahead of its end.

Belongs here: getting and keeping a token. Does not belong here: what a refused token means for orders (`client`).
"""

from __future__ import annotations

import threading
import time

import httpx
import orjson

# Mirakl advises to renew some minutes before the end (contract 1); a short-lived token is renewed at half its life.
RENEW_AHEAD_SECONDS = 180


class TokenRefused(Exception):
    """The token endpoint says no: the credentials are wrong. Never holds the secret."""


class TokenUnavailable(Exception):
    """The token endpoint gives no token just now; worth trying again."""


class TokenSource:
    """Hands out the current token. Thread-safe: while one thread fetches, the others wait for the same token."""

    def __init__(self, http: httpx.Client, token_url: str, client_id: str, client_secret: str) -> None:
        self._http, self._url = http, token_url
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0

    def token(self, refused: str | None = None) -> str:
        """Return a token; `refused` is one that Mirakl did not take, and is replaced unless another thread did so.

        Raises:
            TokenRefused: wrong credentials.
            TokenUnavailable: no usable answer.
        """
        with self._lock:
            if self._token == refused or time.monotonic() >= self._renew_at:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        try:
            response = self._http.post(self._url, data=self._form)
        except httpx.TransportError as error:
            raise TokenUnavailable(f"the token endpoint does not answer ({type(error).__name__})") from None
        status = response.status_code
        if status in {400, 401, 403}:
            raise TokenRefused(
                f"the token endpoint refuses the credentials (HTTP {status}); "
                "check MIRAKL_CLIENT_ID, MIRAKL_CLIENT_SECRET and MIRAKL_TOKEN_URL"
            )
        if status != httpx.codes.OK:
            raise TokenUnavailable(f"the token endpoint answers HTTP {status}")
        try:
            body = orjson.loads(response.content)
            token, life = str(body["access_token"]), float(body.get("expires_in", 300))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            raise TokenUnavailable("the token endpoint answers something that is no token") from None
        self._token = token
        self._renew_at = time.monotonic() + max(life - RENEW_AHEAD_SECONDS, life / 2)
