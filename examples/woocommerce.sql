-- WooCommerce with HPOS: the platform's tables, columns, types and indexes, in SQL that MariaDB and SQLite both take.
-- Ids are given by the fixtures, so AUTO_INCREMENT is left out.
CREATE TABLE wp_options (option_id bigint unsigned NOT NULL PRIMARY KEY, option_name varchar(191) NOT NULL DEFAULT '', option_value longtext NOT NULL, autoload varchar(20) NOT NULL DEFAULT 'yes');
CREATE TABLE wp_comments (comment_ID bigint unsigned NOT NULL PRIMARY KEY, comment_post_ID bigint unsigned NOT NULL DEFAULT 0, comment_content text NOT NULL, comment_type varchar(20) NOT NULL DEFAULT 'comment');
CREATE TABLE wp_wc_orders (id bigint unsigned NOT NULL PRIMARY KEY, status varchar(20), currency varchar(10), type varchar(20), tax_amount decimal(26,8), total_amount decimal(26,8), customer_id bigint unsigned, billing_email varchar(320), date_created_gmt datetime, date_updated_gmt datetime, parent_order_id bigint unsigned, payment_method varchar(100), payment_method_title text, transaction_id varchar(100), ip_address varchar(100), user_agent text, customer_note text);
CREATE INDEX wc_orders_status ON wp_wc_orders (status);
CREATE INDEX wc_orders_date_created ON wp_wc_orders (date_created_gmt);
CREATE INDEX wc_orders_date_updated ON wp_wc_orders (date_updated_gmt);
CREATE INDEX wc_orders_parent ON wp_wc_orders (parent_order_id);
CREATE INDEX wc_orders_type_status_date ON wp_wc_orders (type, status, date_created_gmt);
CREATE TABLE wp_wc_order_addresses (id bigint unsigned NOT NULL PRIMARY KEY, order_id bigint unsigned NOT NULL, address_type varchar(20), first_name text, last_name text, company text, address_1 text, address_2 text, city text, state text, postcode text, country text, email varchar(320), phone varchar(100));
CREATE UNIQUE INDEX wc_address_type_order ON wp_wc_order_addresses (address_type, order_id);
CREATE INDEX wc_address_order ON wp_wc_order_addresses (order_id);
CREATE TABLE wp_wc_order_operational_data (id bigint unsigned NOT NULL PRIMARY KEY, order_id bigint unsigned, created_via varchar(100), woocommerce_version varchar(20), prices_include_tax tinyint(1), coupon_usages_are_counted tinyint(1), download_permission_granted tinyint(1), cart_hash varchar(100), new_order_email_sent tinyint(1), order_key varchar(100), order_stock_reduced tinyint(1), date_paid_gmt datetime, date_completed_gmt datetime, shipping_tax_amount decimal(26,8), shipping_total_amount decimal(26,8), discount_tax_amount decimal(26,8), discount_total_amount decimal(26,8), recorded_sales tinyint(1));
CREATE UNIQUE INDEX wc_operational_order ON wp_wc_order_operational_data (order_id);
CREATE TABLE wp_wc_orders_meta (id bigint unsigned NOT NULL PRIMARY KEY, order_id bigint unsigned, meta_key varchar(255), meta_value text);
CREATE INDEX wc_orders_meta_order ON wp_wc_orders_meta (order_id);
CREATE TABLE wp_woocommerce_order_items (order_item_id bigint unsigned NOT NULL PRIMARY KEY, order_item_name text NOT NULL, order_item_type varchar(200) NOT NULL DEFAULT '', order_id bigint unsigned NOT NULL);
CREATE INDEX wc_items_order ON wp_woocommerce_order_items (order_id);
CREATE TABLE wp_woocommerce_order_itemmeta (meta_id bigint unsigned NOT NULL PRIMARY KEY, order_item_id bigint unsigned NOT NULL, meta_key varchar(255), meta_value longtext);
CREATE INDEX wc_itemmeta_item ON wp_woocommerce_order_itemmeta (order_item_id);
CREATE TABLE wp_woocommerce_tax_rates (tax_rate_id bigint unsigned NOT NULL PRIMARY KEY, tax_rate_country varchar(2) NOT NULL DEFAULT '', tax_rate_state varchar(200) NOT NULL DEFAULT '', tax_rate varchar(8) NOT NULL DEFAULT '', tax_rate_name varchar(200) NOT NULL DEFAULT '', tax_rate_priority bigint unsigned NOT NULL DEFAULT 1, tax_rate_compound int NOT NULL DEFAULT 0, tax_rate_shipping int NOT NULL DEFAULT 1, tax_rate_order bigint unsigned NOT NULL DEFAULT 0, tax_rate_class varchar(200) NOT NULL DEFAULT '');
CREATE TABLE wp_wc_product_meta_lookup (product_id bigint NOT NULL PRIMARY KEY, sku varchar(100) DEFAULT '');
CREATE TABLE wp_wc_order_fulfillments (fulfillment_id bigint unsigned NOT NULL PRIMARY KEY, entity_type varchar(255) NOT NULL, entity_id bigint unsigned NOT NULL, status varchar(255) NOT NULL, is_fulfilled tinyint(1) NOT NULL DEFAULT 0, date_updated datetime NOT NULL, date_deleted datetime);
CREATE TABLE wp_wc_order_fulfillment_meta (meta_id bigint unsigned NOT NULL PRIMARY KEY, fulfillment_id bigint unsigned NOT NULL, meta_key varchar(255), meta_value longtext, date_updated datetime NOT NULL DEFAULT '0000-00-00 00:00:00', date_deleted datetime);
INSERT INTO wp_options VALUES (1, 'woocommerce_custom_orders_table_enabled', 'yes', 'yes'), (2, 'timezone_string', 'Europe/Paris', 'yes');
