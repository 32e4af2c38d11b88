"""A Medusa shop of any size, made by the database itself: paid, shipped, some of them refunded."""

from __future__ import annotations

from typing import Any

import psycopg

ORDERS_A_DAY = 2_000

# Order n was placed at `at`, is in version 3 (placed, fulfilled an hour later, shipped another hour later), and has two
# lines. Every 20th order got a refund a day later.
_EXACT = "jsonb_build_object('value', CAST({} AS text), 'precision', 20)"
_STATEMENTS = (
    """
    CREATE TEMPORARY TABLE filled AS
    SELECT n, 'order_' || n AS order_id, timestamptz '2026-01-01 00:00Z' + n * interval '1 day' / %(orders_a_day)s AS at
    FROM generate_series(1, %(orders)s) AS n
    """,
    """
    INSERT INTO order_address (id, first_name, last_name, address_1, city, postal_code, country_code, created_at, updated_at)
    SELECT 'ordaddr_' || n, 'Ann', 'Lee', 'High St ' || n, 'Leeds', 'LS1', 'gb', at, at FROM filled
    """,
    """
    INSERT INTO "order" (id, display_id, version, status, currency_code, email, sales_channel_id, shipping_address_id,
        billing_address_id, created_at, updated_at)
    SELECT order_id, n, 3, 'pending', 'eur', 'buyer' || n || '@example.com', 'sc_1', 'ordaddr_' || n, 'ordaddr_' || n,
        at, at + interval '2 hours'
    FROM filled
    """,
    f"""
    INSERT INTO order_line_item (id, title, variant_sku, unit_price, raw_unit_price, created_at, updated_at)
    SELECT 'ordli_' || n || '_' || line, 'Mug ' || line, 'MUG-' || line, 9.99, {_EXACT.format("9.99")}, at, at
    FROM filled, generate_series(1, 2) AS line
    """,
    f"""
    INSERT INTO order_line_item_tax_line (id, item_id, code, rate, raw_rate, created_at, updated_at)
    SELECT 'ordlitxl_' || n || '_' || line, 'ordli_' || n || '_' || line, 'VAT', 20, {_EXACT.format("20")}, at, at
    FROM filled, generate_series(1, 2) AS line
    """,
    f"""
    INSERT INTO order_item (id, order_id, version, item_id, quantity, raw_quantity, fulfilled_quantity, shipped_quantity,
        return_requested_quantity, return_received_quantity, return_dismissed_quantity, written_off_quantity,
        created_at, updated_at)
    SELECT 'orditem_' || n || '_' || line || '_' || version, order_id, version, 'ordli_' || n || '_' || line,
        line, {_EXACT.format("line")}, CASE WHEN version > 1 THEN line ELSE 0 END,
        CASE WHEN version > 2 THEN line ELSE 0 END, 0, 0, 0, 0,
        at + (version - 1) * interval '1 hour', at + (version - 1) * interval '1 hour'
    FROM filled, generate_series(1, 2) AS line, generate_series(1, 3) AS version
    """,
    f"""
    INSERT INTO order_shipping_method (id, name, amount, raw_amount, shipping_option_id, created_at, updated_at)
    SELECT 'ordsm_' || n, 'Standard', 5, {_EXACT.format("5")}, 'so_standard', at, at FROM filled
    """,
    """
    INSERT INTO order_shipping (id, order_id, version, shipping_method_id, created_at, updated_at)
    SELECT 'ordspmv_' || n || '_' || version, order_id, version, 'ordsm_' || n, at, at
    FROM filled, generate_series(1, 3) AS version
    """,
    """
    INSERT INTO order_summary (id, order_id, version, totals, created_at, updated_at)
    SELECT 'ordsum_' || n || '_' || version, order_id, version, '{"current_order_total": 40.964}', at,
        at + (version - 1) * interval '1 hour'
    FROM filled, generate_series(1, 3) AS version
    """,
    """
    INSERT INTO order_change (id, order_id, version, change_type, status, confirmed_at, created_at, updated_at)
    SELECT 'ordch_' || n || '_' || version, order_id, version, 'fulfillment', 'confirmed', at, at,
        at + (version - 1) * interval '1 hour'
    FROM filled, generate_series(2, 3) AS version
    """,
    f"""
    INSERT INTO order_change_action (id, order_id, order_change_id, version, action, details, amount, raw_amount, applied)
    SELECT 'ordchact_' || n || '_' || version, order_id, 'ordch_' || n || '_' || version, version, 'SHIP_ITEM',
        '{{}}', 0, {_EXACT.format("0")}, TRUE
    FROM filled, generate_series(2, 3) AS version
    """,
    f"""
    INSERT INTO order_transaction (id, order_id, amount, raw_amount, currency_code, reference, created_at, updated_at)
    SELECT 'ordtrx_' || n, order_id, 40.96, {_EXACT.format("40.96")}, 'eur', 'capture', at, at FROM filled
    UNION ALL
    SELECT 'ordtrx_' || n || '_back', order_id, -5, {_EXACT.format("-5")}, 'eur', 'refund', at + interval '1 day',
        at + interval '1 day'
    FROM filled
    WHERE n % 20 = 0
    """,
    f"""
    INSERT INTO payment_collection (id, currency_code, amount, raw_amount, captured_amount, status, created_at, updated_at)
    SELECT 'paycol_' || n, 'eur', 40.96, {_EXACT.format("40.96")}, 40.96, 'completed', at, at FROM filled
    """,
    f"""
    INSERT INTO payment (id, currency_code, amount, raw_amount, provider_id, payment_collection_id, payment_session_id,
        created_at, updated_at)
    SELECT 'pay_' || n, 'eur', 40.96, {_EXACT.format("40.96")}, 'pp_system_default', 'paycol_' || n, 'payses_' || n, at, at
    FROM filled
    """,
    f"""
    INSERT INTO refund (id, payment_id, amount, raw_amount, created_at, updated_at)
    SELECT 'ref_' || n, 'pay_' || n, 5, {_EXACT.format("5")}, at + interval '1 day', at + interval '1 day'
    FROM filled
    WHERE n % 20 = 0
    """,
    """
    INSERT INTO order_payment_collection (id, order_id, payment_collection_id)
    SELECT 'ordpay_' || n, order_id, 'paycol_' || n FROM filled
    """,
    """
    INSERT INTO fulfillment (id, location_id, provider_id, shipped_at, created_at, updated_at)
    SELECT 'ful_' || n, 'sloc_1', 'dhl_dhl', at + interval '2 hours', at + interval '1 hour', at + interval '2 hours'
    FROM filled
    """,
    f"""
    INSERT INTO fulfillment_item (id, title, sku, barcode, quantity, raw_quantity, line_item_id, fulfillment_id)
    SELECT 'fulit_' || n || '_' || line, 'Mug', 'MUG', '', line, {_EXACT.format("line")}, 'ordli_' || n || '_' || line,
        'ful_' || n
    FROM filled, generate_series(1, 2) AS line
    """,
    """
    INSERT INTO fulfillment_label (id, tracking_number, tracking_url, label_url, fulfillment_id, created_at, updated_at)
    SELECT 'fulla_' || n, 'T-' || n, '#', '#', 'ful_' || n, at + interval '2 hours', at + interval '2 hours' FROM filled
    """,
    """
    INSERT INTO order_fulfillment (id, order_id, fulfillment_id) SELECT 'ordful_' || n, order_id, 'ful_' || n FROM filled
    """,
    """
    INSERT INTO "return" (id, order_id, order_version, status, requested_at, created_at, updated_at)
    SELECT 'return_' || n, order_id, 3, 'requested', at, at, at + interval '3 hours' FROM filled WHERE n % 10 = 0
    """,
    f"""
    INSERT INTO return_item (id, return_id, item_id, quantity, raw_quantity)
    SELECT 'retitem_' || n, 'return_' || n, 'ordli_' || n || '_1', 1, {_EXACT.format("1")} FROM filled WHERE n % 10 = 0
    """,
    """
    INSERT INTO order_claim (id, order_id, order_version, type, canceled_at, created_at, updated_at)
    SELECT 'claim_' || n, order_id, 3, 'refund', at, at, at FROM filled WHERE n % 10 = 1
    """,
    f"""
    INSERT INTO order_claim_item (id, claim_id, item_id, quantity, raw_quantity, reason)
    SELECT 'claitem_' || n, 'claim_' || n, 'ordli_' || n || '_1', 1, {_EXACT.format("1")}, 'other'
    FROM filled
    WHERE n % 10 = 1
    """,
    """
    INSERT INTO order_claim_payment_collection (id, claim_id, payment_collection_id)
    SELECT 'claimpay_' || n, 'claim_' || n, 'paycol_' || n FROM filled WHERE n % 10 = 1
    """,
    """
    INSERT INTO order_exchange (id, order_id, order_version, canceled_at, created_at, updated_at)
    SELECT 'oexc_' || n, order_id, 3, at, at, at FROM filled WHERE n % 10 = 2
    """,
    """
    INSERT INTO order_exchange_payment_collection (id, exchange_id, payment_collection_id)
    SELECT 'excpay_' || n, 'oexc_' || n, 'paycol_' || n FROM filled WHERE n % 10 = 2
    """,
    f"""
    INSERT INTO order_line_item_adjustment (id, item_id, version, amount, raw_amount, code)
    SELECT 'ordliadj_' || n || '_' || version, 'ordli_' || n || '_1', version, 0, {_EXACT.format("0")}, 'NONE'
    FROM filled, generate_series(1, 3) AS version
    WHERE n % 10 = 3
    """,
    f"""
    INSERT INTO order_shipping_method_adjustment (id, shipping_method_id, version, amount, raw_amount, code)
    SELECT 'ordsmadj_' || n || '_' || version, 'ordsm_' || n, version, 0, {_EXACT.format("0")}, 'NONE'
    FROM filled, generate_series(1, 3) AS version
    WHERE n % 10 = 4
    """,
    f"""
    INSERT INTO order_shipping_method_tax_line (id, shipping_method_id, code, rate, raw_rate)
    SELECT 'ordsmtxl_' || n, 'ordsm_' || n, 'VAT', 0, {_EXACT.format("0")} FROM filled
    """,
    f"""
    INSERT INTO order_credit_line (id, order_id, version, reference, amount, raw_amount)
    SELECT 'ordcl_' || n || '_' || version, order_id, version, 'gift_card', 0, {_EXACT.format("0")}
    FROM filled, generate_series(1, 3) AS version
    WHERE n % 10 = 5
    """,
    "DROP TABLE filled",
)


def fill_medusa(connection: psycopg.Connection[Any], orders: int, orders_a_day: int = ORDERS_A_DAY) -> None:
    """Fill an empty Medusa shop with orders, so many a day from 1 January 2026 on, and gather its statistics."""
    for statement in _STATEMENTS:
        text = statement.replace("%(orders_a_day)s", str(orders_a_day)).replace("%(orders)s", str(orders))
        connection.execute(text.encode())
    connection.commit()
    connection.autocommit = True
    connection.execute("ANALYZE")
