-- Credit memos; cancelled ones (state 3) are no refunds.
SELECT
    m.order_id,
    m.entity_id AS creditmemo_id,
    m.increment_id,
    m.grand_total,
    m.adjustment_negative,
    m.shipping_amount,
    m.shipping_tax_amount,
    m.discount_amount,
    m.discount_tax_compensation_amount,
    m.customer_note,
    m.created_at,
    {memo_customer_balance_amount} AS customer_balance_amount,
    {memo_gift_cards_amount} AS gift_cards_amount,
    {memo_reward_currency_amount} AS reward_currency_amount,
    {memo_wrapping_amount} AS wrapping_amount,
    {memo_wrapping_tax_amount} AS wrapping_tax_amount
    {memo_fees}
FROM {prefix}sales_creditmemo AS m
WHERE m.order_id IN :order_ids AND COALESCE(m.state, 0) <> 3
ORDER BY m.entity_id
