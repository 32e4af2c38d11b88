-- Magento 2: the sales tables with the platform's columns, types, nullability and indexes, as MariaDB and MySQL take them.
-- Weee and gift message columns are those that the modules of these names add. Left out: foreign keys, `sales_*_grid`, and
-- what is no part of a sale. Statuses and states are those of an installation.
CREATE TABLE store (
    store_id smallint unsigned NOT NULL AUTO_INCREMENT, code varchar(32) DEFAULT NULL,
    website_id smallint unsigned NOT NULL DEFAULT 0, group_id smallint unsigned NOT NULL DEFAULT 0,
    name varchar(255) NOT NULL DEFAULT '', sort_order smallint unsigned NOT NULL DEFAULT 0,
    is_active smallint unsigned NOT NULL DEFAULT 0, PRIMARY KEY (store_id), UNIQUE KEY (code), KEY (website_id)
) ENGINE=InnoDB;
CREATE TABLE sales_order_status (
    status varchar(32) NOT NULL, label varchar(128) NOT NULL, PRIMARY KEY (status)
) ENGINE=InnoDB;
CREATE TABLE sales_order_status_state (
    status varchar(32) NOT NULL, state varchar(32) NOT NULL, is_default smallint unsigned NOT NULL DEFAULT 0,
    visible_on_front smallint unsigned NOT NULL DEFAULT 0, PRIMARY KEY (status, state)
) ENGINE=InnoDB;
CREATE TABLE sales_order_status_label (
    status varchar(32) NOT NULL, store_id smallint unsigned NOT NULL, label varchar(128) NOT NULL,
    PRIMARY KEY (status, store_id)
) ENGINE=InnoDB;
CREATE TABLE sales_order (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, state varchar(32) DEFAULT NULL, status varchar(32) DEFAULT NULL,
    coupon_code varchar(255) DEFAULT NULL, protect_code varchar(255) DEFAULT NULL,
    shipping_description varchar(255) DEFAULT NULL, is_virtual smallint unsigned DEFAULT NULL,
    store_id smallint unsigned DEFAULT NULL, customer_id int unsigned DEFAULT NULL,
    discount_amount decimal(20,4) DEFAULT NULL, base_discount_amount decimal(20,4) DEFAULT NULL,
    discount_canceled decimal(20,4) DEFAULT NULL, base_discount_canceled decimal(20,4) DEFAULT NULL,
    discount_invoiced decimal(20,4) DEFAULT NULL, base_discount_invoiced decimal(20,4) DEFAULT NULL,
    discount_refunded decimal(20,4) DEFAULT NULL, base_discount_refunded decimal(20,4) DEFAULT NULL,
    grand_total decimal(20,4) DEFAULT NULL, base_grand_total decimal(20,4) DEFAULT NULL,
    shipping_amount decimal(20,4) DEFAULT NULL, base_shipping_amount decimal(20,4) DEFAULT NULL,
    shipping_canceled decimal(20,4) DEFAULT NULL, base_shipping_canceled decimal(20,4) DEFAULT NULL,
    shipping_invoiced decimal(20,4) DEFAULT NULL, base_shipping_invoiced decimal(20,4) DEFAULT NULL,
    shipping_refunded decimal(20,4) DEFAULT NULL, base_shipping_refunded decimal(20,4) DEFAULT NULL,
    shipping_tax_amount decimal(20,4) DEFAULT NULL, base_shipping_tax_amount decimal(20,4) DEFAULT NULL,
    shipping_tax_refunded decimal(20,4) DEFAULT NULL, base_shipping_tax_refunded decimal(20,4) DEFAULT NULL,
    subtotal decimal(20,4) DEFAULT NULL, base_subtotal decimal(20,4) DEFAULT NULL,
    subtotal_canceled decimal(20,4) DEFAULT NULL, base_subtotal_canceled decimal(20,4) DEFAULT NULL,
    subtotal_invoiced decimal(20,4) DEFAULT NULL, base_subtotal_invoiced decimal(20,4) DEFAULT NULL,
    subtotal_refunded decimal(20,4) DEFAULT NULL, base_subtotal_refunded decimal(20,4) DEFAULT NULL,
    tax_amount decimal(20,4) DEFAULT NULL, base_tax_amount decimal(20,4) DEFAULT NULL,
    tax_canceled decimal(20,4) DEFAULT NULL, base_tax_canceled decimal(20,4) DEFAULT NULL,
    tax_invoiced decimal(20,4) DEFAULT NULL, base_tax_invoiced decimal(20,4) DEFAULT NULL,
    tax_refunded decimal(20,4) DEFAULT NULL, base_tax_refunded decimal(20,4) DEFAULT NULL,
    total_canceled decimal(20,4) DEFAULT NULL, base_total_canceled decimal(20,4) DEFAULT NULL,
    total_invoiced decimal(20,4) DEFAULT NULL, base_total_invoiced decimal(20,4) DEFAULT NULL,
    total_offline_refunded decimal(20,4) DEFAULT NULL, base_total_offline_refunded decimal(20,4) DEFAULT NULL,
    total_online_refunded decimal(20,4) DEFAULT NULL, base_total_online_refunded decimal(20,4) DEFAULT NULL,
    total_paid decimal(20,4) DEFAULT NULL, base_total_paid decimal(20,4) DEFAULT NULL,
    total_refunded decimal(20,4) DEFAULT NULL, base_total_refunded decimal(20,4) DEFAULT NULL,
    total_due decimal(20,4) DEFAULT NULL, base_total_due decimal(20,4) DEFAULT NULL,
    adjustment_negative decimal(20,4) DEFAULT NULL, base_adjustment_negative decimal(20,4) DEFAULT NULL,
    adjustment_positive decimal(20,4) DEFAULT NULL, base_adjustment_positive decimal(20,4) DEFAULT NULL,
    shipping_discount_amount decimal(20,4) DEFAULT NULL, base_shipping_discount_amount decimal(20,4) DEFAULT NULL,
    subtotal_incl_tax decimal(20,4) DEFAULT NULL, base_subtotal_incl_tax decimal(20,4) DEFAULT NULL,
    shipping_incl_tax decimal(20,4) DEFAULT NULL, base_shipping_incl_tax decimal(20,4) DEFAULT NULL,
    discount_tax_compensation_amount decimal(20,4) DEFAULT NULL,
    base_discount_tax_compensation_amount decimal(20,4) DEFAULT NULL,
    discount_tax_compensation_invoiced decimal(20,4) DEFAULT NULL,
    base_discount_tax_compensation_invoiced decimal(20,4) DEFAULT NULL,
    discount_tax_compensation_refunded decimal(20,4) DEFAULT NULL,
    base_discount_tax_compensation_refunded decimal(20,4) DEFAULT NULL,
    shipping_discount_tax_compensation_amount decimal(20,4) DEFAULT NULL,
    base_shipping_discount_tax_compensation_amnt decimal(20,4) DEFAULT NULL,
    base_total_invoiced_cost decimal(20,4) DEFAULT NULL, payment_authorization_amount decimal(20,4) DEFAULT NULL,
    store_to_order_rate decimal(20,4) DEFAULT NULL, store_to_base_rate decimal(20,4) DEFAULT NULL,
    base_to_order_rate decimal(20,4) DEFAULT NULL, base_to_global_rate decimal(20,4) DEFAULT NULL,
    total_qty_ordered decimal(12,4) DEFAULT NULL, base_total_qty_ordered decimal(12,4) DEFAULT NULL,
    weight decimal(12,4) DEFAULT NULL, can_ship_partially smallint unsigned DEFAULT NULL,
    can_ship_partially_item smallint unsigned DEFAULT NULL, customer_is_guest smallint unsigned DEFAULT NULL,
    customer_note_notify smallint unsigned DEFAULT NULL, send_email smallint unsigned DEFAULT NULL,
    forced_shipment_with_invoice smallint unsigned DEFAULT NULL, email_sent smallint DEFAULT NULL,
    billing_address_id int DEFAULT NULL, customer_group_id int DEFAULT NULL, edit_increment int DEFAULT NULL,
    payment_auth_expiration int DEFAULT NULL, quote_address_id int DEFAULT NULL, quote_id int DEFAULT NULL,
    shipping_address_id int DEFAULT NULL, customer_gender int DEFAULT NULL, customer_dob datetime DEFAULT NULL,
    increment_id varchar(50) DEFAULT NULL, original_increment_id varchar(50) DEFAULT NULL,
    applied_rule_ids varchar(128) DEFAULT NULL, customer_email varchar(128) DEFAULT NULL,
    customer_firstname varchar(128) DEFAULT NULL, customer_lastname varchar(128) DEFAULT NULL,
    customer_middlename varchar(128) DEFAULT NULL, order_currency_code varchar(3) DEFAULT NULL,
    base_currency_code varchar(3) DEFAULT NULL, global_currency_code varchar(3) DEFAULT NULL,
    store_currency_code varchar(3) DEFAULT NULL, customer_prefix varchar(32) DEFAULT NULL,
    customer_suffix varchar(32) DEFAULT NULL, customer_taxvat varchar(32) DEFAULT NULL,
    ext_customer_id varchar(32) DEFAULT NULL, ext_order_id varchar(32) DEFAULT NULL,
    hold_before_state varchar(32) DEFAULT NULL, hold_before_status varchar(32) DEFAULT NULL,
    relation_child_id varchar(32) DEFAULT NULL, relation_child_real_id varchar(32) DEFAULT NULL,
    relation_parent_id varchar(32) DEFAULT NULL, relation_parent_real_id varchar(32) DEFAULT NULL,
    discount_description varchar(255) DEFAULT NULL, store_name varchar(255) DEFAULT NULL,
    coupon_rule_name varchar(255) DEFAULT NULL, remote_ip varchar(45) DEFAULT NULL,
    x_forwarded_for varchar(45) DEFAULT NULL, shipping_method varchar(120) DEFAULT NULL,
    customer_note text DEFAULT NULL, created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    total_item_count smallint unsigned NOT NULL DEFAULT 0, gift_message_id int DEFAULT NULL,
    PRIMARY KEY (entity_id),
    UNIQUE KEY SALES_ORDER_INCREMENT_ID_STORE_ID (increment_id, store_id), KEY SALES_ORDER_STATUS (status),
    KEY SALES_ORDER_STATE (state), KEY SALES_ORDER_STORE_ID (store_id), KEY SALES_ORDER_CREATED_AT (created_at),
    KEY SALES_ORDER_CUSTOMER_ID (customer_id), KEY SALES_ORDER_EXT_ORDER_ID (ext_order_id),
    KEY SALES_ORDER_QUOTE_ID (quote_id), KEY SALES_ORDER_UPDATED_AT (updated_at),
    KEY SALES_ORDER_SEND_EMAIL (send_email), KEY SALES_ORDER_EMAIL_SENT (email_sent),
    KEY SALES_ORDER_STORE_ID_STATE_CREATED_AT (store_id, state, created_at),
    KEY SALES_ORDER_CUSTOMER_EMAIL_CUSTOMER_IS_GUEST_STORE_ID (customer_email, customer_is_guest, store_id)
) ENGINE=InnoDB;
CREATE TABLE sales_order_item (
    item_id int unsigned NOT NULL AUTO_INCREMENT, order_id int unsigned NOT NULL DEFAULT 0,
    parent_item_id int unsigned DEFAULT NULL, quote_item_id int unsigned DEFAULT NULL,
    store_id smallint unsigned DEFAULT NULL, created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    product_id int unsigned DEFAULT NULL, product_type varchar(255) DEFAULT NULL,
    product_options longtext DEFAULT NULL, weight decimal(12,4) DEFAULT 0.0000,
    is_virtual smallint unsigned DEFAULT NULL, sku varchar(255) DEFAULT NULL, name varchar(255) DEFAULT NULL,
    description text DEFAULT NULL, applied_rule_ids varchar(255) DEFAULT NULL, additional_data text DEFAULT NULL,
    is_qty_decimal smallint unsigned DEFAULT NULL, no_discount smallint unsigned NOT NULL DEFAULT 0,
    qty_backordered decimal(12,4) DEFAULT 0.0000, qty_canceled decimal(12,4) DEFAULT 0.0000,
    qty_invoiced decimal(12,4) DEFAULT 0.0000, qty_ordered decimal(12,4) DEFAULT 0.0000,
    qty_refunded decimal(12,4) DEFAULT 0.0000, qty_shipped decimal(12,4) DEFAULT 0.0000,
    base_cost decimal(12,4) DEFAULT 0.0000, price decimal(20,4) NOT NULL DEFAULT 0.0000,
    base_price decimal(20,4) NOT NULL DEFAULT 0.0000, original_price decimal(20,4) DEFAULT NULL,
    base_original_price decimal(20,4) DEFAULT NULL, tax_percent decimal(12,4) DEFAULT 0.0000,
    tax_amount decimal(20,4) DEFAULT 0.0000, base_tax_amount decimal(20,4) DEFAULT 0.0000,
    tax_invoiced decimal(20,4) DEFAULT 0.0000, base_tax_invoiced decimal(20,4) DEFAULT 0.0000,
    discount_amount decimal(20,4) DEFAULT 0.0000, base_discount_amount decimal(20,4) DEFAULT 0.0000,
    discount_invoiced decimal(20,4) DEFAULT 0.0000, base_discount_invoiced decimal(20,4) DEFAULT 0.0000,
    amount_refunded decimal(20,4) DEFAULT 0.0000, base_amount_refunded decimal(20,4) DEFAULT 0.0000,
    discount_percent decimal(12,4) DEFAULT 0.0000, row_total decimal(20,4) NOT NULL DEFAULT 0.0000,
    base_row_total decimal(20,4) NOT NULL DEFAULT 0.0000, row_invoiced decimal(20,4) NOT NULL DEFAULT 0.0000,
    base_row_invoiced decimal(20,4) NOT NULL DEFAULT 0.0000, row_weight decimal(12,4) DEFAULT 0.0000,
    base_tax_before_discount decimal(20,4) DEFAULT NULL, tax_before_discount decimal(20,4) DEFAULT NULL,
    ext_order_item_id varchar(255) DEFAULT NULL, locked_do_invoice smallint unsigned DEFAULT NULL,
    locked_do_ship smallint unsigned DEFAULT NULL, price_incl_tax decimal(20,4) DEFAULT NULL,
    base_price_incl_tax decimal(20,4) DEFAULT NULL, row_total_incl_tax decimal(20,4) DEFAULT NULL,
    base_row_total_incl_tax decimal(20,4) DEFAULT NULL, discount_tax_compensation_amount decimal(20,4) DEFAULT NULL,
    base_discount_tax_compensation_amount decimal(20,4) DEFAULT NULL,
    discount_tax_compensation_invoiced decimal(20,4) DEFAULT NULL,
    base_discount_tax_compensation_invoiced decimal(20,4) DEFAULT NULL,
    discount_tax_compensation_refunded decimal(20,4) DEFAULT NULL,
    base_discount_tax_compensation_refunded decimal(20,4) DEFAULT NULL, tax_refunded decimal(20,4) DEFAULT NULL,
    base_tax_refunded decimal(20,4) DEFAULT NULL, discount_refunded decimal(20,4) DEFAULT NULL,
    base_discount_refunded decimal(20,4) DEFAULT NULL, tax_canceled decimal(20,4) DEFAULT NULL,
    discount_tax_compensation_canceled decimal(20,4) DEFAULT NULL, free_shipping smallint unsigned NOT NULL DEFAULT 0,
    weee_tax_applied text DEFAULT NULL, weee_tax_applied_amount decimal(12,4) DEFAULT NULL,
    weee_tax_applied_row_amount decimal(12,4) DEFAULT NULL, weee_tax_disposition decimal(12,4) DEFAULT NULL,
    weee_tax_row_disposition decimal(12,4) DEFAULT NULL, base_weee_tax_applied_amount decimal(12,4) DEFAULT NULL,
    base_weee_tax_applied_row_amnt decimal(12,4) DEFAULT NULL, base_weee_tax_disposition decimal(12,4) DEFAULT NULL,
    base_weee_tax_row_disposition decimal(12,4) DEFAULT NULL, gift_message_id int DEFAULT NULL,
    gift_message_available int DEFAULT NULL, PRIMARY KEY (item_id), KEY SALES_ORDER_ITEM_ORDER_ID (order_id),
    KEY SALES_ORDER_ITEM_STORE_ID (store_id)
) ENGINE=InnoDB;
CREATE TABLE sales_order_address (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, parent_id int unsigned DEFAULT NULL,
    customer_address_id int DEFAULT NULL, quote_address_id int DEFAULT NULL, region_id int DEFAULT NULL,
    customer_id int DEFAULT NULL, fax varchar(255) DEFAULT NULL, region varchar(255) DEFAULT NULL,
    postcode varchar(255) DEFAULT NULL, lastname varchar(255) DEFAULT NULL, street varchar(255) DEFAULT NULL,
    city varchar(255) DEFAULT NULL, email varchar(255) DEFAULT NULL, telephone varchar(255) DEFAULT NULL,
    country_id varchar(2) DEFAULT NULL, firstname varchar(255) DEFAULT NULL, address_type varchar(255) DEFAULT NULL,
    prefix varchar(255) DEFAULT NULL, middlename varchar(255) DEFAULT NULL, suffix varchar(255) DEFAULT NULL,
    company varchar(255) DEFAULT NULL, vat_id text DEFAULT NULL, vat_is_valid smallint DEFAULT NULL,
    vat_request_id text DEFAULT NULL, vat_request_date text DEFAULT NULL, vat_request_success smallint DEFAULT NULL,
    PRIMARY KEY (entity_id), KEY SALES_ORDER_ADDRESS_PARENT_ID (parent_id)
) ENGINE=InnoDB;
CREATE TABLE sales_order_payment (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, parent_id int unsigned NOT NULL,
    shipping_captured decimal(20,4) DEFAULT NULL, base_shipping_captured decimal(20,4) DEFAULT NULL,
    amount_refunded decimal(20,4) DEFAULT NULL, base_amount_refunded decimal(20,4) DEFAULT NULL,
    amount_canceled decimal(20,4) DEFAULT NULL, base_amount_canceled decimal(20,4) DEFAULT NULL,
    shipping_amount decimal(20,4) DEFAULT NULL, base_shipping_amount decimal(20,4) DEFAULT NULL,
    amount_paid decimal(20,4) DEFAULT NULL, base_amount_paid decimal(20,4) DEFAULT NULL,
    amount_authorized decimal(20,4) DEFAULT NULL, base_amount_authorized decimal(20,4) DEFAULT NULL,
    amount_ordered decimal(20,4) DEFAULT NULL, base_amount_ordered decimal(20,4) DEFAULT NULL,
    shipping_refunded decimal(20,4) DEFAULT NULL, base_shipping_refunded decimal(20,4) DEFAULT NULL,
    cc_exp_month varchar(12) DEFAULT NULL, cc_exp_year varchar(12) DEFAULT NULL, method varchar(128) DEFAULT NULL,
    last_trans_id varchar(255) DEFAULT NULL, po_number varchar(255) DEFAULT NULL, cc_last_4 varchar(100) DEFAULT NULL,
    cc_number_enc varchar(128) DEFAULT NULL, cc_owner varchar(128) DEFAULT NULL, cc_type varchar(32) DEFAULT NULL,
    cc_status varchar(32) DEFAULT NULL, additional_information text DEFAULT NULL, additional_data text DEFAULT NULL,
    PRIMARY KEY (entity_id), KEY SALES_ORDER_PAYMENT_PARENT_ID (parent_id)
) ENGINE=InnoDB;
CREATE TABLE sales_order_tax (
    tax_id int unsigned NOT NULL AUTO_INCREMENT, order_id int unsigned NOT NULL, code varchar(255) DEFAULT NULL,
    title varchar(255) DEFAULT NULL, percent decimal(12,4) DEFAULT NULL, amount decimal(20,4) DEFAULT NULL,
    priority int NOT NULL, position int NOT NULL, base_amount decimal(20,4) DEFAULT NULL, process smallint NOT NULL,
    base_real_amount decimal(20,4) DEFAULT NULL, PRIMARY KEY (tax_id),
    KEY SALES_ORDER_TAX_ORDER_ID_PRIORITY_POSITION (order_id, priority, position)
) ENGINE=InnoDB;
CREATE TABLE sales_order_tax_item (
    tax_item_id int unsigned NOT NULL AUTO_INCREMENT, tax_id int unsigned NOT NULL, item_id int unsigned DEFAULT NULL,
    tax_percent decimal(12,4) NOT NULL, amount decimal(20,4) NOT NULL, base_amount decimal(20,4) NOT NULL,
    real_amount decimal(20,4) NOT NULL, real_base_amount decimal(20,4) NOT NULL,
    associated_item_id int unsigned DEFAULT NULL, taxable_item_type varchar(32) NOT NULL, PRIMARY KEY (tax_item_id),
    UNIQUE KEY SALES_ORDER_TAX_ITEM_TAX_ID_ITEM_ID (tax_id, item_id), KEY SALES_ORDER_TAX_ITEM_ITEM_ID (item_id)
) ENGINE=InnoDB;
CREATE TABLE sales_shipment (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, store_id smallint unsigned DEFAULT NULL,
    total_weight decimal(12,4) DEFAULT NULL, total_qty decimal(12,4) DEFAULT NULL,
    email_sent smallint unsigned DEFAULT NULL, send_email smallint unsigned DEFAULT NULL,
    order_id int unsigned NOT NULL, customer_id int DEFAULT NULL, shipping_address_id int DEFAULT NULL,
    billing_address_id int DEFAULT NULL, shipment_status int DEFAULT NULL, increment_id varchar(50) DEFAULT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, packages text DEFAULT NULL,
    shipping_label mediumblob DEFAULT NULL, customer_note text DEFAULT NULL,
    customer_note_notify smallint unsigned DEFAULT NULL, PRIMARY KEY (entity_id),
    UNIQUE KEY SALES_SHIPMENT_INCREMENT_ID_STORE_ID (increment_id, store_id), KEY SALES_SHIPMENT_STORE_ID (store_id),
    KEY SALES_SHIPMENT_TOTAL_QTY (total_qty), KEY SALES_SHIPMENT_ORDER_ID (order_id),
    KEY SALES_SHIPMENT_CREATED_AT (created_at), KEY SALES_SHIPMENT_UPDATED_AT (updated_at),
    KEY SALES_SHIPMENT_SEND_EMAIL (send_email), KEY SALES_SHIPMENT_EMAIL_SENT (email_sent)
) ENGINE=InnoDB;
CREATE TABLE sales_shipment_item (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, parent_id int unsigned NOT NULL,
    row_total decimal(20,4) DEFAULT NULL, price decimal(20,4) DEFAULT NULL, weight decimal(12,4) DEFAULT NULL,
    qty decimal(12,4) DEFAULT NULL, product_id int DEFAULT NULL, order_item_id int DEFAULT NULL,
    additional_data text DEFAULT NULL, description text DEFAULT NULL, name varchar(255) DEFAULT NULL,
    sku varchar(255) DEFAULT NULL, PRIMARY KEY (entity_id), KEY SALES_SHIPMENT_ITEM_PARENT_ID (parent_id)
) ENGINE=InnoDB;
CREATE TABLE sales_shipment_track (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, parent_id int unsigned NOT NULL,
    weight decimal(12,4) DEFAULT NULL, qty decimal(12,4) DEFAULT NULL, order_id int unsigned NOT NULL,
    track_number text DEFAULT NULL, description text DEFAULT NULL, title varchar(255) DEFAULT NULL,
    carrier_code varchar(32) DEFAULT NULL, created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, PRIMARY KEY (entity_id),
    KEY SALES_SHIPMENT_TRACK_PARENT_ID (parent_id), KEY SALES_SHIPMENT_TRACK_ORDER_ID (order_id),
    KEY SALES_SHIPMENT_TRACK_CREATED_AT (created_at)
) ENGINE=InnoDB;
CREATE TABLE sales_shipment_comment (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, parent_id int unsigned NOT NULL,
    is_customer_notified smallint unsigned DEFAULT NULL, is_visible_on_front smallint unsigned NOT NULL DEFAULT 0,
    comment text DEFAULT NULL, created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (entity_id),
    KEY SALES_SHIPMENT_COMMENT_CREATED_AT (created_at), KEY SALES_SHIPMENT_COMMENT_PARENT_ID (parent_id)
) ENGINE=InnoDB;
CREATE TABLE sales_invoice (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, store_id smallint unsigned DEFAULT NULL,
    grand_total decimal(20,4) DEFAULT NULL, base_grand_total decimal(20,4) DEFAULT NULL,
    shipping_tax_amount decimal(20,4) DEFAULT NULL, base_shipping_tax_amount decimal(20,4) DEFAULT NULL,
    tax_amount decimal(20,4) DEFAULT NULL, base_tax_amount decimal(20,4) DEFAULT NULL,
    discount_amount decimal(20,4) DEFAULT NULL, base_discount_amount decimal(20,4) DEFAULT NULL,
    shipping_amount decimal(20,4) DEFAULT NULL, base_shipping_amount decimal(20,4) DEFAULT NULL,
    subtotal_incl_tax decimal(20,4) DEFAULT NULL, base_subtotal_incl_tax decimal(20,4) DEFAULT NULL,
    subtotal decimal(20,4) DEFAULT NULL, base_subtotal decimal(20,4) DEFAULT NULL,
    shipping_incl_tax decimal(20,4) DEFAULT NULL, base_shipping_incl_tax decimal(20,4) DEFAULT NULL,
    discount_tax_compensation_amount decimal(20,4) DEFAULT NULL,
    base_discount_tax_compensation_amount decimal(20,4) DEFAULT NULL, total_refunded decimal(20,4) DEFAULT NULL,
    base_total_refunded decimal(20,4) DEFAULT NULL, store_to_order_rate decimal(20,4) DEFAULT NULL,
    store_to_base_rate decimal(20,4) DEFAULT NULL, base_to_order_rate decimal(20,4) DEFAULT NULL,
    base_to_global_rate decimal(20,4) DEFAULT NULL, total_qty decimal(12,4) DEFAULT NULL,
    billing_address_id int DEFAULT NULL, is_used_for_refund smallint unsigned DEFAULT NULL,
    order_id int unsigned NOT NULL, email_sent smallint unsigned DEFAULT NULL,
    send_email smallint unsigned DEFAULT NULL, can_void_flag smallint unsigned DEFAULT NULL, state int DEFAULT NULL,
    shipping_address_id int DEFAULT NULL, order_currency_code varchar(3) DEFAULT NULL,
    base_currency_code varchar(3) DEFAULT NULL, global_currency_code varchar(3) DEFAULT NULL,
    store_currency_code varchar(3) DEFAULT NULL, transaction_id varchar(255) DEFAULT NULL,
    increment_id varchar(50) DEFAULT NULL, created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    customer_note text DEFAULT NULL, PRIMARY KEY (entity_id),
    UNIQUE KEY SALES_INVOICE_INCREMENT_ID_STORE_ID (increment_id, store_id), KEY SALES_INVOICE_STORE_ID (store_id),
    KEY SALES_INVOICE_GRAND_TOTAL (grand_total), KEY SALES_INVOICE_ORDER_ID (order_id),
    KEY SALES_INVOICE_STATE (state), KEY SALES_INVOICE_CREATED_AT (created_at),
    KEY SALES_INVOICE_UPDATED_AT (updated_at), KEY SALES_INVOICE_SEND_EMAIL (send_email),
    KEY SALES_INVOICE_EMAIL_SENT (email_sent)
) ENGINE=InnoDB;
CREATE TABLE sales_creditmemo (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, store_id smallint unsigned DEFAULT NULL,
    adjustment_positive decimal(20,4) DEFAULT NULL, base_adjustment_positive decimal(20,4) DEFAULT NULL,
    adjustment_negative decimal(20,4) DEFAULT NULL, base_adjustment_negative decimal(20,4) DEFAULT NULL,
    adjustment decimal(20,4) DEFAULT NULL, base_adjustment decimal(20,4) DEFAULT NULL,
    shipping_tax_amount decimal(20,4) DEFAULT NULL, base_shipping_tax_amount decimal(20,4) DEFAULT NULL,
    discount_amount decimal(20,4) DEFAULT NULL, base_discount_amount decimal(20,4) DEFAULT NULL,
    grand_total decimal(20,4) DEFAULT NULL, base_grand_total decimal(20,4) DEFAULT NULL,
    shipping_amount decimal(20,4) DEFAULT NULL, base_shipping_amount decimal(20,4) DEFAULT NULL,
    subtotal_incl_tax decimal(20,4) DEFAULT NULL, base_subtotal_incl_tax decimal(20,4) DEFAULT NULL,
    subtotal decimal(20,4) DEFAULT NULL, base_subtotal decimal(20,4) DEFAULT NULL,
    tax_amount decimal(20,4) DEFAULT NULL, base_tax_amount decimal(20,4) DEFAULT NULL,
    shipping_incl_tax decimal(20,4) DEFAULT NULL, base_shipping_incl_tax decimal(20,4) DEFAULT NULL,
    discount_tax_compensation_amount decimal(20,4) DEFAULT NULL,
    base_discount_tax_compensation_amount decimal(20,4) DEFAULT NULL,
    shipping_discount_tax_compensation_amount decimal(20,4) DEFAULT NULL,
    base_shipping_discount_tax_compensation_amnt decimal(20,4) DEFAULT NULL,
    store_to_order_rate decimal(20,4) DEFAULT NULL, store_to_base_rate decimal(20,4) DEFAULT NULL,
    base_to_order_rate decimal(20,4) DEFAULT NULL, base_to_global_rate decimal(20,4) DEFAULT NULL,
    order_id int unsigned NOT NULL, email_sent smallint unsigned DEFAULT NULL,
    send_email smallint unsigned DEFAULT NULL, creditmemo_status int DEFAULT NULL, state int DEFAULT NULL,
    shipping_address_id int DEFAULT NULL, billing_address_id int DEFAULT NULL, invoice_id int DEFAULT NULL,
    order_currency_code varchar(3) DEFAULT NULL, base_currency_code varchar(3) DEFAULT NULL,
    global_currency_code varchar(3) DEFAULT NULL, store_currency_code varchar(3) DEFAULT NULL,
    transaction_id varchar(255) DEFAULT NULL, increment_id varchar(50) DEFAULT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    discount_description varchar(255) DEFAULT NULL, customer_note text DEFAULT NULL,
    customer_note_notify smallint unsigned DEFAULT NULL, PRIMARY KEY (entity_id),
    UNIQUE KEY SALES_CREDITMEMO_INCREMENT_ID_STORE_ID (increment_id, store_id),
    KEY SALES_CREDITMEMO_STORE_ID (store_id), KEY SALES_CREDITMEMO_ORDER_ID (order_id),
    KEY SALES_CREDITMEMO_CREDITMEMO_STATUS (creditmemo_status), KEY SALES_CREDITMEMO_STATE (state),
    KEY SALES_CREDITMEMO_CREATED_AT (created_at), KEY SALES_CREDITMEMO_UPDATED_AT (updated_at),
    KEY SALES_CREDITMEMO_SEND_EMAIL (send_email), KEY SALES_CREDITMEMO_EMAIL_SENT (email_sent)
) ENGINE=InnoDB;
CREATE TABLE sales_creditmemo_item (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, parent_id int unsigned NOT NULL, price decimal(20,4) DEFAULT NULL,
    base_price decimal(20,4) DEFAULT NULL, tax_amount decimal(20,4) DEFAULT NULL,
    base_tax_amount decimal(20,4) DEFAULT NULL, row_total decimal(20,4) DEFAULT NULL,
    base_row_total decimal(20,4) DEFAULT NULL, discount_amount decimal(20,4) DEFAULT NULL,
    base_discount_amount decimal(20,4) DEFAULT NULL, price_incl_tax decimal(20,4) DEFAULT NULL,
    base_price_incl_tax decimal(20,4) DEFAULT NULL, row_total_incl_tax decimal(20,4) DEFAULT NULL,
    base_row_total_incl_tax decimal(20,4) DEFAULT NULL, discount_tax_compensation_amount decimal(20,4) DEFAULT NULL,
    base_discount_tax_compensation_amount decimal(20,4) DEFAULT NULL, base_cost decimal(20,4) DEFAULT NULL,
    qty decimal(12,4) DEFAULT NULL, product_id int DEFAULT NULL, order_item_id int DEFAULT NULL,
    additional_data text DEFAULT NULL, description text DEFAULT NULL, sku varchar(255) DEFAULT NULL,
    name varchar(255) DEFAULT NULL, tax_ratio text DEFAULT NULL, weee_tax_applied text DEFAULT NULL,
    weee_tax_applied_amount decimal(12,4) DEFAULT NULL, weee_tax_applied_row_amount decimal(12,4) DEFAULT NULL,
    weee_tax_disposition decimal(12,4) DEFAULT NULL, weee_tax_row_disposition decimal(12,4) DEFAULT NULL,
    base_weee_tax_applied_amount decimal(12,4) DEFAULT NULL,
    base_weee_tax_applied_row_amnt decimal(12,4) DEFAULT NULL, base_weee_tax_disposition decimal(12,4) DEFAULT NULL,
    base_weee_tax_row_disposition decimal(12,4) DEFAULT NULL, PRIMARY KEY (entity_id),
    KEY SALES_CREDITMEMO_ITEM_PARENT_ID (parent_id)
) ENGINE=InnoDB;
CREATE TABLE sales_creditmemo_comment (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, parent_id int unsigned NOT NULL,
    is_customer_notified smallint unsigned DEFAULT NULL, is_visible_on_front smallint unsigned NOT NULL DEFAULT 0,
    comment text DEFAULT NULL, created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (entity_id),
    KEY SALES_CREDITMEMO_COMMENT_CREATED_AT (created_at), KEY SALES_CREDITMEMO_COMMENT_PARENT_ID (parent_id)
) ENGINE=InnoDB;
CREATE TABLE sales_order_status_history (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, parent_id int unsigned NOT NULL,
    is_customer_notified int DEFAULT NULL, is_visible_on_front smallint unsigned NOT NULL DEFAULT 0,
    comment text DEFAULT NULL, status varchar(32) DEFAULT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, entity_name varchar(32) DEFAULT NULL,
    PRIMARY KEY (entity_id), KEY SALES_ORDER_STATUS_HISTORY_PARENT_ID (parent_id),
    KEY SALES_ORDER_STATUS_HISTORY_CREATED_AT (created_at)
) ENGINE=InnoDB;
CREATE TABLE sales_order_status_change_history (
    entity_id int unsigned NOT NULL AUTO_INCREMENT, order_id int unsigned NOT NULL, status varchar(32) NOT NULL,
    created_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (entity_id),
    KEY SALES_ORDER_STATUS_CHANGE_HISTORY_ORDER_ID (order_id)
) ENGINE=InnoDB;
CREATE TABLE gift_message (
    gift_message_id int unsigned NOT NULL AUTO_INCREMENT, customer_id int unsigned NOT NULL DEFAULT 0,
    sender varchar(255) DEFAULT NULL, recipient varchar(255) DEFAULT NULL, message text DEFAULT NULL,
    PRIMARY KEY (gift_message_id)
) ENGINE=InnoDB;
CREATE TABLE inventory_source (
    source_code varchar(255) NOT NULL, name varchar(255) NOT NULL, enabled smallint unsigned NOT NULL DEFAULT 1,
    description text DEFAULT NULL, latitude decimal(8,6) DEFAULT NULL, longitude decimal(9,6) DEFAULT NULL,
    country_id varchar(2) NOT NULL, region_id int unsigned DEFAULT NULL, region varchar(255) DEFAULT NULL,
    city varchar(255) DEFAULT NULL, street varchar(255) DEFAULT NULL, postcode varchar(255) NOT NULL,
    contact_name varchar(255) DEFAULT NULL, email varchar(255) DEFAULT NULL, phone varchar(255) DEFAULT NULL,
    fax varchar(255) DEFAULT NULL, use_default_carrier_config smallint unsigned NOT NULL DEFAULT 1,
    is_pickup_location_active tinyint(1) NOT NULL DEFAULT 0, frontend_name varchar(255) DEFAULT '',
    frontend_description text DEFAULT NULL, PRIMARY KEY (source_code)
) ENGINE=InnoDB;
CREATE TABLE inventory_pickup_location_order (
    order_id int unsigned NOT NULL, pickup_location_code varchar(255) NOT NULL, PRIMARY KEY (order_id),
    KEY INVENTORY_PICKUP_LOCATION_ORDER_PICKUP_LOCATION_CODE (pickup_location_code)
) ENGINE=InnoDB;
INSERT INTO store (store_id, code, website_id, name, is_active) VALUES (1, 'default', 1, 'Default Store View', 1), (2, 'fr', 1, 'Boutique', 1), (3, 'us', 2, 'US', 1);
INSERT INTO sales_order_status (status, label) VALUES
    ('pending', 'Pending'), ('pending_payment', 'Pending Payment'), ('processing', 'Processing'), ('fraud', 'Suspected Fraud'),
    ('payment_review', 'Payment Review'), ('complete', 'Complete'), ('closed', 'Closed'), ('canceled', 'Canceled'), ('holded', 'On Hold');
INSERT INTO sales_order_status_state (status, state, is_default, visible_on_front) VALUES
    ('pending', 'new', 1, 1), ('pending_payment', 'pending_payment', 1, 0), ('processing', 'processing', 1, 1),
    ('fraud', 'processing', 0, 1), ('payment_review', 'payment_review', 1, 1), ('fraud', 'payment_review', 0, 1),
    ('complete', 'complete', 1, 1), ('closed', 'closed', 1, 1), ('canceled', 'canceled', 1, 1), ('holded', 'holded', 1, 1);
