-- Orders by the number that buyers, sellers and Mirakl know them by.
SELECT o.entity_id AS order_id
FROM {prefix}sales_order AS o
LEFT JOIN {prefix}store AS shop ON shop.store_id = o.store_id
WHERE o.increment_id IN :channel_order_ids
    AND (:store IS NULL OR shop.code = :store OR CAST(o.store_id AS CHAR) = :store)
ORDER BY o.entity_id
