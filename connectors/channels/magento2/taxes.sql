-- Taxes by line and rate. `amount` is the same for each rate of a rule, `real_amount` is this rate's own share.
-- Shipping has no item; a tax on a fixed product tax (weee) names its item as the associated one.
SELECT
    t.order_id,
    ti.item_id,
    ti.associated_item_id,
    ti.taxable_item_type,
    t.code,
    ti.tax_percent,
    ti.real_amount
FROM {prefix}sales_order_tax AS t
JOIN {prefix}sales_order_tax_item AS ti ON ti.tax_id = t.tax_id
WHERE t.order_id IN :order_ids
ORDER BY ti.tax_item_id
