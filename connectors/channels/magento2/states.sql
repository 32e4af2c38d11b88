-- The states that stand behind the statuses a merchant has named; one status may stand under two.
SELECT status, state
FROM {prefix}sales_order_status_state
