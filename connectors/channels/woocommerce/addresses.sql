-- Billing and shipping addresses; blank rows are common (digital goods) and are judged later.
-- The buyer's note at checkout is written for whoever delivers.
SELECT
    a.order_id AS channel_order_id,
    a.address_type,
    a.first_name,
    a.last_name,
    a.company,
    a.address_1 AS street,
    a.address_2 AS street_additional_info,
    a.postcode AS zip_code,
    a.city,
    a.state,
    a.country,
    a.phone,
    CASE WHEN a.address_type = 'shipping' THEN o.customer_note END AS additional_info
FROM {prefix}wc_order_addresses AS a
JOIN {prefix}wc_orders AS o ON o.id = a.order_id
WHERE a.order_id IN :order_ids AND a.address_type IN ('billing', 'shipping')
ORDER BY a.id
