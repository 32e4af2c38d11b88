-- What an order knows only as meta: shipment tracking (PHP-serialised), and the status it had before the bin.
SELECT order_id, meta_key, meta_value
FROM {prefix}wc_orders_meta
WHERE order_id IN :order_ids
    AND meta_key IN ('_wc_shipment_tracking_items', '_wp_trash_meta_status')
ORDER BY id
