-- Names of the shop's attributes as buyers see them: `pa_color` is "Colour".
SELECT attribute_name, attribute_label
FROM {prefix}woocommerce_attribute_taxonomies
