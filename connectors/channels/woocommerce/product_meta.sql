-- The same of the products themselves: what the lookup table, which WooCommerce fills from here, may not have yet.
SELECT
    p.post_id AS product_id,
    MAX(CASE WHEN p.meta_key = '_sku' THEN p.meta_value END) AS sku,
    MAX(CASE WHEN p.meta_key = '_virtual' AND p.meta_value = 'yes' THEN 1 ELSE 0 END) AS is_virtual
FROM {prefix}postmeta AS p
WHERE p.meta_key IN ('_sku', '_virtual') AND p.post_id IN (
    SELECT CAST(m.meta_value AS DECIMAL)
    FROM {prefix}woocommerce_order_items AS i
    JOIN {prefix}woocommerce_order_itemmeta AS m ON m.order_item_id = i.order_item_id
    WHERE i.order_id IN :order_ids AND m.meta_key IN ('_product_id', '_variation_id')
)
GROUP BY p.post_id
