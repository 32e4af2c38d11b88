-- Who carries the parcels; often added long after the shipment.
SELECT t.order_id, t.carrier_code, t.title
FROM {prefix}sales_shipment_track AS t
WHERE t.order_id IN :order_ids
ORDER BY t.entity_id
