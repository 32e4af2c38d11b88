-- What was bought, and at which price; order_item may override the price.
SELECT
    l.id AS item_id,
    l.title,
    l.thumbnail,
    l.variant_id,
    l.variant_sku,
    l.variant_title,
    CAST(l.variant_option_values AS text) AS variant_option_values,
    CAST(l.metadata AS text) AS metadata,
    l.requires_shipping,
    l.product_id,
    l.is_tax_inclusive,
    l.created_at,
    COALESCE(l.raw_unit_price ->> 'value', CAST(l.unit_price AS text)) AS unit_price
FROM order_line_item AS l
WHERE l.id IN (SELECT i.item_id FROM order_item AS i WHERE i.order_id IN :order_ids AND i.deleted_at IS NULL)
