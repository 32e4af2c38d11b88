-- All order states with their flags and the name the merchant sees, deleted ones included: old orders are in them.
SELECT s.id_order_state, s.hidden, s.logable, s.shipped, s.paid, l.name
FROM {prefix}order_state AS s
LEFT JOIN {prefix}order_state_lang AS l
    ON l.id_order_state = s.id_order_state
    AND l.id_lang = ({default_language})
ORDER BY s.id_order_state
