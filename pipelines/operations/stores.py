"""Trying Mirakl with requests that hold no order: does it take the token, is the path right, is a store known?

The request is a POST of `{"origin": ..., "orders": []}`. Mirakl requires 1 to 100 orders and takes a request whole or
not at all, so the answer is a 400 and nothing is stored. That 400 proves path, token and scope; 404 is a wrong path or
an unknown store, 401 and 403 are the credential's. Whether the store is looked up before the orders are counted, Mirakl
does not document: the same request for a store that cannot exist shows it. Answered alike, the store remains untried.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from connectors.mirakl.client import MiraklClient
from connectors.mirakl.errors import MiraklError, OrdersRefused
from pipelines.config.settings import Channel

_NO_STORE = "mirakl-orders-check-no-such-store"
_SECONDS = 10.0


def stores_of(channel: Channel) -> list[str]:
    """Return the Mirakl stores that a channel's orders can go to, each once."""
    settings = channel.settings
    return list(dict.fromkeys(store for store in (settings.mirakl_store_id, *settings.stores.values()) if store))


def try_stores(client: MiraklClient, channel: Channel) -> Iterator[tuple[str, str]]:
    """Yield (verdict, message) for each store of a channel; no order is sent."""
    channel_id = channel.settings.mirakl_channel_id
    absent = _asked(client, channel_id, _NO_STORE)
    for store in stores_of(channel):
        where = f"channel {channel_id}, store {store}"
        refusal = _asked(client, channel_id, store)
        if refusal is not None:
            yield "error", f"{where}: {refusal} (asked with a request that holds no order)"
        elif absent is not None:
            yield (
                "ok",
                f"{where}: Mirakl takes the token and knows the store (asked with a request that holds no order)",
            )
        else:
            yield "ok", f"{where}: Mirakl takes the token (asked with a request that holds no order)"
            yield (
                "not tried",
                f"whether store {store} is registered: Mirakl answers a request without orders alike for any store",
            )


def _asked(client: MiraklClient, channel_id: str, store: str) -> str | None:
    """Ask with a request that holds no order; return what is wrong, None when it was refused for that alone."""
    body = {"origin": {"channel_id": channel_id, "channel_store_id": store}, "orders": []}
    try:
        client.post_orders(orjson.dumps(body), budget=_SECONDS)
    except OrdersRefused:
        return None
    except MiraklError as error:
        return str(error)
    return None
