-- Quantities and prices of lines, one row a line and version: each confirmed change writes a full new set, and a line
-- that an edit removes has no row in the new one. Undoing a change lowers the order's version and deletes rows.
SELECT
    i.order_id,
    i.item_id,
    i.version,
    i.created_at,
    i.updated_at,
    COALESCE(i.raw_quantity ->> 'value', CAST(i.quantity AS text)) AS quantity,
    COALESCE(i.raw_unit_price ->> 'value', CAST(i.unit_price AS text)) AS unit_price,
    i.shipped_quantity,
    i.delivered_quantity,
    i.return_received_quantity,
    i.return_dismissed_quantity
FROM order_item AS i
JOIN "order" AS o ON o.id = i.order_id AND i.version <= o.version
WHERE o.id IN :order_ids AND i.order_id IN :order_ids AND i.deleted_at IS NULL
ORDER BY i.order_id, i.version, i.created_at, i.id
