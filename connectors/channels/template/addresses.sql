-- At most one row of each type. Blank rows do not matter.
SELECT
    o.number AS channel_order_id,
    a.type AS address_type,                     -- 'shipping' or 'billing'
    a.first_name,
    a.last_name,
    a.company,
    a.street,
    a.zip AS zip_code,
    a.city,
    a.country,                                  -- two or three letters
    a.phone
FROM {prefix}addresses AS a
JOIN {prefix}orders AS o ON o.id = a.order_id
WHERE a.order_id IN :order_ids
ORDER BY a.id
