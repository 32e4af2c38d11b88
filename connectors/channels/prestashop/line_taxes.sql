-- The taxes of each line, several where several apply. A tax that was edited since is another row of `tax`.
SELECT t.id_order_detail, t.id_tax, t.total_amount
FROM {prefix}order_detail AS d
JOIN {prefix}order_detail_tax AS t ON t.id_order_detail = d.id_order_detail
WHERE d.id_order IN :order_ids
ORDER BY t.id_order_detail, t.id_tax
