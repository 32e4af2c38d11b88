-- What the buyer wanted written on a product (or the name of the file that was sent along).
SELECT d.id_order AS order_id, d.id_order_detail, c.`index` AS field, c.value
FROM {prefix}order_detail AS d
JOIN {prefix}customized_data AS c ON c.id_customization = d.id_customization
WHERE d.id_order IN :order_ids AND d.id_customization > 0
ORDER BY d.id_order_detail, c.type, c.`index`
