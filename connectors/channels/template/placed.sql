-- The same list by the time an order was placed, for "send January again".
SELECT id AS order_id, placed_at AS changed_at
FROM {prefix}orders
WHERE placed_at >= :start AND placed_at < :end
    AND (placed_at > :after_time OR (placed_at = :after_time AND id > :after_id))
ORDER BY placed_at, id
LIMIT :page_size
