-- Refund documents: rows of their own in the orders table, with the amount and the shop's words as meta. A vendor's order
-- comes with those of the order it was split from.
-- A `+` before a column keeps SQLite, which has no statistics here, from an index that holds most of the table.
SELECT
    r.parent_order_id AS order_id,
    r.id AS refund_id,
    r.total_amount,
    r.date_created_gmt,
    SUBSTR(MIN(CASE WHEN m.meta_key = '_refund_amount' THEN m.numbered END), 14) AS refund_amount,
    SUBSTR(MIN(CASE WHEN m.meta_key = '_refund_reason' THEN m.numbered END), 14) AS refund_reason
FROM (
    SELECT id
    FROM {prefix}wc_orders
    WHERE parent_order_id IN :order_ids AND +type = 'shop_order_refund'
    UNION
    SELECT r.id
    FROM {prefix}wc_orders AS o
    JOIN {prefix}wc_orders AS r ON r.parent_order_id = o.parent_order_id AND +r.type = 'shop_order_refund'
    WHERE o.id IN :order_ids AND +o.type = 'shop_order' AND o.parent_order_id > 0
) AS document
JOIN {prefix}wc_orders AS r ON r.id = document.id
LEFT JOIN (
    SELECT order_id, meta_key, CONCAT(1000000000000 + id, meta_value) AS numbered
    FROM {prefix}wc_orders_meta
    WHERE meta_key IN ('_refund_amount', '_refund_reason')
) AS m ON m.order_id = r.id
GROUP BY r.parent_order_id, r.id, r.total_amount, r.date_created_gmt
ORDER BY r.id
