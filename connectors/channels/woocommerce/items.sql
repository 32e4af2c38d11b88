-- Lines, shipping, taxes and fees of orders and of their refunds, one row an item with its meta beside it.
-- Refund items are reached through the refund's own row: deleting a refund leaves its items behind as orphans.
-- Of coupons only the code counts: line totals already are what remains after them.
-- Grouped by the item alone, of which all else is the same: MariaDB sorts a number a quarter faster than five columns.
SELECT
    MAX(owner.order_id) AS order_id,
    MAX(owner.refund_id) AS refund_id,
    i.order_item_id,
    MAX(i.order_item_name) AS order_item_name,
    MAX(i.order_item_type) AS order_item_type,
    MAX(CASE WHEN m.meta_key = '_product_id' THEN m.meta_value END) AS product_id,
    MAX(CASE WHEN m.meta_key = '_variation_id' THEN m.meta_value END) AS variation_id,
    MAX(CASE WHEN m.meta_key = '_qty' THEN m.meta_value END) AS qty,
    MAX(CASE WHEN m.meta_key = '_line_total' THEN m.meta_value END) AS line_total,
    MAX(CASE WHEN m.meta_key = '_line_tax' THEN m.meta_value END) AS line_tax,
    MAX(CASE WHEN m.meta_key = '_line_tax_data' THEN m.meta_value END) AS line_tax_data,
    MAX(CASE WHEN m.meta_key = '_refunded_item_id' THEN m.meta_value END) AS refunded_item_id,
    MAX(CASE WHEN m.meta_key = 'method_id' THEN m.meta_value END) AS method_id,
    MAX(CASE WHEN m.meta_key = 'instance_id' THEN m.meta_value END) AS instance_id,
    MAX(CASE WHEN m.meta_key = 'cost' THEN m.meta_value END) AS cost,
    MAX(CASE WHEN m.meta_key = 'total_tax' THEN m.meta_value END) AS total_tax,
    MAX(CASE WHEN m.meta_key = 'taxes' THEN m.meta_value END) AS taxes,
    MAX(CASE WHEN m.meta_key = 'rate_id' THEN m.meta_value END) AS rate_id,
    MAX(CASE WHEN m.meta_key = 'label' THEN m.meta_value END) AS label,
    MAX(CASE WHEN m.meta_key = 'rate_percent' THEN m.meta_value END) AS rate_percent
FROM (
    SELECT id AS order_id, NULL AS refund_id, id AS owner_id
    FROM {prefix}wc_orders
    WHERE id IN :order_ids AND type = 'shop_order'
    UNION ALL
    SELECT parent_order_id, id, id
    FROM {prefix}wc_orders
    WHERE parent_order_id IN :order_ids AND type = 'shop_order_refund'
) AS owner
JOIN {prefix}woocommerce_order_items AS i ON i.order_id = owner.owner_id
LEFT JOIN {prefix}woocommerce_order_itemmeta AS m
    ON m.order_item_id = i.order_item_id
    AND m.meta_key IN (
        '_product_id', '_variation_id', '_qty', '_line_total', '_line_tax', '_line_tax_data', '_refunded_item_id',
        'method_id', 'instance_id', 'cost', 'total_tax', 'taxes', 'rate_id', 'label', 'rate_percent'
    )
WHERE i.order_item_type IN ('line_item', 'shipping', 'tax', 'fee', 'coupon')
GROUP BY i.order_item_id
ORDER BY i.order_item_id
