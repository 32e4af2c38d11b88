-- What the children of these orders hold: the lines and the shipping that a marketplace plugin copied into them.
-- A `+` before a column keeps SQLite, which has no statistics here, from an index that holds most of the table.
-- CROSS JOIN makes it begin with the children, not with all items.
SELECT
    c.id AS order_id,
    c.parent_order_id,
    i.order_item_id,
    MAX(i.order_item_type) AS order_item_type,
    MAX(CASE WHEN m.meta_key = '_product_id' THEN m.meta_value END) AS product_id,
    MAX(CASE WHEN m.meta_key = '_variation_id' THEN m.meta_value END) AS variation_id,
    MAX(CASE WHEN m.meta_key = '_qty' THEN m.meta_value END) AS qty,
    MAX(CASE WHEN m.meta_key = 'cost' THEN m.meta_value END) AS cost
FROM {prefix}wc_orders AS c
CROSS JOIN {prefix}woocommerce_order_items AS i ON i.order_id = c.id AND i.order_item_type IN ('line_item', 'shipping')
LEFT JOIN {prefix}woocommerce_order_itemmeta AS m
    ON m.order_item_id = i.order_item_id AND m.meta_key IN ('_product_id', '_variation_id', '_qty', 'cost')
WHERE c.parent_order_id IN :order_ids
    AND +c.type = 'shop_order'
    AND c.status NOT IN ('wc-checkout-draft', 'auto-draft', 'draft')
GROUP BY c.id, c.parent_order_id, i.order_item_id
ORDER BY i.order_item_id
