-- Items of returns that were not canceled, with the buyer's reason.
SELECT
    r.order_id,
    r.id AS return_id,
    r.claim_id,
    COALESCE(r.received_at, r.requested_at, r.created_at) AS received_at,
    i.id AS return_item_id,
    i.item_id,
    i.quantity,
    i.received_quantity,
    i.damaged_quantity,
    i.note,
    reason.value AS reason_value,
    reason.label AS reason_label
FROM "return" AS r
JOIN return_item AS i ON i.return_id = r.id AND i.deleted_at IS NULL
LEFT JOIN return_reason AS reason ON reason.id = i.reason_id
WHERE r.order_id IN :order_ids AND r.deleted_at IS NULL AND r.canceled_at IS NULL AND r.status <> 'canceled'
ORDER BY r.order_id, r.created_at, i.id
