-- Payment collections by order: its own, and those of its claims and exchanges. With the same type in each part, PostgreSQL
-- puts a condition on order_id into each of them; links have varchar, claims and exchanges text.
SELECT CAST(order_id AS text) AS order_id, 'order' AS of, payment_collection_id
FROM order_payment_collection
WHERE deleted_at IS NULL
UNION
SELECT claim.order_id, 'claim', link.payment_collection_id
FROM order_claim AS claim
JOIN order_claim_payment_collection AS link ON link.claim_id = claim.id AND link.deleted_at IS NULL
WHERE claim.deleted_at IS NULL
UNION
SELECT exchange.order_id, 'exchange', link.payment_collection_id
FROM order_exchange AS exchange
JOIN order_exchange_payment_collection AS link ON link.exchange_id = exchange.id AND link.deleted_at IS NULL
WHERE exchange.deleted_at IS NULL
