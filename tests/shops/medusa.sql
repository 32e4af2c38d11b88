-- A Medusa v2 shop on PostgreSQL: the tables of its order, fulfillment and payment modules as 2.21.2 has them.
-- medusa_links.sql adds the link tables; medusa_2_0.sql then takes away what 2.0.0 did not have.
CREATE TYPE order_status_enum AS ENUM ('pending', 'completed', 'draft', 'archived', 'canceled', 'requires_action');
CREATE TYPE return_status_enum AS ENUM ('open', 'requested', 'received', 'partially_received', 'canceled');
CREATE TYPE order_claim_type_enum AS ENUM ('refund', 'replace');
CREATE TYPE claim_reason_enum AS ENUM ('missing_item', 'wrong_item', 'production_failure', 'other');

CREATE TABLE "order" (
    id text PRIMARY KEY,
    region_id text,
    display_id serial NOT NULL,
    customer_id text,
    version integer NOT NULL DEFAULT 1,
    sales_channel_id text,
    status order_status_enum NOT NULL DEFAULT 'pending',
    is_draft_order boolean NOT NULL DEFAULT FALSE,
    email text,
    currency_code text NOT NULL,
    shipping_address_id text,
    billing_address_id text,
    no_notification boolean,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    canceled_at timestamptz,
    custom_display_id text,
    locale text
);
CREATE INDEX "IDX_order_billing_address_id" ON "order" (billing_address_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_currency_code" ON "order" (currency_code) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX "IDX_order_custom_display_id" ON "order" (custom_display_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_customer_id" ON "order" (customer_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_deleted_at" ON "order" (deleted_at);
CREATE INDEX "IDX_order_display_id" ON "order" (display_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_is_draft_order" ON "order" (is_draft_order) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_region_id" ON "order" (region_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_sales_channel_id" ON "order" (sales_channel_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_shipping_address_id" ON "order" (shipping_address_id) WHERE deleted_at IS NULL;

CREATE TABLE order_address (
    id text PRIMARY KEY,
    customer_id text,
    company text,
    first_name text,
    last_name text,
    address_1 text,
    address_2 text,
    city text,
    country_code text,
    province text,
    postal_code text,
    phone text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX "IDX_order_address_customer_id" ON order_address (customer_id);
CREATE INDEX "IDX_order_address_deleted_at" ON order_address (deleted_at) WHERE deleted_at IS NULL;

CREATE TABLE order_line_item (
    id text PRIMARY KEY,
    totals_id text,
    title text NOT NULL,
    subtitle text,
    thumbnail text,
    variant_id text,
    product_id text,
    product_title text,
    product_description text,
    product_subtitle text,
    product_type text,
    product_collection text,
    product_handle text,
    variant_sku text,
    variant_barcode text,
    variant_title text,
    variant_option_values jsonb,
    requires_shipping boolean NOT NULL DEFAULT TRUE,
    is_discountable boolean NOT NULL DEFAULT TRUE,
    is_tax_inclusive boolean NOT NULL DEFAULT FALSE,
    compare_at_unit_price numeric,
    raw_compare_at_unit_price jsonb,
    unit_price numeric NOT NULL,
    raw_unit_price jsonb NOT NULL,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    is_custom_price boolean NOT NULL DEFAULT FALSE,
    product_type_id text,
    is_giftcard boolean NOT NULL DEFAULT FALSE
);
CREATE INDEX "IDX_line_item_product_type_id" ON order_line_item (product_type_id) WHERE deleted_at IS NULL AND product_type_id IS NOT NULL;
CREATE INDEX "IDX_order_line_item_product_id" ON order_line_item (product_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_line_item_variant_id" ON order_line_item (variant_id) WHERE deleted_at IS NULL;

CREATE TABLE order_item (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    version integer NOT NULL,
    item_id text NOT NULL,
    quantity numeric NOT NULL,
    raw_quantity jsonb NOT NULL,
    fulfilled_quantity numeric NOT NULL,
    raw_fulfilled_quantity jsonb NOT NULL DEFAULT '{"value": "0", "precision": 20}',
    shipped_quantity numeric NOT NULL,
    raw_shipped_quantity jsonb NOT NULL DEFAULT '{"value": "0", "precision": 20}',
    return_requested_quantity numeric NOT NULL,
    raw_return_requested_quantity jsonb NOT NULL DEFAULT '{"value": "0", "precision": 20}',
    return_received_quantity numeric NOT NULL,
    raw_return_received_quantity jsonb NOT NULL DEFAULT '{"value": "0", "precision": 20}',
    return_dismissed_quantity numeric NOT NULL,
    raw_return_dismissed_quantity jsonb NOT NULL DEFAULT '{"value": "0", "precision": 20}',
    written_off_quantity numeric NOT NULL,
    raw_written_off_quantity jsonb NOT NULL DEFAULT '{"value": "0", "precision": 20}',
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    delivered_quantity numeric NOT NULL DEFAULT 0,
    raw_delivered_quantity jsonb NOT NULL DEFAULT '{"value": "0", "precision": 20}',
    unit_price numeric,
    raw_unit_price jsonb,
    compare_at_unit_price numeric,
    raw_compare_at_unit_price jsonb
);
CREATE INDEX "IDX_order_item_deleted_at" ON order_item (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "IDX_order_item_item_id" ON order_item (item_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_item_order_id" ON order_item (order_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_item_order_id_version" ON order_item (order_id, version) WHERE deleted_at IS NULL;

CREATE TABLE order_line_item_tax_line (
    id text PRIMARY KEY,
    description text,
    tax_rate_id text,
    code text NOT NULL,
    rate numeric NOT NULL,
    raw_rate jsonb NOT NULL,
    provider_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    item_id text NOT NULL,
    deleted_at timestamptz,
    metadata jsonb,
    data jsonb
);
CREATE INDEX "IDX_order_line_item_tax_line_item_id" ON order_line_item_tax_line (item_id) WHERE deleted_at IS NULL;

CREATE TABLE order_line_item_adjustment (
    id text PRIMARY KEY,
    description text,
    promotion_id text,
    code text,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    provider_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    item_id text NOT NULL,
    deleted_at timestamptz,
    is_tax_inclusive boolean NOT NULL DEFAULT FALSE,
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX "IDX_order_line_item_adjustment_item_id" ON order_line_item_adjustment (item_id) WHERE deleted_at IS NULL;

CREATE TABLE order_summary (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    totals jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX "IDX_order_summary_deleted_at" ON order_summary (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "IDX_order_summary_order_id_version" ON order_summary (order_id, version) WHERE deleted_at IS NULL;

CREATE TABLE order_shipping (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    version integer NOT NULL,
    shipping_method_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    return_id text,
    claim_id text,
    exchange_id text
);
CREATE INDEX "IDX_order_shipping_claim_id" ON order_shipping (claim_id) WHERE claim_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_order_shipping_deleted_at" ON order_shipping (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "IDX_order_shipping_exchange_id" ON order_shipping (exchange_id) WHERE exchange_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_order_shipping_item_id" ON order_shipping (shipping_method_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_shipping_order_id" ON order_shipping (order_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_shipping_order_id_version" ON order_shipping (order_id, version) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_shipping_return_id" ON order_shipping (return_id) WHERE return_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_order_shipping_shipping_method_id" ON order_shipping (shipping_method_id) WHERE deleted_at IS NULL;

CREATE TABLE order_shipping_method (
    id text PRIMARY KEY,
    name text NOT NULL,
    description jsonb,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    is_tax_inclusive boolean NOT NULL DEFAULT FALSE,
    shipping_option_id text,
    data jsonb,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    is_custom_amount boolean NOT NULL DEFAULT FALSE
);
CREATE INDEX "IDX_order_shipping_method_shipping_option_id" ON order_shipping_method (shipping_option_id) WHERE deleted_at IS NULL;

CREATE TABLE order_shipping_method_tax_line (
    id text PRIMARY KEY,
    description text,
    tax_rate_id text,
    code text NOT NULL,
    rate numeric NOT NULL,
    raw_rate jsonb NOT NULL,
    provider_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    shipping_method_id text NOT NULL,
    deleted_at timestamptz,
    metadata jsonb,
    data jsonb
);
CREATE INDEX "IDX_order_shipping_method_tax_line_shipping_method_id" ON order_shipping_method_tax_line (shipping_method_id) WHERE deleted_at IS NULL;

CREATE TABLE order_shipping_method_adjustment (
    id text PRIMARY KEY,
    description text,
    promotion_id text,
    code text,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    provider_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    shipping_method_id text NOT NULL,
    deleted_at timestamptz,
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX "IDX_order_shipping_method_adjustment_shipping_method_id" ON order_shipping_method_adjustment (shipping_method_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX "IDX_order_shipping_method_adjustment_version_shipping_method" ON order_shipping_method_adjustment (version, shipping_method_id) WHERE deleted_at IS NULL;

CREATE TABLE order_credit_line (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    reference text,
    reference_id text,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX "IDX_order_credit_line_deleted_at" ON order_credit_line (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "IDX_order_credit_line_order_id" ON order_credit_line (order_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_credit_line_order_id_version" ON order_credit_line (order_id, version) WHERE deleted_at IS NULL;

CREATE TABLE order_transaction (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    currency_code text NOT NULL,
    reference text,
    reference_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    return_id text,
    claim_id text,
    exchange_id text
);
CREATE INDEX "IDX_order_transaction_claim_id" ON order_transaction (claim_id) WHERE claim_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_order_transaction_currency_code" ON order_transaction (currency_code) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_transaction_exchange_id" ON order_transaction (exchange_id) WHERE exchange_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_order_transaction_order_id" ON order_transaction (order_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_transaction_order_id_version" ON order_transaction (order_id, version) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_transaction_reference_id" ON order_transaction (reference_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_transaction_return_id" ON order_transaction (return_id) WHERE return_id IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE order_change (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    version integer NOT NULL,
    description text,
    status text NOT NULL DEFAULT 'pending',
    internal_note text,
    created_by text,
    requested_by text,
    requested_at timestamptz,
    confirmed_by text,
    confirmed_at timestamptz,
    declined_by text,
    declined_reason text,
    metadata jsonb,
    declined_at timestamptz,
    canceled_by text,
    canceled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    change_type text,
    deleted_at timestamptz,
    return_id text,
    claim_id text,
    exchange_id text,
    carry_over_promotions boolean,
    no_notification boolean
);
CREATE INDEX "IDX_order_change_change_type" ON order_change (change_type);
CREATE INDEX "IDX_order_change_claim_id" ON order_change (claim_id) WHERE claim_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_order_change_deleted_at" ON order_change (deleted_at);
CREATE INDEX "IDX_order_change_exchange_id" ON order_change (exchange_id) WHERE exchange_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_order_change_order_id" ON order_change (order_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_change_order_id_version" ON order_change (order_id, version);
CREATE INDEX "IDX_order_change_return_id" ON order_change (return_id) WHERE return_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_order_change_status" ON order_change (status) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_change_version" ON order_change (order_id, version) WHERE deleted_at IS NULL;

CREATE TABLE order_change_action (
    id text PRIMARY KEY,
    order_id text,
    version integer,
    ordering bigserial NOT NULL,
    order_change_id text,
    reference text,
    reference_id text,
    action text NOT NULL,
    details jsonb,
    amount numeric,
    raw_amount jsonb,
    internal_note text,
    applied boolean NOT NULL DEFAULT FALSE,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    return_id text,
    claim_id text,
    exchange_id text
);
CREATE INDEX "IDX_order_change_action_claim_id" ON order_change_action (claim_id) WHERE claim_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_order_change_action_deleted_at" ON order_change_action (deleted_at);
CREATE INDEX "IDX_order_change_action_exchange_id" ON order_change_action (exchange_id) WHERE exchange_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_order_change_action_order_change_id" ON order_change_action (order_change_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_change_action_order_id" ON order_change_action (order_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_change_action_ordering" ON order_change_action (ordering) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_change_action_return_id" ON order_change_action (return_id) WHERE return_id IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE "return" (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    claim_id text,
    exchange_id text,
    order_version integer NOT NULL,
    display_id serial NOT NULL,
    status return_status_enum NOT NULL DEFAULT 'open',
    no_notification boolean,
    refund_amount numeric,
    raw_refund_amount jsonb,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    received_at timestamptz,
    canceled_at timestamptz,
    location_id text,
    requested_at timestamptz,
    created_by text
);
CREATE INDEX "IDX_return_claim_id" ON return (claim_id) WHERE claim_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_return_display_id" ON return (display_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_return_exchange_id" ON return (exchange_id) WHERE exchange_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX "IDX_return_order_id" ON return (order_id) WHERE deleted_at IS NULL;

CREATE TABLE return_item (
    id text PRIMARY KEY,
    return_id text NOT NULL,
    reason_id text,
    item_id text NOT NULL,
    quantity numeric NOT NULL,
    raw_quantity jsonb NOT NULL,
    received_quantity numeric NOT NULL DEFAULT 0,
    raw_received_quantity jsonb NOT NULL DEFAULT '{"value": "0", "precision": 20}',
    note text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    damaged_quantity numeric NOT NULL DEFAULT 0,
    raw_damaged_quantity jsonb NOT NULL DEFAULT '{"value": "0", "precision": 20}'
);
CREATE INDEX "IDX_return_item_deleted_at" ON return_item (deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_return_item_item_id" ON return_item (item_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_return_item_reason_id" ON return_item (reason_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_return_item_return_id" ON return_item (return_id) WHERE deleted_at IS NULL;

CREATE TABLE return_reason (
    id varchar PRIMARY KEY,
    value varchar NOT NULL,
    label varchar NOT NULL,
    description varchar,
    metadata jsonb,
    parent_return_reason_id varchar,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX "IDX_return_reason_parent_return_reason_id" ON return_reason (parent_return_reason_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_return_reason_value" ON return_reason (value) WHERE deleted_at IS NULL;

CREATE TABLE order_claim (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    return_id text,
    order_version integer NOT NULL,
    display_id serial NOT NULL,
    type order_claim_type_enum NOT NULL,
    no_notification boolean,
    refund_amount numeric,
    raw_refund_amount jsonb,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    canceled_at timestamptz,
    created_by text
);
CREATE INDEX "IDX_order_claim_deleted_at" ON order_claim (deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_claim_display_id" ON order_claim (display_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_claim_order_id" ON order_claim (order_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_claim_return_id" ON order_claim (return_id) WHERE return_id IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE order_claim_item (
    id text PRIMARY KEY,
    claim_id text NOT NULL,
    item_id text NOT NULL,
    is_additional_item boolean NOT NULL DEFAULT FALSE,
    reason claim_reason_enum,
    quantity numeric NOT NULL,
    raw_quantity jsonb NOT NULL,
    note text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX "IDX_order_claim_item_claim_id" ON order_claim_item (claim_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_claim_item_deleted_at" ON order_claim_item (deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_claim_item_item_id" ON order_claim_item (item_id) WHERE deleted_at IS NULL;

CREATE TABLE order_claim_item_image (
    id text PRIMARY KEY,
    claim_item_id text NOT NULL,
    url text NOT NULL,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX "IDX_order_claim_item_image_claim_item_id" ON order_claim_item_image (claim_item_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_claim_item_image_deleted_at" ON order_claim_item_image (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE order_exchange (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    return_id text,
    order_version integer NOT NULL,
    display_id serial NOT NULL,
    no_notification boolean,
    allow_backorder boolean NOT NULL DEFAULT FALSE,
    difference_due numeric,
    raw_difference_due jsonb,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    canceled_at timestamptz,
    created_by text
);
CREATE INDEX "IDX_order_exchange_deleted_at" ON order_exchange (deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_exchange_display_id" ON order_exchange (display_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_exchange_order_id" ON order_exchange (order_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_exchange_return_id" ON order_exchange (return_id) WHERE return_id IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE order_exchange_item (
    id text PRIMARY KEY,
    exchange_id text NOT NULL,
    item_id text NOT NULL,
    quantity numeric NOT NULL,
    raw_quantity jsonb NOT NULL,
    note text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX "IDX_order_exchange_item_deleted_at" ON order_exchange_item (deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_exchange_item_exchange_id" ON order_exchange_item (exchange_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_order_exchange_item_item_id" ON order_exchange_item (item_id) WHERE deleted_at IS NULL;

CREATE TABLE shipping_option (
    id text PRIMARY KEY,
    name text NOT NULL,
    price_type text NOT NULL DEFAULT 'flat',
    service_zone_id text NOT NULL,
    shipping_profile_id text,
    provider_id text,
    data jsonb,
    metadata jsonb,
    shipping_option_type_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX "IDX_shipping_option_deleted_at" ON shipping_option (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "IDX_shipping_option_provider_id" ON shipping_option (provider_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_shipping_option_service_zone_id" ON shipping_option (service_zone_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_shipping_option_shipping_option_type_id" ON shipping_option (shipping_option_type_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_shipping_option_shipping_profile_id" ON shipping_option (shipping_profile_id) WHERE deleted_at IS NULL;

CREATE TABLE fulfillment (
    id text PRIMARY KEY,
    location_id text NOT NULL,
    packed_at timestamptz,
    shipped_at timestamptz,
    delivered_at timestamptz,
    canceled_at timestamptz,
    data jsonb,
    provider_id text,
    shipping_option_id text,
    metadata jsonb,
    delivery_address_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    marked_shipped_by text,
    created_by text,
    requires_shipping boolean NOT NULL DEFAULT TRUE
);
CREATE INDEX "IDX_fulfillment_deleted_at" ON fulfillment (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "IDX_fulfillment_location_id" ON fulfillment (location_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_fulfillment_shipping_option_id" ON fulfillment (shipping_option_id) WHERE deleted_at IS NULL;

CREATE TABLE fulfillment_item (
    id text PRIMARY KEY,
    title text NOT NULL,
    sku text NOT NULL,
    barcode text NOT NULL,
    quantity numeric NOT NULL,
    raw_quantity jsonb NOT NULL,
    line_item_id text,
    inventory_item_id text,
    fulfillment_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX "IDX_fulfillment_item_deleted_at" ON fulfillment_item (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "IDX_fulfillment_item_fulfillment_id" ON fulfillment_item (fulfillment_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_fulfillment_item_inventory_item_id" ON fulfillment_item (inventory_item_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_fulfillment_item_line_item_id" ON fulfillment_item (line_item_id) WHERE deleted_at IS NULL;

CREATE TABLE fulfillment_label (
    id text PRIMARY KEY,
    tracking_number text NOT NULL,
    tracking_url text NOT NULL,
    label_url text NOT NULL,
    fulfillment_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX "IDX_fulfillment_label_deleted_at" ON fulfillment_label (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "IDX_fulfillment_label_fulfillment_id" ON fulfillment_label (fulfillment_id) WHERE deleted_at IS NULL;

CREATE TABLE payment_collection (
    id text PRIMARY KEY,
    currency_code text NOT NULL,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    authorized_amount numeric,
    raw_authorized_amount jsonb,
    captured_amount numeric,
    raw_captured_amount jsonb,
    refunded_amount numeric,
    raw_refunded_amount jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    completed_at timestamptz,
    status text NOT NULL DEFAULT 'not_paid',
    metadata jsonb
);
CREATE INDEX "IDX_payment_collection_deleted_at" ON payment_collection (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE payment (
    id text PRIMARY KEY,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    currency_code text NOT NULL,
    provider_id text NOT NULL,
    data jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    captured_at timestamptz,
    canceled_at timestamptz,
    payment_collection_id text NOT NULL,
    payment_session_id text NOT NULL,
    metadata jsonb
);
CREATE INDEX "IDX_payment_deleted_at" ON payment (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "IDX_payment_payment_collection_id" ON payment (payment_collection_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_payment_payment_session_id" ON payment (payment_session_id);
CREATE UNIQUE INDEX "IDX_payment_payment_session_id_unique" ON payment (payment_session_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_payment_provider_id" ON payment (provider_id) WHERE deleted_at IS NULL;

CREATE TABLE capture (
    id text PRIMARY KEY,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    payment_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    created_by text,
    metadata jsonb
);
CREATE INDEX "IDX_capture_deleted_at" ON capture (deleted_at);
CREATE INDEX "IDX_capture_payment_id" ON capture (payment_id) WHERE deleted_at IS NULL;

CREATE TABLE refund (
    id text PRIMARY KEY,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    payment_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    created_by text,
    metadata jsonb,
    refund_reason_id text,
    note text
);
CREATE INDEX "IDX_refund_deleted_at" ON refund (deleted_at);
CREATE INDEX "IDX_refund_payment_id" ON refund (payment_id) WHERE deleted_at IS NULL;
CREATE INDEX "IDX_refund_refund_reason_id" ON refund (refund_reason_id) WHERE deleted_at IS NULL;

CREATE TABLE refund_reason (
    id text PRIMARY KEY,
    label text NOT NULL,
    description text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    code text NOT NULL
);
CREATE INDEX "IDX_refund_reason_deleted_at" ON refund_reason (deleted_at) WHERE deleted_at IS NULL;

CREATE TABLE fulfillment_set (
    id text PRIMARY KEY,
    name text NOT NULL,
    type text NOT NULL,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);

CREATE TABLE service_zone (
    id text PRIMARY KEY,
    name text NOT NULL,
    metadata jsonb,
    fulfillment_set_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
