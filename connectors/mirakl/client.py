"""Posting one request to Mirakl Connect until there is an answer, or no time left for one."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from math import inf

import httpx
import tenacity

from connectors.mirakl.auth import TokenRefused, TokenSource, TokenUnavailable
from connectors.mirakl.errors import (
    NoAnswer,
    OrdersRefused,
    RequestTooLarge,
    SenderLost,
    SettingsError,
    StoreStopped,
    faults,
    stopped,
)
from connectors.mirakl.limiter import Limiter, NoSlot
from connectors.mirakl.trouble import Trouble

_BACKOFF = tenacity.wait_random_exponential(multiplier=0.5, max=30)
_ORDERS = "/v1/orders"
# The answers of Mirakl that asking again does not change (contract 3). One that is not Mirakl's at all, a redirect or a
# login page, may be a gateway's passing trouble.
_FINAL = frozenset({401, 403, 404, 405, 406, 410, 415})
_FOREIGN_REPEATS = 2
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class MiraklSettings:
    """Where Mirakl is and how to speak to it. Times in seconds; `retry_budget` bounds the repeats of one request."""

    base_url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    requests_per_second: float = 20
    connect_timeout: float = 10
    read_timeout: float = 60
    retry_budget: float = 120
    connections: int = 8

    def __post_init__(self) -> None:
        """Refuse what cannot work or would send a secret in the clear.

        Raises:
            SettingsError: an address is not https (loopback aside), a credential is missing, or the rate is too high.
        """
        for name, url in (("MIRAKL_BASE_URL", self.base_url), ("MIRAKL_TOKEN_URL", self.token_url)):
            _require_safe(name, url)
        if httpx.URL(self.base_url).query:
            raise SettingsError("MIRAKL_BASE_URL holds a query (what stands behind the ?); leave that out")
        if self.base_url.rstrip("/").endswith(_ORDERS):
            raise SettingsError(f"MIRAKL_BASE_URL ends with {_ORDERS}; leave that out, it is added")
        for name, value in (("MIRAKL_CLIENT_ID", self.client_id), ("MIRAKL_CLIENT_SECRET", self.client_secret)):
            if not value:
                raise SettingsError(f"{name} is not set; set it to the credential Mirakl gave you")


def _require_safe(name: str, address: str) -> None:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise SettingsError(f"{name} is not an address") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise SettingsError(f"{name} is not an address; expected https://host/path")
    if url.userinfo:
        raise SettingsError(
            f"{name} holds a user; the credential is in MIRAKL_CLIENT_ID and MIRAKL_CLIENT_SECRET alone"
        )
    if url.scheme == "http" and not _loopback(url.host):
        raise SettingsError(f"{name} must start with https:// (plain http only to this machine itself)")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class _Again(Exception):
    """Not answered yet. `after` is what Retry-After asks for, in seconds; `about_batch` as in `NoAnswer`."""

    def __init__(self, why: str, *, about_batch: bool, after: float | None = None) -> None:
        super().__init__(why)
        self.about_batch, self.after = about_batch, after


@dataclass(slots=True)
class _Request:
    """One body on its way: since when, for how long (seconds) it is repeated, and how often it was posted.

    `allowed` is asked before each post. `foreign` counts answers that are not Mirakl's.
    """

    body: bytes
    budget: float
    stop: threading.Event
    allowed: Callable[[], bool]
    since: float
    posts: int = 0
    foreign: int = 0


class MiraklClient:
    """Speaks to Mirakl with one credential. Thread-safe; `requests` and `retries` count posts of orders.

    `answers` counts definite answers (204, 400, 413): while it grows, Mirakl is there. `say` hears of it when there are
    none for a while, see `trouble`.
    """

    def __init__(self, settings: MiraklSettings, say: Callable[[str], None] = lambda _: None) -> None:
        timeout = httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout)
        limits = httpx.Limits(
            max_connections=settings.connections + 1, max_keepalive_connections=settings.connections + 1
        )
        # Redirects are not followed: the token belongs to this host alone.
        self._http = httpx.Client(timeout=timeout, limits=limits, follow_redirects=False)
        self._limiter = Limiter(settings.requests_per_second)
        self._tokens = TokenSource(
            self._http, self._limiter, settings.token_url, settings.client_id, settings.client_secret
        )
        self._base_url = settings.base_url.rstrip("/")
        self._url = self._base_url + _ORDERS
        self._budget = settings.retry_budget
        self._trouble = Trouble(say)
        self._lock = threading.Lock()
        self._answered_at = 0.0
        self.requests = self.retries = self.answers = 0

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def authenticate(self) -> None:
        """Get a token, to see whether the credentials are good. Nothing is sent to Mirakl Connect itself.

        Raises:
            StoreStopped: the credentials are refused.
            NoAnswer: there is no token to be had just now.
        """
        try:
            self._tokens.token(None, time.monotonic() + self._budget, threading.Event())
        except TokenRefused as error:
            raise StoreStopped(str(error)) from None
        except TokenUnavailable as error:
            raise NoAnswer(str(error), about_batch=False) from None

    def reach(self) -> None:
        """See that somebody is at the base URL, whatever the answer; no order and no token is sent.

        Raises:
            NoAnswer: nobody is.
        """
        try:
            self._http.head(self._base_url)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise NoAnswer(
                f"nobody answers at MIRAKL_BASE_URL ({type(error).__name__}); check it, and that this machine may go "
                "there",
                about_batch=False,
            ) from None

    def post_orders(
        self,
        body: bytes,
        *,
        budget: float | None = None,
        stop: threading.Event | None = None,
        allowed: Callable[[], bool] = lambda: True,
    ) -> None:
        """Send one upsertOrders body; return when Mirakl has accepted all of it.

        What may lie in the batch (5xx, a connection cut) is repeated for `budget` seconds. What cannot (429, no
        connection, no token) is repeated until Mirakl has given nobody an answer for as long.
        `stop` ends the waiting between repeats: the request in flight is finished, and no other begun. `allowed` is
        asked at the last moment before each request leaves.

        Raises:
            OrdersRefused: 400, because of the orders.
            RequestTooLarge: 413.
            StoreStopped: this store or credential cannot deliver (also when the token is refused twice).
            NoAnswer: none within the budget.
            SenderLost: it is not `allowed` any more.
        """
        patience = self._budget if budget is None else budget
        request = _Request(body, patience, stop or threading.Event(), allowed, since=time.monotonic())
        repeat = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            wait=_wait,
            stop=lambda state: self._given_up(state, request),
            sleep=lambda seconds: _sleep(seconds, request.stop),
            before_sleep=lambda state: self._tell(state, request),
            reraise=True,
        )
        try:
            repeat(self._attempt, request)
        except _Again as again:
            raise NoAnswer(f"no answer from Mirakl: {again}", about_batch=again.about_batch) from None

    def _attempt(self, request: _Request) -> None:
        try:
            token = self._token(request, refused=None)
            response = self._post(request, token)
            # One new token is the rule. A credential that has worked in this session may be refused by a gateway's
            # hiccup, so it gets two more before its store is stopped.
            for _ in range(3 if self.answers else 1):
                if response.status_code != httpx.codes.UNAUTHORIZED:
                    break
                token = self._token(request, refused=token)
                response = self._post(request, token)
        except TokenUnavailable as error:
            raise _Again(str(error), about_batch=False) from None
        except TokenRefused as error:
            raise StoreStopped(str(error)) from None
        except NoSlot:
            raise _Again("it asks for a longer pause than the retry budget", about_batch=False, after=inf) from None
        self._judge(request, response)

    def _token(self, request: _Request, refused: str | None) -> str:
        return self._tokens.token(refused, self._silence_ends(request), request.stop)

    def _post(self, request: _Request, token: str) -> httpx.Response:
        with self._limiter.slot(self._silence_ends(request), request.stop):
            if not request.allowed():
                raise SenderLost
            with self._lock:
                self.requests += 1
                self.retries += request.posts > 0
            request.posts += 1
            headers = {**_HEADERS, "Authorization": f"Bearer {token}"}
            try:
                return self._http.post(self._url, content=request.body, headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                raise _Again(f"no connection ({type(error).__name__})", about_batch=False) from None
            except httpx.RequestError as error:
                raise _Again(f"connection failed ({type(error).__name__})", about_batch=True) from None

    def _judge(self, request: _Request, response: httpx.Response) -> None:
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            after = _retry_after(response.headers.get("Retry-After"))
            # Without a Retry-After a short pause for all threads keeps a storm from feeding itself.
            self._limiter.hold(after or 0.5)
            raise _Again("HTTP 429", about_batch=False, after=after)
        if status in {408, 425} or status >= 500:
            raise _Again(f"HTTP {status}", about_batch=True, after=_retry_after(response.headers.get("Retry-After")))
        if status in {httpx.codes.NO_CONTENT, httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE}:
            with self._lock:
                self.answers += 1
                self._answered_at = time.monotonic()
            self._trouble.answered()
        if status == httpx.codes.BAD_REQUEST:
            raise OrdersRefused(faults(response.content))
        if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            raise RequestTooLarge("HTTP 413: the request has too many bytes")
        # Only 204 is Mirakl's yes: a 200 may be the login page of whatever stands at a wrong address.
        if status != httpx.codes.NO_CONTENT:
            if status not in _FINAL and request.foreign < _FOREIGN_REPEATS:
                request.foreign += 1
                raise _Again(f"HTTP {status}", about_batch=False)
            raise stopped(response)

    def _silence_ends(self, request: _Request) -> float:
        """Return until when Mirakl may be silent to everyone."""
        return max(request.since, self._answered_at) + request.budget

    def _given_up(self, state: tenacity.RetryCallState, request: _Request) -> bool:
        again = _again(state)
        return request.stop.is_set() or time.monotonic() + (again.after or 0.0) >= self._ends(again, request)

    def _ends(self, again: _Again, request: _Request) -> float:
        return request.since + request.budget if again.about_batch else self._silence_ends(request)

    def _tell(self, state: tenacity.RetryCallState, request: _Request) -> None:
        again = _again(state)
        pause = state.next_action.sleep if state.next_action is not None else 0.0
        self._trouble.failed(str(again), pause, self._ends(again, request))


def _sleep(seconds: float, stop: threading.Event) -> None:
    if stop.wait(seconds):
        raise _Again("the run was stopped", about_batch=False)


def _wait(state: tenacity.RetryCallState) -> float:
    # A server that says "now" (0, or a date gone by) is given a moment all the same: it has just failed.
    return _again(state).after or _BACKOFF(state)


def _again(state: tenacity.RetryCallState) -> _Again:
    error = state.outcome.exception() if state.outcome is not None else None
    assert isinstance(error, _Again)
    return error


def _retry_after(value: str | None) -> float | None:
    """Read Retry-After: seconds, or an HTTP date (contract 3)."""
    if not value:
        return None
    if re.fullmatch(r"\s*[0-9]+\s*", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # A date that says it knows no zone (-0000) is UTC as well.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
