-- What the staff wrote on an order (not what the buyer did): why units were cancelled often stands nowhere else.
SELECT t.id_order AS order_id, m.message, CAST(m.date_add AS CHAR) AS date_add
FROM {prefix}customer_thread AS t
JOIN {prefix}customer_message AS m ON m.id_customer_thread = t.id_customer_thread
WHERE t.id_order IN :order_ids AND m.id_employee > 0
ORDER BY m.id_customer_message
