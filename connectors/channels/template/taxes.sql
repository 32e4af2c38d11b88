-- One row a tax. Of a line: its id. Of the order's shipping: no line, applies_to 'shipping'. Of a refund: its id.
SELECT
    o.number AS channel_order_id,
    l.id AS channel_order_line_id,
    NULL AS channel_adjustment_id,              -- PostgreSQL: CAST(NULL AS uuid), or whatever the ids of refunds are
    'price' AS applies_to,
    'VAT' AS code,
    l.tax_rate AS rate,
    l.tax AS amount
FROM {prefix}order_lines AS l
JOIN {prefix}orders AS o ON o.id = l.order_id
WHERE l.order_id IN :order_ids
UNION ALL
SELECT o.number, NULL, NULL, 'shipping', 'VAT', o.shipping_tax_rate, o.shipping_tax
FROM {prefix}orders AS o
WHERE o.id IN :order_ids AND o.shipping_tax > 0
UNION ALL
SELECT o.number, NULL, r.id, 'price', 'VAT', l.tax_rate, r.tax
FROM {prefix}refunds AS r
JOIN {prefix}order_lines AS l ON l.id = r.line_id
JOIN {prefix}orders AS o ON o.id = r.order_id
WHERE r.order_id IN :order_ids
