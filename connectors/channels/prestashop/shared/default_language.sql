-- The id of the shop's default language, whatever single shops of a multi-shop have.
SELECT MAX(value)
FROM {prefix}configuration
WHERE name = 'PS_LANG_DEFAULT' AND id_shop IS NULL AND id_shop_group IS NULL
