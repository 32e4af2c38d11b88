-- What the buyer wanted written on a product, or the file that was sent along (type 0), with the label of the field as
-- the buyer saw it. What a module keeps there for itself is not the buyer's.
SELECT
    d.id_order_detail,
    c.type,
    c.`index` AS field,
    c.value,
    {customization_label} AS label
FROM {prefix}order_detail AS d
JOIN {prefix}orders AS o ON o.id_order = d.id_order
JOIN {prefix}customized_data AS c ON c.id_customization = d.id_customization
-- begin customization_labels
LEFT JOIN {prefix}customization_field_lang AS l
    ON l.id_customization_field = c.`index` AND l.id_lang = o.id_lang AND l.id_shop = o.id_shop
-- end customization_labels
WHERE d.id_order IN :order_ids AND d.id_customization > 0 AND c.value <> ''
ORDER BY d.id_order_detail, c.type DESC, c.`index`
