-- What Mollie's module charged for the way of payment: it is in the order's total, and in no other of its amounts.
SELECT id_order AS order_id, MAX(fee_tax_excl) AS fee_tax_excl, MAX(fee_tax_incl) AS fee_tax_incl
FROM {prefix}mol_order_payment_fee
WHERE id_order IN :order_ids AND fee_tax_incl > 0
GROUP BY id_order
