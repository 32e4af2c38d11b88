-- Native shipments (a feature flag of WooCommerce 10): JSON meta, times in the site's own zone.
SELECT
    f.entity_id AS order_id,
    f.fulfillment_id,
    f.is_fulfilled,
    f.date_updated,
    MAX(CASE WHEN m.meta_key = '_items' THEN m.meta_value END) AS items,
    MAX(CASE WHEN m.meta_key = '_date_fulfilled' THEN m.meta_value END) AS date_fulfilled,
    MAX(CASE WHEN m.meta_key = '_shipment_provider' THEN m.meta_value END) AS shipment_provider
FROM {prefix}wc_order_fulfillments AS f
LEFT JOIN {prefix}wc_order_fulfillment_meta AS m
    ON m.fulfillment_id = f.fulfillment_id AND (m.date_deleted IS NULL OR m.date_deleted = '0000-00-00 00:00:00')
WHERE f.entity_id IN :order_ids
    AND f.entity_type = 'WC_Order'
    AND (f.date_deleted IS NULL OR f.date_deleted = '0000-00-00 00:00:00')
GROUP BY f.entity_id, f.fulfillment_id, f.is_fulfilled, f.date_updated
ORDER BY f.fulfillment_id
