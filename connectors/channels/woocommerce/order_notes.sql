-- Notes of cancelled orders: only they say when and why, and that WooCommerce itself cancelled what nobody paid in time.
-- A `+` before a column keeps SQLite, which has no statistics here, from an index that holds most of the table.
SELECT
    n.comment_post_ID AS order_id,
    n.comment_content AS content,
    n.comment_author AS author,
    n.comment_date_gmt AS written_at
FROM {prefix}wc_orders AS o
JOIN {prefix}comments AS n ON n.comment_post_ID = o.id AND +n.comment_type = 'order_note'
WHERE o.id IN :order_ids AND o.status IN ('wc-cancelled', 'trash')
ORDER BY n.comment_ID
