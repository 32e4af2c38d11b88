-- All taxes with their rate in percent and their name, deleted ones included: old orders point at them.
SELECT t.id_tax, t.rate, l.name
FROM {prefix}tax AS t
LEFT JOIN {prefix}tax_lang AS l
    ON l.id_tax = t.id_tax
    AND l.id_lang = ({default_language})
ORDER BY t.id_tax
