-- Orders that WooCommerce itself cancelled because nobody paid in time: said nowhere but in a note, in the language of
-- the site (English, German, French, Spanish, Italian, Portuguese, Dutch, Polish).
SELECT DISTINCT comment_post_ID AS order_id
FROM {prefix}comments
WHERE comment_post_ID IN :order_ids
    AND comment_type = 'order_note'
    AND (
        comment_content LIKE '%time limit%'
        OR comment_content LIKE '%Zeitlimit%'
        OR comment_content LIKE '%temps limite%'
        OR comment_content LIKE '%limite de temps%'
        OR comment_content LIKE '%l_mite de tiempo%'
        OR comment_content LIKE '%tiempo l_mite%'
        OR comment_content LIKE '%tempo limite%'
        OR comment_content LIKE '%limite de tempo%'
        OR comment_content LIKE '%tijdslimiet%'
        OR comment_content LIKE '%limit czasu%'
    )
