-- What was shipped when, one row an item of a shipment. Labels are blobs and are never read.
SELECT s.order_id, s.created_at, si.order_item_id, si.qty
FROM {prefix}sales_shipment AS s
LEFT JOIN {prefix}sales_shipment_item AS si ON si.parent_id = s.entity_id
WHERE s.order_id IN :order_ids
ORDER BY s.entity_id, si.entity_id
