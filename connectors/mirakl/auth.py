"""The OAuth client-credentials token: one for all threads, renewed ahead of its end."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass

import httpx
import orjson

from connectors.mirakl.errors import CredentialRefused, TokenUnavailable
from connectors.mirakl.limiter import Limiter

# Mirakl advises to renew some minutes before the end (contract 1); a short-lived token is renewed at half its life.
RENEW_AHEAD_SECONDS = 180
_RENEW_AGAIN_SECONDS = 5
_LIFE_UNSAID_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class _Token:
    """A token, and when on the monotonic clock it ends and should be renewed."""

    text: str = ""
    ends_at: float = 0.0
    renew_at: float = 0.0


class TokenSource:
    """Hands out the current token. Thread-safe: while one thread fetches, the others wait for the same token.

    Fetching counts against the rate as any request does.
    """

    def __init__(
        self, http: httpx.Client, limiter: Limiter, token_url: str, client_id: str, client_secret: str
    ) -> None:
        self._http, self._limiter, self._url = http, limiter, token_url
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        self._lock = threading.Lock()
        self._token = _Token()
        self._failure: tuple[float, TokenUnavailable] = (0.0, TokenUnavailable(""))

    def token(self, refused: str | None, until: float, interrupt: threading.Event) -> str:
        """Return a token; `refused` is one that Mirakl did not take, and is replaced unless another thread did so.

        Raises:
            CredentialRefused: wrong credentials.
            TokenUnavailable: no usable answer.
            NoSlot: no request may leave before `until`.
        """
        asked_at = time.monotonic()
        with self._lock:
            current = self._token
            if current.text not in {"", refused} and time.monotonic() < current.renew_at:
                return current.text
            failed_at, failure = self._failure
            if failed_at > asked_at:
                # The thread before asked in vain while this one waited: eight timeouts in a row help nobody.
                raise failure
            try:
                with self._limiter.slot(until, interrupt):
                    self._token = self._fetch()
            except TokenUnavailable as error:
                now = time.monotonic()
                if current.text in {"", refused} or now >= current.ends_at:
                    self._failure = (now, error)
                    raise
                # Only the renewal ahead of time failed: the token at hand is still good.
                self._token = _Token(current.text, current.ends_at, now + _RENEW_AGAIN_SECONDS)
            return self._token.text

    def _fetch(self) -> _Token:
        try:
            response = self._http.post(self._url, data=self._form)
        except httpx.RequestError as error:
            raise TokenUnavailable(
                f"the token endpoint does not answer ({type(error).__name__}); check MIRAKL_TOKEN_URL"
            ) from None
        status = response.status_code
        if status in {400, 401, 403}:
            raise CredentialRefused(
                f"the token endpoint refuses the credentials (HTTP {status}); "
                "check MIRAKL_TOKEN_URL and the credential: MIRAKL_CLIENT_ID and MIRAKL_CLIENT_SECRET, or those that "
                "[mirakl.credentials] names for the channel"
            )
        if status in {404, 405, 410}:
            raise CredentialRefused(f"there is no token endpoint here (HTTP {status}); check MIRAKL_TOKEN_URL")
        if status != httpx.codes.OK:
            raise TokenUnavailable(f"the token endpoint answers HTTP {status}")
        text, life = _read(response.content)
        now = time.monotonic()
        return _Token(text, now + life, now + max(life - RENEW_AHEAD_SECONDS, life / 2))


def _read(content: bytes) -> tuple[str, float]:
    """Read a token and its life in seconds; what a header cannot hold is no token."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        body = None
    text = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(text, str) or not re.fullmatch("[!-~]+", text):
        raise TokenUnavailable("the token endpoint answers something that is no token; check MIRAKL_TOKEN_URL")
    try:
        return text, float(body.get("expires_in"))
    except (TypeError, ValueError):
        # A token is good whatever its declared life; Mirakl answers 401 when it has ended.
        return text, _LIFE_UNSAID_SECONDS
