-- From version 1 to 2.

ALTER TABLE request ADD COLUMN digest INTEGER;
CREATE INDEX request_cart ON request (received_at) WHERE hook = 'promo' AND body <> x'';
CREATE INDEX request_change_unread ON request (received_at)
    WHERE hook = 'order-change' AND event IS NULL AND error IS NOT NULL;
CREATE INDEX request_refund_unread ON request (received_at)
    WHERE hook = 'items-refunded' AND event IS NULL;

ALTER TABLE orders ADD COLUMN placed_at REAL NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN heard TEXT NOT NULL DEFAULT '[]';
UPDATE orders SET placed_at = accepted_at;

ALTER TABLE checkout ADD COLUMN cancelled_at REAL NOT NULL DEFAULT 0;
ALTER TABLE checkout ADD COLUMN homeless INTEGER NOT NULL DEFAULT 0;
CREATE INDEX checkout_homeless ON checkout (updated_at) WHERE homeless;

ALTER TABLE delivery ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN side TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN digest INTEGER;
CREATE INDEX delivery_promise ON delivery (lane, state, promise_at) WHERE lane IS NOT NULL;
CREATE INDEX delivery_next ON delivery (lane, state, next_at) WHERE lane IS NOT NULL;
CREATE INDEX delivery_released ON delivery (lane, operation, state, released_at)
    WHERE lane IS NOT NULL;

ALTER TABLE promotion_use ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE promotion_use ADD COLUMN phone TEXT NOT NULL DEFAULT '';
CREATE INDEX promotion_use_email ON promotion_use (restaurant, email, code);
CREATE INDEX promotion_use_phone ON promotion_use (restaurant, phone, code);

-- What people have decided about deliveries: replay, resolve, void.
CREATE TABLE decision (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          REAL NOT NULL,
    who         TEXT NOT NULL,
    action      TEXT NOT NULL,
    delivery_id INTEGER NOT NULL REFERENCES delivery (id),
    before      TEXT NOT NULL,
    after       TEXT NOT NULL,
    note        TEXT NOT NULL
);
CREATE INDEX decision_delivery ON decision (delivery_id);

-- The restaurants that a person has stopped, until a person lets them go on.
CREATE TABLE pause (
    restaurant TEXT PRIMARY KEY,
    at         REAL NOT NULL,
    who        TEXT NOT NULL,
    reason     TEXT NOT NULL
) WITHOUT ROWID;
