-- Billing and shipping addresses. Every cell may be absent; what is missing is judged later.
SELECT
    o.id AS order_id,
    CASE WHEN a.id = o.shipping_address_id THEN 'shipping' ELSE 'billing' END AS address_type,
    o.billing_address_id = o.shipping_address_id AS is_both,
    a.first_name,
    a.last_name,
    a.company,
    a.address_1,
    a.address_2,
    a.postal_code,
    a.city,
    a.province,
    a.country_code,
    a.phone
FROM "order" AS o
JOIN order_address AS a ON a.id IN (o.shipping_address_id, o.billing_address_id)
WHERE o.id IN :order_ids
ORDER BY o.id
