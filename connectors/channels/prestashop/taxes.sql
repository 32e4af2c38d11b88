-- All taxes with their rate in percent and their name, deleted ones included: old orders point at them.
SELECT t.id_tax, t.rate, l.name
FROM {prefix}tax AS t
LEFT JOIN {prefix}tax_lang AS l
    ON l.id_tax = t.id_tax
    AND l.id_lang = (
        SELECT MAX(value)
        FROM {prefix}configuration
        WHERE name = 'PS_LANG_DEFAULT' AND id_shop IS NULL AND id_shop_group IS NULL
    )
ORDER BY t.id_tax
