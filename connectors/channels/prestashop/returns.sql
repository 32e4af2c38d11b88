-- Returns the buyer asked for, with the buyer's own words, one row a line (state 4: denied).
SELECT
    r.id_order AS order_id,
    r.state,
    r.question,
    CAST(r.date_add AS CHAR) AS date_add,
    d.id_order_detail
FROM {prefix}order_return AS r
LEFT JOIN {prefix}order_return_detail AS d ON d.id_order_return = r.id_order_return
WHERE r.id_order IN :order_ids
ORDER BY r.id_order_return, d.id_order_detail
