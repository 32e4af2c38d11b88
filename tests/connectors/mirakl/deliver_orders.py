"""A process that delivers orders, for the tests to kill: `deliver_orders URL LEDGER FIRST COUNT RUN TITLE READ_AT`.

SIGTERM sets the stop event, as the product does. Belongs here: this one process. Does not belong here: any assertion.
"""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

from connectors.ledger import Ledger
from connectors.mirakl.client import MiraklClient, MiraklSettings
from connectors.mirakl.delivery import Delivery
from tests.connectors.mirakl.conftest import CHANNEL_ID, make_record


def main(url: str, ledger_url: str, first: str, count: str, run_id: str, title: str, read_at: str) -> None:
    stop = threading.Event()

    def set_stop(*_: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, set_stop)
    settings = MiraklSettings(
        f"{url}/api/channel-platform", f"{url}/oauth/token", "sandbox", "sandbox", requests_per_second=30
    )
    client, ledger = MiraklClient(settings), Ledger(ledger_url)
    delivery = Delivery(client, ledger, channel="boutique", channel_id=CHANNEL_ID, stop=stop)
    numbers = range(int(first), int(first) + int(count))
    records = (make_record(number, title=title, read_at=read_at) for number in numbers)
    _say("ready")
    report = delivery.deliver(records, [], day="2026-03-01", run_id=run_id)
    ledger.dispose()
    client.close()
    _say(" ".join(f"{name}={number}" for name, number in report.counts.items()))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
