-- Every change of status, kept since 2.4.8 whether somebody commented on it or not.
SELECT h.order_id, h.status, h.created_at
FROM {prefix}sales_order_status_change_history AS h
WHERE h.order_id IN :order_ids
ORDER BY h.created_at, h.entity_id
