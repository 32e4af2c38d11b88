-- Orders with a parent (those that a marketplace plugin made of one order, balances of deposits): the children of these
-- orders, and the brothers of those that are children themselves. `vendor_key` is a meta that names a vendor.
-- A `+` before a column keeps SQLite, which has no statistics here, from an index that holds most of the table; the
-- STRAIGHT_JOIN, which SQLite does not see, keeps MariaDB and MySQL from beginning with all orders.
SELECT /*! STRAIGHT_JOIN */
    c.id AS order_id,
    c.parent_order_id,
    c.total_amount,
    d.created_via,
    (
        SELECT MIN(m.meta_key)
        FROM {prefix}wc_orders_meta AS m
        WHERE m.order_id = c.id AND m.meta_key IN (
            '_dokan_vendor_id', '_vendor_id', '_wcmp_vendor_id', '_mvx_vendor_id', 'multivendorx_store_id',
            '_wcfm_vendor', '_yith_vendor_id'
        )
    ) AS vendor_key
FROM (
    SELECT id AS parent_id
    FROM {prefix}wc_orders
    WHERE id IN :order_ids AND +type = 'shop_order'
    UNION
    SELECT parent_order_id
    FROM {prefix}wc_orders
    WHERE id IN :order_ids AND +type = 'shop_order' AND parent_order_id > 0
) AS head
JOIN {prefix}wc_orders AS c ON c.parent_order_id = head.parent_id AND +c.type = 'shop_order'
LEFT JOIN {prefix}wc_order_operational_data AS d ON d.order_id = c.id
WHERE c.status NOT IN ('wc-checkout-draft', 'auto-draft', 'draft')
ORDER BY c.id
