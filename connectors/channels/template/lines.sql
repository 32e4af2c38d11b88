-- One row a product. `price` is the total of the line (not of one unit), after discounts, tax excluded.
-- What takes money off (a voucher, a rebate) is a row of its own: 'discount' AS kind, its price below zero (or gross_amount,
-- where the shop knows it with tax only), and, where it is for one product, the line as discounted_line_id; product_id,
-- product_title and quantity may be NULL there. Cents are divided by 100.0.
-- The units decide how far a line is; leave out a column that the shop does not know.
SELECT
    o.number AS channel_order_id,
    l.id AS channel_order_line_id,
    l.quantity,
    l.net AS price,
    l.sku AS product_id,
    l.title AS product_title,
    l.shipped AS quantity_shipped
FROM {prefix}order_lines AS l
JOIN {prefix}orders AS o ON o.id = l.order_id
WHERE l.order_id IN :order_ids
ORDER BY l.id
