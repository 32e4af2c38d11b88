"""The floor to compare with: a plain script that has the database build the JSON, and posts it.

`python -m tests.benchmarks.plain DATABASE_URL RECEIVER_URL`. No refunds, taxes, shipping, fees or shipments; no checks,
no change feed, no retries, no ledger, no request limit; one bad order costs its whole request. What it saves is the
price of all that.
"""

from __future__ import annotations

import json
import sys
import time

import httpx
import sqlalchemy as sa

IDS = """
    SELECT id FROM wp_wc_orders
    WHERE type = 'shop_order' AND status <> 'wc-checkout-draft' AND id > :after ORDER BY id LIMIT 500
"""
PAYLOADS = """
    SELECT JSON_OBJECT(
        'channel_order_id', CAST(o.id AS CHAR),
        'created_at', DATE_FORMAT(o.date_created_gmt, '%Y-%m-%dT%H:%i:%sZ'),
        'channel_updated_at', DATE_FORMAT(o.date_updated_gmt, '%Y-%m-%dT%H:%i:%sZ'),
        'status', o.mirakl_status,
        'fulfillment', JSON_OBJECT('type', 'FULFILLED_BY_SELLER'),
        'shipping_info', JSON_OBJECT('address', JSON_OBJECT(
            'last_name', a.last_name, 'street', a.address_1, 'city', a.city, 'zip_code', a.postcode)),
        'order_lines', JSON_EXTRACT(CONCAT('[', GROUP_CONCAT(JSON_OBJECT(
            'channel_order_line_id', CAST(l.order_item_id AS CHAR),
            'created_at', DATE_FORMAT(o.date_created_gmt, '%Y-%m-%dT%H:%i:%sZ'),
            'updated_at', DATE_FORMAT(o.date_updated_gmt, '%Y-%m-%dT%H:%i:%sZ'),
            'quantity', CAST(l.quantity AS SIGNED),
            'price', JSON_OBJECT('amount', ROUND(CAST(l.price AS DECIMAL(26, 8)), 2), 'currency', o.currency),
            'total_shipping_price', JSON_OBJECT('amount', 0, 'currency', o.currency),
            'product', JSON_OBJECT('id', l.product_id, 'title', l.order_item_name),
            'status', o.mirakl_status,
            'can_cancel', JSON_EXTRACT('false', '$'),
            'can_refund', JSON_EXTRACT('false', '$')
        )), ']'), '$')
    )
    FROM (
        SELECT *, CASE
            WHEN status IN ('wc-processing', 'wc-partial-shipped') THEN 'AWAITING_SHIPMENT'
            WHEN status IN ('wc-completed', 'wc-shipped', 'wc-delivered') THEN 'SHIPPED'
            WHEN status IN ('wc-pending', 'wc-on-hold') THEN 'AWAITING_PAYMENT'
            ELSE 'CLOSED'
        END AS mirakl_status
        FROM wp_wc_orders WHERE id IN :ids
    ) AS o
    JOIN wp_wc_order_addresses AS a ON a.order_id = o.id AND a.address_type = 'billing'
    JOIN (
        SELECT
            i.order_id, i.order_item_id, i.order_item_name,
            MAX(CASE WHEN m.meta_key = '_product_id' THEN m.meta_value END) AS product_id,
            MAX(CASE WHEN m.meta_key = '_qty' THEN m.meta_value END) AS quantity,
            MAX(CASE WHEN m.meta_key = '_line_total' THEN m.meta_value END) AS price
        FROM wp_woocommerce_order_items AS i
        JOIN wp_woocommerce_order_itemmeta AS m ON m.order_item_id = i.order_item_id
        WHERE i.order_id IN :ids AND i.order_item_type = 'line_item'
        GROUP BY i.order_item_id
    ) AS l ON l.order_id = o.id
    GROUP BY o.id
"""


def main(database_url: str, address: str) -> None:
    begun = time.perf_counter()
    orders = requests = refused = after = 0
    payloads = sa.text(PAYLOADS).bindparams(sa.bindparam("ids", expanding=True))
    credential = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    with sa.create_engine(database_url).connect() as shop, httpx.Client(timeout=60) as http:
        token = http.post(f"{address}/oauth/token", data=credential).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        while ids := [row[0] for row in shop.execute(sa.text(IDS), {"after": after})]:
            after = ids[-1]
            bodies = [row[0] for row in shop.execute(payloads, {"ids": ids})]
            for begin in range(0, len(bodies), 100):
                batch = bodies[begin : begin + 100]
                body = f'{{"origin":{{"channel_id":"1234","channel_store_id":"S-1"}},"orders":[{",".join(batch)}]}}'
                answer = http.post(f"{address}/api/channel-platform/v1/orders", content=body.encode(), headers=headers)
                requests += 1
                orders += len(batch)
                refused += len(batch) * (answer.status_code != 204)
    note = f"{requests:,} requests" + (f", {refused:,} orders lost with a bad one" if refused else "")
    print(json.dumps({"orders": orders, "seconds": time.perf_counter() - begun, "note": note}))


if __name__ == "__main__":
    main(*sys.argv[1:])
