-- The usual place of a refund's reason.
SELECT m.order_id, c.parent_id AS creditmemo_id, c.comment
FROM {prefix}sales_creditmemo AS m
JOIN {prefix}sales_creditmemo_comment AS c ON c.parent_id = m.entity_id
WHERE m.order_id IN :order_ids
ORDER BY c.entity_id
