-- Whether an order was ever invoiced.
SELECT DISTINCT v.order_id
FROM {prefix}sales_invoice AS v
WHERE v.order_id IN :order_ids
