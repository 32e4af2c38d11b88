-- Money given back, one row a refund, with the shop's reason for it.
SELECT DISTINCT
    own.order_id,
    r.id AS refund_id,
    r.created_at,
    COALESCE(r.raw_amount ->> 'value', CAST(r.amount AS text)) AS amount,
    {refund_reason_code} AS code,
    reason.label,
    r.note
FROM (
    SELECT order_id, payment_collection_id
    FROM order_payment_collection
    WHERE order_id IN :order_ids AND deleted_at IS NULL
    UNION
    SELECT claim.order_id, link.payment_collection_id
    FROM order_claim AS claim
    JOIN order_claim_payment_collection AS link ON link.claim_id = claim.id AND link.deleted_at IS NULL
    WHERE claim.order_id IN :order_ids AND claim.deleted_at IS NULL
    UNION
    SELECT exchange.order_id, link.payment_collection_id
    FROM order_exchange AS exchange
    JOIN order_exchange_payment_collection AS link ON link.exchange_id = exchange.id AND link.deleted_at IS NULL
    WHERE exchange.order_id IN :order_ids AND exchange.deleted_at IS NULL
) AS own
JOIN payment AS p ON p.payment_collection_id = own.payment_collection_id AND p.deleted_at IS NULL
JOIN refund AS r ON r.payment_id = p.id AND r.deleted_at IS NULL
LEFT JOIN refund_reason AS reason ON reason.id = r.refund_reason_id
ORDER BY own.order_id, r.created_at, r.id
