-- Billing and shipping addresses; blank rows are common (digital goods) and are judged later.
SELECT order_id, address_type, first_name, last_name, company, address_1, address_2, city, state, postcode, country, phone
FROM {prefix}wc_order_addresses
WHERE order_id IN :order_ids AND address_type IN ('billing', 'shipping')
ORDER BY id
