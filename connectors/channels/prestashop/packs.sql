-- What is in a pack: the units of each product that whoever packs one has to put in.
SELECT
    d.id_order_detail,
    k.quantity,
    k.id_product_item,
    k.id_product_attribute_item,
    COALESCE(NULLIF(a.reference, ''), p.reference) AS reference,
    l.name
FROM {prefix}order_detail AS d
JOIN {prefix}orders AS o ON o.id_order = d.id_order
JOIN {prefix}pack AS k ON k.id_product_pack = d.product_id
LEFT JOIN {prefix}product AS p ON p.id_product = k.id_product_item
LEFT JOIN {prefix}product_attribute AS a ON a.id_product_attribute = k.id_product_attribute_item
LEFT JOIN {prefix}product_lang AS l
    ON l.id_product = k.id_product_item AND l.id_lang = o.id_lang AND l.id_shop = o.id_shop
WHERE d.id_order IN :order_ids
ORDER BY d.id_order_detail, k.id_product_item, k.id_product_attribute_item
