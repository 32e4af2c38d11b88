-- From the order number that buyers and Mirakl know to the id that the other files bind. Leave it out if it is the same.
SELECT id AS order_id
FROM {prefix}orders
WHERE number IN :channel_order_ids
