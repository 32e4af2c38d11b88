-- One row an order, with the totals Medusa itself keeps for its version. Drafts are no orders and are left out.
-- Totals are JSON: an amount is a number with its exact text beside it (raw_...), or an object that holds the text.
SELECT
    o.id AS order_id,
    o.version,
    CAST(o.status AS text) AS status,
    o.currency_code,
    o.sales_channel_id,
    o.display_id,
    {custom_display_id} AS custom_display_id,
    {sales_channel_name} AS sales_channel_name,
    o.email,
    o.created_at,
    o.canceled_at,
    COALESCE(
        s.totals #>> '{raw_current_order_total,value}',
        s.totals #>> '{current_order_total,value}',
        s.totals ->> 'current_order_total'
    ) AS current_order_total
FROM "order" AS o
LEFT JOIN order_summary AS s ON s.order_id = o.id AND s.version = o.version AND s.deleted_at IS NULL
WHERE o.id IN :order_ids
    AND o.deleted_at IS NULL
    AND NOT o.is_draft_order
    AND o.status <> 'draft'
    AND (CAST(:store AS text) IS NULL OR o.sales_channel_id = :store)
ORDER BY o.id
