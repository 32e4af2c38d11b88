-- Shipping methods of the order's version; those of a return, a claim or an exchange came later.
SELECT
    s.order_id,
    m.id AS shipping_method_id,
    m.name,
    m.is_tax_inclusive,
    m.shipping_option_id,
    m.created_at,
    s.return_id,
    CAST(m.data AS text) AS data,
    COALESCE(m.raw_amount ->> 'value', CAST(m.amount AS text)) AS amount,
    option.provider_id
FROM "order" AS o
JOIN order_shipping AS s ON s.order_id = o.id AND s.version = o.version AND s.deleted_at IS NULL
JOIN order_shipping_method AS m ON m.id = s.shipping_method_id AND m.deleted_at IS NULL
LEFT JOIN shipping_option AS option ON option.id = m.shipping_option_id
WHERE o.id IN :order_ids
ORDER BY s.order_id, m.created_at, m.id
