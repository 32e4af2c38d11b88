-- The statuses an order went through, with comments: when it was cancelled and why, and whether payment was awaited.
-- `entity_name` tells comments on the order from those on its invoices, shipments and credit memos.
SELECT h.parent_id AS order_id, h.status, h.comment, h.entity_name, h.created_at
FROM {prefix}sales_order_status_history AS h
WHERE h.parent_id IN :order_ids
ORDER BY h.created_at, h.entity_id
