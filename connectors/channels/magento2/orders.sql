-- One row an order, amounts in the order's own currency. Of the payment only the method is read, never card data.
-- Store credit, gift cards and reward points (Adobe Commerce) pay a part of the order and are not in grand_total; gift
-- wrapping (of the order, of its items, and the printed card) is in grand_total and on no item, and so are the fees of
-- modules, which the channel names.
SELECT
    o.entity_id AS order_id,
    o.increment_id,
    o.store_id,
    shop.code AS store_code,
    o.state,
    o.status,
    o.hold_before_state,
    o.order_currency_code,
    o.grand_total,
    o.total_paid,
    o.total_due,
    o.total_refunded,
    o.shipping_amount,
    o.shipping_tax_amount,
    o.shipping_discount_amount,
    o.shipping_discount_tax_compensation_amount,
    o.shipping_canceled,
    o.shipping_method,
    o.shipping_description,
    o.customer_email,
    o.relation_child_id,
    o.created_at,
    {customer_balance_amount} AS customer_balance_amount,
    {gift_cards_amount} AS gift_cards_amount,
    {reward_currency_amount} AS reward_currency_amount,
    {wrapping_amount} AS wrapping_amount,
    {wrapping_tax_amount} AS wrapping_tax_amount,
    COALESCE({lpc_relay_id}, {relais_id}, {dpd_parcelshop_id}, {sendcloud_service_point_id}, {inpost_locker_id}) AS relay_id,
    (SELECT MIN(p.method) FROM {prefix}sales_order_payment AS p WHERE p.parent_id = o.entity_id) AS payment_method
    {order_fees}
FROM {prefix}sales_order AS o
LEFT JOIN {prefix}store AS shop ON shop.store_id = o.store_id
WHERE o.entity_id IN :order_ids
ORDER BY o.entity_id
