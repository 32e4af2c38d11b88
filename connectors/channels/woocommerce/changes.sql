-- Orders whose newest change lies in [:start, :end), with that change.
-- The order row's own stamp is moved by every save, by fulfilments and by the creation of a refund; a refund's own
-- stamp is taken as well, because editing one does not touch its order. A refund of an order that was split by vendor
-- changes the vendors' orders too. An order that was never stamped (an import) counts from its creation. Paged by
-- (changed_at, order_id): two saves in one second share a stamp, so the id is needed to lose neither.
-- A `+` before a column keeps SQLite, which has no statistics here, from an index that holds most of the table; the
-- STRAIGHT_JOIN, which SQLite does not see, keeps MariaDB and MySQL from going through all orders of a shop of some
-- 100,000, which they believe to be cheaper than to look up those of a day.
SELECT order_id, changed_at
FROM (
    SELECT
        order_id,
        CASE WHEN refunded_at > saved_at THEN refunded_at ELSE saved_at END AS changed_at
    FROM (
        SELECT /*! STRAIGHT_JOIN */
            o.id AS order_id,
            MAX(
                CASE
                    WHEN o.date_updated_gmt > '1000-01-01 00:00:00' THEN o.date_updated_gmt ELSE o.date_created_gmt
                END
            ) AS saved_at,
            CASE
                WHEN MAX(p.date_updated_gmt) > COALESCE(MAX(r.date_updated_gmt), '1000-01-01 00:00:00')
                    THEN MAX(p.date_updated_gmt)
                ELSE MAX(r.date_updated_gmt)
            END AS refunded_at
        FROM (
            -- begin window
            SELECT id AS order_id
            FROM {prefix}wc_orders
            WHERE +type = 'shop_order' AND date_updated_gmt >= :start AND date_updated_gmt < :end
            UNION
            SELECT parent_order_id
            FROM {prefix}wc_orders
            WHERE +type = 'shop_order_refund' AND date_updated_gmt >= :start AND date_updated_gmt < :end
            UNION
            SELECT c.id
            FROM {prefix}wc_orders AS r
            JOIN {prefix}wc_orders AS c ON c.parent_order_id = r.parent_order_id AND +c.type = 'shop_order'
            WHERE +r.type = 'shop_order_refund' AND r.date_updated_gmt >= :start AND r.date_updated_gmt < :end
            UNION
            SELECT id
            FROM {prefix}wc_orders
            WHERE +type = 'shop_order'
                AND (date_updated_gmt IS NULL OR date_updated_gmt <= '1000-01-01 00:00:00')
                AND date_created_gmt >= :start AND date_created_gmt < :end
            -- end window
            -- begin ids
            SELECT id AS order_id FROM {prefix}wc_orders WHERE id IN :order_ids
            -- end ids
        ) AS touched
        JOIN {prefix}wc_orders AS o ON o.id = touched.order_id AND +o.type = 'shop_order'
        LEFT JOIN {prefix}wc_orders AS r ON r.parent_order_id = o.id AND +r.type = 'shop_order_refund'
        LEFT JOIN {prefix}wc_orders AS p
            ON p.parent_order_id = NULLIF(o.parent_order_id, 0) AND +p.type = 'shop_order_refund'
        GROUP BY touched.order_id
    ) AS stamped
) AS changed
-- begin window
WHERE changed_at >= :start AND changed_at < :end
    AND (changed_at > :after_time OR (changed_at = :after_time AND order_id > :after_id))
ORDER BY changed_at, order_id
LIMIT :page_size
-- end window
