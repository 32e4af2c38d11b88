-- The newest change of each order: the moment by which changes.sql puts it into its day.
SELECT o.id AS order_id, newest.changed_at
FROM "order" AS o
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
        FROM (
            SELECT payment_collection_id FROM order_payment_collection WHERE order_id = o.id AND deleted_at IS NULL
            UNION ALL
            SELECT link.payment_collection_id
            FROM order_claim AS claim
            JOIN order_claim_payment_collection AS link ON link.claim_id = claim.id AND link.deleted_at IS NULL
            WHERE claim.order_id = o.id AND claim.deleted_at IS NULL
            UNION ALL
            SELECT link.payment_collection_id
            FROM order_exchange AS exchange
            JOIN order_exchange_payment_collection AS link
                ON link.exchange_id = exchange.id AND link.deleted_at IS NULL
            WHERE exchange.order_id = o.id AND exchange.deleted_at IS NULL
        ) AS own
        JOIN payment_collection AS c ON c.id = own.payment_collection_id AND c.deleted_at IS NULL
        LEFT JOIN payment AS p ON p.payment_collection_id = c.id AND p.deleted_at IS NULL
        LEFT JOIN refund AS r ON r.payment_id = p.id AND r.deleted_at IS NULL
    ) AS stamp
) AS newest
WHERE o.id IN :order_ids
