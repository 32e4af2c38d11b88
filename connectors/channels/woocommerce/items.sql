-- Lines, shipping, taxes, fees and gift cards of orders and of their refunds, one row an item with its meta.
-- Refund items are reached through the refund's own row: deleting a refund leaves its items behind as orphans. A vendor's
-- order comes with the refunds of the order it was split from.
-- Of coupons only the code counts: line totals already are what remains after them.
-- `meta` is a JSON array of `[id, key, value, name]` for each meta row, joined by commas, in no certain order. A column for
-- each key would be readable, but MariaDB sorts and groups all meta for that, at twice the cost of one lookup an item.
-- Of lines it holds the amounts, what the buyer chose (all meta that WooCommerce shows, which is what does not begin with
-- `_`, and the meta in which add-on plugins pack it), and how bundles and their parts belong together; of shipping the
-- place of a pick-up; of gift cards what they paid. The value of an attribute is a slug, whose `name` is in the terms.
-- A `+` before a column keeps SQLite, which has no statistics here, from an index that holds most of the table.
SELECT
    owner.order_id,
    owner.refund_id,
    i.order_item_id,
    i.order_item_name,
    i.order_item_type,
    (
        SELECT GROUP_CONCAT(
            JSON_ARRAY(
                m.meta_id,
                m.meta_key,
                m.meta_value
                -- begin terms
                , CASE
                    WHEN i.order_item_type = 'line_item' AND m.meta_key NOT LIKE '!_%' ESCAPE '!' THEN (
                        SELECT MIN(t.name)
                        FROM {prefix}terms AS t
                        JOIN {prefix}term_taxonomy AS x ON x.term_id = t.term_id
                        WHERE t.slug = m.meta_value AND x.taxonomy = REPLACE(m.meta_key, 'attribute_', '')
                    )
                END
                -- end terms
            )
        )
        FROM {prefix}woocommerce_order_itemmeta AS m
        WHERE m.order_item_id = i.order_item_id
            AND (
                m.meta_key IN (
                    '_product_id', '_variation_id', '_qty', '_line_total', '_line_tax', '_line_tax_data',
                    '_refunded_item_id', 'method_id', 'instance_id', 'cost', 'total_tax', 'taxes', 'rate_id', 'label',
                    'rate_percent'
                )
                OR i.order_item_type = 'line_item' AND (
                    m.meta_key NOT LIKE '!_%' ESCAPE '!'
                    OR m.meta_key IN (
                        '_tmcartepo_data', '_ywapo_meta_data', '_WCPA_order_meta_data', '_wapf_meta',
                        '_bundled_by', '_bundled_items', '_bundle_cart_key', '_bundled_item_needs_shipping',
                        '_yith_bundle_cart_key', '_cartstamp', '_non_bundled_shipping',
                        '_composite_parent', '_composite_children', '_composite_cart_key',
                        '_composite_item_needs_shipping',
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
    ) AS meta
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
WHERE i.order_item_type IN (
    'line_item', 'shipping', 'tax', 'fee', 'coupon', 'gift_card', 'pw_gift_card', 'yith_gift_card'
)
ORDER BY i.order_item_id
