-- Money given back, one row a refund, with the shop's reason for it.
SELECT DISTINCT
    own.order_id,
    r.id AS refund_id,
    r.created_at,
    COALESCE(r.raw_amount ->> 'value', CAST(r.amount AS text)) AS amount,
    {refund_reason_code} AS code,
    reason.label,
    r.note
FROM ({collections}) AS own
JOIN payment AS p ON p.payment_collection_id = own.payment_collection_id AND p.deleted_at IS NULL
JOIN refund AS r ON r.payment_id = p.id AND r.deleted_at IS NULL
LEFT JOIN refund_reason AS reason ON reason.id = r.refund_reason_id
WHERE own.order_id IN :order_ids
ORDER BY own.order_id, r.created_at, r.id
