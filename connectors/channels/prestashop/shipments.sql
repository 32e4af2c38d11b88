-- Parcels with their units, PrestaShop 9.1 with improved_shipment.
SELECT
    m.id_order AS order_id,
    CAST(m.shipped_at AS CHAR) AS shipped_at,
    CAST(m.delivered_at AS CHAR) AS delivered_at,
    CAST(m.cancelled_at AS CHAR) AS cancelled_at,
    p.id_order_detail,
    p.quantity,
    k.name AS carrier_name
FROM {prefix}shipment AS m
LEFT JOIN {prefix}shipment_product AS p ON p.id_shipment = m.id_shipment
LEFT JOIN {prefix}carrier AS k ON k.id_carrier = m.id_carrier
WHERE m.id_order IN :order_ids
ORDER BY m.id_shipment, p.id_shipment_product
