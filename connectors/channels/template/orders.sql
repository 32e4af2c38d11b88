-- One row an order. Leave carts and drafts out.
SELECT
    o.number AS channel_order_id,
    o.id AS internal_id,                        -- the order_id of changes.sql
    o.placed_at AS created_at,
    o.status,
    o.currency,
    o.total,                                    -- what the buyer was charged: tax and shipping included
    o.paid AS total_paid,
    (SELECT SUM(r.total) FROM {prefix}refunds AS r WHERE r.order_id = o.id) AS total_refunded,
    o.shipping_net AS shipping_price,           -- tax excluded
    o.email,
    o.carrier
FROM {prefix}orders AS o
WHERE o.id IN :order_ids AND o.status <> 'cart'
ORDER BY o.id
