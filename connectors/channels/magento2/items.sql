-- Every item row, the two to many rows of a composite product included: which of them is a line is decided later.
SELECT
    i.order_id,
    i.item_id,
    i.parent_item_id,
    i.created_at,
    i.updated_at,
    i.product_id,
    i.product_options,
    i.sku,
    i.name,
    i.is_virtual,
    i.qty_ordered,
    i.qty_shipped,
    i.qty_refunded,
    i.qty_canceled,
    i.tax_percent,
    i.row_total,
    i.tax_amount,
    i.discount_amount,
    i.discount_tax_compensation_amount,
    {item_weee_applied} AS weee_tax_applied,
    {item_weee_amount} AS weee_tax_applied_row_amount
FROM {prefix}sales_order_item AS i
WHERE i.order_id IN :order_ids
ORDER BY i.item_id
