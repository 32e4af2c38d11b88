"""A Magento 2 shop of any size, filled by the database itself: for plans and for measuring.

Orders follow each other evenly over 100 days; two in three are shipped, one in ten is not invoiced, one in twenty has
a credit memo. Each has a simple product and a configurable one, taxes by line, two addresses and a payment.
"""

from __future__ import annotations

from typing import Any

import pymysql

START, DAYS = "2026-01-01 00:00:00", 100

_PLACED = "TIMESTAMPADD(SECOND, FLOOR(n * {step}), '{start}')"
_CHANGED = "TIMESTAMPADD(HOUR, 3, {placed})"
_SHIPPED, _INVOICED, _CREDITED = "n % 3 <> 0", "n % 10 <> 0", "n % 20 = 0"

# Table -> (columns, SELECT list over n, condition). `{placed}` and `{changed}` are the order's two times.
_ROWS: list[tuple[str, str, str, str]] = [
    (
        "sales_order",
        (
            "entity_id, increment_id, state, status, store_id, is_virtual, customer_email, order_currency_code, "
            "base_currency_code, subtotal, tax_amount, discount_amount, shipping_amount, shipping_tax_amount, grand_total, "
            "total_paid, total_due, total_refunded, shipping_method, shipping_description, created_at, updated_at"
        ),
        (
            f"n, LPAD(n, 9, '0'), IF({_SHIPPED}, 'complete', 'processing'), IF({_SHIPPED}, 'complete', 'processing'), 1, 0, "
            f"CONCAT('buyer', n, '@example.com'), 'EUR', 'EUR', 50, 11, 0, 5, 1, 66, 66, 0, IF({_CREDITED}, 12, 0), "
            "'flatrate_flatrate', 'Flat Rate - Fixed', {placed}, {changed}"
        ),
        "TRUE",
    ),
    (
        "sales_order_item",
        (
            "item_id, order_id, product_id, product_type, sku, name, is_virtual, qty_ordered, qty_invoiced, qty_shipped, "
            "qty_refunded, price, row_total, tax_percent, tax_amount, created_at, updated_at"
        ),
        (
            "n * 3, n, 7, 'simple', 'MUG', 'Mug', 0, 2, 2, "
            f"IF({_SHIPPED}, 2, 0), IF({_CREDITED}, 1, 0), 10, 20, 20, 4, {{placed}}, {{placed}}"
        ),
        "TRUE",
    ),
    (
        "sales_order_item",
        (
            "item_id, order_id, product_id, product_type, product_options, sku, name, is_virtual, qty_ordered, qty_invoiced, "
            "qty_shipped, price, row_total, tax_percent, tax_amount, created_at, updated_at"
        ),
        (
            "n * 3 + 1, n, 8, 'configurable', '{{\"product_calculations\":1,\"shipment_type\":0}}', 'SHIRT-M', 'Shirt', 0, 1, "
            f"1, IF({_SHIPPED}, 1, 0), 30, 30, 20, 6, {{placed}}, {{placed}}"
        ),
        "TRUE",
    ),
    (
        "sales_order_item",
        (
            "item_id, order_id, parent_item_id, product_id, product_type, sku, name, is_virtual, qty_ordered, price, "
            "row_total, created_at, updated_at"
        ),
        "n * 3 + 2, n, n * 3 + 1, 9, 'simple', 'SHIRT-M', 'Shirt-M', 0, 1, 0, 0, {placed}, {placed}",
        "TRUE",
    ),
    ("sales_order_payment", "parent_id, method", "n, 'stripe_payments'", "TRUE"),
    (
        "sales_order_tax",
        "tax_id, order_id, code, title, percent, priority, position, process",
        "n, n, 'VAT-20', 'VAT', 20, 0, 0, 0",
        "TRUE",
    ),
    *(
        (
            "sales_order_tax_item",
            "tax_id, item_id, tax_percent, amount, base_amount, real_amount, real_base_amount, taxable_item_type",
            f"n, {item}, 20, {amount}, {amount}, {amount}, {amount}, '{kind}'",
            "TRUE",
        )
        for item, amount, kind in (("n * 3", 4, "product"), ("n * 3 + 1", 6, "product"), ("NULL", 1, "shipping"))
    ),
    *(
        (
            "sales_order_address",
            "parent_id, address_type, firstname, lastname, street, city, postcode, country_id",
            f"n, '{kind}', 'Zoë', CONCAT('Müller', n), '1 rue de la Paix', 'Paris', '75002', 'FR'",
            "TRUE",
        )
        for kind in ("billing", "shipping")
    ),
    ("sales_shipment", "entity_id, order_id, created_at, updated_at", "n, n, {changed}, {changed}", _SHIPPED),
    ("sales_shipment_item", "parent_id, order_item_id, qty", "n, n * 3, 2", _SHIPPED),
    ("sales_shipment_item", "parent_id, order_item_id, qty", "n, n * 3 + 1, 1", _SHIPPED),
    (
        "sales_shipment_track",
        "parent_id, order_id, carrier_code, title, created_at, updated_at",
        "n, n, 'ups', 'UPS', {changed}, {changed}",
        _SHIPPED,
    ),
    ("gift_message", "gift_message_id, message", "n, 'With love'", "TRUE"),
    ("inventory_pickup_location_order", "order_id, pickup_location_code", "n, 'marais'", "n % 4 = 0"),
    (
        "sales_invoice",
        "order_id, state, grand_total, created_at, updated_at",
        "n, 2, 66, {placed}, {placed}",
        _INVOICED,
    ),
    (
        "sales_creditmemo",
        "entity_id, order_id, increment_id, state, grand_total, tax_amount, created_at, updated_at",
        "n, n, LPAD(n, 9, '3'), 2, 12, 2, {changed}, {changed}",
        _CREDITED,
    ),
    ("sales_creditmemo_item", "parent_id, order_item_id, qty, row_total, tax_amount", "n, n * 3, 1, 10, 2", _CREDITED),
    ("sales_creditmemo_comment", "parent_id, comment, created_at", "n, 'Changed mind', {changed}", _CREDITED),
    ("sales_order_status_change_history", "order_id, status, created_at", "n, 'processing', {placed}", "TRUE"),
    (
        "sales_order_status_history",
        "parent_id, status, entity_name, created_at",
        "n, 'processing', 'invoice', {placed}",
        "TRUE",
    ),
]


def fill_magento2(connection: pymysql.Connection[Any], orders: int, days: int = DAYS) -> None:
    """Fill the tables of `magento2.sql`, empty and in use by `connection`, with that many orders over so many days."""
    placed = _PLACED.format(step=days * 86_400 / (orders + 1), start=START)
    times = {"placed": placed, "changed": _CHANGED.format(placed=placed)}
    with connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute("CREATE TEMPORARY TABLE numbers (n int unsigned NOT NULL PRIMARY KEY)")
        cursor.executemany("INSERT INTO numbers VALUES (%s)", [(n,) for n in range(1, orders + 1)])
        for table, columns, cells, condition in _ROWS:
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT {cells.format(**times)} FROM numbers WHERE {condition}"
            )
        cursor.execute("DROP TEMPORARY TABLE numbers")
        tables = {table for table, *_ in _ROWS}
        cursor.execute(f"ANALYZE TABLE {', '.join(sorted(tables))}")
        cursor.fetchall()
