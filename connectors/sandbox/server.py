"""A strict stand-in for Mirakl Connect over real HTTP, for trying out and for testing connectors.

Mirakl offers no self-serve test environment. This one judges every order by the contract, stores all of a request or
nothing, keeps the newest version of an order, and can be told to fail in the ways a real service does.

    with Sandbox(SandboxSettings(pointers="none")) as sandbox:
        ...  # sandbox.base_url, sandbox.token_url; sandbox.orders holds what was accepted
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import random
import secrets
import socket
import threading
import time
from collections import deque
from typing import Any, Self
from urllib.parse import parse_qs

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from connectors.sandbox.rules import findings
from connectors.sandbox.settings import CREDENTIAL, POINTERS, Pointers, SandboxSettings, Stats

__all__ = ["CREDENTIAL", "POINTERS", "Sandbox", "SandboxSettings", "Stats"]

# Some ten thousand orders.
_OBJECTS_BETWEEN_COLLECTIONS = 1_000_000
_ORDERS_PATH = "/api/channel-platform/v1/orders"


class Sandbox:
    """The running stand-in: a context manager that serves on `host:port` (0: any free port) from a thread.

    `orders` maps (channel id, channel_order_id) to the order as last stored.
    """

    def __init__(self, settings: SandboxSettings | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        self.settings = settings or SandboxSettings()
        self.orders: dict[tuple[str, str], dict[str, Any]] = {}
        self.stores: dict[tuple[str, str], str] = {}
        self.stats = Stats()
        self._line_owner: dict[tuple[str, str], str] = {}
        self._tokens: dict[str, float] = {}
        self._recent: deque[float] = deque()
        self._random = random.Random(self.settings.seed)  # noqa: S311 - repeatable faults, nothing secret
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._address = f"http://{host}:{self._socket.getsockname()[1]}"
        self.base_url = f"{self._address}/api/channel-platform"
        self.token_url = f"{self._address}/oauth/token"
        self._connections: dict[tuple[str, int], asyncio.Transport] = {}
        protocol = _protocol(self._connections)
        config = uvicorn.Config(
            self._app(),
            http=protocol,
            ws="none",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=60,
        )
        self._server = uvicorn.Server(config)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the sandbox could not start")
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    def serve(self) -> None:
        """Serve in this thread until interrupted; the process does nothing else."""
        # Every order stays, and no cycle holds one: looking through all of them again and again finds nothing.
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
        self._server.run([self._socket])

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/oauth/token", self._token, methods=["POST"]),
                Route(_ORDERS_PATH, self._upsert, methods=["POST"]),
                Route("/_sandbox/orders", self._list, methods=["GET"]),
                Route("/_sandbox/stats", self._list_stats, methods=["GET"]),
            ]
        )

    async def _list(self, request: Request) -> Response:
        channel = request.query_params.get("channel_id")
        held = [
            {"channel_id": channel_id, "channel_store_id": self.stores[channel_id, order_id], "order": order}
            for (channel_id, order_id), order in self.orders.items()
            if channel in (None, channel_id)
        ]
        return _json(200, {"total": len(held), "orders": held})

    async def _list_stats(self, _: Request) -> Response:
        stats = self.stats
        return _json(
            200,
            {
                "orders": len(self.orders),
                "requests": stats.requests,
                "tokens": stats.tokens,
                "busiest_second": stats.busiest_second,
                "stale": stats.stale,
                "stored": stats.stored,
                "answers": dict(stats.answers),
            },
        )

    async def _token(self, request: Request) -> Response:
        self._tick()
        if self.settings.token_endpoint_down:
            return HTMLResponse("<h1>503 Service Unavailable</h1>", 503)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return _json(400, {"error": "unsupported_grant_type"})
        if (form.get("client_id"), form.get("client_secret")) != (
            self.settings.client_id,
            self.settings.client_secret,
        ):
            return _json(401, {"error": "invalid_client"})
        token = secrets.token_urlsafe(24)
        self._tokens[token] = time.monotonic() + self.settings.token_seconds
        self.stats.tokens += 1
        return _json(
            200, {"token_type": "Bearer", "access_token": token, "expires_in": int(self.settings.token_seconds)}
        )

    async def _upsert(self, request: Request) -> Response:
        settings = self.settings
        body = await request.body()
        self._tick()
        self.stats.requests += 1
        number = self.stats.requests
        await asyncio.sleep(settings.latency + (settings.slow_seconds if self._happens(settings.slow) else 0))
        if self._happens(settings.drop_before):
            return self._cut(request)
        answer = self._answer(request, body, number)
        self.stats.answers[str(answer.status_code)] += 1
        return self._cut(request) if self._happens(settings.drop_after) else answer

    def _cut(self, request: Request) -> Response:
        assert request.client is not None
        self._connections[request.client.host, request.client.port].abort()
        return Response()

    def _tick(self) -> None:
        now = time.monotonic()
        self._recent.append(now)
        while self._recent[0] <= now - 1:
            self._recent.popleft()
        self.stats.busiest_second = max(self.stats.busiest_second, len(self._recent))

    def _happens(self, rate: float) -> bool:
        return rate > 0 and self._random.random() < rate

    def _answer(self, request: Request, body: bytes, number: int) -> Response:
        settings = self.settings
        if len(self._recent) > settings.requests_per_second or self._happens(settings.throttle):
            return _json(
                429, _error("TOO_MANY_REQUESTS", "slow down"), {"Retry-After": "1"} if settings.retry_after else {}
            )
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        valid = scheme == "Bearer" and self._tokens.get(token, 0) > time.monotonic()
        if not valid or self._happens(settings.refuse_tokens):
            return self._fail(401, "UNAUTHORIZED", "no valid token")
        if self._happens(settings.server_errors):
            return self._fail(self._random.choice((500, 502, 503, 504)), "UNEXPECTED", "server error")
        if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
            return self._fail(415, "UNSUPPORTED_MEDIA_TYPE", "application/json, please")
        if len(body) > settings.max_request_bytes:
            return self._fail(413, "TOO_LARGE", "request too large")
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError:
            return self._fail(400, "MALFORMED_JSON", "not JSON")
        fault = _request_fault(content)
        if fault:
            return _json(400, _error("INVALID_INPUT", "invalid request", [{"message": fault[1], "field": fault[0]}]))
        origin: dict[str, str] = content["origin"]
        known = not settings.known_stores or origin["channel_store_id"] in settings.known_stores
        if not known or (settings.unknown_store_after is not None and number > settings.unknown_store_after):
            return self._fail(404, "DATA_NOT_FOUND", "store unknown")
        if settings.breaking and any(
            isinstance(order, dict) and order.get("channel_order_id") in settings.breaking
            for order in content["orders"]
        ):
            return self._fail(500, "UNEXPECTED", "server error")
        faults = self._faults(origin["channel_id"], content["orders"])
        if faults:
            return _json(400, self._refusal(faults, len(content["orders"])))
        self._store(origin, content["orders"])
        return Response(status_code=204)

    def _fail(self, status: int, code: str, message: str) -> Response:
        if self.settings.html_errors:
            return HTMLResponse(f"<html><body><h1>{status}</h1></body></html>", status)
        return _json(status, _error(code, message))

    def _faults(self, channel_id: str, orders: list[Any]) -> list[tuple[int, str, str]]:
        """Find (position, path inside the order, message) for everything wrong with the orders of a request."""
        faults: list[tuple[int, str, str]] = []
        seen: set[str] = set()
        owners: dict[str, str] = {}
        for position, order in enumerate(orders):
            found = [(path.removeprefix("order."), message) for path, message in findings(order, "order")]
            if not found:
                order_id = order["channel_order_id"]
                if order_id in self.settings.poisoned:
                    found.append(("status", "is not acceptable"))
                if order_id in seen:
                    found.append(("channel_order_id", "occurs twice in the request"))
                seen.add(order_id)
                for index, line in enumerate(order["order_lines"]):
                    key = line["channel_order_line_id"]
                    owner = self._line_owner.get((channel_id, key), order_id)
                    if owner != order_id or owners.setdefault(key, order_id) != order_id:
                        found.append((f"order_lines[{index}].channel_order_line_id", "belongs to another order"))
            faults.extend((position, path, message) for path, message in found)
        return faults

    def _refusal(self, faults: list[tuple[int, str, str]], size: int) -> dict[str, Any]:
        style = self.settings.pointers
        if style == "mixed":
            style = self._random.choice(POINTERS[:-1])
        if style == "first":
            faults = faults[:1]
        errors = []
        for position, path, message in faults:
            entry = {"message": message}
            if style != "none":
                shown = self._random.randrange(size) if style == "wrong" else position + (style == "one-based")
                entry["field"] = _pointer(style, shown, path)
            errors.append(entry)
        return _error("INVALID_INPUT", "invalid orders", errors)

    def _store(self, origin: dict[str, str], orders: list[dict[str, Any]]) -> None:
        channel_id = origin["channel_id"]
        for order in orders:
            key = (channel_id, order["channel_order_id"])
            held = self.orders.get(key)
            if held is not None and _moment(held["channel_updated_at"]) > _moment(order["channel_updated_at"]):
                self.stats.stale += 1
                continue
            for line in (held or {}).get("order_lines", ()):
                self._line_owner.pop((channel_id, line["channel_order_line_id"]), None)
            for line in order["order_lines"]:
                self._line_owner[channel_id, line["channel_order_line_id"]] = key[1]
            self.orders[key] = order
            self.stores[key] = origin["channel_store_id"]
            self.stats.stored += 1


def _protocol(connections: dict[tuple[str, int], asyncio.Transport]) -> type[H11Protocol]:
    """Make uvicorn's protocol keep its connections by peer, so that one can be cut without an answer."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections[transport.get_extra_info("peername")[:2]] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            connections.pop(self.transport.get_extra_info("peername")[:2], None)
            super().connection_lost(exc)

    return Protocol


def _request_fault(content: Any) -> tuple[str, str] | None:
    if not isinstance(content, dict):
        return "", "must be an object"
    origin = content.get("origin")
    for name in ("channel_id", "channel_store_id"):
        if not isinstance(origin, dict) or not isinstance(origin.get(name), str) or not origin[name].strip():
            return f"origin.{name}", "must not be blank"
    orders = content.get("orders")
    if not isinstance(orders, list) or not 1 <= len(orders) <= 100:
        return "orders", "must hold 1 to 100 orders"
    return None


def _pointer(style: Pointers, position: int, path: str) -> str:
    match style:
        case "jsonpath":
            return f"$.orders[{position}].{path}"
        case "slash":
            return f"/orders/{position}/" + path.replace("[", "/").replace("]", "").replace(".", "/")
        case "dotted":
            return f"input.orders.{position}.{path}"
        case "names":
            return f"upsertOrderCommands[{position}].{path}"
        case _:
            return f"orders[{position}].{path}"


def _moment(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


def _error(code: str, message: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    return {"code": code, "message": message} | ({"errors": errors} if errors else {})


def _json(status: int, content: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")
