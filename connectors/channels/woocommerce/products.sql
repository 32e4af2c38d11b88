-- SKU of each product or variation in the orders, and whether it is virtual (nobody ships it). A deleted product has
-- none and keeps its id.
SELECT l.product_id, l.sku, {virtual} AS is_virtual
FROM {prefix}wc_product_meta_lookup AS l
WHERE l.product_id IN (
    SELECT CAST(m.meta_value AS DECIMAL)
    FROM {prefix}woocommerce_order_items AS i
    JOIN {prefix}woocommerce_order_itemmeta AS m ON m.order_item_id = i.order_item_id
    WHERE i.order_id IN :order_ids
        AND i.order_item_type = 'line_item'
        AND m.meta_key IN ('_product_id', '_variation_id')
)
