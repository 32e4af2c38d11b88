"""A replay that sends nothing: which orders it would take, and what would become of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from connectors.ledger import Ledger
from connectors.mirakl import decisions
from connectors.mirakl.decisions import Decision
from pipelines.config.settings import Channel
from pipelines.operations.shop import Shop
from pipelines.runs.replay import Selection, selected
from transforms.normalise import normalise
from transforms.outcomes import Outcome

_TOGETHER = 500


def dry_run(channel: Channel, selection: Selection, shop: Shop, ledger: Ledger) -> Iterator[dict[str, str | None]]:
    """Yield each chosen order with what would become of it: sent, superseded, rejected, excluded or gone."""
    mapping = channel.mapping()
    ids = iter(dict.fromkeys(selected(channel.name, selection, shop, ledger)))
    while wanted := list(islice(ids, _TOGETHER)):
        rows: dict[str, dict[str, str | None]] = {}
        for frames in shop.orders(wanted):
            normalised = normalise(frames, mapping)
            records = normalised.records
            known = ledger.known(channel.name, [record.channel_order_id for record in records])
            for record in records:
                decision = decisions.decide(known.get(record.channel_order_id), record, again=True)
                rows[record.channel_order_id] = _row("sent" if decision is Decision.SEND else decision.value)
            for reject in normalised.rejects:
                rows[reject.channel_order_id] = _row(Outcome.REJECTED.value, reject.code, reject.field, reject.reason)
            rows.update(dict.fromkeys(normalised.excluded, _row(Outcome.EXCLUDED.value)))
        for order_id in wanted:
            yield {"channel_order_id": order_id, **(rows.get(order_id) or _row(Outcome.GONE.value))}


def counted(orders: list[dict[str, str | None]]) -> Counter[str]:
    """Count orders by what would become of them."""
    return Counter(str(order["fate"]) for order in orders)


def _row(
    outcome: str, code: str | None = None, field: str | None = None, reason: str | None = None
) -> dict[str, str | None]:
    return {"fate": outcome, "code": code, "field": field, "reason": reason}
