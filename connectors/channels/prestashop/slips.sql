-- Credit slips: the refund documents.
SELECT
    id_order AS order_id,
    id_order_slip,
    total_products_tax_excl,
    total_products_tax_incl,
    total_shipping_tax_excl,
    total_shipping_tax_incl,
    amount,
    shipping_cost_amount,
    CAST(date_add AS CHAR) AS date_add
FROM {prefix}order_slip
WHERE id_order IN :order_ids
ORDER BY id_order_slip
