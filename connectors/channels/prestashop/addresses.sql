-- Both addresses of an order, whatever their `deleted` says: editing an address that an order uses makes a new row and
-- marks the old one deleted.
SELECT
    o.id_order AS order_id,
    part.name AS address_type,
    a.alias,
    a.firstname,
    a.lastname,
    a.company,
    a.address1,
    a.address2,
    a.postcode,
    a.city,
    COALESCE(NULLIF(s.iso_code, ''), s.name) AS state,
    c.iso_code AS country,
    COALESCE(NULLIF(a.phone_mobile, ''), a.phone) AS phone,
    a.other,
    a.vat_number,
    a.dni
FROM {prefix}orders AS o
JOIN (SELECT 'shipping' AS name UNION ALL SELECT 'billing') AS part
JOIN {prefix}address AS a
    ON a.id_address = CASE WHEN part.name = 'shipping' THEN o.id_address_delivery ELSE o.id_address_invoice END
LEFT JOIN {prefix}country AS c ON c.id_country = a.id_country
LEFT JOIN {prefix}state AS s ON s.id_state = a.id_state
WHERE o.id_order IN :order_ids
ORDER BY o.id_order
