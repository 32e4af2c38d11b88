-- The lines that a voucher for a selection of products is about: each group of its conditions names products,
-- combinations' attributes, manufacturers, suppliers or categories, and one that names the line is enough.
SELECT DISTINCT v.id_order AS order_id, v.id_cart_rule, d.id_order_detail
FROM {prefix}order_cart_rule AS v
JOIN {prefix}cart_rule AS r ON r.id_cart_rule = v.id_cart_rule AND r.reduction_product = -2
JOIN {prefix}order_detail AS d ON d.id_order = v.id_order
JOIN {prefix}cart_rule_product_rule_group AS g ON g.id_cart_rule = v.id_cart_rule
JOIN {prefix}cart_rule_product_rule AS p ON p.id_product_rule_group = g.id_product_rule_group
JOIN {prefix}cart_rule_product_rule_value AS n ON n.id_product_rule = p.id_product_rule
LEFT JOIN {prefix}product AS c ON c.id_product = d.product_id
WHERE v.id_order IN :order_ids
    AND v.deleted = 0
    AND CASE p.type
        WHEN 'products' THEN n.id_item = d.product_id
        WHEN 'manufacturers' THEN n.id_item = c.id_manufacturer
        WHEN 'suppliers' THEN n.id_item = c.id_supplier
        WHEN 'categories' THEN EXISTS (
            SELECT 1
            FROM {prefix}category_product AS k
            WHERE k.id_product = d.product_id AND k.id_category = n.id_item
        )
        WHEN 'attributes' THEN EXISTS (
            SELECT 1
            FROM {prefix}product_attribute_combination AS a
            WHERE a.id_product_attribute = d.product_attribute_id AND a.id_attribute = n.id_item
        )
        ELSE FALSE
    END
