-- Orders placed in [:start, :end): the same shape as changes.sql, for sending a period again.
SELECT o.entity_id AS order_id, o.created_at AS changed_at
FROM {prefix}sales_order AS o
LEFT JOIN {prefix}store AS shop ON shop.store_id = o.store_id
WHERE o.created_at >= :start AND o.created_at < :end
    AND (o.created_at > :after_time OR (o.created_at = :after_time AND o.entity_id > :after_id))
    AND (:store IS NULL OR shop.code = :store OR CAST(o.store_id AS CHAR) = :store)
ORDER BY o.created_at, o.entity_id
LIMIT :page_size
