-- What the buyer has written for the one who gets the gift: with the order, or with one of its items.
SELECT o.entity_id AS order_id, NULL AS item_id, m.sender, m.recipient, m.message
FROM {prefix}sales_order AS o
JOIN {prefix}gift_message AS m ON m.gift_message_id = o.gift_message_id
WHERE o.entity_id IN :order_ids
UNION ALL
SELECT i.order_id, i.item_id, m.sender, m.recipient, m.message
FROM {prefix}sales_order_item AS i
JOIN {prefix}gift_message AS m ON m.gift_message_id = i.gift_message_id
WHERE i.order_id IN :order_ids
