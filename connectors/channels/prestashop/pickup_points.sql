-- Relay points that the buyer chose, from the tables of the usual modules; a module that a shop does not have is left
-- out. `module_moves_address`: the module puts the point into the order's delivery address and keeps only its id.
SELECT
    o.id_order AS order_id,
    NULL AS point_id,
    NULL AS point_name,
    NULL AS street,
    NULL AS street_additional_info,
    NULL AS zip_code,
    NULL AS city,
    NULL AS country,
    0 AS module_moves_address
FROM {prefix}orders AS o
WHERE o.id_order IN :order_ids AND 1 = 0
-- begin mondialrelay
UNION ALL
SELECT
    o.id_order,
    r.selected_relay_num,
    r.selected_relay_adr1,
    COALESCE(NULLIF(r.selected_relay_adr3, ''), r.selected_relay_adr4),
    r.selected_relay_adr2,
    r.selected_relay_postcode,
    r.selected_relay_city,
    r.selected_relay_country_iso,
    1
FROM {prefix}orders AS o
JOIN {prefix}mondialrelay_selected_relay AS r ON r.id_cart = o.id_cart
WHERE o.id_order IN :order_ids AND r.selected_relay_num <> '' AND COALESCE(r.id_order, 0) IN (0, o.id_order)
-- end mondialrelay
-- begin colissimo
UNION ALL
SELECT o.id_order, p.colissimo_id, p.company_name, p.address1, p.address2, p.zipcode, p.city, p.iso_country, 1
FROM {prefix}orders AS o
JOIN {prefix}colissimo_order AS c ON c.id_order = o.id_order
JOIN {prefix}colissimo_pickup_point AS p ON p.id_colissimo_pickup_point = c.id_colissimo_pickup_point
WHERE o.id_order IN :order_ids AND c.id_colissimo_pickup_point > 0
-- end colissimo
-- begin chronopost
UNION ALL
SELECT o.id_order, r.id_pr, NULL, NULL, NULL, NULL, NULL, NULL, 1
FROM {prefix}orders AS o
JOIN {prefix}chrono_cart_relais AS r ON r.id_cart = o.id_cart
JOIN {prefix}carrier AS k ON k.id_carrier = o.id_carrier
WHERE o.id_order IN :order_ids AND r.id_pr <> '' AND k.external_module_name = 'chronopost'
-- end chronopost
-- begin dpdfrance
UNION ALL
SELECT o.id_order, r.relay_id, r.company, r.address1, r.address2, r.postcode, r.city, c.iso_code, 1
FROM {prefix}orders AS o
JOIN {prefix}dpdfrance_shipping AS r ON r.id_cart = o.id_cart AND r.id_carrier = o.id_carrier
LEFT JOIN {prefix}country AS c ON c.id_country = r.id_country
WHERE o.id_order IN :order_ids AND r.relay_id <> ''
-- end dpdfrance
-- begin gls
UNION ALL
SELECT o.id_order, r.parcel_shop_id, r.name, r.address1, r.address2, r.postcode, r.city, c.iso_code, 1
FROM {prefix}orders AS o
JOIN {prefix}gls_cart_carrier AS r
    ON r.id_cart = o.id_cart AND r.id_customer = o.id_customer AND r.id_carrier = o.id_carrier
LEFT JOIN {prefix}country AS c ON c.id_country = r.id_country
WHERE o.id_order IN :order_ids AND r.parcel_shop_id <> ''
-- end gls
-- begin inpost
UNION ALL
SELECT o.id_order, r.point, NULL, NULL, NULL, NULL, NULL, NULL, 0
FROM {prefix}orders AS o
JOIN {prefix}inpost_cart_choice AS r ON r.id_cart = o.id_cart
JOIN {prefix}carrier AS k ON k.id_carrier = o.id_carrier
WHERE o.id_order IN :order_ids AND r.point <> '' AND k.external_module_name = 'inpostshipping'
-- end inpost
-- begin packetery
UNION ALL
SELECT
    o.id_order,
    COALESCE(NULLIF(r.carrier_pickup_point, ''), CAST(r.id_branch AS CHAR)),
    r.name_branch,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    0
FROM {prefix}orders AS o
JOIN {prefix}packetery_order AS r ON r.id_order = o.id_order
WHERE o.id_order IN :order_ids AND r.is_ad = 0 AND (r.is_carrier = 0 OR r.carrier_pickup_point <> '') AND r.id_branch > 0
-- end packetery
ORDER BY order_id
