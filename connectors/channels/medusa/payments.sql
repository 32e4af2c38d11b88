-- Payment collections: the order's own, and those of its claims and exchanges.
SELECT own.order_id, own.of, c.status, c.captured_amount, c.created_at
FROM (
    SELECT order_id, 'order' AS of, payment_collection_id
    FROM order_payment_collection
    WHERE order_id IN :order_ids AND deleted_at IS NULL
    UNION
    SELECT claim.order_id, 'claim', link.payment_collection_id
    FROM order_claim AS claim
    JOIN order_claim_payment_collection AS link ON link.claim_id = claim.id AND link.deleted_at IS NULL
    WHERE claim.order_id IN :order_ids AND claim.deleted_at IS NULL
    UNION
    SELECT exchange.order_id, 'exchange', link.payment_collection_id
    FROM order_exchange AS exchange
    JOIN order_exchange_payment_collection AS link ON link.exchange_id = exchange.id AND link.deleted_at IS NULL
    WHERE exchange.order_id IN :order_ids AND exchange.deleted_at IS NULL
) AS own
JOIN payment_collection AS c ON c.id = own.payment_collection_id AND c.deleted_at IS NULL
ORDER BY own.order_id, c.created_at, c.id
