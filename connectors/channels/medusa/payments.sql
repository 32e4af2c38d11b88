-- Payment collections: the order's own, and those of its claims and exchanges.
SELECT own.order_id, own.of, c.status, c.captured_amount, c.created_at
FROM ({collections}) AS own
JOIN payment_collection AS c ON c.id = own.payment_collection_id AND c.deleted_at IS NULL
WHERE own.order_id IN :order_ids
ORDER BY own.order_id, c.created_at, c.id
