-- Orders whose newest change lies in [:start, :end), with that change.
-- The order's own stamp does not move for captures, refunds, payment states, tracking numbers added later and edited
-- addresses, so each of those tables is a feed of its own. An order belongs to the moment of its newest change over
-- all of them. Medusa has no index on any updated_at;
-- platform.toml names those that make this query fast.
SELECT changed.order_id, changed.changed_at
FROM (
    SELECT o.id AS order_id, newest.changed_at
    FROM (
        -- begin window
        SELECT id AS order_id
        FROM "order"
        WHERE updated_at >= :start AND updated_at < :end
        UNION
        SELECT order_id FROM order_change WHERE updated_at >= :start AND updated_at < :end
        UNION
        SELECT order_id FROM order_transaction WHERE updated_at >= :start AND updated_at < :end
        UNION
        SELECT order_id FROM order_summary WHERE updated_at >= :start AND updated_at < :end
        UNION
        SELECT order_id FROM "return" WHERE updated_at >= :start AND updated_at < :end
        UNION
        SELECT order_id FROM order_claim WHERE updated_at >= :start AND updated_at < :end
        UNION
        SELECT order_id FROM order_exchange WHERE updated_at >= :start AND updated_at < :end
        UNION
        SELECT owner.id
        FROM order_address AS a
        JOIN "order" AS owner ON owner.deleted_at IS NULL AND owner.shipping_address_id = a.id
        WHERE a.updated_at >= :start AND a.updated_at < :end
        UNION
        SELECT owner.id
        FROM order_address AS a
        JOIN "order" AS owner ON owner.deleted_at IS NULL AND owner.billing_address_id = a.id
        WHERE a.updated_at >= :start AND a.updated_at < :end
        UNION
        SELECT link.order_id
        FROM (
            SELECT id FROM fulfillment WHERE updated_at >= :start AND updated_at < :end
            UNION
            SELECT fulfillment_id FROM fulfillment_label WHERE updated_at >= :start AND updated_at < :end
        ) AS shipped
        JOIN order_fulfillment AS link ON link.fulfillment_id = shipped.id
        UNION
        SELECT COALESCE(link.order_id, claim.order_id, exchange.order_id)
        FROM (
            SELECT id FROM payment_collection WHERE updated_at >= :start AND updated_at < :end
            UNION
            SELECT p.payment_collection_id
            FROM refund AS r
            JOIN payment AS p ON p.id = r.payment_id
            WHERE r.updated_at >= :start AND r.updated_at < :end
        ) AS paid
        LEFT JOIN order_payment_collection AS link ON link.payment_collection_id = paid.id
        LEFT JOIN order_claim_payment_collection AS of_claim ON of_claim.payment_collection_id = paid.id
        LEFT JOIN order_claim AS claim ON claim.id = of_claim.claim_id
        LEFT JOIN order_exchange_payment_collection AS of_exchange ON of_exchange.payment_collection_id = paid.id
        LEFT JOIN order_exchange AS exchange ON exchange.id = of_exchange.exchange_id
        -- end window
        -- begin ids
        SELECT id AS order_id FROM "order" WHERE id IN :order_ids
        -- end ids
    ) AS touched
    JOIN "order" AS o ON o.id = touched.order_id
    CROSS JOIN LATERAL (
        SELECT MAX(stamp.at) AS changed_at
        FROM (
            SELECT o.updated_at AS at
            UNION ALL
            SELECT MAX(updated_at) FROM order_change WHERE order_id = o.id AND deleted_at IS NULL
            UNION ALL
            SELECT MAX(updated_at) FROM order_transaction WHERE order_id = o.id AND deleted_at IS NULL
            UNION ALL
            SELECT MAX(updated_at) FROM order_summary WHERE order_id = o.id AND deleted_at IS NULL
            UNION ALL
            SELECT MAX(updated_at) FROM "return" WHERE order_id = o.id AND deleted_at IS NULL
            UNION ALL
            SELECT MAX(updated_at) FROM order_claim WHERE order_id = o.id AND deleted_at IS NULL
            UNION ALL
            SELECT MAX(updated_at) FROM order_exchange WHERE order_id = o.id AND deleted_at IS NULL
            UNION ALL
            SELECT MAX(updated_at) FROM order_address WHERE id IN (o.shipping_address_id, o.billing_address_id)
            UNION ALL
            SELECT MAX(GREATEST(f.updated_at, l.updated_at))
            FROM order_fulfillment AS link
            JOIN fulfillment AS f ON f.id = link.fulfillment_id AND f.deleted_at IS NULL
            LEFT JOIN fulfillment_label AS l ON l.fulfillment_id = f.id AND l.deleted_at IS NULL
            WHERE link.order_id = o.id AND link.deleted_at IS NULL
            UNION ALL
            SELECT MAX(GREATEST(c.updated_at, r.updated_at))
            FROM ({collections}) AS own
            JOIN payment_collection AS c ON c.id = own.payment_collection_id AND c.deleted_at IS NULL
            LEFT JOIN payment AS p ON p.payment_collection_id = c.id AND p.deleted_at IS NULL
            LEFT JOIN refund AS r ON r.payment_id = p.id AND r.deleted_at IS NULL
            WHERE own.order_id = o.id
        ) AS stamp
    ) AS newest
    WHERE o.deleted_at IS NULL
        AND NOT o.is_draft_order
        AND o.status <> 'draft'
        AND (CAST(:store AS text) IS NULL OR o.sales_channel_id = :store)
) AS changed
-- begin window
WHERE changed.changed_at >= :start
    AND changed.changed_at < :end
    AND (changed.changed_at > :after_time OR (changed.changed_at = :after_time AND changed.order_id > :after_id))
ORDER BY changed.changed_at, changed.order_id
LIMIT :page_size
-- end window
