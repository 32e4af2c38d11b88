-- Refund documents: rows of their own in the orders table, with the amount and the shop's words as meta.
SELECT
    r.parent_order_id AS order_id,
    r.id AS refund_id,
    r.total_amount,
    r.date_created_gmt,
    r.date_updated_gmt,
    MAX(CASE WHEN m.meta_key = '_refund_amount' THEN m.meta_value END) AS refund_amount,
    MAX(CASE WHEN m.meta_key = '_refund_reason' THEN m.meta_value END) AS refund_reason
FROM {prefix}wc_orders AS r
LEFT JOIN {prefix}wc_orders_meta AS m
    ON m.order_id = r.id AND m.meta_key IN ('_refund_amount', '_refund_reason')
WHERE r.parent_order_id IN :order_ids AND r.type = 'shop_order_refund'
GROUP BY r.parent_order_id, r.id, r.total_amount, r.date_created_gmt, r.date_updated_gmt
ORDER BY r.id
