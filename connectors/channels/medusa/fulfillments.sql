-- Shipments that were not canceled, one row a line in one: by whom, since when under way.
SELECT link.order_id, f.provider_id, f.shipped_at, i.line_item_id AS item_id
FROM order_fulfillment AS link
JOIN fulfillment AS f ON f.id = link.fulfillment_id AND f.deleted_at IS NULL AND f.canceled_at IS NULL
JOIN fulfillment_item AS i ON i.fulfillment_id = f.id AND i.deleted_at IS NULL
WHERE link.order_id IN :order_ids AND link.deleted_at IS NULL
ORDER BY link.order_id, f.created_at, f.id, i.id
