-- What items of orders hold beyond that: what the buyer chose (all meta that WooCommerce shows, which is what does not
-- begin with `_`, and the meta in which add-on plugins pack it), how bundles and their parts belong together, the place
-- of a pick-up, what a gift card paid. An attribute's value is a slug there; its name stands in the terms.
-- `+ 0` keeps SQLite from going through all meta in this order.
SELECT
    i.order_id,
    m.order_item_id,
    m.meta_key,
    m.meta_value,
    {term_name} AS term_name
FROM {prefix}woocommerce_order_items AS i
JOIN {prefix}woocommerce_order_itemmeta AS m ON m.order_item_id = i.order_item_id
-- begin terms
LEFT JOIN (
    {prefix}terms AS t
    JOIN {prefix}term_taxonomy AS x ON x.term_id = t.term_id
) ON t.slug = m.meta_value AND x.taxonomy = REPLACE(m.meta_key, 'attribute_', '')
-- end terms
WHERE i.order_id IN :order_ids
    AND i.order_item_type IN ('line_item', 'shipping', 'fee', 'gift_card', 'pw_gift_card', 'yith_gift_card')
    AND (
        i.order_item_type = 'line_item' AND (
            SUBSTR(m.meta_key, 1, 1) <> '_'
            OR m.meta_key IN (
                '_tmcartepo_data', '_ywapo_meta_data', '_WCPA_order_meta_data', '_wapf_meta',
                '_bundled_by', '_bundled_items', '_bundle_cart_key', '_bundled_item_needs_shipping',
                '_yith_bundle_cart_key', '_cartstamp', '_non_bundled_shipping',
                '_composite_parent', '_composite_children', '_composite_cart_key', '_composite_item_needs_shipping',
                '_mnm_container', '_mnm_cart_key', '_mnm_config', '_mnm_child_item_needs_shipping',
                '_woosb_parent_id', '_woosb_ids', '_wooco_parent_id', '_wooco_ids', '_chained_product_of',
                '_vendor_id', '_vendor_order_item_id', '_original_order_id'
            )
        )
        OR i.order_item_type = 'shipping' AND m.meta_key IN (
            'pickup_location', 'pickup_address', 'pickup_details',
            '_pickup_location_id', '_pickup_location_name', '_pickup_location_address'
        )
        OR i.order_item_type = 'fee' AND m.meta_key = '_legacy_fee_key'
        OR i.order_item_type IN ('gift_card', 'pw_gift_card', 'yith_gift_card') AND m.meta_key = 'amount'
    )
ORDER BY m.meta_id + 0
