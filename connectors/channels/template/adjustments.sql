-- One row for each line of each refund, all of them, for ever; their ids never change. Signs do not matter.
-- A refund that names no line: its amount, tax included, as gross_amount; it is spread over the lines.
SELECT
    o.number AS channel_order_id,
    r.id AS channel_adjustment_id,
    r.id AS refund_id,
    r.line_id AS channel_order_line_id,
    r.refunded_at AS created_at,
    r.reason,
    r.quantity,
    r.net AS price,                             -- tax excluded; its tax is in taxes.sql
    CASE WHEN r.line_id IS NULL THEN r.total END AS gross_amount
FROM {prefix}refunds AS r
JOIN {prefix}orders AS o ON o.id = r.order_id
WHERE r.order_id IN :order_ids
ORDER BY r.id
