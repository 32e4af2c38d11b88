-- What a credit memo gives back, by item.
SELECT
    m.order_id,
    mi.parent_id AS creditmemo_id,
    mi.entity_id AS creditmemo_item_id,
    mi.order_item_id,
    mi.qty,
    mi.row_total,
    mi.tax_amount,
    mi.discount_amount,
    mi.discount_tax_compensation_amount,
    {memo_weee_amount} AS weee_tax_applied_row_amount
FROM {prefix}sales_creditmemo AS m
JOIN {prefix}sales_creditmemo_item AS mi ON mi.parent_id = m.entity_id
WHERE m.order_id IN :order_ids
ORDER BY mi.entity_id
