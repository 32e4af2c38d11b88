-- Orders that WooCommerce itself cancelled because nobody paid in time: said nowhere but in a note.
SELECT DISTINCT comment_post_ID AS order_id
FROM {prefix}comments
WHERE comment_post_ID IN :order_ids
    AND comment_type = 'order_note'
    AND comment_content LIKE '%time limit%'
