"""Lines of an order: products, fees, containers and parts of bundles, and what the buyer chose."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from transforms.platforms.woocommerce.bundles import TIES, Bundles
from transforms.platforms.woocommerce.options import chosen
from transforms.platforms.woocommerce.products import Products
from transforms.platforms.woocommerce.shipments import Shipments
from transforms.platforms.woocommerce.states import PARTLY_SHIPPED

Cells = dict[str, Any]
MetaRows = Mapping[Any, Sequence[Any]]
NO_META: MetaRows = {}


def fee_cells(item: Any, kind: str) -> Cells:
    """Write what nobody ships: a fee, a balance, a discount."""
    return {
        "channel_order_line_id": item.order_item_id,
        "kind": kind,
        "quantity": "1",
        "price": item.line_total or "0",
        "product_id": "fee",
        "product_title": shown(item.order_item_name),
    }


class Lines:
    """Writes the product lines of one order. `meta` are the meta rows of items, for those that have any."""

    def __init__(
        self, order_status: str | None, items: Sequence[Any], meta: MetaRows, products: Products, sent: Shipments
    ) -> None:
        self._status, self._meta, self._products, self._sent = order_status, meta, products, sent
        self._is_completed = order_status == "wc-completed"
        tied = any(row.meta_key in TIES for rows in meta.values() for row in rows)
        goods = [item for item in items if item.order_item_type == "line_item"] if tied else []
        self.has_attributes = bool(meta)
        self.bundles = Bundles(goods, first_values(meta), products.is_virtual) if tied else None

    def is_told(self, item: Any) -> bool:
        """Say whether a line is sent: no container without a price, no part that is inside another product."""
        return self.bundles is None or not self.bundles.is_left_out(item)

    def cells(self, item: Any, refunded: Mapping[str, Decimal]) -> Cells:
        """Write a product line; `refunded` are the units given back, by line."""
        sent, bundles = self._sent, self.bundles
        virtual = self._products.is_virtual(item)
        if bundles is None:
            shipped, partly, delivered = sent.units(item), False, sent.delivered(item)
        else:
            shipped, partly = bundles.units(item, sent.units, refunded)
            delivered, _ = bundles.units(item, sent.delivered, refunded)
            virtual = virtual and not bundles.is_container(item)
        if shipped is None and self._status == PARTLY_SHIPPED:
            partly = not virtual
        # Nobody delivers a virtual product: it has arrived when its order is done, and holds up no other line before.
        arrived = virtual and self._is_completed
        return {
            "channel_order_line_id": item.order_item_id,
            "kind": "product",
            "quantity": item.qty,
            "price": item.line_total or "0",
            "product_id": self._products.sku_or_id(item),
            "product_title": shown(item.order_item_name),
            "quantity_shipped": shipped,
            "quantity_delivered": item.qty if arrived else delivered,
            "partly_shipped": "1" if partly else None,
            "is_virtual": "1" if virtual else None,
            "shipped_at": sent.sent_at(item),
        }

    def attributes(self, item: Any) -> Iterator[Cells]:
        """Write what the buyer chose, and how containers and parts of bundles belong together."""
        rows = self._meta.get(item.order_item_id)
        if rows:
            for label, texts in chosen(rows, self._products.labels(item)).items():
                yield attribute(label, texts[0] if len(texts) == 1 else texts)
        if self.bundles is not None:
            if self.bundles.is_container(item):
                yield {"id": "container", "type": "BOOLEAN", "value": "1"}
            if contents := self.bundles.contents(item):
                yield attribute("contains", contents)
            container = self.bundles.container_of.get(item.order_item_id)
            if container is not None:
                yield attribute("part-of", shown(container.order_item_name) or "")


def attribute(name: str, value: str | list[str]) -> Cells:
    """Write an attribute: a text, or a list of them."""
    if isinstance(value, list):
        return {"id": name, "type": "LIST", "value": orjson.dumps(value).decode()}
    return {"id": name, "type": "STRING", "value": value}


def first_values(meta: MetaRows) -> dict[Any, dict[str, str | None]]:
    """Return each item's meta by key; of two of one key the first counts."""
    values: dict[Any, dict[str, str | None]] = {}
    for item_id, rows in meta.items():
        own = values.setdefault(item_id, {})
        for row in rows:
            own.setdefault(row.meta_key, row.meta_value)
    return values


def is_negative(amount: str | None) -> bool:
    """Say whether an amount is below zero."""
    text = (amount or "").strip()
    return text.startswith("-") and bool(text.strip("-0."))


def is_nothing(item: Any) -> bool:
    """Say whether a line has neither units nor money: edits leave such lines behind, and Mirakl takes none."""
    return not any((cell or "").strip(" -0.") for cell in (item.qty, item.line_total, item.line_tax))


def shown(name: str | None) -> str | None:
    """Return a name as the buyer saw it: it may be stored as HTML (WordPress's filters, the REST API)."""
    return None if name is None else html.unescape(name)
