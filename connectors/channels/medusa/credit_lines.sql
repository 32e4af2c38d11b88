-- Credit lines of the order's version. Each version copies them; `created_in_version` tells when one came.
SELECT
    c.order_id,
    c.reference,
    c.reference_id,
    c.metadata ->> 'created_in_version' AS created_in_version,
    COALESCE(c.raw_amount ->> 'value', CAST(c.amount AS text)) AS amount
FROM "order" AS o
JOIN order_credit_line AS c ON c.order_id = o.id AND c.deleted_at IS NULL AND {credit_line_version} = o.version
WHERE o.id IN :order_ids
ORDER BY c.order_id, c.created_at, c.id
