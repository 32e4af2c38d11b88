-- One row an order. Carts and drafts are no orders and are left out.
-- A `+` before a column keeps SQLite, which has no statistics here, from an index that holds most of the table.
SELECT
    o.id AS order_id,
    o.status,
    o.currency,
    o.total_amount,
    o.billing_email,
    o.date_created_gmt,
    o.parent_order_id,
    d.created_via,
    d.date_paid_gmt,
    d.date_completed_gmt
FROM {prefix}wc_orders AS o
LEFT JOIN {prefix}wc_order_operational_data AS d ON d.order_id = o.id
WHERE o.id IN :order_ids
    AND +o.type = 'shop_order'
    AND (o.status IS NULL OR o.status NOT IN ('wc-checkout-draft', 'auto-draft', 'draft'))
ORDER BY o.id
