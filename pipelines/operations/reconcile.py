"""Reconciliation: what the shop holds against what the ledger says Mirakl accepted: proof that nothing is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from connectors.ledger import Ledger, LedgerEntry
from pipelines.config.settings import Channel
from pipelines.operations import progress
from pipelines.operations.shop import Shop
from transforms.normalise import normalise
from transforms.outcomes import Outcome

NEVER_ACCEPTED, DIFFERS, NOT_IN_SHOP = "never accepted", "differs from what was accepted", "no longer in the shop"
_TOGETHER = 500
_FINDINGS_KEPT = 1000


@dataclass(slots=True)
class Reconciliation:
    """What was compared: `orders` read, `matching` ones, and `found` differences by kind, the first 1,000 named."""

    orders: int = 0
    matching: int = 0
    found: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, str]] = field(default_factory=list)

    def find(self, order_id: str, finding: str, why: str) -> None:
        """Count one difference."""
        self.found[finding] += 1
        if len(self.findings) < _FINDINGS_KEPT:
            self.findings.append({"channel_order_id": order_id, "finding": finding, "why": why})


def reconcile(channel: Channel, days: Sequence[str], shop: Shop, ledger: Ledger) -> Reconciliation:
    """Compare the orders that last changed on these days with the ledger, both ways."""
    result = Reconciliation()
    mapping = channel.mapping()
    seen: set[str] = set()
    for day in days:
        for frames in progress.tracked("comparing", day, shop.changed(day), lambda one: len(one.orders)):
            normalised = normalise(frames, mapping)
            hashes = {record.channel_order_id: record.payload_hash for record in normalised.records}
            rejected = {reject.channel_order_id: f"rejected: {reject.code}" for reject in normalised.rejects}
            known = ledger.known(channel.name, [*hashes, *rejected])
            result.orders += len(hashes) + len(rejected)
            for order_id in (*hashes, *rejected):
                seen.add(order_id)
                _compare(result, order_id, hashes.get(order_id), rejected.get(order_id), known.get(order_id))
    for order_id in _gone(channel.name, days, seen, shop, ledger):
        result.find(order_id, NOT_IN_SHOP, "Mirakl has no way to delete an order; close it there if it is void")
    return result


def _compare(
    result: Reconciliation, order_id: str, payload_hash: str | None, rejected: str | None, row: LedgerEntry | None
) -> None:
    if row is None or row.delivered_hash is None:
        state = "never read" if row is None else f"{row.outcome}: {row.error_code or 'no answer'}"
        result.find(order_id, NEVER_ACCEPTED, rejected or state)
    elif row.delivered_hash != payload_hash:
        result.find(
            order_id, DIFFERS, rejected or ("changed" if row.outcome == Outcome.DELIVERED else f"{row.outcome} since")
        )
    else:
        result.matching += 1


def _gone(channel: str, days: Sequence[str], seen: set[str], shop: Shop, ledger: Ledger) -> Iterator[str]:
    def accepted_only() -> Iterator[str]:
        for page in ledger.order_ids(channel, days[0], days[-1]):
            for row in page:
                if row.delivered_hash is not None and row.channel_order_id not in seen:
                    seen.add(row.channel_order_id)  # a row that is moved to a later day meanwhile comes twice
                    yield row.channel_order_id

    accepted = accepted_only()
    # Not among the orders of these days: changed on another day since, or not there at all.
    while candidates := list(islice(accepted, _TOGETHER)):
        there = {
            order_id for frames in shop.orders(candidates) for order_id in frames.orders["channel_order_id"].tolist()
        }
        yield from (order_id for order_id in candidates if order_id not in there)
