-- Which state plays which part: ids differ from shop to shop, and a shop may override its group.
SELECT name, value, id_shop, id_shop_group
FROM {prefix}configuration
WHERE name LIKE 'PS@_OS@_%' ESCAPE '@'
ORDER BY id_configuration
