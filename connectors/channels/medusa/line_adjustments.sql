-- Discounts of lines. Newer Medusas keep them by version of the order; in older ones a line's discounts hold for all versions.
SELECT
    a.item_id,
    {line_adjustment_version} AS version,
    {line_adjustment_is_tax_inclusive} AS is_tax_inclusive,
    COALESCE(a.raw_amount ->> 'value', CAST(a.amount AS text)) AS amount
FROM order_line_item_adjustment AS a
WHERE a.deleted_at IS NULL
    AND a.item_id IN (SELECT i.item_id FROM order_item AS i WHERE i.order_id IN :order_ids AND i.deleted_at IS NULL)
ORDER BY a.created_at, a.id
