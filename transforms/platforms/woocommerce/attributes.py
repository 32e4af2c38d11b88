"""Attributes of lines and orders: what the buyer chose, how bundles belong together, numbers, coupons."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping

import orjson

from transforms.platforms.woocommerce.bundles import Bundles
from transforms.platforms.woocommerce.chunk import Cell, Chunk, Item
from transforms.platforms.woocommerce.lines import LineItems
from transforms.platforms.woocommerce.options import chosen
from transforms.platforms.woocommerce.origins import order_number
from transforms.platforms.woocommerce.products import Products

AttributeRow = dict[str, Cell]


def line_attributes(
    chunk: Chunk, line_items: LineItems, products: Products, bundles: Mapping[int, Bundles]
) -> Iterator[AttributeRow]:
    """Write the attributes of lines: what the buyer chose, and how containers and parts belong together."""
    for order in chunk.keys:
        order_id = chunk.orders.rows[order].order_id
        for item in chunk.items_of(order):
            if item.row in line_items.products:
                for cells in _line_attributes(chunk, item, products, bundles.get(order)):
                    yield {"channel_order_id": order_id, "channel_order_line_id": item.order_item_id, **cells}


def _line_attributes(chunk: Chunk, item: Item, products: Products, bundles: Bundles | None) -> Iterator[AttributeRow]:
    rows = chunk.item_meta.get(item.order_item_id)
    if rows:
        for label, texts in chosen(rows, products.labels(item.product_id)).items():
            yield attribute(label, texts[0] if len(texts) == 1 else texts)
    if bundles is not None:
        if bundles.is_container(item):
            yield {"id": "container", "type": "BOOLEAN", "value": "1"}
        if contents := bundles.contents(item):
            yield attribute("contains", contents)
        container = bundles.container_of.get(item.order_item_id)
        if container is not None:
            yield attribute("part-of", html.unescape(container.order_item_name or ""))


def order_attributes(chunk: Chunk) -> Iterator[AttributeRow]:
    """Write the numbers that buyers know, and the codes of coupons."""
    for order, meta in chunk.meta.items():
        row = chunk.orders.rows[order]
        if number := order_number(row, meta):
            yield {"channel_order_id": row.order_id, **attribute("order-number", number)}
    coupons: dict[int, list[str]] = {}
    used = chunk.own[chunk.items.is_kind("coupon")[chunk.own]]
    for order, item in zip(chunk.items.orders[used].tolist(), chunk.items.of(used), strict=True):
        coupons.setdefault(order, []).append(item.order_item_name or "")
    for order, codes in coupons.items():
        yield {"channel_order_id": chunk.orders.rows[order].order_id, **attribute("coupon-codes", codes)}


def attribute(name: str, value: str | list[str]) -> AttributeRow:
    """Write an attribute: a text, or a list of them."""
    if isinstance(value, list):
        return {"id": name, "type": "LIST", "value": orjson.dumps(value).decode()}
    return {"id": name, "type": "STRING", "value": value}
