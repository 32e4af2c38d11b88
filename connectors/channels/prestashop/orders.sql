-- One row an order. Customer, carrier and currency are joined whatever their `deleted` says: editing a carrier makes a
-- new row and marks the old one deleted, and old orders keep pointing at it.
SELECT
    o.id_order AS order_id,
    o.reference,
    o.id_shop,
    o.id_shop_group,
    o.current_state,
    o.module,
    o.payment,
    o.invoice_number,
    CAST(o.date_add AS CHAR) AS date_add,
    CASE WHEN o.gift = 1 THEN o.gift_message END AS gift_message,
    o.total_products_wt,
    o.total_paid_tax_incl,
    o.total_paid_real,
    o.total_discounts_tax_excl,
    o.total_discounts_tax_incl,
    o.total_shipping_tax_excl,
    o.total_shipping_tax_incl,
    o.total_wrapping_tax_excl,
    o.total_wrapping_tax_incl,
    o.carrier_tax_rate,
    c.iso_code AS currency,
    u.email,
    (SELECT MAX(x.tracking_number) FROM {prefix}order_carrier AS x WHERE x.id_order = o.id_order) AS tracking_number,
    k.name AS carrier_name,
    k.id_reference AS carrier_reference,
    k.external_module_name AS carrier_module,
    d.delay AS carrier_delay,
    s.name AS shop_name
FROM {prefix}orders AS o
LEFT JOIN {prefix}currency AS c ON c.id_currency = o.id_currency
LEFT JOIN {prefix}customer AS u ON u.id_customer = o.id_customer
LEFT JOIN {prefix}shop AS s ON s.id_shop = o.id_shop
LEFT JOIN {prefix}order_carrier AS oc
    ON oc.id_order_carrier = (SELECT MAX(x.id_order_carrier) FROM {prefix}order_carrier AS x WHERE x.id_order = o.id_order)
LEFT JOIN {prefix}carrier AS k ON k.id_carrier = COALESCE(NULLIF(oc.id_carrier, 0), o.id_carrier)
LEFT JOIN {prefix}carrier_lang AS d ON d.id_carrier = k.id_carrier AND d.id_lang = o.id_lang AND d.id_shop = o.id_shop
WHERE o.id_order IN :order_ids
ORDER BY o.id_order
