-- Which state plays which part, the platform's own and those of payment modules: ids differ from shop to shop, and a
-- shop may override its group. And where the shop itself is, for who fetches the goods there.
SELECT name, value, id_shop, id_shop_group
FROM {prefix}configuration
WHERE name LIKE 'PS@_OS@_%' ESCAPE '@'
    OR name LIKE 'PS@_CHECKOUT@_STATE@_%' ESCAPE '@'
    OR name LIKE 'PAYPAL@_OS@_%' ESCAPE '@'
    OR name LIKE 'STRIPE@_%WAITING' ESCAPE '@'
    OR name LIKE 'PAYPLUG@_ORDER@_STATE@_%' ESCAPE '@'
    OR name LIKE 'MOLLIE@_STATUS@_%' ESCAPE '@'
    OR name IN ('PS_SHOP_ADDR1', 'PS_SHOP_ADDR2', 'PS_SHOP_CODE', 'PS_SHOP_CITY')
ORDER BY id_configuration
