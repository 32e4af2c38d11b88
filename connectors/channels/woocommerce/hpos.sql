-- One row where HPOS is authoritative; without it the orders are posts, and these tables stale or empty.
SELECT option_name
FROM {prefix}options
WHERE option_name = 'woocommerce_custom_orders_table_enabled' AND option_value = 'yes'
