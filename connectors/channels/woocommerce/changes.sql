-- Orders whose newest change lies in [:start, :end), with that change.
-- The order row's own stamp is moved by every save, by fulfilments and by the creation of a refund; a refund's own
-- stamp is taken as well, because editing one does not touch its order. Paged by (changed_at, order_id): two saves in
-- one second share a stamp, so the id is needed to lose neither.
SELECT order_id, changed_at
FROM (
    SELECT touched.order_id AS order_id, MAX(newest.date_updated_gmt) AS changed_at
    FROM (
        SELECT id AS order_id
        FROM {prefix}wc_orders
        WHERE type = 'shop_order' AND date_updated_gmt >= :start AND date_updated_gmt < :end
        UNION
        SELECT parent_order_id
        FROM {prefix}wc_orders
        WHERE type = 'shop_order_refund' AND date_updated_gmt >= :start AND date_updated_gmt < :end
    ) AS touched
    JOIN (
        SELECT id AS order_id, date_updated_gmt FROM {prefix}wc_orders WHERE type = 'shop_order'
        UNION ALL
        SELECT parent_order_id, date_updated_gmt FROM {prefix}wc_orders WHERE type = 'shop_order_refund'
    ) AS newest ON newest.order_id = touched.order_id
    GROUP BY touched.order_id
) AS changed
WHERE changed_at >= :start AND changed_at < :end
    AND (changed_at > :after_time OR (changed_at = :after_time AND order_id > :after_id))
ORDER BY changed_at, order_id
LIMIT :page_size
