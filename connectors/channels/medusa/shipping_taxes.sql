-- Taxes of shipping methods, in percent.
SELECT t.shipping_method_id, t.code, COALESCE(t.raw_rate ->> 'value', CAST(t.rate AS text)) AS rate
FROM order_shipping_method_tax_line AS t
WHERE t.deleted_at IS NULL
    AND t.shipping_method_id IN (
        SELECT s.shipping_method_id FROM order_shipping AS s WHERE s.order_id IN :order_ids AND s.deleted_at IS NULL
    )
ORDER BY t.created_at, t.id
