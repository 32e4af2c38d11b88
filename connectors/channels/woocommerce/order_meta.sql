-- What an order knows only as meta: shipments, as tracking plugins write them, and the status it had before the bin.
SELECT order_id, meta_key, meta_value
FROM {prefix}wc_orders_meta
WHERE order_id IN :order_ids
    AND meta_key IN (
        '_wc_shipment_tracking_items', 'shipment_status', 'ts_shipment_status', '_aftership_tracking_items',
        'ywot_tracking_code', 'ywot_carrier_name', 'ywot_carrier_id', 'ywot_pick_up_date', '_wp_trash_meta_status'
    )
ORDER BY id
