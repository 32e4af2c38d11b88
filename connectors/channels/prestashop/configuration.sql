-- The zone of all times, and which state plays which part (ids differ from shop to shop); a shop may override its group.
SELECT name, value, id_shop, id_shop_group
FROM {prefix}configuration
WHERE name = 'PS_TIMEZONE' OR name LIKE 'PS@_OS@_%' ESCAPE '@'
ORDER BY id_configuration
