"""Records, a ledger and a Mirakl for the delivery tests."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pyarrow as pa
import pytest
from starlette.responses import Response

from connectors.ledger import Ledger
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.report import OUTCOMES, DayReport
from connectors.mirakl.settings import MiraklSettings
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.outcomes import normalised
from transforms.outcomes import Record, Reject

CHANNEL_ID = "1234"


def make_record(
    number: int | str,
    *,
    title: str = "Mug",
    updated_at: str = "2026-03-01T10:00:00Z",
    read_at: str = "2026-03-02T00:00:00Z",
    store: str = "S-1",
    lines: int = 1,
    status: str = "AWAITING_SHIPMENT",
) -> Record:
    """A small valid order; `title` makes its content differ."""
    order_id = str(number)
    money = {"amount": 10.0, "currency": "EUR"}
    order: dict[str, Any] = {
        "channel_order_id": order_id,
        "created_at": "2026-01-01T10:00:00Z",
        "channel_updated_at": updated_at,
        "status": status,
        "fulfillment": {"type": "FULFILLED_BY_SELLER"},
        "shipping_info": {},
        "order_lines": [
            {
                "channel_order_line_id": f"{order_id}-{line}",
                "created_at": "2026-01-01T10:00:00Z",
                "updated_at": "2026-01-01T10:00:00Z",
                "quantity": 1,
                "price": money,
                "total_shipping_price": money,
                "product": {"id": "P1", "title": title},
                "status": status,
                "can_cancel": True,
                "can_refund": False,
            }
            for line in range(lines)
        ],
    }
    content = orjson.dumps({**order, "channel_updated_at": "", "store": store})
    return Record(
        channel_order_id=order_id,
        store=store,
        updated_at=updated_at,
        read_at=read_at,
        payload=orjson.dumps(order),
        payload_hash=hashlib.sha256(content).hexdigest(),
        order_lines=lines,
        adjustments=0,
    )


class Clock(threading.Event):
    """A clock, and a stop event whose waiting moves it on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return self.is_set()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that moves only when someone waits, for all that speaks to Mirakl."""
    clock = Clock()
    for module in ("auth", "client", "limiter", "silence"):
        monkeypatch.setattr(f"connectors.mirakl.{module}.time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(requests_per_second=10_000)) as running:
        yield running


def make_client(sandbox: Sandbox, **settings: Any) -> MiraklClient:
    return MiraklClient(
        MiraklSettings(
            **{
                "base_url": sandbox.base_url,
                "token_url": sandbox.token_url,
                "client_id": "sandbox",
                "client_secret": "sandbox",
                "requests_per_second": 30,
                **settings,
            }
        )
    )


@pytest.fixture
def client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[MiraklClient]:
    """A client that need not wait: the limiter has its own tests."""
    monkeypatch.setattr("connectors.mirakl.limiter.CEILING", 10_000)
    client = make_client(sandbox, requests_per_second=10_000)
    yield client
    client.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield ledger
    ledger.dispose()


@pytest.fixture
def delivery(client: MiraklClient, ledger: Ledger) -> Callable[..., Delivery]:
    def make(**options: Any) -> Delivery:
        return Delivery(client, ledger, **{"channel": "boutique", "channel_id": CHANNEL_ID, **options})

    return make


def tables(records: Iterable[Record], rejects: Iterable[Reject] = (), size: int = 5000) -> Iterator[pa.RecordBatch]:
    """Put rejects and records into tables, as they are stored."""
    if rejects := list(rejects):
        yield normalised([], rejects).table
    records = iter(records)
    while chunk := list(islice(records, size)):
        yield normalised(chunk).table


def deliver(
    delivery: Delivery, records: Iterable[Record], rejects: Iterable[Reject] = (), size: int = 5000, **options: Any
) -> DayReport:
    """Deliver a day whose outcomes must add up."""
    report = delivery.deliver(tables(records, rejects, size), **{"day": "2026-03-01", "run_id": "run", **options})
    assert report.counts["orders_read"] == sum(report.counts[name] for name in OUTCOMES)
    return report


def count(report: DayReport) -> dict[str, int]:
    return {name: number for name, number in report.counts.items() if name in OUTCOMES and number}


BODY = orjson.dumps(
    {
        "origin": {"channel_id": CHANNEL_ID, "channel_store_id": "S-1"},
        "orders": [orjson.loads(make_record(1).payload)],
    }
)


def answers(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, *responses: Response | None) -> None:
    """Let the sandbox give these answers first; None, and whatever comes after them, is its own."""
    own: Callable[..., Response] = sandbox._answer
    queue = list(responses)

    def answer(request: Any, body: bytes, number: int) -> Response:
        response = queue.pop(0) if queue else None
        return own(request, body, number) if response is None else response

    monkeypatch.setattr(sandbox, "_answer", answer)


def held(sandbox: Sandbox) -> set[str]:
    return {order_id for _, order_id in sandbox.orders}


@contextmanager
def waited() -> Iterator[Callable[[], float]]:
    start = time.monotonic()
    yield lambda: time.monotonic() - start


class Lines(logging.Handler):
    """A log that keeps its lines, as (level, text)."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []
        self.logger = logging.Logger("test")
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelname, record.getMessage()))

    def texts(self, level: str) -> list[str]:
        return [text for its, text in self.lines if its == level]


@pytest.fixture
def log() -> Lines:
    return Lines()
