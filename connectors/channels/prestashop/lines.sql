-- The products of the orders. Prices already hold reductions and ecotax; cart rules are not in them (see cart_rules.sql).
-- A product of which no unit is left was cancelled before it was paid: it is no line, whoever let its row stand.
-- `tax_rate` is 0 on most shops: rates come from line_taxes.sql. A combination without a reference of its own is written
-- down with that of its product, which all its sisters share.
SELECT
    d.id_order AS order_id,
    d.id_order_detail,
    d.product_id,
    d.product_attribute_id,
    d.product_reference,
    d.product_name,
    d.product_quantity,
    d.product_quantity_refunded,
    d.product_quantity_return,
    CASE WHEN d.product_quantity_refunded + d.product_quantity_return > 0 THEN d.total_refunded_tax_incl END
        AS total_refunded_tax_incl,
    d.total_price_tax_excl,
    d.total_price_tax_incl,
    d.unit_price_tax_excl,
    d.unit_price_tax_incl,
    (d.reduction_percent <> 0 OR d.reduction_amount <> 0) AS is_reduced,
    d.tax_name,
    d.tax_rate,
    {quantity_fractional} AS quantity_fractional,
    {is_virtual} AS is_virtual,
    {shares_reference} AS shares_reference
FROM {prefix}order_detail AS d
-- begin products
LEFT JOIN {prefix}product AS c ON c.id_product = d.product_id
-- end products
-- begin combinations
LEFT JOIN {prefix}product_attribute AS a ON a.id_product_attribute = d.product_attribute_id
-- end combinations
WHERE d.id_order IN :order_ids AND d.product_quantity > 0
ORDER BY d.id_order_detail
