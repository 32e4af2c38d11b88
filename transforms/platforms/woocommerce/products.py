"""The products behind the lines: their SKUs, which of them are virtual, how their attributes are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from transforms.packed import php
from transforms.platforms.woocommerce.chunk import Cell, rows_as
from transforms.rows import Rows

NOTHING = frozenset({None, "", "0"})


class _Product(NamedTuple):
    product_id: Cell
    sku: Cell
    is_virtual: Cell


class _ProductMeta(NamedTuple):
    product_id: Cell
    sku: Cell
    is_virtual: Cell
    attributes: Cell


class _Label(NamedTuple):
    attribute_name: Cell
    attribute_label: Cell


class Products:
    """The products in the orders of one chunk; a product that was deleted is not among them."""

    def __init__(self, rows: Rows) -> None:
        meta = {row.product_id: row for row in rows_as(_ProductMeta, rows, "product_meta")}
        self._attributes = {product_id: row.attributes for product_id, row in meta.items() if row.attributes}
        self._known: dict[Cell, _Product | _ProductMeta] = {
            **meta,
            **{
                row.product_id: row
                for row in rows_as(_Product, rows, "products")
                if row.sku or row.is_virtual not in NOTHING
            },
        }
        self._labels = {
            f"pa_{row.attribute_name}": row.attribute_label
            for row in rows_as(_Label, rows, "attribute_labels")
            if row.attribute_label
        }
        self._labels_of: dict[Cell, Mapping[str, str]] = {}

    def is_virtual(self, product_id: Cell, variation_id: Cell) -> bool:
        """Return whether nobody ships this product."""
        product = self._known.get(_id(product_id, variation_id))
        return product is not None and product.is_virtual == "1"

    def sku_or_id(self, product_id: Cell, variation_id: Cell) -> Cell:
        """Return the SKU of a product, else its id; None where a line, typed in by hand, has no product at all.

        The id of a variation without a SKU of its own distinguishes it from the others: their parent's SKU would not.
        """
        own_id = _id(product_id, variation_id)
        sku = self._sku(own_id)
        if sku and own_id != product_id and sku == self._sku(product_id):
            sku = ""
        return sku or (None if own_id in NOTHING else own_id)

    def labels(self, product_id: Cell) -> Mapping[str, str]:
        """Return what buyers read for attributes: the shop's by taxonomy, and those that the product has of its own."""
        if product_id not in self._attributes:
            return self._labels
        if product_id not in self._labels_of:
            self._labels_of[product_id] = {**self._labels, **_own_labels(self._attributes[product_id])}
        return self._labels_of[product_id]

    def _sku(self, product_id: Cell) -> str:
        product = self._known.get(product_id)
        return (product.sku or "").strip() if product is not None else ""


def _own_labels(attributes: Cell) -> dict[str, str]:
    own = php(attributes)
    if not isinstance(own, dict):
        return {}
    return {
        str(key): str(attribute["name"])
        for key, attribute in own.items()
        if isinstance(attribute, dict) and attribute.get("name") and not str(key).startswith("pa_")
    }


def _id(product_id: Cell, variation_id: Cell) -> Cell:
    return product_id if variation_id in NOTHING else variation_id
