-- Every state an order was in, oldest first.
SELECT h.id_order AS order_id, h.id_order_state, CAST(h.date_add AS CHAR) AS date_add
FROM {prefix}order_history AS h
WHERE h.id_order IN :order_ids
ORDER BY h.date_add, h.id_order_history
