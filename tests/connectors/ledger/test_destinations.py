"""A row speaks for one destination: what another one holds is never taken from it."""

from __future__ import annotations

import pytest

from connectors.ledger import Destination, Ledger
from tests.connectors.ledger.conftest import CHANNEL, entry

SANDBOX, MIRAKL = Destination("http://127.0.0.1:8585/api", "1234"), Destination("https://mirakl.example/api", "1234")


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("https://Mirakl.Example/api/", "https://mirakl.example/api"),
        ("HTTPS://mirakl.example:443/api//", "https://mirakl.example/api"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8585/api", "http://[::1]:8585/api"),
        (" https://mirakl.example./Api?token=hush ", "https://mirakl.example/Api"),
    ],
)
def test_a_base_url_is_one_destination_however_it_is_written(written: str, means: str) -> None:
    assert Destination.of(written, "1") == (means, "1")


def test_another_destination_holds_nothing_until_it_is_delivered_to(ledger: Ledger) -> None:
    assert ledger.deliver_to(CHANNEL, SANDBOX) == []
    ledger.write(CHANNEL, [entry("A-1"), entry("A-2", "refused")])
    assert ledger.look_at(CHANNEL, MIRAKL) == [SANDBOX]
    assert ledger.known(CHANNEL, ["A-1"]) == {}
    assert ledger.count_unaccepted(CHANNEL) == {}
    assert list(ledger.order_ids(CHANNEL)) == []
    assert ledger.deliver_to(CHANNEL, MIRAKL) == [SANDBOX]
    ledger.write(CHANNEL, [entry("A-1", "undelivered")])
    assert [row.outcome for _, row in ledger.unaccepted(CHANNEL)] == ["undelivered"]
    assert ledger.deliver_to(CHANNEL, SANDBOX) == []
    assert ledger.known(CHANNEL, ["A-1"]) == {"A-1": entry("A-1")}
    assert [row.outcome for _, row in ledger.unaccepted(CHANNEL)] == ["refused"]


def test_whoever_names_no_destination_sees_the_one_delivered_to_last(url: str) -> None:
    ledger = Ledger(url)
    for destination, order_id in ((MIRAKL, "at Mirakl"), (SANDBOX, "in the sandbox")):
        ledger.deliver_to(CHANNEL, destination)
        ledger.write(CHANNEL, [entry(order_id, "refused")])
    ledger.dispose()
    ledger = Ledger(url)
    assert [(name, row.channel_order_id) for name, row in ledger.unaccepted()] == [(CHANNEL, "in the sandbox")]
    ledger.look_at(CHANNEL, MIRAKL)
    assert [(name, row.channel_order_id) for name, row in ledger.unaccepted()] == [(CHANNEL, "at Mirakl")]
    ledger.dispose()


def test_looking_writes_nothing(ledger: Ledger) -> None:
    ledger.look_at(CHANNEL, MIRAKL)
    assert ledger.deliver_to(CHANNEL, SANDBOX) == []
    assert ledger.look_at(CHANNEL, MIRAKL) == [SANDBOX]
