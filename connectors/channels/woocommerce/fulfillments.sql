-- Native shipments (a feature flag of WooCommerce 10): JSON meta, times in the site's own zone. Deleted ones keep their
-- rows. A zero date is what WordPress leaves where it gave none; it is compared as older than any shop, because strict
-- servers refuse it as a literal.
SELECT
    f.entity_id AS order_id,
    f.status,
    f.is_fulfilled,
    f.date_updated,
    MAX(CASE WHEN m.meta_key = '_items' THEN m.meta_value END) AS items,
    MAX(CASE WHEN m.meta_key = '_date_fulfilled' THEN m.meta_value END) AS date_fulfilled,
    MAX(CASE WHEN m.meta_key = '_shipment_provider' THEN m.meta_value END) AS shipment_provider,
    MAX(CASE WHEN m.meta_key = '_provider_name' THEN m.meta_value END) AS provider_name
FROM {prefix}wc_order_fulfillments AS f
LEFT JOIN {prefix}wc_order_fulfillment_meta AS m
    ON m.fulfillment_id = f.fulfillment_id
    AND m.meta_key IN ('_items', '_date_fulfilled', '_shipment_provider', '_provider_name')
    AND (m.date_deleted IS NULL OR m.date_deleted < '1000-01-01 00:00:00')
WHERE f.entity_id IN :order_ids
    -- A class of PHP: WC_Order itself, or the one that WooCommerce's admin puts in its place; a backslash is written twice
    -- for servers that read it as an escape, once for the others. A pattern would read the whole table for every chunk.
    AND f.entity_type IN (
        'WC_Order',
        'Automattic\\WooCommerce\\Admin\\Overrides\\Order',
        'Automattic\WooCommerce\Admin\Overrides\Order'
    )
    AND (f.date_deleted IS NULL OR f.date_deleted < '1000-01-01 00:00:00')
GROUP BY f.entity_id, f.fulfillment_id, f.status, f.is_fulfilled, f.date_updated
ORDER BY f.fulfillment_id
