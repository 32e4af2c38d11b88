-- The products of the orders. Prices already hold reductions and ecotax; cart rules are not in them (see cart_rules.sql).
-- A product of which no unit is left was cancelled before it was paid: it is no line, whoever let its row stand.
-- `tax_rate` is 0 on most shops: rates come from line_taxes.sql.
SELECT
    id_order AS order_id,
    id_order_detail,
    product_id,
    product_attribute_id,
    product_reference,
    product_name,
    product_quantity,
    product_quantity_refunded,
    product_quantity_return,
    total_price_tax_excl,
    total_price_tax_incl,
    unit_price_tax_excl,
    unit_price_tax_incl,
    tax_name,
    tax_rate
FROM {prefix}order_detail
WHERE id_order IN :order_ids AND product_quantity > 0
ORDER BY id_order_detail
