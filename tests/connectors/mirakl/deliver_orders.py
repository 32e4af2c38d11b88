"""What a process that delivers orders does, for the tests to kill.

SIGTERM sets the stop event, as the product does.
"""

from __future__ import annotations

import signal
import threading
from multiprocessing.connection import Connection
from typing import Any

from connectors.ledger import Ledger
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.settings import MiraklSettings
from tests.connectors.mirakl.conftest import CHANNEL_ID, make_record, tables
from tests.outcomes import normalised


def deliver_orders(
    reports: Connection, url: str, ledger_url: str, first: int, count: int, run_id: str, title: str, read_at: str
) -> None:
    """Report "ready", deliver the orders, report the counts."""
    stop = threading.Event()

    def set_stop(*_: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, set_stop)
    settings = MiraklSettings(
        f"{url}/api/channel-platform", f"{url}/oauth/token", "sandbox", "sandbox", requests_per_second=30
    )
    client, ledger = MiraklClient(settings), Ledger(ledger_url)
    delivery = Delivery(client, ledger, channel="boutique", channel_id=CHANNEL_ID, interrupt=stop)
    numbers = range(first, first + count)
    records = (make_record(number, title=title, read_at=read_at) for number in numbers)
    # With its first table pyarrow loads pandas, where that is installed: a second that is not to be killed in.
    normalised([make_record("first")])
    reports.send("ready")
    report = delivery.deliver(tables(records, size=200), day="2026-03-01", run_id=run_id)
    ledger.dispose()
    client.close()
    reports.send(dict(report.counts))
