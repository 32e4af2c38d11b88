"""A golden case of WooCommerce as the rows of its tables.

A case names columns and meta keys as the platform does; what is not said is a plain paid order of one day. Structured
values of items and orders are written as serialised PHP, those of fulfilments as JSON; "NULL" is no value. `again` are
more meta of an item, whose keys may be there already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import phpserialize

SCHEMA = Path(__file__).parents[2] / "examples" / "woocommerce.sql"
Statement = tuple[str, tuple[Any, ...]]

ORDER = {
    "status": "wc-processing",
    "currency": "EUR",
    "type": "shop_order",
    "customer_id": 0,
    "billing_email": "buyer@example.com",
    "date_created_gmt": "2026-03-01 09:00:00",
    "date_updated_gmt": "2026-03-05 10:00:00",
    "parent_order_id": 0,
}
OPERATIONAL = {
    "created_via": "checkout",
    "date_paid_gmt": "2026-03-01 09:01:00",
    "date_completed_gmt": "NULL",
    "prices_include_tax": 0,
}
# The keys of a case that say what the shop holds.
FACTS = frozenset(
    [
        "order",
        "items",
        "addresses",
        "meta",
        "notes",
        "refunds",
        "fulfillments",
        "products",
        "product_meta",
        "tax_rates",
        "attribute_labels",
        "terms",
        "prefix",
        "site",
    ]
)
KINDS = ("line_item", "shipping", "tax", "fee", "coupon", "gift_card", "pw_gift_card", "yith_gift_card")


class Tables:
    """Collects the statements that make one shop."""

    def __init__(self, prefix: str, site: Mapping[str, str]) -> None:
        self.prefix, self._ids = prefix, count(1)
        self.statements: list[Statement] = [
            (statement.replace(" wp_", f" {prefix}"), ())
            for statement in SCHEMA.read_text().split(";\n")
            if statement.strip() and "INSERT" not in statement
        ]
        for name, value in {"woocommerce_custom_orders_table_enabled": "yes", **site}.items():
            self.insert("options", {"option_id": next(self._ids), "option_name": name, "option_value": value})

    def insert(self, table: str, cells: Mapping[str, Any]) -> None:
        values = tuple(None if value == "NULL" else value for value in cells.values())
        # MySQL reserves `virtual`, the name of a column.
        names, marks = ", ".join(f"`{cell}`" for cell in cells), ", ".join("?" * len(values))
        self.statements.append((f"INSERT INTO {self.prefix}{table} ({names}) VALUES ({marks})", values))

    def add(self, case: Mapping[str, Any]) -> None:
        """Write a case; one without an order is what is left of an order that was deleted."""
        if "order" in case:
            self._order(case["order"])
        for item in case.get("items", ()):
            self._item(item, item.get("order_id") or case["order"]["id"])
        for address in case.get("addresses", ()):
            self.insert("wc_order_addresses", {"id": next(self._ids), "order_id": case["order"]["id"], **address})
        for key, value in case.get("meta", {}).items():
            self._meta(case["order"]["id"], key, value)
        for note in case.get("notes", ()):
            cells = {"comment_ID": next(self._ids), "comment_post_ID": case["order"]["id"]}
            written = {"comment_content": note} if isinstance(note, str) else note
            self.insert("comments", {**cells, **written, "comment_type": "order_note"})
        for refund in case.get("refunds", ()):
            self._refund(refund, case["order"])
        for fulfillment in case.get("fulfillments", ()):
            self._fulfillment(fulfillment, case["order"]["id"])
        for product in case.get("products", ()):
            self.insert("wc_product_meta_lookup", product)
        for meta in case.get("product_meta", ()):
            self.insert("postmeta", {"meta_id": next(self._ids), **meta})
        for rate in case.get("tax_rates", ()):
            self.insert("woocommerce_tax_rates", rate)
        for label in case.get("attribute_labels", ()):
            self.insert("woocommerce_attribute_taxonomies", {"attribute_id": next(self._ids), **label})
        for term in case.get("terms", ()):
            self._term(**term)

    def _order(self, order: Mapping[str, Any]) -> None:
        operational = {name: order.get(name, value) for name, value in OPERATIONAL.items()}
        own = {name: value for name, value in order.items() if name not in OPERATIONAL}
        self.insert("wc_orders", {**ORDER, **own})
        self.insert("wc_order_operational_data", {"id": next(self._ids), "order_id": order["id"], **operational})

    def _item(self, item: Mapping[str, Any], owner: int) -> None:
        kind = next(kind for kind in KINDS if kind in item)
        cells = {"order_item_id": item["id"], "order_item_name": item[kind], "order_item_type": kind}
        self.insert("woocommerce_order_items", {**cells, "order_id": owner})
        for key, value in item.items():
            if key not in {"id", "order_id", "again", kind}:
                self._item_meta(item["id"], key, value)
        for key, value in item.get("again", ()):
            self._item_meta(item["id"], key, value)

    def _item_meta(self, owner: int, key: str, value: Any) -> None:
        cells = {"meta_id": next(self._ids), "order_item_id": owner, "meta_key": key}
        self.insert("woocommerce_order_itemmeta", {**cells, "meta_value": _php(value)})

    def _term(self, taxonomy: str, slug: str, name: str) -> None:
        term_id = next(self._ids)
        self.insert("terms", {"term_id": term_id, "name": name, "slug": slug})
        self.insert("term_taxonomy", {"term_taxonomy_id": next(self._ids), "term_id": term_id, "taxonomy": taxonomy})

    def _meta(self, owner: int, key: str, value: Any) -> None:
        cells = {"id": next(self._ids), "order_id": owner, "meta_key": key, "meta_value": _php(value)}
        self.insert("wc_orders_meta", cells)

    def _refund(self, refund: Mapping[str, Any], order: Mapping[str, Any]) -> None:
        at = refund.get("at", "2026-03-04 12:00:00")
        head = {"id": refund["id"], "type": "shop_order_refund", "status": "wc-completed"}
        money = {"currency": order.get("currency", "EUR"), "total_amount": f"-{refund['amount']}"}
        stamps = {"date_created_gmt": at, "date_updated_gmt": refund.get("updated", at)}
        self.insert("wc_orders", {**head, **money, **stamps, "parent_order_id": order["id"]})
        self._meta(refund["id"], "_refund_amount", refund.get("_refund_amount", refund["amount"]))
        self._meta(refund["id"], "_refund_reason", refund.get("reason", ""))
        for item in refund.get("items", ()):
            self._item(item, refund["id"])

    def _fulfillment(self, fulfillment: Mapping[str, Any], owner: int) -> None:
        head = {"entity_type": "WC_Order", "entity_id": owner, "status": "fulfilled", "is_fulfilled": 1}
        stamps = {"date_updated": "0000-00-00 00:00:00", "date_deleted": "NULL"}
        own = {name: value for name, value in fulfillment.items() if not name.startswith("_") and name != "id"}
        self.insert("wc_order_fulfillments", {"fulfillment_id": fulfillment["id"], **head, **stamps, **own})
        for key, value in fulfillment.items():
            if key.startswith("_"):
                cells = {"meta_id": next(self._ids), "fulfillment_id": fulfillment["id"], "meta_key": key}
                text = value if isinstance(value, str) and value.startswith("RAW ") else orjson.dumps(value).decode()
                self.insert("wc_order_fulfillment_meta", {**cells, "meta_value": text.removeprefix("RAW ")})


def statements(cases: list[dict[str, Any]]) -> Iterator[Statement]:
    """Yield what makes one shop of all these cases; they share prefix and site."""
    tables = Tables(cases[0].get("prefix", "wp_"), cases[0].get("site", {"timezone_string": "Europe/Paris"}))
    for case in cases:
        tables.add(case)
    yield from tables.statements


def _php(value: Any) -> str:
    if isinstance(value, str | int):
        return str(value)
    return str(phpserialize.dumps(_keys(value), object_hook=_object).decode())


def _keys(value: Any) -> Any:
    # A dict with the key `stdClass` is an object of PHP, as some plugins write entries of lists.
    if isinstance(value, list):
        return [_keys(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if "stdClass" in value:
        return phpserialize.phpobject("stdClass", _keys(value["stdClass"]))
    return {int(key) if key.isdecimal() else key: _keys(entry) for key, entry in value.items()}


def _object(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} has no serialised form")
