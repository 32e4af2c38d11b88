-- The site's own zone: fulfilment times are wall time in it.
SELECT option_name, option_value
FROM {prefix}options
WHERE option_name IN ('timezone_string', 'gmt_offset')
