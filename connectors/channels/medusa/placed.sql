-- Orders by the time at which they were placed, whenever they last changed.
SELECT id AS order_id, created_at AS changed_at
FROM "order"
WHERE created_at >= :start
    AND created_at < :end
    AND deleted_at IS NULL
    AND NOT is_draft_order
    AND status <> 'draft'
    AND (CAST(:store AS text) IS NULL OR sales_channel_id = :store)
    AND (created_at > :after_time OR (created_at = :after_time AND id > :after_id))
ORDER BY created_at, id
LIMIT :page_size
