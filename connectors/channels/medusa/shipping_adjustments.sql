-- Discounts of shipping methods, by version where Medusa keeps one.
SELECT
    a.shipping_method_id,
    {shipping_adjustment_version} AS version,
    COALESCE(a.raw_amount ->> 'value', CAST(a.amount AS text)) AS amount
FROM order_shipping_method_adjustment AS a
WHERE a.deleted_at IS NULL
    AND a.shipping_method_id IN (
        SELECT s.shipping_method_id FROM order_shipping AS s WHERE s.order_id IN :order_ids AND s.deleted_at IS NULL
    )
ORDER BY a.created_at, a.id
