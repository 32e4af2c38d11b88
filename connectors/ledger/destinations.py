"""Where a channel's orders went: a row of the ledger speaks for one destination, and for no other.

A destination is a base URL and a Mirakl channel id. What was delivered to the sandbox is not at Mirakl, and what one
channel of Mirakl holds another does not. So rows are kept under a key for each channel and destination: the channel's
name for its first one, the name with a number behind it (`boutique@2`) for each further one.

Rows written before the ledger kept destinations belong to the first one that the channel delivers to afterwards.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa

from connectors.ledger.schema import DESTINATIONS

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Destination(NamedTuple):
    """A base URL, written one way only, and the id of the channel there."""

    base_url: str
    mirakl_channel_id: str

    @classmethod
    def of(cls, base_url: str, mirakl_channel_id: str) -> Destination:
        """Write the URL the one way: scheme and host in lower case, no default port, query or slash at the end."""
        try:
            url = urlsplit(base_url.strip())
            port = "" if url.port in {None, _DEFAULT_PORTS.get(url.scheme)} else f":{url.port}"
        except ValueError:
            # No address, which whoever sends there reports; nothing was ever delivered to it.
            return cls(base_url, mirakl_channel_id)
        host = (url.hostname or "").rstrip(".")
        host = f"[{host}]" if ":" in host else host
        return cls(f"{url.scheme}://{host}{port}{url.path.rstrip('/')}", mirakl_channel_id)

    def __str__(self) -> str:
        """Name it in a message."""
        return f"{self.base_url} (mirakl_channel_id {self.mirakl_channel_id})"


class Known(NamedTuple):
    """A destination of a channel; None where its rows were written before destinations were kept."""

    key: str
    destination: Destination | None


def known(connection: sa.Connection, channel: str) -> list[Known]:
    """Return the destinations of a channel, the one delivered to last first."""
    columns = DESTINATIONS.c
    query = (
        sa.select(columns.key, columns.base_url, columns.mirakl_channel_id)
        .where(columns.channel == channel)
        .order_by(columns.used_at.desc().nulls_last(), columns.key)
    )
    return [
        Known(key, None if base_url is None else Destination(base_url, channel_id))
        for key, base_url, channel_id in connection.execute(query)
    ]


def key_of(destinations: list[Known], destination: Destination) -> str | None:
    """Return the key of a channel's rows at a destination, None where nothing was sent there yet."""
    keys = {found.destination: found.key for found in destinations}
    return keys.get(destination) or keys.get(None)


def keys_of(connection: sa.Connection, channels: Sequence[str], destination: Destination) -> dict[str, str]:
    """Return key -> channel of those channels that sent something to a destination."""
    keys = {channel: key_of(known(connection, channel), destination) for channel in channels}
    return {key: channel for channel, key in keys.items() if key is not None}


def use(connection: sa.Connection, channel: str, destination: Destination | None, instant: str) -> str:
    """Return the key of a channel's rows at a destination, made or taken over if need be: something is sent there.

    None is whatever destination was delivered to last.
    """
    there = known(connection, channel)
    key = key_of(there, destination) if destination is not None else next((found.key for found in there), None)
    columns = DESTINATIONS.c
    if key is None:
        # The channel's own name is taken where a channel that was called so is called otherwise now.
        taken = set(connection.scalars(sa.select(columns.key)))
        key = next(name for name in _names(channel) if name not in taken)
        connection.execute(DESTINATIONS.insert().values(key=key, channel=channel))
    if destination is not None:
        values = {"base_url": destination.base_url, "mirakl_channel_id": destination.mirakl_channel_id}
        connection.execute(DESTINATIONS.update().where(columns.key == key).values(**values, used_at=instant))
    return key


def _names(channel: str) -> Iterator[str]:
    yield channel
    yield from (f"{channel}@{number}" for number in itertools.count(2))


def channels(connection: sa.Connection) -> list[str]:
    """Return every channel that the ledger knows."""
    return list(connection.scalars(sa.select(DESTINATIONS.c.channel).distinct().order_by(DESTINATIONS.c.channel)))
