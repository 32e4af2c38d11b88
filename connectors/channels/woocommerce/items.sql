-- Lines, shipping, taxes, fees and gift cards of orders and of their refunds, one row an item with its meta beside it.
-- Refund items are reached through the refund's own row: deleting a refund leaves its items behind as orphans. A vendor's
-- order comes with the refunds of the order it was split from.
-- Of coupons only the code counts: line totals already are what remains after them.
-- Of two metas of one key the first counts, as for WooCommerce itself: values are compared with their meta's id before
-- them, written as thirteen digits, which are cut off again. REPLACE stands for CONCAT, which SQLite lacks before 3.44.
-- A `+` before a column keeps SQLite, which has no statistics here, from an index that holds most of the table.
-- Grouped by the item alone, of which all else is the same: MariaDB sorts a number a quarter faster than five columns.
SELECT
    MAX(owner.order_id) AS order_id,
    MAX(owner.refund_id) AS refund_id,
    i.order_item_id,
    MAX(i.order_item_name) AS order_item_name,
    MAX(i.order_item_type) AS order_item_type,
    SUBSTR(MIN(CASE WHEN m.meta_key = '_product_id' THEN m.numbered END), 14) AS product_id,
    SUBSTR(MIN(CASE WHEN m.meta_key = '_variation_id' THEN m.numbered END), 14) AS variation_id,
    SUBSTR(MIN(CASE WHEN m.meta_key = '_qty' THEN m.numbered END), 14) AS qty,
    SUBSTR(MIN(CASE WHEN m.meta_key = '_line_total' THEN m.numbered END), 14) AS line_total,
    SUBSTR(MIN(CASE WHEN m.meta_key = '_line_tax' THEN m.numbered END), 14) AS line_tax,
    SUBSTR(MIN(CASE WHEN m.meta_key = '_line_tax_data' THEN m.numbered END), 14) AS line_tax_data,
    SUBSTR(MIN(CASE WHEN m.meta_key = '_refunded_item_id' THEN m.numbered END), 14) AS refunded_item_id,
    SUBSTR(MIN(CASE WHEN m.meta_key = 'method_id' THEN m.numbered END), 14) AS method_id,
    SUBSTR(MIN(CASE WHEN m.meta_key = 'instance_id' THEN m.numbered END), 14) AS instance_id,
    SUBSTR(MIN(CASE WHEN m.meta_key = 'cost' THEN m.numbered END), 14) AS cost,
    SUBSTR(MIN(CASE WHEN m.meta_key = 'total_tax' THEN m.numbered END), 14) AS total_tax,
    SUBSTR(MIN(CASE WHEN m.meta_key = 'taxes' THEN m.numbered END), 14) AS taxes,
    SUBSTR(MIN(CASE WHEN m.meta_key = 'rate_id' THEN m.numbered END), 14) AS rate_id,
    SUBSTR(MIN(CASE WHEN m.meta_key = 'label' THEN m.numbered END), 14) AS label,
    SUBSTR(MIN(CASE WHEN m.meta_key = 'rate_percent' THEN m.numbered END), 14) AS rate_percent
FROM (
    SELECT id AS order_id, NULL AS refund_id, id AS owner_id
    FROM {prefix}wc_orders
    WHERE id IN :order_ids AND +type = 'shop_order'
    UNION
    SELECT parent_order_id, id, id
    FROM {prefix}wc_orders
    WHERE parent_order_id IN :order_ids AND +type = 'shop_order_refund'
    UNION
    SELECT r.parent_order_id, r.id, r.id
    FROM {prefix}wc_orders AS o
    JOIN {prefix}wc_orders AS r ON r.parent_order_id = o.parent_order_id AND +r.type = 'shop_order_refund'
    WHERE o.id IN :order_ids AND +o.type = 'shop_order' AND o.parent_order_id > 0
) AS owner
JOIN {prefix}woocommerce_order_items AS i ON i.order_id = owner.owner_id
LEFT JOIN (
    SELECT order_item_id, meta_key, REPLACE(1000000000000.5 + meta_id, '.5', meta_value) AS numbered
    FROM {prefix}woocommerce_order_itemmeta
    WHERE meta_key IN (
        '_product_id', '_variation_id', '_qty', '_line_total', '_line_tax', '_line_tax_data', '_refunded_item_id',
        'method_id', 'instance_id', 'cost', 'total_tax', 'taxes', 'rate_id', 'label', 'rate_percent'
    )
) AS m ON m.order_item_id = i.order_item_id
WHERE i.order_item_type IN (
    'line_item', 'shipping', 'tax', 'fee', 'coupon', 'gift_card', 'pw_gift_card', 'yith_gift_card'
)
GROUP BY i.order_item_id
ORDER BY i.order_item_id
