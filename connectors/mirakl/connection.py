"""Connections to Mirakl that are kept: one body out, one whole answer in.

This is `httpcore`, which httpx is made of: what httpx adds, redirects, cookies and authentication, is not wanted here
and costs as much again. In its place is what a sender has to be certain of: that an answer is the one to its own
request. A gateway that answers twice leaves a second answer on the connection, which would be taken for the answer to
the next request, and call orders delivered that were never read.
"""

from __future__ import annotations

import functools
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

_MOST_BYTES = 1_000_000
_REST_SECONDS = 0.1
_END_OF_HEAD = b"\r\n\r\n"
_ACCEPTED = httpx.Response(httpx.codes.NO_CONTENT)


@functools.cache
def trusted_authorities() -> ssl.SSLContext:
    """Return whom httpx trusts, read once per process: that takes as long as many orders do."""
    return httpx.create_ssl_context()


class _Connection(NamedTuple):
    """A connection that is made when it is first used, and from when on it may be used (again)."""

    pool: httpcore.ConnectionPool
    rested_at: float = 0.0


class Connections:
    """Connections to one address, through the proxy that the environment names for it. Thread-safe.

    Each rests between two requests, so that a second answer is noticed before it could be taken for another one; there
    may be twice as many as the `threads` that post. `timeout` bounds, in seconds, getting a connection and the whole
    answer, however slowly its bytes come.
    """

    def __init__(self, url: httpx.URL, *, threads: int, timeout: httpx.Timeout) -> None:
        self._url = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        self._host = (b"Host", url.netloc)
        self._extensions = {"timeout": timeout.as_dict()}
        self._ssl_context, self._proxy = trusted_authorities(), _proxy(url)
        self._backend = _Backend(timeout.read or 60.0)
        self._lock = threading.Lock()
        self._free = [_Connection(self._pool()) for _ in range(2 * threads)]

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            for connection in self._free:
                connection.pool.close()

    def _pool(self) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=self._ssl_context,
            proxy=self._proxy,
            max_connections=1,
            keepalive_expiry=5.0,
            network_backend=self._backend,
        )

    @contextmanager
    def _connection(self) -> Iterator[httpcore.ConnectionPool]:
        """Take the connection that was used last of those that have rested."""
        with self._lock:
            now = time.monotonic()
            rested = (place for place, one in reversed([*enumerate(self._free)]) if one.rested_at <= now)
            taken = self._free.pop(next(rested, 0)) if self._free else _Connection(self._pool())
        time.sleep(max(0.0, taken.rested_at - now))
        try:
            yield taken.pool
        finally:
            with self._lock:
                self._free.append(taken._replace(rested_at=time.monotonic() + _REST_SECONDS))

    def post(self, headers: list[tuple[bytes, bytes]], body: bytes) -> httpx.Response:
        """Post a body once; of a longer answer the first million bytes are returned.

        Raises:
            httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout: nothing has left.
            httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.ProxyError: there is no
                answer, or none that is certain to be to this body.
        """
        head = [self._host, *headers, (b"Content-Length", b"%d" % len(body))]
        with (
            self._connection() as pool,
            pool.stream("POST", self._url, headers=head, content=body, extensions=self._extensions) as answer,
        ):
            stream = answer.extensions["network_stream"]
            content = bytearray()
            for part in answer.iter_stream():
                content += part
                if len(content) > _MOST_BYTES:
                    break
            if answer.status == httpx.codes.NO_CONTENT:
                _expect_one_answer(stream)
                return _ACCEPTED
            # Where its body ends is not known here, so whether more follows is not either.
            stream.close()
            return httpx.Response(answer.status, headers=answer.headers, content=bytes(content[:_MOST_BYTES]))


def _expect_one_answer(stream: _Stream) -> None:
    """Close a connection on which more has come than one answer without a body.

    Raises:
        httpcore.RemoteProtocolError: several answers that differ: none of them is certain to be to the last request.
    """
    *heads, rest = stream.received.split(_END_OF_HEAD)
    # One such as 100 only announces the answer.
    finals = [head for head in heads if not head.partition(b" ")[2].startswith(b"1")]
    if len(finals) == 1 and not rest:
        return
    stream.close()
    if len(set(finals)) > 1 or (finals and rest.startswith(b"HTTP/")):
        raise httpcore.RemoteProtocolError("several answers to one request")


def _proxy(url: httpx.URL) -> httpcore.Proxy | None:
    """Return the proxy that the environment names for an address, None where it names none or an exception."""
    proxies = getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    if not address or proxy_bypass(url.host):
        return None
    proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    return httpcore.Proxy(
        httpcore.URL(
            scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=proxy.url.raw_path
        ),
        auth=proxy.raw_auth,
    )


class _Stream(httpcore.NetworkStream):
    """A connection that knows what was received since something was last written to it, and reads for so long only."""

    def __init__(self, stream: httpcore.NetworkStream, answer_seconds: float) -> None:
        self._stream, self._answer_seconds = stream, answer_seconds
        self._until = 0.0
        self.received = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        data = self._stream.read(max_bytes, left if timeout is None else min(left, timeout))
        if len(self.received) < _MOST_BYTES:
            self.received += data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.received = b""
        self._stream.write(buffer, timeout)
        self._until = time.monotonic() + self._answer_seconds

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._answer_seconds)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    """Makes such connections."""

    def __init__(self, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._answer_seconds)
