-- Confirmed changes: when a version came to be, and why.
SELECT
    id AS change_id,
    order_id,
    version,
    CONCAT_WS(' ', description, internal_note) AS description,
    COALESCE(confirmed_at, created_at) AS confirmed_at
FROM order_change
WHERE order_id IN :order_ids AND status = 'confirmed' AND deleted_at IS NULL
ORDER BY order_id, version, created_at, id
