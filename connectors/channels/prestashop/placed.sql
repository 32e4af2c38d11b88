-- Orders placed in [:start, :end), whatever changed since.
SELECT id_order AS order_id, date_add AS changed_at
FROM {prefix}orders
WHERE date_add >= :start AND date_add < :end
    AND (date_add > :after_time OR (date_add = :after_time AND id_order > :after_id))
    AND (:store IS NULL OR id_shop = :store)
ORDER BY date_add, id_order
LIMIT :page_size
