-- Which orders changed in [:start, :end)? One row an order, with its newest change, over ALL tables that belong to it.
-- Here an event table has it: whatever happens to an order writes a row. Other feeds: docs/custom-channel.md.
-- The last lines page through the list; keep them as they are. The lines between `begin window` and `end window` find
-- the orders that changed, those between `begin ids` and `end ids` are for the changes of orders by their ids.
SELECT order_id, changed_at
FROM (
    SELECT order_id, MAX(happened_at) AS changed_at
    FROM {prefix}order_events
    WHERE
        -- begin window
        order_id IN (SELECT order_id FROM {prefix}order_events WHERE happened_at >= :start AND happened_at < :end)
        -- end window
        -- begin ids
        order_id IN :order_ids
        -- end ids
    GROUP BY order_id
) AS changed
-- begin window
WHERE changed_at >= :start AND changed_at < :end
    AND (changed_at > :after_time OR (changed_at = :after_time AND order_id > :after_id))
ORDER BY changed_at, order_id
LIMIT :page_size
-- end window
