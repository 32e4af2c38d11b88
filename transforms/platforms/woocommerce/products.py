"""The products behind the lines: their SKUs, which of them are virtual, how their attributes are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transforms.packed import php
from transforms.rows import Rows, rows_of


class Products:
    """The products in the orders of one chunk; a product that was deleted is not among them."""

    def __init__(self, rows: Rows) -> None:
        meta = {str(row.product_id): row for row in rows_of(rows, "product_meta")}
        self._attributes = {product_id: row.attributes for product_id, row in meta.items() if row.attributes}
        self._known: dict[str, Any] = {
            **meta,
            **{str(row.product_id): row for row in rows_of(rows, "products") if row.sku or row.is_virtual},
        }
        self._labels = {
            f"pa_{row.attribute_name}": row.attribute_label
            for row in rows_of(rows, "attribute_labels")
            if row.attribute_label
        }

    def is_virtual(self, item: Any) -> bool:
        """Say whether nobody ships this product."""
        product = self._known.get(_id(item))
        return product is not None and str(product.is_virtual) == "1"

    def sku_or_id(self, item: Any) -> str:
        """Return the SKU of a line's product, else its id.

        The id of a variation without a SKU of its own tells it from the others: their parent's SKU would not.
        """
        product_id = _id(item)
        sku = self._sku(product_id)
        if sku and product_id != str(item.product_id) and sku == self._sku(str(item.product_id)):
            sku = ""
        # A line typed in by hand has no product at all.
        return sku or (f"item-{item.order_item_id}" if product_id in {"None", "", "0"} else product_id)

    def labels(self, item: Any) -> Mapping[str, str]:
        """Return what buyers read for attributes: the shop's by taxonomy, and those that the product has of its own."""
        own = php(self._attributes.get(str(item.product_id)))
        if not isinstance(own, dict):
            return self._labels
        named = {
            str(key): str(attribute["name"])
            for key, attribute in own.items()
            if isinstance(attribute, dict) and attribute.get("name") and not str(key).startswith("pa_")
        }
        return {**self._labels, **named}

    def _sku(self, product_id: str) -> str:
        product = self._known.get(product_id)
        return (product.sku or "").strip() if product is not None else ""


def _id(item: Any) -> str:
    return str(item.product_id if item.variation_id in {None, "", "0"} else item.variation_id)
