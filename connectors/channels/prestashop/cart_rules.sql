-- Vouchers of each order with the rule behind them, as far as it is still there: what it takes off what. All values are
-- in the order's total_discounts; the lines, and the shipping of `orders`, show full prices, gifts too.
SELECT
    v.id_order AS order_id,
    v.id_cart_rule,
    v.value,
    v.free_shipping,
    r.reduction_percent,
    r.reduction_product,
    r.reduction_exclude_special,
    r.gift_product,
    r.gift_product_attribute
FROM {prefix}order_cart_rule AS v
LEFT JOIN {prefix}cart_rule AS r ON r.id_cart_rule = v.id_cart_rule
WHERE v.id_order IN :order_ids AND v.deleted = 0
ORDER BY v.id_order_cart_rule
