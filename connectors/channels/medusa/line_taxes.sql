-- Taxes of lines, in percent.
SELECT t.item_id, t.code, COALESCE(t.raw_rate ->> 'value', CAST(t.rate AS text)) AS rate
FROM order_line_item_tax_line AS t
WHERE t.deleted_at IS NULL
    AND t.item_id IN (SELECT i.item_id FROM order_item AS i WHERE i.order_id IN :order_ids AND i.deleted_at IS NULL)
ORDER BY t.created_at, t.id
