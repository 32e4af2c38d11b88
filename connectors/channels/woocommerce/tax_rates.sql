-- The shop's tax rates: items from before WooCommerce 3.7 carry no rate of their own. A rate may be gone.
SELECT tax_rate_id, tax_rate, tax_rate_name
FROM {prefix}woocommerce_tax_rates
