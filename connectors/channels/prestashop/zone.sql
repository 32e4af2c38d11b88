-- A row if every shop that is read keeps its times in the channel's zone: PHP writes wall time of PS_TIMEZONE, which a
-- shop may set for itself, else its group, else all of them together.
SELECT 1
FROM (SELECT 1 AS there) AS one_row
WHERE NOT EXISTS (
    SELECT 1
    FROM {prefix}shop AS s
    WHERE (:store IS NULL OR s.id_shop = :store)
        AND s.deleted = 0
        AND COALESCE(
            (SELECT MAX(value) FROM {prefix}configuration WHERE name = 'PS_TIMEZONE' AND id_shop = s.id_shop),
            (
                SELECT MAX(value)
                FROM {prefix}configuration
                WHERE name = 'PS_TIMEZONE' AND id_shop IS NULL AND id_shop_group = s.id_shop_group
            ),
            (
                SELECT MAX(value)
                FROM {prefix}configuration
                WHERE name = 'PS_TIMEZONE' AND id_shop IS NULL AND id_shop_group IS NULL
            ),
            :timezone
        ) <> :timezone
)
