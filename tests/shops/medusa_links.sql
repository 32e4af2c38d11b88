-- The link tables. No migration makes them, the framework does.
CREATE TABLE order_fulfillment (
    order_id varchar(255) NOT NULL,
    fulfillment_id varchar(255) NOT NULL,
    id varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamptz,
    PRIMARY KEY (order_id, fulfillment_id)
);
CREATE INDEX "IDX_order_fulfillment_id" ON order_fulfillment (id);
CREATE INDEX "IDX_order_fulfillment_order_id" ON order_fulfillment (order_id);
CREATE INDEX "IDX_order_fulfillment_fulfillment_id" ON order_fulfillment (fulfillment_id);
CREATE INDEX "IDX_order_fulfillment_deleted_at" ON order_fulfillment (deleted_at);

CREATE TABLE order_payment_collection (
    order_id varchar(255) NOT NULL,
    payment_collection_id varchar(255) NOT NULL,
    id varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamptz,
    PRIMARY KEY (order_id, payment_collection_id)
);
CREATE INDEX "IDX_order_payment_collection_id" ON order_payment_collection (id);
CREATE INDEX "IDX_order_payment_collection_order_id" ON order_payment_collection (order_id);
CREATE INDEX "IDX_order_payment_collection_payment_collection_id" ON order_payment_collection (payment_collection_id);
CREATE INDEX "IDX_order_payment_collection_deleted_at" ON order_payment_collection (deleted_at);

CREATE TABLE order_cart (
    order_id varchar(255) NOT NULL,
    cart_id varchar(255) NOT NULL,
    id varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamptz,
    PRIMARY KEY (order_id, cart_id)
);
CREATE INDEX "IDX_order_cart_id" ON order_cart (id);
CREATE INDEX "IDX_order_cart_order_id" ON order_cart (order_id);
CREATE INDEX "IDX_order_cart_cart_id" ON order_cart (cart_id);
CREATE INDEX "IDX_order_cart_deleted_at" ON order_cart (deleted_at);

CREATE TABLE order_promotion (
    order_id varchar(255) NOT NULL,
    promotion_id varchar(255) NOT NULL,
    id varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamptz,
    PRIMARY KEY (order_id, promotion_id)
);
CREATE INDEX "IDX_order_promotion_id" ON order_promotion (id);
CREATE INDEX "IDX_order_promotion_order_id" ON order_promotion (order_id);
CREATE INDEX "IDX_order_promotion_promotion_id" ON order_promotion (promotion_id);
CREATE INDEX "IDX_order_promotion_deleted_at" ON order_promotion (deleted_at);

CREATE TABLE return_fulfillment (
    return_id varchar(255) NOT NULL,
    fulfillment_id varchar(255) NOT NULL,
    id varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamptz,
    PRIMARY KEY (return_id, fulfillment_id)
);
CREATE INDEX "IDX_return_fulfillment_id" ON return_fulfillment (id);
CREATE INDEX "IDX_return_fulfillment_return_id" ON return_fulfillment (return_id);
CREATE INDEX "IDX_return_fulfillment_fulfillment_id" ON return_fulfillment (fulfillment_id);
CREATE INDEX "IDX_return_fulfillment_deleted_at" ON return_fulfillment (deleted_at);

CREATE TABLE order_claim_payment_collection (
    claim_id varchar(255) NOT NULL,
    payment_collection_id varchar(255) NOT NULL,
    id varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamptz,
    PRIMARY KEY (claim_id, payment_collection_id)
);
CREATE INDEX "IDX_order_claim_payment_collection_id" ON order_claim_payment_collection (id);
CREATE INDEX "IDX_order_claim_payment_collection_claim_id" ON order_claim_payment_collection (claim_id);
CREATE INDEX "IDX_order_claim_payment_collection_payment_collection_id" ON order_claim_payment_collection (payment_collection_id);
CREATE INDEX "IDX_order_claim_payment_collection_deleted_at" ON order_claim_payment_collection (deleted_at);

CREATE TABLE order_exchange_payment_collection (
    exchange_id varchar(255) NOT NULL,
    payment_collection_id varchar(255) NOT NULL,
    id varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamptz,
    PRIMARY KEY (exchange_id, payment_collection_id)
);
CREATE INDEX "IDX_order_exchange_payment_collection_id" ON order_exchange_payment_collection (id);
CREATE INDEX "IDX_order_exchange_payment_collection_exchange_id" ON order_exchange_payment_collection (exchange_id);
CREATE INDEX "IDX_order_exchange_payment_collection_payment_collection_id" ON order_exchange_payment_collection (payment_collection_id);
CREATE INDEX "IDX_order_exchange_payment_collection_deleted_at" ON order_exchange_payment_collection (deleted_at);

CREATE TABLE location_fulfillment_set (
    stock_location_id varchar(255) NOT NULL,
    fulfillment_set_id varchar(255) NOT NULL,
    id varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamptz,
    PRIMARY KEY (stock_location_id, fulfillment_set_id)
);

-- Of the modules of sales channels and stock locations.
CREATE TABLE sales_channel (
    id text PRIMARY KEY,
    name text NOT NULL,
    description text,
    is_disabled boolean NOT NULL DEFAULT FALSE,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);

CREATE TABLE stock_location (
    id text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    name text NOT NULL,
    address_id text,
    metadata jsonb
);

CREATE TABLE stock_location_address (
    id text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    address_1 text NOT NULL,
    address_2 text,
    company text,
    city text,
    country_code text NOT NULL,
    phone text,
    province text,
    postal_code text,
    metadata jsonb
);
