-- Orders placed in [:start, :end), with that time; paged like the change feed.
-- A `+` before a column keeps SQLite, which has no statistics here, from an index that holds most of the table.
SELECT id AS order_id, date_created_gmt AS changed_at
FROM {prefix}wc_orders
WHERE +type = 'shop_order'
    AND date_created_gmt >= :start AND date_created_gmt < :end
    AND (date_created_gmt > :after_time OR (date_created_gmt = :after_time AND id > :after_id))
ORDER BY date_created_gmt, id
LIMIT :page_size
