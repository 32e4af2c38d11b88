"""Connections that are kept, over raw sockets: an answer is believed only when it is to the request just made."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpcore
import httpx
import pytest

from connectors.mirakl.connection import Connections

ACCEPTED = b"HTTP/1.1 204 No Content\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n"
REFUSED = b'HTTP/1.1 400 Bad Request\r\nContent-Length: 15\r\n\r\n{"code":"NOPE"}'

# What is done with a request: sends an answer to a socket, and returns whether the connection is kept.
Answer = Callable[[socket.socket, bytes], bool]


class Server:
    """Answers each request as configured; `requests` are the bodies that came, `connections` how many were made."""

    def __init__(self, answer: Answer, family: socket.AddressFamily = socket.AF_INET) -> None:
        self.answer, self.requests, self.heads, self.connections = answer, list[bytes](), list[bytes](), 0
        self._listener = socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family)
        host, self.port = self._listener.getsockname()[:2]
        self.url = httpx.URL(f"http://{f'[{host}]' if ':' in host else host}:{self.port}/v1/orders")
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            buffer = b""
            while True:
                head, separator, rest = buffer.partition(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
                if not separator or len(rest) < length:
                    try:
                        received = connection.recv(65_536)
                    except OSError:
                        return
                    if not received:
                        return
                    buffer += received
                    continue
                body, buffer = rest[:length], rest[length:]
                self.heads.append(head)
                self.requests.append(body)
                if not self.answer(connection, body):
                    return


@contextmanager
def serving(
    answer: Answer | bytes, family: socket.AddressFamily = socket.AF_INET, seconds: float = 5
) -> Iterator[tuple[Server, Callable[[bytes], httpx.Response]]]:
    """Run a server and connections to it; give the server, and what posts a body to it."""

    def send(connection: socket.socket, _: bytes) -> bool:
        assert isinstance(answer, bytes)
        connection.sendall(answer)
        return True

    server = Server(send if isinstance(answer, bytes) else answer, family)
    connections = Connections(server.url, threads=2, timeout=httpx.Timeout(seconds))
    try:
        yield server, lambda body: connections.post([], body)
    finally:
        connections.close()
        server.close()


def test_connections_are_kept_and_rest_between_two_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ACCEPTED) as (server, post):
        assert {post(b"").status_code for _ in range(9)} == {204}
        assert server.connections == 4
        monkeypatch.setattr("connectors.mirakl.connection._REST_SECONDS", 0)
        assert {post(b"").status_code for _ in range(9)} == {204}
        assert server.connections == 4


def test_a_second_answer_to_one_request_is_not_taken_for_that_to_the_next() -> None:
    """Else orders that were refused would be called delivered."""

    def twice_then_refused(connection: socket.socket, body: bytes) -> bool:
        connection.sendall(2 * ACCEPTED if body == b"one" else REFUSED)
        return True

    with serving(twice_then_refused) as (_, post):
        assert [post(b"one").status_code, *(post(b"two").status_code for _ in range(5))] == [204, *[400] * 5]


def test_a_late_second_answer_is_not_taken_for_that_to_the_next_request() -> None:
    def again_later(connection: socket.socket, body: bytes) -> bool:
        connection.sendall(ACCEPTED if body == b"one" else REFUSED)
        if body == b"one":
            threading.Timer(0.02, connection.sendall, [ACCEPTED]).start()
        return True

    with serving(again_later) as (_, post):
        assert {post(b"one").status_code for _ in range(4)} == {204}
        assert {post(b"two").status_code for _ in range(4)} == {400}


def test_a_second_answer_after_a_refusal_is_not_taken_for_that_to_the_next() -> None:
    def refused_and_accepted(connection: socket.socket, body: bytes) -> bool:
        connection.sendall(REFUSED + ACCEPTED if body == b"one" else REFUSED)
        return True

    with serving(refused_and_accepted) as (_, post):
        assert [post(b"one").status_code, *(post(b"two").status_code for _ in range(5))] == [400] * 6


def test_of_answers_that_differ_none_is_believed() -> None:
    """The first may be a late one to the request before, the second the one to this."""
    with serving(ACCEPTED + REFUSED) as (_, post), pytest.raises(httpcore.RemoteProtocolError):
        post(b"one")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + ACCEPTED, id="announced"),
        pytest.param(b"HTTP/1.0 204 No Content\r\n\r\n", id="HTTP/1.0"),
        pytest.param(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}", id="with a body"),
        pytest.param(b"HTTP/1.1 204 No Content\n\n", id="bare line feeds"),
    ],
)
def test_an_unusual_204_is_one_all_the_same(answer: bytes) -> None:
    with serving(answer) as (server, post):
        assert [post(b"one").status_code, post(b"two").status_code] == [204, 204]
        assert server.requests == [b"one", b"two"]


def test_an_answer_whose_bytes_come_slowly_is_waited_for_as_long_as_any_other() -> None:
    stopped = threading.Event()

    def drip(connection: socket.socket, _: bytes) -> bool:
        for byte in ACCEPTED:
            connection.sendall(bytes([byte]))
            if stopped.wait(0.1):
                break
        return False

    with serving(drip, seconds=0.5) as (_, post), pytest.raises(httpcore.ReadTimeout):
        post(b"one")
    stopped.set()


def test_an_answer_without_end_is_cut() -> None:
    def endless(connection: socket.socket, _: bytes) -> bool:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        try:
            while True:
                connection.sendall(100_000 * b"x")
        except OSError:
            return False

    with serving(endless) as (_, post):
        assert len(post(b"one").content) == 1_000_000


def test_a_compressed_answer_is_read() -> None:
    body = gzip.compress(b'{"code":"NOPE"}')
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with serving(head + body) as (_, post):
        assert post(b"one").json() == {"code": "NOPE"}


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 20", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n{"])
def test_a_connection_that_ends_in_mid_answer_is_no_answer(answer: bytes) -> None:
    def cut(connection: socket.socket, _: bytes) -> bool:
        connection.sendall(answer)
        return False

    with serving(cut) as (_, post), pytest.raises(httpcore.RemoteProtocolError):
        post(b"one")


def test_an_address_of_ipv6_is_reached() -> None:
    with serving(ACCEPTED, socket.AF_INET6) as (server, post):
        assert post(b"one").status_code == 204
        assert b"\r\nHost: [::1]:%d\r\n" % server.port in server.heads[0] + b"\r\n"


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def accept(connection: socket.socket, _: bytes) -> bool:
        connection.sendall(ACCEPTED)
        return True

    proxy = Server(accept)
    monkeypatch.setenv("http_proxy", f"http://user:pass@127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    connections = Connections(httpx.URL("http://mirakl.example/v1/orders"), threads=1, timeout=httpx.Timeout(5))
    assert connections.post([], b"one").status_code == 204
    connections.close()
    proxy.close()
    assert proxy.heads[0].startswith(b"POST http://mirakl.example/v1/orders HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNz" in proxy.heads[0]


def test_a_host_that_no_proxy_names_is_reached_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(ACCEPTED) as (_, post):
        assert post(b"one").status_code == 204
