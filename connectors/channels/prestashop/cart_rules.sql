-- Vouchers that made the shipping free: their value holds the shipping, which `orders` still shows at full price.
-- All other vouchers are in the order's total_discounts.
SELECT id_order AS order_id, value, value_tax_excl
FROM {prefix}order_cart_rule
WHERE id_order IN :order_ids AND free_shipping = 1 AND deleted = 0
ORDER BY id_order_cart_rule
