-- Money that came in (positive) and went back (negative), as the order module books it.
SELECT order_id, COALESCE(raw_amount ->> 'value', CAST(amount AS text)) AS amount, created_at
FROM order_transaction
WHERE order_id IN :order_ids AND deleted_at IS NULL
ORDER BY order_id, created_at, id
