-- Run after medusa.sql: takes away what came between Medusa 2.0.0 and 2.21.2 of what is read or written here.
DROP TABLE order_credit_line;
ALTER TABLE "order" DROP COLUMN custom_display_id, DROP COLUMN locale;
ALTER TABLE order_address DROP COLUMN deleted_at;
ALTER TABLE order_change DROP COLUMN carry_over_promotions, DROP COLUMN no_notification;
ALTER TABLE order_line_item DROP COLUMN is_giftcard, DROP COLUMN product_type_id;
ALTER TABLE order_line_item_adjustment DROP COLUMN is_tax_inclusive, DROP COLUMN version;
ALTER TABLE order_line_item_tax_line DROP COLUMN data, DROP COLUMN metadata;
ALTER TABLE order_shipping_method_adjustment DROP COLUMN version;
ALTER TABLE order_shipping_method_tax_line DROP COLUMN data, DROP COLUMN metadata;
ALTER TABLE payment
    ADD COLUMN cart_id text,
    ADD COLUMN order_id text,
    ADD COLUMN customer_id text;
ALTER TABLE payment_collection ADD COLUMN region_id text NOT NULL DEFAULT '';
ALTER TABLE refund_reason DROP COLUMN code;
