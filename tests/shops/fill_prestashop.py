"""A large made-up PrestaShop, filled by the database itself, for plans and for speed."""

from __future__ import annotations

from typing import Any

from tests.shops import prestashop

# Orders are spread from the year 2026 on, in the shop's own time; states 2 to 5, most of them delivered.
_ORDERS = """
INSERT INTO ps_orders (id_order, reference, id_carrier, id_lang, id_customer, id_cart, id_currency, id_address_delivery,
    id_address_invoice, current_state, payment, valid, total_shipping_tax_excl, total_shipping_tax_incl,
    carrier_tax_rate, invoice_date, delivery_date, date_add, date_upd)
SELECT seq, CONCAT('R', LPAD(seq, 8, '0')), 2, 1, 1 + seq % 2, seq, 1, 1, 2,
    IF(seq % 10 < 7, 5, 2 + seq % 3), 'Card', 1, 5, 6, 20, placed, '0000-00-00 00:00:00', placed,
    placed + INTERVAL (seq % 5) DAY
FROM (SELECT seq, '2026-01-01 00:00:00' + INTERVAL FLOOR(seq * {seconds} / {orders}) SECOND AS placed
    FROM seq_1_to_{orders}) AS numbers
"""
_CHILDREN = (
    # One to three lines of one or two units at 10.00 net.
    """INSERT INTO ps_order_detail (id_order_detail, id_order, id_shop, product_id, product_reference, product_name,
        product_quantity, unit_price_tax_excl, unit_price_tax_incl, total_price_tax_excl, total_price_tax_incl,
        product_weight, tax_name)
    SELECT o.id_order * 3 + n.seq, o.id_order, 1, o.id_order % 500, CONCAT('SKU-', o.id_order % 500),
        CONCAT('Product ', o.id_order % 500), q, 10, 12, 10 * q, 12 * q, 0, ''
    FROM (SELECT id_order FROM ps_orders) AS o
    JOIN seq_0_to_2 AS n ON n.seq <= o.id_order % 3
    JOIN (SELECT 1 AS q UNION SELECT 2) AS units ON units.q = 1 + (o.id_order + n.seq) % 2""",
    """INSERT INTO ps_order_detail_tax (id_order_detail, id_tax, unit_amount, total_amount)
    SELECT id_order_detail, 1, 2, 2 * product_quantity FROM ps_order_detail""",
    """INSERT INTO ps_order_carrier (id_order, id_carrier, date_add) SELECT id_order, 2, date_add FROM ps_orders""",
    """INSERT INTO ps_order_history (id_employee, id_order, id_order_state, date_add)
    SELECT 0, o.id_order, n.seq, o.date_add + INTERVAL (n.seq - 2) DAY
    FROM ps_orders AS o JOIN seq_2_to_5 AS n ON n.seq <= o.current_state""",
    # A tenth of the orders has a 10 % voucher.
    """INSERT INTO ps_order_cart_rule (id_order, id_cart_rule, name, value, value_tax_excl)
    SELECT d.id_order, 1, 'TEN', SUM(d.total_price_tax_incl) / 10, SUM(d.total_price_tax_excl) / 10
    FROM ps_order_detail AS d WHERE d.id_order % 10 = 3 GROUP BY d.id_order""",
    """UPDATE ps_orders AS o
    JOIN (SELECT id_order, SUM(total_price_tax_excl) AS net, SUM(total_price_tax_incl) AS gross
        FROM ps_order_detail GROUP BY id_order) AS d USING (id_order)
    LEFT JOIN ps_order_cart_rule AS r USING (id_order)
    SET o.total_products = d.net, o.total_products_wt = d.gross,
        o.total_discounts_tax_excl = COALESCE(r.value_tax_excl, 0), o.total_discounts_tax_incl = COALESCE(r.value, 0),
        o.total_paid_tax_incl = d.gross + 6 - COALESCE(r.value, 0),
        o.total_paid = o.total_paid_tax_incl, o.total_paid_real = o.total_paid_tax_incl""",
    """INSERT INTO ps_order_payment (order_reference, id_currency, amount, payment_method, date_add)
    SELECT reference, 1, total_paid_tax_incl, 'Card', date_add FROM ps_orders""",
    # A twentieth of the orders gave a unit back, a week later, without a change of the order's own row.
    """INSERT INTO ps_order_slip (id_order_slip, id_customer, id_order, total_products_tax_excl,
        total_products_tax_incl, amount, partial, date_add, date_upd)
    SELECT id_order, 1, id_order, 10, 12, 12, 0, date_upd + INTERVAL 7 DAY, date_upd + INTERVAL 7 DAY
    FROM ps_orders WHERE id_order % 20 = 0""",
    """INSERT INTO ps_order_slip_detail (id_order_slip, id_order_detail, product_quantity, unit_price_tax_excl,
        unit_price_tax_incl, total_price_tax_excl, total_price_tax_incl, amount_tax_excl, amount_tax_incl)
    SELECT id_order_slip, id_order * 3, 1, 10, 12, 10, 12, 10, 12 FROM ps_order_slip""",
    """INSERT INTO ps_order_return (id_customer, id_order, state, question, date_add, date_upd)
    SELECT 1, id_order, 5, 'Too small', date_add - INTERVAL 1 DAY, date_add - INTERVAL 1 DAY
    FROM ps_order_slip WHERE id_order % 40 = 0""",
)


def fill_prestashop(connection: Any, orders: int, version: str = "8", seconds: int = 31_000_000) -> None:
    """Make a shop of so many orders, over so many seconds, in the connection's empty MariaDB database (pymysql)."""
    with connection.cursor() as cursor:
        prestashop.create(cursor, version)
        prestashop.install(cursor)
        for table in ("shop", "configuration"):
            cursor.execute(f"DELETE FROM ps_{table} WHERE id_shop = 2")
        cursor.execute(_ORDERS.format(orders=orders, seconds=seconds))
        for statement in _CHILDREN:
            cursor.execute(statement)
        if version == "9.1":
            cursor.execute(
                "INSERT INTO ps_shipment (id_shipment, id_order, id_carrier, shipped_at, date_add, date_upd)"
                " SELECT id_order, id_order, 2, IF(current_state > 3, date_upd, NULL), date_add, date_upd FROM ps_orders"
            )
            cursor.execute(
                "INSERT INTO ps_shipment_product (id_shipment, id_order_detail, quantity)"
                " SELECT id_order, id_order_detail, product_quantity FROM ps_order_detail"
            )
        cursor.execute("SHOW TABLES")
        cursor.execute("ANALYZE TABLE " + ", ".join(name for (name,) in cursor.fetchall()))
    connection.commit()
