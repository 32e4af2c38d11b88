-- What an order knows only as meta: shipments, as tracking plugins write them, and the status it had before the bin; the
-- number that the buyer knows; the vendor, the marketplace it came from; the pick-up point; what store credit paid.
SELECT order_id, meta_key, meta_value
FROM {prefix}wc_orders_meta
WHERE order_id IN :order_ids
    AND meta_key IN (
        '_wc_shipment_tracking_items', 'shipment_status', 'ts_shipment_status', '_aftership_tracking_items',
        'ywot_tracking_code', 'ywot_carrier_name', 'ywot_carrier_id', 'ywot_pick_up_date',
        '_wp_trash_meta_status',
        '_order_number', '_order_number_formatted', '_alg_wc_custom_order_number', '_alg_wc_full_custom_order_number',
        '_ywson_custom_number_order_complete', '_wcj_order_number', '_wc_order_number',
        'has_sub_order', 'has_mvx_sub_order', 'has_wcmp_sub_order', 'has_multivendorx_sub_order',
        '_dokan_vendor_id', '_vendor_id', '_wcmp_vendor_id', '_mvx_vendor_id', 'multivendorx_store_id', '_wcfm_vendor',
        '_yith_vendor_id',
        '_marketplace', '_marketplace_name', 'marketplace', 'marketplace_name', '_lengow_marketplace_name',
        '_wpla_amazon_order_id', '_amazon_order_id', '_ebay_order_id', '_mirakl_order_id', '_etsy_order_id',
        '_codisto_orderid',
        '_wms_mondial_relay_pickup_info', '_wms_chronopost_pickup_info', '_wms_colissimo_pickup_info',
        'Mondial Relay Parcel Shop ID', 'mrwp_parcel_shop_id', '_mondial_relay_point_id',
        '_lpc_meta_pickUpLocationId', '_lpc_meta_pickUpLocationLabel', '_lpc_meta_pickUpLocationData',
        'packetery_point_id', 'packetery_point_name', 'packetery_point_street', 'packetery_point_city',
        'packetery_point_zip',
        '_parcel_machine_id', 'parcel_machine_id', '_parcel_machine_desc', '_paczkomat_id', 'paczkomat_id',
        'sendcloudshipping_service_point_meta', '_boxtal_connect_parcel_point', '_bw_parcel_point',
        '_gls_pickup_info', 'wc_shipping_dpd_parcels_terminal', 'dpd_parcelshop_id', '_dpd_pudo_id',
        '_omnivalt_terminal_id', 'omnivalt_terminal_id', '_pickup_point_id', 'pickup_point_id', '_pudo_id', 'pudo_id',
        'smart_coupons_contribution', '_ywgc_applied_gift_cards', '_ywgc_applied_gift_cards_totals', '_funds_used'
    )
ORDER BY id
