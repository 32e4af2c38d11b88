-- The site's own zone (fulfilment times are wall time in it), and whether HPOS is authoritative.
SELECT option_name, option_value
FROM {prefix}options
WHERE option_name IN ('timezone_string', 'gmt_offset', 'woocommerce_custom_orders_table_enabled')
