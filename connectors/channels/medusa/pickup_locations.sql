-- Orders that the buyer fetches: the set of their shipping option is one for pick-up; the stock location is the place.
SELECT
    s.order_id,
-- begin pickup_place
    location.id AS location_id,
    location.name,
    place.address_1,
    place.address_2,
    place.postal_code,
    place.city,
    place.province,
    place.country_code,
-- end pickup_place
    ways.name AS set_name
FROM "order" AS o
JOIN order_shipping AS s ON s.order_id = o.id AND s.version = o.version AND s.deleted_at IS NULL
JOIN order_shipping_method AS m ON m.id = s.shipping_method_id AND m.deleted_at IS NULL
JOIN shipping_option AS option ON option.id = m.shipping_option_id
JOIN service_zone AS zone ON zone.id = option.service_zone_id
JOIN fulfillment_set AS ways ON ways.id = zone.fulfillment_set_id
-- begin pickup_place
LEFT JOIN location_fulfillment_set AS link ON link.fulfillment_set_id = ways.id AND link.deleted_at IS NULL
LEFT JOIN stock_location AS location ON location.id = link.stock_location_id
LEFT JOIN stock_location_address AS place ON place.id = location.address_id
-- end pickup_place
WHERE o.id IN :order_ids AND s.return_id IS NULL AND ways.type IN ('pickup', 'pick-up', 'pick_up')
ORDER BY s.order_id, m.created_at, m.id
