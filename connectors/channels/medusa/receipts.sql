-- Units that came back, one row each time some were received; damaged ones are an action of their own.
SELECT
    a.id AS action_id,
    a.order_id,
    COALESCE(a.return_id, c.return_id, a.reference_id) AS return_id,
    a.details ->> 'reference_id' AS item_id,
    a.details ->> 'quantity' AS quantity,
    a.action = 'RECEIVE_DAMAGED_RETURN_ITEM' AS is_damaged,
    COALESCE(c.confirmed_at, a.created_at) AS received_at
FROM order_change_action AS a
JOIN order_change AS c ON c.id = a.order_change_id AND c.status = 'confirmed' AND c.deleted_at IS NULL
WHERE a.order_id IN :order_ids
    AND a.action IN ('RECEIVE_RETURN_ITEM', 'RECEIVE_DAMAGED_RETURN_ITEM')
    AND a.deleted_at IS NULL
ORDER BY a.order_id, a.ordering
