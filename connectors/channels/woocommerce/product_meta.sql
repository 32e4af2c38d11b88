-- The same of the products themselves: what the lookup table, which WooCommerce fills from here, may not have yet. And
-- the attributes that a product has of its own, with the names that buyers see.
SELECT
    p.post_id AS product_id,
    SUBSTR(MIN(CASE WHEN p.meta_key = '_sku' THEN CONCAT(1000000000000 + p.meta_id, p.meta_value) END), 14) AS sku,
    MAX(CASE WHEN p.meta_key = '_virtual' AND p.meta_value = 'yes' THEN 1 ELSE 0 END) AS is_virtual,
    MIN(CASE WHEN p.meta_key = '_product_attributes' THEN p.meta_value END) AS attributes
FROM {prefix}postmeta AS p
WHERE (
        p.meta_key IN ('_sku', '_virtual')
        OR p.meta_key = '_product_attributes' AND p.meta_value LIKE '%is_variation";i:1%'
    )
    AND p.post_id IN (
        SELECT CAST(m.meta_value AS DECIMAL)
        FROM {prefix}woocommerce_order_items AS i
        JOIN {prefix}woocommerce_order_itemmeta AS m ON m.order_item_id = i.order_item_id
        WHERE i.order_id IN :order_ids
            AND i.order_item_type = 'line_item'
            AND m.meta_key IN ('_product_id', '_variation_id')
    )
GROUP BY p.post_id
