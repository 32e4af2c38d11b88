BEGIN TRANSACTION;
CREATE TABLE ledger_destinations (
	"key" TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	base_url TEXT, 
	mirakl_channel_id TEXT, 
	used_at TEXT, 
	read_until TEXT, 
	PRIMARY KEY ("key")
);
INSERT INTO "ledger_destinations" VALUES('own','own','{base_url}','1234','2026-11-28T14:33:26.092Z','2026-11-28T14:33:24.804Z');
CREATE TABLE ledger_notices (
	channel TEXT NOT NULL, 
	channel_order_id TEXT NOT NULL, 
	code TEXT NOT NULL, 
	field TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (channel, channel_order_id, code, field)
);
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
	history TEXT, 
	PRIMARY KEY (channel, channel_order_id)
);
INSERT INTO "ledger_orders" VALUES('own','2026-03-02/rejected','rejected',NULL,NULL,NULL,NULL,NULL,'2026-11-28T14:33:24.804Z',NULL,NULL,'unknown_currency','currency',NULL,'is missing or not an ISO 4217 code',0,NULL,NULL,'2026-11-28T14:33:26.110Z','bdf903cf-11e2-4236-8adb-2d2451193f5c','2026-03-02','[["2026-11-28T14:33:26.110Z","bdf903cf-11e2-4236-8adb-2d2451193f5c","rejected","unknown_currency","currency"]]');
INSERT INTO "ledger_orders" VALUES('own','2026-03-02/1','delivered','S-1','74bc89f9e37c70ed8e79611d2c86238321d6a8611f07eeea0d9291946643d35f','74bc89f9e37c70ed8e79611d2c86238321d6a8611f07eeea0d9291946643d35f','2026-03-02T12:00:01Z',NULL,'2026-11-28T14:33:24.804Z',1,0,NULL,NULL,NULL,NULL,1,'2026-11-28T14:33:26.126Z','2026-11-28T14:33:26.126Z',NULL,'bdf903cf-11e2-4236-8adb-2d2451193f5c','2026-03-02','[["2026-11-28T14:33:26.126Z","bdf903cf-11e2-4236-8adb-2d2451193f5c","delivered",null,null]]');
INSERT INTO "ledger_orders" VALUES('own','2026-03-02/2','delivered','S-1','3962ab225ef14fba03d08060d62b16c2c3fc625c298e6ec638c3a847b2cc6d14','3962ab225ef14fba03d08060d62b16c2c3fc625c298e6ec638c3a847b2cc6d14','2026-03-02T12:00:02Z',NULL,'2026-11-28T14:33:24.804Z',2,0,NULL,NULL,NULL,NULL,1,'2026-11-28T14:33:26.126Z','2026-11-28T14:33:26.126Z',NULL,'bdf903cf-11e2-4236-8adb-2d2451193f5c','2026-03-02','[["2026-11-28T14:33:26.126Z","bdf903cf-11e2-4236-8adb-2d2451193f5c","delivered",null,null]]');
INSERT INTO "ledger_orders" VALUES('own','2026-03-02/3','delivered','S-1','608084ed108c7ec78e3155910950573620f81ac29d7d3d157d0289040384b6fb','608084ed108c7ec78e3155910950573620f81ac29d7d3d157d0289040384b6fb','2026-03-02T12:00:03Z',NULL,'2026-11-28T14:33:24.804Z',3,0,NULL,NULL,NULL,NULL,1,'2026-11-28T14:33:26.126Z','2026-11-28T14:33:26.126Z',NULL,'bdf903cf-11e2-4236-8adb-2d2451193f5c','2026-03-02','[["2026-11-28T14:33:26.126Z","bdf903cf-11e2-4236-8adb-2d2451193f5c","delivered",null,null]]');
INSERT INTO "ledger_orders" VALUES('own','2026-03-03/1','delivered','S-1','59023e0852e5f1efcc5628dd2e50d1aa45a7a919b56ea8a642a726b2376102ab','59023e0852e5f1efcc5628dd2e50d1aa45a7a919b56ea8a642a726b2376102ab','2026-03-03T12:00:01Z',NULL,'2026-11-28T14:33:24.804Z',1,0,NULL,NULL,NULL,NULL,1,'2026-11-28T14:33:26.232Z','2026-11-28T14:33:26.232Z',NULL,'bdf903cf-11e2-4236-8adb-2d2451193f5c','2026-03-03','[["2026-11-28T14:33:26.232Z","bdf903cf-11e2-4236-8adb-2d2451193f5c","delivered",null,null]]');
INSERT INTO "ledger_orders" VALUES('own','2026-03-03/2','delivered','S-1','e042d3fd54b92d7e104e696e03d19b634543ad8902778021fbf4af1ede4612f9','e042d3fd54b92d7e104e696e03d19b634543ad8902778021fbf4af1ede4612f9','2026-03-03T12:00:02Z',NULL,'2026-11-28T14:33:24.804Z',2,0,NULL,NULL,NULL,NULL,1,'2026-11-28T14:33:26.232Z','2026-11-28T14:33:26.232Z',NULL,'bdf903cf-11e2-4236-8adb-2d2451193f5c','2026-03-03','[["2026-11-28T14:33:26.232Z","bdf903cf-11e2-4236-8adb-2d2451193f5c","delivered",null,null]]');
INSERT INTO "ledger_orders" VALUES('own','2026-03-03/3','delivered','S-1','a5215a1c9e688506577ac7673d0c6fed4fa6514299e3831ca95683e80cac2d53','a5215a1c9e688506577ac7673d0c6fed4fa6514299e3831ca95683e80cac2d53','2026-03-03T12:00:03Z',NULL,'2026-11-28T14:33:24.804Z',3,0,NULL,NULL,NULL,NULL,1,'2026-11-28T14:33:26.232Z','2026-11-28T14:33:26.232Z',NULL,'bdf903cf-11e2-4236-8adb-2d2451193f5c','2026-03-03','[["2026-11-28T14:33:26.232Z","bdf903cf-11e2-4236-8adb-2d2451193f5c","delivered",null,null]]');
CREATE TABLE ledger_version (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "ledger_version" VALUES(4);
CREATE INDEX ledger_orders_unaccepted ON ledger_orders (channel, unaccepted_since) WHERE unaccepted_since IS NOT NULL;
CREATE INDEX ledger_notices_by_code ON ledger_notices (channel, code);
COMMIT;
