-- What buyers complained of; items that a claim sends instead are ordinary lines.
SELECT
    c.order_id,
    c.id AS claim_id,
    CAST(c.type AS text) AS type,
    COALESCE(c.raw_refund_amount ->> 'value', CAST(c.refund_amount AS text)) AS refund_amount,
    c.created_at,
    i.id AS claim_item_id,
    i.item_id,
    i.quantity,
    CAST(i.reason AS text) AS reason,
    i.note
FROM order_claim AS c
JOIN order_claim_item AS i ON i.claim_id = c.id AND NOT i.is_additional_item AND i.deleted_at IS NULL
WHERE c.order_id IN :order_ids AND c.deleted_at IS NULL AND c.canceled_at IS NULL
ORDER BY c.order_id, c.created_at, i.id
