-- Whether an order was ever invoiced, and when that last changed.
SELECT v.order_id, v.updated_at
FROM {prefix}sales_invoice AS v
WHERE v.order_id IN :order_ids
