-- Orders whose newest change lies in [:start, :end), with that change.
-- A partial shipment, a tracking number added later and any comment leave the order row as it is, so every child that
-- has a stamp is asked. Addresses have none: an edited address is seen when its order is read again.
-- An order's newest change is one row's stamp, so rows before :after_time need not be looked at again.
-- STRAIGHT_JOIN: begin with the orders that changed, not with all. GROUP BY changes nothing but the plan: without it
-- MariaDB works out all of changed_at again for each comparison below.
-- Two indexes that Magento lacks keep this fast, see platform.toml.
SELECT order_id, changed_at
FROM (
    SELECT STRAIGHT_JOIN
        o.entity_id AS order_id,
        GREATEST(
            o.updated_at,
            COALESCE((SELECT MAX(i.updated_at) FROM {prefix}sales_order_item AS i WHERE i.order_id = o.entity_id), o.updated_at),
            COALESCE((SELECT MAX(s.updated_at) FROM {prefix}sales_shipment AS s WHERE s.order_id = o.entity_id), o.updated_at),
            COALESCE((SELECT MAX(t.updated_at) FROM {prefix}sales_shipment_track AS t WHERE t.order_id = o.entity_id), o.updated_at),
            COALESCE((SELECT MAX(v.updated_at) FROM {prefix}sales_invoice AS v WHERE v.order_id = o.entity_id), o.updated_at),
            COALESCE((SELECT MAX(m.updated_at) FROM {prefix}sales_creditmemo AS m WHERE m.order_id = o.entity_id), o.updated_at),
            COALESCE((
                SELECT MAX(c.created_at)
                FROM {prefix}sales_creditmemo AS m
                JOIN {prefix}sales_creditmemo_comment AS c ON c.parent_id = m.entity_id
                WHERE m.order_id = o.entity_id
            ), o.updated_at),
            COALESCE((SELECT MAX(h.created_at) FROM {prefix}sales_order_status_history AS h WHERE h.parent_id = o.entity_id), o.updated_at)
        ) AS changed_at
    FROM (
        -- begin window
        SELECT entity_id AS order_id FROM {prefix}sales_order
        WHERE updated_at >= GREATEST(:start, :after_time) AND updated_at < :end
        UNION
        SELECT order_id FROM {prefix}sales_order_item
        WHERE updated_at >= GREATEST(:start, :after_time) AND updated_at < :end
        UNION
        SELECT order_id FROM {prefix}sales_shipment
        WHERE updated_at >= GREATEST(:start, :after_time) AND updated_at < :end
        UNION
        SELECT order_id FROM {prefix}sales_shipment_track
        WHERE updated_at >= GREATEST(:start, :after_time) AND updated_at < :end
        UNION
        SELECT order_id FROM {prefix}sales_invoice
        WHERE updated_at >= GREATEST(:start, :after_time) AND updated_at < :end
        UNION
        SELECT order_id FROM {prefix}sales_creditmemo
        WHERE updated_at >= GREATEST(:start, :after_time) AND updated_at < :end
        UNION
        SELECT m.order_id
        FROM {prefix}sales_creditmemo_comment AS c
        JOIN {prefix}sales_creditmemo AS m ON m.entity_id = c.parent_id
        WHERE c.created_at >= GREATEST(:start, :after_time) AND c.created_at < :end
        UNION
        SELECT parent_id FROM {prefix}sales_order_status_history
        WHERE created_at >= GREATEST(:start, :after_time) AND created_at < :end
        -- end window
        -- begin ids
        SELECT entity_id AS order_id FROM {prefix}sales_order WHERE entity_id IN :order_ids
        -- end ids
    ) AS touched
    JOIN {prefix}sales_order AS o ON o.entity_id = touched.order_id
    LEFT JOIN {prefix}store AS shop ON shop.store_id = o.store_id
    WHERE :store IS NULL OR shop.code = :store OR CAST(o.store_id AS CHAR) = :store
    GROUP BY o.entity_id, o.updated_at
) AS changed
-- begin window
WHERE changed_at >= :start AND changed_at < :end
    AND (changed_at > :after_time OR (changed_at = :after_time AND order_id > :after_id))
ORDER BY changed_at, order_id
LIMIT :page_size
-- end window
