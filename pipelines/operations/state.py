"""The ledger of LEDGER_URL for those who only read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.ledger import Ledger
from pipelines.config.environment import Environment
from pipelines.config.settings import Channel


@contextmanager
def ledger_to_read(*channels: Channel) -> Iterator[Ledger]:
    """Open the ledger, an empty one where there is none; for these channels it looks at the destination configured now.

    Raises:
        LedgerError: it cannot be read.
    """
    environment = Environment()
    ledger = Ledger(environment.ledger_url, create=False)
    try:
        for channel in channels:
            ledger.look_at(channel.name, environment.destination(channel), channel.rivals)
        yield ledger
    finally:
        ledger.dispose()


def ledger_description(ledger: Ledger, channel: Channel) -> str:
    """Describe which ledger it is, and whether it knows nothing of where the channel's orders go now."""
    if ledger.is_missing:
        return f"{ledger.address} (none there yet: every order is new to it)"
    destination = Environment().destination(channel)
    if others := ledger.look_at(channel.name, destination, channel.rivals):
        return (
            f"{ledger.address}; nothing was delivered to {destination} yet, it knows of {', '.join(map(str, others))}"
        )
    return ledger.address
