-- Every state an order was in, oldest first.
SELECT id_order AS order_id, id_order_state, date_add
FROM {prefix}order_history
WHERE id_order IN :order_ids
ORDER BY date_add, id_order_history
