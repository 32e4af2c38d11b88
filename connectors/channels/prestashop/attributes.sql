-- What tells the ordered combination from its sisters (size, colour), in the language of the order.
SELECT d.id_order_detail, g.public_name AS label, n.name AS value
FROM {prefix}order_detail AS d
JOIN {prefix}orders AS o ON o.id_order = d.id_order
JOIN {prefix}product_attribute_combination AS c ON c.id_product_attribute = d.product_attribute_id
JOIN {prefix}attribute AS a ON a.id_attribute = c.id_attribute
JOIN {prefix}attribute_group AS s ON s.id_attribute_group = a.id_attribute_group
JOIN {prefix}attribute_lang AS n ON n.id_attribute = a.id_attribute AND n.id_lang = o.id_lang
JOIN {prefix}attribute_group_lang AS g ON g.id_attribute_group = s.id_attribute_group AND g.id_lang = o.id_lang
WHERE d.id_order IN :order_ids AND d.product_attribute_id > 0
ORDER BY d.id_order_detail, s.position, s.id_attribute_group
