-- Orders whose newest change lies in [:start, :end), with that change; all times are wall time of the shop's zone.
-- `orders.date_upd` moves with the status and with edits in the back office, but not for a credit slip, a return or a
-- carrier written by a module, so each of those is a feed of its own. A payment hangs on the reference, which several
-- orders may share: all of them changed. `order_id` is id_order and so is Mirakl's channel_order_id, because the
-- reference is NOT unique: one checkout with two carriers gives two orders of one reference.
-- STRAIGHT_JOIN: begin with the orders that changed; in a shop of 100,000 MariaDB went through all of them instead.
-- GROUP BY changes nothing but the plan: without it MariaDB works out all of changed_at again for each comparison below.
-- Every stamp in GREATEST has its branch in `touched`, so an order is found on the day of its newest change, no other.
SELECT order_id, changed_at
FROM (
    SELECT STRAIGHT_JOIN
        o.id_order AS order_id,
        GREATEST(
            o.date_add,
            o.date_upd,
            COALESCE((SELECT MAX(h.date_add) FROM {prefix}order_history AS h WHERE h.id_order = o.id_order), o.date_upd),
            COALESCE((SELECT MAX(s.date_upd) FROM {prefix}order_slip AS s WHERE s.id_order = o.id_order), o.date_upd),
            COALESCE((SELECT MAX(c.date_add) FROM {prefix}order_carrier AS c WHERE c.id_order = o.id_order), o.date_upd),
            COALESCE((SELECT MAX(r.date_upd) FROM {prefix}order_return AS r WHERE r.id_order = o.id_order), o.date_upd),
            -- begin shipment
            COALESCE((SELECT MAX(m.date_upd) FROM {prefix}shipment AS m WHERE m.id_order = o.id_order), o.date_upd),
            -- end shipment
            COALESCE(
                (
                    SELECT MAX(p.date_add)
                    FROM {prefix}order_payment AS p
                    WHERE p.order_reference = o.reference AND o.reference <> ''
                ),
                o.date_upd
            )
        ) AS changed_at
    FROM (
        -- begin window
        SELECT id_order FROM {prefix}orders WHERE date_add >= :start AND date_add < :end
        UNION
        SELECT id_order FROM {prefix}orders WHERE date_upd >= :start AND date_upd < :end
        UNION
        SELECT id_order FROM {prefix}order_history WHERE date_add >= :start AND date_add < :end
        UNION
        SELECT id_order FROM {prefix}order_slip WHERE date_upd >= :start AND date_upd < :end
        UNION
        SELECT id_order FROM {prefix}order_carrier WHERE date_add >= :start AND date_add < :end
        UNION
        SELECT id_order FROM {prefix}order_return WHERE date_upd >= :start AND date_upd < :end
        UNION
        -- begin shipment
        SELECT id_order FROM {prefix}shipment WHERE date_upd >= :start AND date_upd < :end
        UNION
        -- end shipment
        SELECT paid.id_order
        FROM {prefix}order_payment AS p
        JOIN {prefix}orders AS paid ON paid.reference = p.order_reference
        WHERE p.date_add >= :start AND p.date_add < :end AND p.order_reference <> ''
        -- end window
        -- begin ids
        SELECT id_order FROM {prefix}orders WHERE id_order IN :order_ids
        -- end ids
    ) AS touched
    JOIN {prefix}orders AS o ON o.id_order = touched.id_order
    WHERE :store IS NULL OR o.id_shop = :store
    GROUP BY o.id_order, o.date_add, o.date_upd, o.reference
) AS changed
-- begin window
WHERE changed_at >= :start AND changed_at < :end
    AND (changed_at > :after_time OR (changed_at = :after_time AND order_id > :after_id))
ORDER BY changed_at, order_id
LIMIT :page_size
-- end window
