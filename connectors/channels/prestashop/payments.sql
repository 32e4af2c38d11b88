-- What was paid on each order's reference, in the order's currency, and what all valid orders of that reference cost:
-- PrestaShop books a checkout's payment on the reference, not on one of its orders. A payment that a module booked twice
-- (one transaction, one amount) was paid once. `paid_back`: what is in `paid` as negative payments, which some shops write
-- down for their credit slips.
SELECT
    o.id_order AS order_id,
    SUM(
        CASE
            WHEN EXISTS (
                SELECT 1
                FROM {prefix}order_payment AS twin
                WHERE twin.order_reference = p.order_reference
                    AND twin.transaction_id = p.transaction_id
                    AND twin.transaction_id <> ''
                    AND twin.amount = p.amount
                    AND twin.id_order_payment < p.id_order_payment
            ) THEN 0
            WHEN p.id_currency = o.id_currency THEN p.amount
            ELSE p.amount / NULLIF(p.conversion_rate, 0) * o.conversion_rate
        END
    ) AS paid,
    SUM(
        CASE
            WHEN p.amount >= 0 THEN 0
            WHEN p.id_currency = o.id_currency THEN -p.amount
            ELSE -p.amount / NULLIF(p.conversion_rate, 0) * o.conversion_rate
        END
    ) AS paid_back,
    (
        SELECT SUM(n.total_paid_tax_incl)
        FROM {prefix}orders AS n
        WHERE n.reference = o.reference AND (n.valid = 1 OR n.id_order = o.id_order)
    ) AS reference_total
FROM {prefix}orders AS o
JOIN {prefix}order_payment AS p ON p.order_reference = o.reference
WHERE o.id_order IN :order_ids AND o.reference <> ''
GROUP BY o.id_order, o.reference
