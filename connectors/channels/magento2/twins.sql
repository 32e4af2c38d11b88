-- Other orders with the same number: numbers are unique in a store only. Harmless where the channel reads one store.
SELECT twin.increment_id
FROM {prefix}sales_order AS o
JOIN {prefix}sales_order AS twin ON twin.increment_id = o.increment_id AND twin.entity_id <> o.entity_id
WHERE o.entity_id IN :order_ids AND :store IS NULL
