-- Billing and shipping addresses; an order of virtual goods has no shipping address.
SELECT
    a.parent_id AS order_id,
    a.address_type,
    a.firstname,
    a.middlename,
    a.lastname,
    a.company,
    a.street,
    a.postcode,
    a.city,
    a.region,
    a.country_id,
    a.telephone,
    COALESCE({colissimo_pickup_id}, {mondialrelay_pickup_id}) AS relay_id
FROM {prefix}sales_order_address AS a
WHERE a.parent_id IN :order_ids AND a.address_type IN ('billing', 'shipping')
ORDER BY a.entity_id
