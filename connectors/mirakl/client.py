"""Posting one request to Mirakl Connect until there is an answer, or no time left for one."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import inf

import httpcore
import httpx
import tenacity

from connectors.mirakl.auth import TokenSource
from connectors.mirakl.connection import Connections, trusted_authorities
from connectors.mirakl.errors import (
    NoAnswer,
    OrdersRefused,
    RequestTooLarge,
    SenderLost,
    TokenUnavailable,
    faults,
    stop_of,
)
from connectors.mirakl.limiter import Limiter, NoSlot
from connectors.mirakl.policy import FOREIGN_REPEATS, token_renewals
from connectors.mirakl.settings import ORDERS_PATH, MiraklSettings
from connectors.mirakl.silence import Silence

_BACKOFF = tenacity.wait_random_exponential(multiplier=0.5, max=30)
_NO_ANSWER = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.ProxyError)
# Under which requests without an answer are counted.
NO_STATUS = "none"
# The answers of Mirakl that asking again does not change (contract 3). One that is not Mirakl's at all, a redirect or a
# login page, may be a gateway's passing trouble.
_FINAL = frozenset({401, 403, 404, 405, 406, 410, 415})
_HEADERS = [(b"Content-Type", b"application/json"), (b"Accept", b"application/json")]


class _Again(Exception):
    """Not answered yet. `after` is what Retry-After asks for, in seconds; `about_batch` as in `NoAnswer`."""

    def __init__(self, why: str, *, about_batch: bool, after: float | None = None) -> None:
        super().__init__(why)
        self.about_batch, self.after = about_batch, after


@dataclass(slots=True)
class _Request:
    """One body on its way: since when, for how long (seconds) it is repeated, and how often it was posted.

    `may_send` is asked before each post. `foreign` counts answers that are not Mirakl's.
    """

    body: bytes
    budget: float
    interrupt: threading.Event
    may_send: Callable[[], bool]
    since: float
    posts: int = 0
    foreign: int = 0


class MiraklClient:
    """Speaks to Mirakl with one credential. Thread-safe; `requests` and `retries` count posts of orders.

    `statuses` counts these posts by HTTP status, `NO_STATUS` for none.

    `answers` counts definite answers (204, 400, 413): while it grows, Mirakl is there. `log` receives that there are
    none for a while, see `silence`, and what `policy` made of an answer.
    """

    def __init__(self, settings: MiraklSettings, log: Callable[[str], None] = lambda _: None) -> None:
        timeout = httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout)
        # For tokens; redirects are not followed: a credential belongs to this host alone.
        self._http = httpx.Client(timeout=timeout, follow_redirects=False, verify=trusted_authorities())
        self._limiter = Limiter(settings.requests_per_second)
        self._tokens = TokenSource(
            self._http, self._limiter, settings.token_url, settings.client_id, settings.client_secret
        )
        self.credential = settings.credential
        self._base_url = settings.base_url.rstrip("/")
        self._connections = Connections(
            httpx.URL(self._base_url + ORDERS_PATH), threads=settings.connections, timeout=timeout
        )
        self._user_agent = (b"User-Agent", self._http.headers["User-Agent"].encode("ascii"))
        self._budget = settings.retry_budget
        self._log, self._silence = log, Silence(log)
        self._lock = threading.Lock()
        self._answered_at = 0.0
        self.requests = self.retries = self.answers = 0
        self.statuses: Counter[str] = Counter()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._connections.close()

    def authenticate(self) -> None:
        """Get a token, to see whether the credentials are good. Nothing is sent to Mirakl Connect itself.

        Raises:
            CredentialRefused: the credentials are refused.
            NoAnswer: there is no token to be had just now.
        """
        self._tokens.token(None, time.monotonic() + self._budget, threading.Event())

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
        interrupt: threading.Event | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        """Send one upsertOrders body; return when Mirakl has accepted all of it.

        What may lie in the batch (5xx, a connection cut) is repeated for `budget` seconds. What cannot (429, no
        connection, no token) is repeated until Mirakl has given nobody an answer for as long.
        `interrupt` ends the waiting between repeats: the request in flight is finished, and no other begun. `may_send`
        is asked at the last moment before each request leaves.

        Raises:
            OrdersRefused: 400, because of the orders.
            RequestTooLarge: 413.
            StoreStopped: this store cannot be delivered to.
            CredentialRefused: nor any with this credential (also when the token is refused twice).
            NoAnswer: none within the budget.
            SenderLost: `may_send` returned False.
        """
        patience = self._budget if budget is None else budget
        request = _Request(body, patience, interrupt or threading.Event(), may_send, since=time.monotonic())
        repeat = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            wait=_wait,
            stop=lambda state: self._given_up(state, request),
            sleep=lambda seconds: _sleep(seconds, request.interrupt),
            before_sleep=lambda state: self._log_silence(state, request),
            reraise=True,
        )
        try:
            response = repeat(self._attempt, request)
        except _Again as again:
            raise NoAnswer(str(again), about_batch=again.about_batch) from None
        finally:
            # tenacity's objects refer to each other, and to this one, until the collector of cycles finds them.
            request.body = b""
        # Here, because tenacity would keep the error, and with it the frames and their bodies, for as long.
        _judge(response)

    def _attempt(self, request: _Request) -> httpx.Response:
        """Post a request, and return the answer that ends it.

        Raises:
            _Again: it is to be repeated.
        """
        try:
            token = self._tokens.token(None, self._silence_ends(request), request.interrupt)
            response = self._post(request, token)
            for renewal in range(token_renewals(has_worked=self.answers > 0)):
                if response.status_code != httpx.codes.UNAUTHORIZED:
                    break
                if renewal:
                    self._log("Mirakl refuses a new token (HTTP 401) of a credential that has worked: trying another")
                token = self._tokens.token(token, self._silence_ends(request), request.interrupt)
                response = self._post(request, token)
        except TokenUnavailable as error:
            raise _Again(str(error), about_batch=False) from None
        except NoSlot:
            raise _Again("Mirakl asks for a longer pause than the retry budget", about_batch=False, after=inf) from None
        self._repeat_if_passing(request, response)
        return response

    def _post(self, request: _Request, token: str) -> httpx.Response:
        """Post a request once, as soon as the rate allows it."""
        status = NO_STATUS
        with self._limiter.slot(self._silence_ends(request), request.interrupt):
            if not request.may_send():
                raise SenderLost
            with self._lock:
                self.requests += 1
                self.retries += request.posts > 0
            request.posts += 1
            headers = [*_HEADERS, self._user_agent, (b"Authorization", b"Bearer " + token.encode("ascii"))]
            try:
                response = self._connections.post(headers, request.body)
                status = str(response.status_code)
                return response
            except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
                raise _Again(f"no connection to Mirakl ({type(error).__name__})", about_batch=False) from None
            except _NO_ANSWER as error:
                raise _Again(f"no answer from Mirakl ({type(error).__name__})", about_batch=True) from None
            finally:
                with self._lock:
                    self.statuses[status] += 1

    def _repeat_if_passing(self, request: _Request, response: httpx.Response) -> None:
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            after = _retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
            # Without a Retry-After a short pause for all threads keeps a storm from feeding itself.
            self._limiter.hold(after or 0.5)
            raise _Again("Mirakl answers HTTP 429", about_batch=False, after=after)
        if status in {408, 425} or status >= 500:
            after = _retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
            raise _Again(f"Mirakl answers HTTP {status}", about_batch=True, after=after)
        if status in {httpx.codes.NO_CONTENT, httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE}:
            with self._lock:
                self.answers += 1
                self._answered_at = time.monotonic()
            self._silence.record_answer()
        elif status not in _FINAL and request.foreign < FOREIGN_REPEATS:
            request.foreign += 1
            self._log(f"HTTP {status} is no answer of Mirakl's to orders: sending the request again")
            raise _Again(f"Mirakl answers HTTP {status}", about_batch=False)

    def _silence_ends(self, request: _Request) -> float:
        """Return until when Mirakl may be silent to everyone."""
        return max(request.since, self._answered_at) + request.budget

    def _given_up(self, state: tenacity.RetryCallState, request: _Request) -> bool:
        again = _again(state)
        return request.interrupt.is_set() or time.monotonic() + (again.after or 0.0) >= self._ends(again, request)

    def _ends(self, again: _Again, request: _Request) -> float:
        return request.since + request.budget if again.about_batch else self._silence_ends(request)

    def _log_silence(self, state: tenacity.RetryCallState, request: _Request) -> None:
        again = _again(state)
        pause = state.next_action.sleep if state.next_action is not None else 0.0
        self._silence.record_failure(str(again), pause, self._ends(again, request))


def _judge(response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.BAD_REQUEST:
        raise OrdersRefused(faults(response.content))
    if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        raise RequestTooLarge("HTTP 413: the request has too many bytes")
    # Only 204 is Mirakl's yes: a 200 may be the login page of whatever is at a wrong address.
    if status != httpx.codes.NO_CONTENT:
        raise stop_of(response)


def _sleep(seconds: float, interrupt: threading.Event) -> None:
    if interrupt.wait(seconds):
        raise _Again("the run was stopped", about_batch=False)


def _wait(state: tenacity.RetryCallState) -> float:
    # A server that says "now" (0, or a date gone by) is given a moment all the same: it has just failed.
    return _again(state).after or _BACKOFF(state)


def _again(state: tenacity.RetryCallState) -> _Again:
    error = state.outcome.exception() if state.outcome is not None else None
    assert isinstance(error, _Again)
    return error


def _retry_after(value: str | None, date: str | None = None) -> float | None:
    """Read Retry-After: seconds, or an HTTP date (contract 3), by the server's own clock where it gives its `date`."""
    if not value:
        return None
    if re.fullmatch(r"\s*[0-9]+\s*", value):
        return float(value)
    moment = _http_date(value)
    if moment is None:
        return None
    now = _http_date(date) or dt.datetime.now(dt.UTC)
    return max(0.0, (moment - now).total_seconds())


def _http_date(value: str | None) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    # A date without a zone (-0000) is UTC as well.
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
