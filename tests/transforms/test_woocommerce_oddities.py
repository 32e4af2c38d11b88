"""Whatever stands in meta that the queries of WooCommerce read: an order is shaped, and stops no other."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from transforms.frames import table_of
from transforms.platforms import PLATFORMS
from transforms.platforms.woocommerce.item_meta import UNREADABLE, ItemMeta, read_item_meta

QUERIES = Path(__file__).parents[2] / "connectors" / "channels" / "woocommerce"
TYPES = {"shop_order", "shop_order_refund", "line_item", "shipping", "tax", "fee", "coupon", "attribute_", "!_%", "!"}
KEYS = {
    name: [
        key
        for key in dict.fromkeys(re.findall(r"'([^']+)'", (QUERIES / f"{name}.sql").read_text()))
        if key not in TYPES and "gift_card" not in key
    ]
    for name in ("order_meta", "items")
}
ODD = [
    *("", "0", "123", "null", "[]", "{}", "[1, 2]", "-5", "é", "9" * 40, '<a href="x', "k0", '{"id": 5}'),
    '{"pickup_id": "X", "name": null, "street": 7, "city": "Y"}',
    *("a:0:{}", "a:1:{i:0;i:5;}", 'a:1:{s:2:"id";a:1:{i:0;s:1:"x";}}', 'O:8:"stdClass":1:{s:4:"name";s:1:"a";}'),
    'a:1:{i:0;a:2:{s:4:"name";a:1:{i:0;i:1;}s:5:"value";a:1:{i:0;a:1:{s:5:"value";N;}}}}',
    'a:1:{s:2:"id',
]
READ_AT = dt.datetime(2026, 3, 6, tzinfo=dt.UTC)
ORDER = {
    **dict.fromkeys(("date_completed_gmt", "parent_order_id")),
    "status": "wc-processing",
    "currency": "EUR",
    "total_amount": "10",
    "billing_email": "a@example.com",
    **dict.fromkeys(("date_created_gmt", "date_updated_gmt", "date_paid_gmt"), "2026-03-01 09:00:00"),
    "created_via": "checkout",
}
ITEM = {"refund_id": None, "order_item_name": "A"}
META = {"_product_id": "7", "_qty": "1", "_line_total": "10"}
KINDS = ("line_item", "line_item", "shipping", "fee", "gift_card")


@pytest.mark.parametrize("odd", ODD)
def test_an_order_with_odd_meta_is_shaped(odd: str) -> None:
    """One order a meta key of orders, and one a meta key of items, each with the odd value, and one without any."""
    cases = [(name, key) for name, keys in KEYS.items() for key in keys]
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("orders", "addresses", *KEYS)}
    for order_id, (name, key) in enumerate([*cases, ("", "")], 1):
        rows["orders"].append({"order_id": order_id, **ORDER})
        rows["addresses"].append({"channel_order_id": order_id, "address_type": "billing"})
        for number, kind in enumerate(KINDS):
            item = {"order_id": order_id, "order_item_id": order_id * 10 + number, "order_item_type": kind}
            meta = {**META, key: odd} if name == "items" else META
            entries = [
                orjson.dumps(entry).decode()
                for entry in ([number, *cells] for number, cells in enumerate(meta.items()))
            ]
            rows["items"].append({**ITEM, **item, "meta": ",".join(entries)})
        if name == "order_meta":
            rows[name].append({"order_id": order_id, "meta_key": key, "meta_value": odd})
    address = dict.fromkeys(("first_name", "company", "street", "street_additional_info", "zip_code", "city", "state"))
    rows["addresses"] = [{**address, "last_name": "B", "country": "DE", **row} for row in rows["addresses"]]
    frames = PLATFORMS["woocommerce"].shape({name: table_of(of) for name, of in rows.items()}, READ_AT, "UTC")
    assert len(frames.orders) == len(cases) + 1


META_OF_A_LINE = [[9, "_qty", "2", None], [3, "_qty", "1", None], [5, "pa_color", "red", "Red"], [4, "cost", "9", None]]


def test_of_two_metas_with_one_key_the_first_counts_in_any_order_of_rows() -> None:
    meta = read_item_meta([",".join(orjson.dumps(entry).decode() for entry in META_OF_A_LINE), None], ["line_item"] * 2)
    assert (meta.columns["qty"], meta.columns["cost"]) == (["1", None], ["9", None])
    # What the shop shows the buyer, in the order of the ids.
    assert meta.more == {0: [ItemMeta("cost", "9", None), ItemMeta("pa_color", "red", "Red")]}


def test_an_item_whose_meta_was_cut_off_costs_its_order_and_no_other() -> None:
    meta = read_item_meta(['[1,"_line_total","10"],[2,"_qt', '[3,"_line_total","7"]'], ["line_item"] * 2)
    assert meta.columns["line_total"] == [UNREADABLE, "7"]
