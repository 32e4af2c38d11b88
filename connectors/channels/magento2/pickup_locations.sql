-- The shop where the buyer fetches an order (in-store pick-up of Magento's inventory), with its address.
SELECT
    p.order_id,
    p.pickup_location_code AS code,
    {pickup_name} AS name,
    {pickup_street} AS street,
    {pickup_postcode} AS postcode,
    {pickup_city} AS city,
    {pickup_country} AS country_id
FROM {prefix}inventory_pickup_location_order AS p
-- begin pickup_source
LEFT JOIN {prefix}inventory_source AS shop ON shop.source_code = p.pickup_location_code
-- end pickup_source
WHERE p.order_id IN :order_ids
