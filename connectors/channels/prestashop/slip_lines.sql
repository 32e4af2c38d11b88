-- What each credit slip says of each line; amounts are NULL on slips of old versions.
SELECT
    d.id_order_slip,
    d.id_order_detail,
    d.product_quantity,
    d.unit_price_tax_excl,
    d.unit_price_tax_incl,
    d.total_price_tax_excl,
    d.total_price_tax_incl,
    d.amount_tax_excl,
    d.amount_tax_incl
FROM {prefix}order_slip AS s
JOIN {prefix}order_slip_detail AS d ON d.id_order_slip = s.id_order_slip
WHERE s.id_order IN :order_ids
ORDER BY d.id_order_slip, d.id_order_detail
