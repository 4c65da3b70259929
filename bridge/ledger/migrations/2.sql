-- From version 1 to 2.

ALTER TABLE service ADD COLUMN replaces TEXT NOT NULL DEFAULT '';

ALTER TABLE request ADD COLUMN recorded_by TEXT;
ALTER TABLE request ADD COLUMN trouble TEXT;
ALTER TABLE request ADD COLUMN bounces INTEGER NOT NULL DEFAULT 0;
ALTER TABLE request ADD COLUMN digest INTEGER;
CREATE INDEX request_recorded ON request (restaurant, order_id) WHERE stage = 'recorded';
CREATE INDEX request_troubled ON request (restaurant) WHERE trouble IS NOT NULL;

ALTER TABLE standing ADD COLUMN tenure INTEGER NOT NULL DEFAULT 0;

ALTER TABLE delivery ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN side TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN doubted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN in_hand REAL;
ALTER TABLE delivery ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN digest INTEGER;
CREATE INDEX delivery_promise ON delivery (lane, state, promise_at) WHERE lane IS NOT NULL;
CREATE INDEX delivery_next ON delivery (lane, state, next_at) WHERE lane IS NOT NULL;
CREATE INDEX delivery_released ON delivery (lane, operation, state, released_at)
    WHERE lane IS NOT NULL;

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
