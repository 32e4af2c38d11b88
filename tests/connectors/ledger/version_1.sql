CREATE TABLE ledger_orders (
    channel TEXT NOT NULL,
    channel_order_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    store TEXT,
    delivered_hash TEXT,
    attempted_hash TEXT,
    stamp TEXT,
    doubtful_stamp TEXT,
    read_at TEXT NOT NULL,
    order_lines INTEGER,
    adjustments INTEGER,
    error_code TEXT,
    error_field TEXT,
    error_field_sent TEXT,
    error_reason TEXT,
    attempts INTEGER NOT NULL,
    first_sent_at TEXT,
    last_sent_at TEXT,
    unaccepted_since TEXT,
    run_id TEXT NOT NULL,
    day TEXT NOT NULL,
    PRIMARY KEY (channel, channel_order_id)
);
INSERT INTO ledger_orders VALUES('boutique','A-1','refused','S-1','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','2026-03-01T10:00:00Z','2026-03-01T09:00:00Z','2026-03-02T00:00:00.123Z',3,1,'INVALID_INPUT','order_lines[0].price','$.orders[17].order_lines[0].price','is required',2,'2026-03-02T00:00:00Z','2026-03-02T00:05:00Z','2026-03-02T00:00:00Z','run','2026-03-01');
INSERT INTO ledger_orders VALUES('boutique','A-2','delivered','S-1','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','2026-03-01T10:00:00Z','2026-03-01T09:00:00Z','2026-03-03T00:00:00.000Z',3,1,NULL,NULL,NULL,NULL,2,'2026-03-02T00:00:00Z','2026-03-02T00:05:00Z',NULL,'run','2026-03-01');
INSERT INTO ledger_orders VALUES('other','B-1','undelivered','S-1',NULL,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','2026-03-01T10:00:00Z','2026-03-01T09:00:00Z','2026-03-02T00:00:00.123Z',3,1,'NO_ANSWER',NULL,NULL,NULL,2,'2026-03-02T00:00:00Z','2026-03-02T00:05:00Z','2026-03-02T00:00:00Z','run','2026-03-01');
CREATE TABLE ledger_version (
    version INTEGER NOT NULL,
    PRIMARY KEY (version)
);
INSERT INTO ledger_version VALUES(1);
CREATE INDEX ledger_orders_unaccepted ON ledger_orders (channel, unaccepted_since) WHERE unaccepted_since IS NOT NULL;
